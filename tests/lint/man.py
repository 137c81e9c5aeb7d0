#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The options in docs/man/stagger.1.scd are those of the command's table: what stands between the
two marks is what the build's cli-texts prints.  man.py CLI_TEXTS [--write]"""
import subprocess
import sys

from common import ROOT, Findings

PAGE = ROOT / "docs/man/stagger.1.scd"
BEGIN, END = "; begin: made by cli-texts", "; end: made by cli-texts"


def main():
    findings = Findings()
    made = subprocess.run([sys.argv[1], "man"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    marks = [n for n, line in enumerate(lines) if line.startswith((BEGIN, END))]
    if len(marks) != 2 or not lines[marks[0]].startswith(BEGIN):
        findings.add(PAGE, 1, f"has not the two marks '{BEGIN}' and '{END}'")
        findings.end("")
    head, tail = lines[:marks[0] + 1], lines[marks[1]:]
    wanted = "\n".join(head + [""] + made.splitlines() + tail) + "\n"
    if "--write" in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    for n, (is_now, should) in enumerate(zip(PAGE.read_text(encoding="utf-8").splitlines() + [""],
                                             wanted.splitlines() + [""]), 1):
        if is_now != should:
            findings.add(PAGE, n, "is not what the table says: tests/lint/man.py "
                                  "build/src/cli/cli-texts --write")
            break
    findings.end(made and f"{PAGE.name} says what the table says")


main()
