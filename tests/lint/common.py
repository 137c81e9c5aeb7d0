# SPDX-License-Identifier: Apache-2.0
"""What the lints share: where things are, C text without its comments, what is public, how findings
are told."""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD") or ROOT / "build")

_NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

_DECLARATION = re.compile(r"\bSTAGGER_API\b[^;{]*?\b(\w+)\s*\((?!\()", re.DOTALL)


def code_only(text):
    """C text with comments and literals blanked; lines and columns stay where they are."""
    return _NOISE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def declared():
    """The functions of the public headers: name -> (header, line)"""
    names = {}
    for header in sorted((ROOT / "include/stagger").glob("*.h")):
        text = code_only(header.read_text(encoding="utf-8"))
        text = re.sub(r"^[ \t]*#.*", "", text, flags=re.MULTILINE)
        text = re.sub(r"\bSTAGGER_(MUST_USE|PRINTF\([^)]*\))", lambda m: " " * len(m.group()), text)
        for found in _DECLARATION.finditer(text):
            names[found[1]] = (header, line_at(text, found.start(1)))
    return names


class Findings:
    """Prints `file:line: what and how to mend` and decides the exit status."""

    def __init__(self):
        self.count = 0

    def add(self, path, line, what):
        path = pathlib.Path(path)
        if path.is_absolute() and path.is_relative_to(ROOT):
            path = path.relative_to(ROOT)
        print(f"{path}:{line}: {what}")
        self.count += 1

    def end(self, looked_at):
        """looked_at: what was checked, for the good line. A lint that saw nothing has failed."""
        if self.count == 0 and not looked_at:
            print(f"{pathlib.Path(sys.argv[0]).name}: found nothing to look at")
            sys.exit(1)
        if self.count == 0:
            print(f"{looked_at}: good")
        sys.exit(1 if self.count else 0)
