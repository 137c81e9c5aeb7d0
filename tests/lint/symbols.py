#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""symbols.py [LIBSTAGGER-OBJECTS.A]: the library keeps no mutable global state. Writable data of
its objects must be named here, with the reason. (.data.rel.ro is constant once loaded.)"""
import pathlib
import re
import subprocess
import sys

from common import BUILD, Findings

ALLOWED = {
    ("consumer/signals.c", "signalled"): "a signal handler reaches its consumer only so",
    ("consumer/version.c", "once"): "guards the version text",
    ("consumer/version.c", "text"): "put together once, constant from then on",
}
WRITABLE = re.compile(r"\.(t?data|t?bss)(?!\.rel\.ro)(\.|$)|\*COM\*")
MEMBER = re.compile(r"^(\S+)\.o:\s+file format")


def main():
    archive = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else BUILD / "src/libstagger-objects.a"
    findings = Findings()
    if not archive.exists():
        findings.add(archive, 1, "is not there: build it first, or name it on the command line")
        findings.end(None)
    out = subprocess.run(["objdump", "-t", str(archive)], check=True, stdout=subprocess.PIPE,
                         text=True).stdout
    member, n_members, seen = "", 0, set()
    for line in out.splitlines():
        found = MEMBER.match(line)
        if found:
            # meson: base_heap.c.o in a folder of the target, or the folder's path in a thin archive
            member, n_members = pathlib.PurePath(found[1]).name.replace("_", "/", 1), n_members + 1
            continue
        # VALUE FLAGS(7 columns) SECTION<tab>SIZE NAME; O is an object, the rest are sections, code
        row = re.match(r"[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+ (?:\.hidden )?(\S+)", line)
        if not row or not WRITABLE.match(row[2]) or ("O" not in row[1] and row[2] != "*COM*"):
            continue
        name = re.sub(r"\.\d+$", "", row[3])
        seen.add((member, name))
        if (member, name) not in ALLOWED:
            findings.add(f"src/{member}", 1,
                         f"'{name}' is writable for the whole process ({row[2]}): make it const, "
                         "keep it in an object, or name it in tests/lint/symbols.py with a reason")
    for member, name in sorted(set(ALLOWED) - seen):
        findings.add("tests/lint/symbols.py", 1,
                     f"ALLOWED names '{name}' of {member}, which is gone: drop it")
    findings.end(n_members and f"{n_members} objects, {len(seen)} writable variables, all allowed")


main()
