#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages that the documentation quotes are messages that the code writes.

In docs/*.md a line of a ```log block is a quotation, whole or in part, with ... for what varies; so is
`code` in the first column of a table under <!-- messages -->. It must be in one text of src/, where
each %s and the like counts as ... too. In docs/troubleshooting.md
`words_like_this` are names of options and counters: they must be in include/ or src/, too."""
import re

from common import ROOT, Findings, line_at

DOCS = ROOT / "docs"
PAGE = DOCS / "troubleshooting.md"
BLOCK = re.compile(r"^```log\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TABLE = re.compile(r"^<!-- messages -->\n((?:\|.*\n)+)", re.MULTILINE)
NAME = re.compile(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|\'(?:\\.|[^\'\\\n])*\'|"((?:\\.|[^"\\\n])*)"', re.DOTALL)
BETWEEN = re.compile(r"\s*(PRI\w+\s*)?")  # of two literals that are one text
DIRECTIVE = re.compile(r"%[-+ #0]*[\d.*]*(?:hh|h|ll|l|j|z|t)?[diouxXeEfgGcsp]")


def texts_of(code):
    """Each text of C code as it is written out, with ... for its directives."""
    text, end = None, 0
    for found in TOKEN.finditer(code):
        if found[1] is None:
            continue
        between = BETWEEN.fullmatch(code, end, found.start()) if text is not None else None
        if between:
            text += ("d" if between[1] else "") + found[1]
        else:
            if text is not None:
                yield text
            text = found[1]
        end = found.end()
    if text is not None:
        yield text


def written(code):
    for text in texts_of(code):
        text = text.replace(r"\"", '"').replace("%%", "%\0")
        yield DIRECTIVE.sub("...", text).replace("\0", "")


def quoted(text):
    """(line, quotation)"""
    for block in BLOCK.finditer(text):
        for number, line in enumerate(block[1].splitlines(), line_at(text, block.start()) + 1):
            yield number, line
    for table in TABLE.finditer(text):
        for number, row in enumerate(table[1].splitlines(), line_at(text, table.start()) + 1):
            for code in re.findall(r"`([^`]+)`", row.split("|")[1]):
                yield number, code


def main():
    findings = Findings()
    sources = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "src").rglob("*.[ch]"))]
    headers = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "include").rglob("*.h*"))]
    messages = "\n".join(text for source in sources for text in written(source))
    everything = "\n".join(sources + headers)
    n_quoted = 0
    for page in sorted(DOCS.glob("*.md")):
        for number, quotation in quoted(page.read_text(encoding="utf-8")):
            n_quoted += 1
            if quotation not in messages:
                findings.add(page, number, f"nothing in src/ writes '{quotation}': quote what is "
                                           "written, with ... for what varies")
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for found in NAME.finditer(text):
        if found[1] not in everything:
            findings.add(PAGE, line_at(text, found.start()),
                         f"`{found[1]}` is no name in include/ or src/: mend it")
    findings.end(n_quoted and f"{n_quoted} quoted messages")


main()
