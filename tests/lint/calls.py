#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""calls.py: tests/oom has a row, CALL(name, ...), for each function of the public headers, so that
none is added which nobody has seen without memory."""
import re

from common import ROOT, Findings, code_only, declared, line_at

ROW = re.compile(r"\bCALL\(\s*(stagger_\w+)")


def main():
    findings = Findings()
    api, rows = declared(), {}
    for path in sorted((ROOT / "tests/oom").glob("*.c")):
        text = code_only(path.read_text(encoding="utf-8"))
        for found in ROW.finditer(text):
            rows.setdefault(found[1], (path, line_at(text, found.start())))
    for name in sorted(set(rows) - set(api)):
        findings.add(*rows[name], f"{name} is no function of include/stagger: drop the row")
    for name in sorted(set(api) - set(rows)):
        findings.add(*api[name], f"{name} has no row in tests/oom: say there what it does without "
                                 "memory, or, without n_least, that it needs none")
    findings.end(rows and f"{len(api)} public functions, all with a row")


main()
