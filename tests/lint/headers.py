#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone, and twice, as C11 and as C++17, without a warning."""
import os
import shlex
import subprocess

from common import BUILD, ROOT, Findings

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def main():
    findings = Findings()
    compilers = [
        ("C11", shlex.split(os.environ.get("CC") or "gcc") + ["-x", "c", "-std=c11"]),
        ("C++17", shlex.split(os.environ.get("CXX") or "g++") + ["-x", "c++", "-std=c++17"]),
    ]
    generated = BUILD / "include"
    if not (generated / "stagger/version.h").exists():
        findings.add("include/stagger/version.h.in", 1,
                     f"{generated}/stagger/version.h is not made: run `meson setup build` first, "
                     "or set STAGGER_BUILD")
        findings.end(None)
    headers = sorted((ROOT / "include/stagger").glob("*.h")) + [generated / "stagger/version.h"]
    for header in headers:
        name = f"#include <stagger/{header.name}>\n"
        for language, command in compilers:
            run = subprocess.run(
                [*command, *STRICT, f"-I{ROOT / 'include'}", f"-I{generated}", "-"],
                input=name + name + "extern int nothing_else;\n",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if run.returncode != 0:
                findings.add(header, 1, f"does not compile alone as {language}: include what it "
                                        f"needs, or mend:\n{run.stdout.rstrip()}")
    findings.end(f"{len(headers)} headers, each alone, as C11 and as C++17")


main()
