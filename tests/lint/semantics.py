#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each row and bullet of docs/semantics.md has a scenario, and each scenario a row.

A row or bullet ends with a comment that readers of the page do not see and that names the functions
in tests/scenario/*.c that show it: `<!-- shown by: early early_* -->`; a trailing * stands for
any rest. Paragraphs may have one too. The section "What is not promised" needs none. A scenario is
what is registered with cmocka_unit_test...()."""
import fnmatch
import re

from common import ROOT, Findings, code_only, line_at

SEMANTICS = ROOT / "docs/semantics.md"
SHOWN = re.compile(r"<!-- shown by: ([\w* ]+?) -->")
FORM = "end it with <!-- shown by: NAMES -->, the scenarios that show it"
NOT_PROMISED = "What is not promised"


def promises(text):
    """(line, text) of each table row and each bullet with the lines that go on with it"""
    heading, header, bullet, found = "", None, None, []
    for number, line in enumerate(text.splitlines(), 1):
        table, item = line.startswith("|"), re.match(r"\s*[-*] ", line)
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
        if item or table or line.startswith("#") or not line.strip():
            bullet = None
        header = (header or number) if table else None
        if heading == NOT_PROMISED:
            continue
        if table and number > header + 1 or item:
            found.append([number, line])
            bullet = found[-1] if item else None
        elif bullet:
            bullet[1] += "\n" + line
    return found


def scenarios():
    """name -> (file, line)"""
    names = {}
    for file in sorted((ROOT / "tests/scenario").glob("*.c")):
        text = code_only(file.read_text(encoding="utf-8"))
        for found in re.finditer(r"\bcmocka_unit_test\w*\(\s*(\w+)", text):
            names[found[1]] = (file, line_at(text, found.start()))
    return names


def main():
    findings = Findings()
    if not SEMANTICS.exists():
        findings.add(SEMANTICS, 1, "is missing: the scenarios are its rows")
        findings.end(None)
    text = SEMANTICS.read_text(encoding="utf-8")
    rows, cases, shown = promises(text), scenarios(), set()
    for line, row in rows:
        if not SHOWN.search(row):
            findings.add(SEMANTICS, line, f"has no scenario: {FORM}")
    for found in SHOWN.finditer(text):
        for name in found[1].split():
            matches = fnmatch.filter(cases, name)
            shown.update(matches)
            if not matches:
                findings.add(SEMANTICS, line_at(text, found.start()),
                             f"{name} is no scenario in tests/scenario: write it, or mend it")
    for name, (file, line) in cases.items():
        if name not in shown:
            findings.add(file, line, f"{name} shows no row of docs/semantics.md: name it in the "
                                     "row's <!-- shown by: ... -->, or drop it")
    findings.end(rows and cases and f"{len(rows)} rows and bullets, {len(cases)} scenarios")


main()
