#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must hold for every file: license line, no trailing blanks, no paths of one machine; and for
sources: tabs, 100 columns, at most 400 lines, and nothing that sleeps."""
import os
import pathlib
import re
import subprocess

from common import ROOT, Findings, code_only, line_at

MAX_LINES = 400
MAX_COLUMNS = 100
SPDX = "SPDX-License-Identifier: Apache-2.0"
NO_SPDX = ("LICENSE", "tests/data/")  # the license itself; samples are data
HOSTILE = "tests/data/fuzz/"          # what breaks the rules of text is the point of them
NO_COMMENTS = {".avsc", ".json"}      # formats without comments
SLEEPS = re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\(")
MACHINE = re.compile(r"(?<![\w.~}$-])/(?:work|root|home)/")


def project_files():
    """What git tracks or would track; without git everything that is not built."""
    git = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if git.returncode == 0:
        names = git.stdout.split("\0")[:-1]
    else:
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in (".git", "__pycache__")
                          and not f.startswith("build")]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(name for name in names if (ROOT / name).is_file())


def check_text(findings, name, text):
    suffix = pathlib.PurePath(name).suffix
    head = text.splitlines()[:5]
    exempt = name.startswith(NO_SPDX) or suffix in NO_COMMENTS
    if not exempt and not any(SPDX in line for line in head):
        findings.add(name, 1, f"has no license: put a comment '{SPDX}' on top")
    if text and not text.endswith("\n"):
        findings.add(name, text.count("\n") + 1, "ends without a newline: add it")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            findings.add(name, number, "has blanks (or a carriage return) at its end: cut them")
        if MACHINE.search(line) and not name.startswith("tests/data/"):
            findings.add(name, number, "has a path of one machine: derive it, or make it an option")
        if suffix == ".py" and "\t" in line:
            findings.add(name, number, "has a tab: Python is indented with spaces")
        if suffix in (".c", ".h") and re.match(r"\t* {8}(?! *\*)", line):
            findings.add(name, number, "is indented with 8 spaces: use a tab")


def check_source(findings, name, text):
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > MAX_COLUMNS:
            findings.add(name, number, f"has {len(line.expandtabs(8))} columns: break it at "
                                       f"{MAX_COLUMNS}")
    if not name.startswith("src/"):
        return
    if len(lines) > MAX_LINES:
        findings.add(name, len(lines), f"has {len(lines)} lines, at most {MAX_LINES}: find the "
                                       "missing noun and move it to a file of its own")
    code = code_only(text)
    for found in SLEEPS.finditer(code):
        findings.add(name, line_at(code, found.start()),
                     f"{found[1]}(): nothing sleeps; wait on the loop's descriptor, or use a timer")


def main():
    findings = Findings()
    names = project_files()
    for name in names:
        data = (ROOT / name).read_bytes()
        if b"\0" in data or name.startswith(HOSTILE):
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            findings.add(name, data.count(b"\n", 0, error.start) + 1, "is not UTF-8: convert it")
            continue
        check_text(findings, name, text)
        if name.startswith(("src/", "include/")) and name.endswith((".c", ".h", ".h.in")):
            check_source(findings, name, text)
    findings.end(names and f"{len(names)} files")


main()
