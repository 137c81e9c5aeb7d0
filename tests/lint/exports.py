#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""exports.py [LIBSTAGGER.SO [LIBSTAGGER-TESTING.A]]: the shared library exports exactly the
STAGGER_API functions of the public headers, but testing.h's, which are in the testing library with
all others."""
import pathlib
import subprocess
import sys

from common import BUILD, Findings, declared


def defined(library, *options):
    """name -> type letter of nm"""
    out = subprocess.run(["nm", "--defined-only", "--format=posix", *options, str(library)],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = (line.split() for line in out.splitlines())
    return {row[0].split("@")[0]: row[1] for row in rows if len(row) >= 2 and row[1] != "A"}


def main():
    paths = [pathlib.Path(p) for p in sys.argv[1:]]
    shared = paths[0] if paths else BUILD / "src/libstagger.so"
    testing = paths[1] if len(paths) > 1 else BUILD / "src/libstagger-testing.a"
    findings = Findings()
    for library in (shared, testing):
        if not library.exists():
            findings.add(library, 1, "is not there: build it first, or name it on the command line")
    if findings.count:
        findings.end(None)
    api = declared()
    exported, held = defined(shared, "-D"), defined(testing)
    for name, kind in sorted(exported.items()):
        if not name.startswith("stagger_"):
            findings.add(shared, 1, f"exports {name}, without the prefix: hide it")
        elif name not in api:
            findings.add(shared, 1, f"exports {name}, which no public header declares STAGGER_API: "
                                    "rename it without stagger_, make it static, or declare it")
        elif kind != "T":
            findings.add(*api[name], f"{name} is exported as nm's kind {kind}: only functions are")
    for name, (header, line) in sorted(api.items()):
        if header.name == "testing.h":
            if name in exported:
                findings.add(header, line, f"{name} is in {shared.name}: it belongs to "
                                           f"{testing.name} only")
        elif name not in exported:
            findings.add(header, line, f"{name} is declared and not exported by {shared.name}: "
                                       "define it, or drop the declaration")
        if name not in held:
            findings.add(header, line, f"{name} is declared and not in {testing.name}: define it")
    findings.end(api and f"{len(exported)} exported functions, {len(api)} declared")


main()
