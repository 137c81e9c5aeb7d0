#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands of a page, as a reader would type them: prints one shell script that does them all.

  commands.py PAGE >script

Blocks of ```sh are commands, run one after the other in one shell that stops at the first that fails.
A block of any kind under a comment `<!-- file: NAME -->` is saved as NAME when its turn comes. A
comment `<!-- not run: WHY -->` before a block of ```sh passes it over. A comment `<!-- shows: TEXT -->`
after one says what its output must hold; `<!-- waits: N s -->` how long it is given to show that.
What the page takes as given (a clone, a broker at localhost:9092) is for the caller to provide."""
import re
import shlex
import sys

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (file|not run|shows|waits): (.+?) -->")


def comments(text):
    return {kind: value for kind, value in COMMENT.findall(text)}


def main():
    page = open(sys.argv[1], encoding="utf-8").read()
    blocks = list(BLOCK.finditer(page))
    count = 0
    print("set -eu")
    for i, block in enumerate(blocks):
        before = comments(page[blocks[i - 1].end() if i else 0:block.start()])
        after = page[block.end():blocks[i + 1].start() if i + 1 < len(blocks) else len(page)]
        kind, text = block[1], block[2]
        line = page.count("\n", 0, block.start()) + 1
        if "file" in before:
            print(f"cat >{shlex.quote(before['file'])} <<'END OF FILE'\n{text}END OF FILE")
            continue
        if kind != "sh" or "not run" in before:
            continue
        count += 1
        print(f"echo '== line {line}'")
        said = comments(after.split("\n\n")[0])
        if "shows" in said:
            seconds = re.match(r"(\d+) s", said.get("waits", "0 s"))[1]
            print(f"block() {{\n{text}}}")
            print(f"shows {line} {seconds} {shlex.quote(said['shows'])}")
        else:
            print(text, end="")
    if count == 0:
        sys.exit(f"{sys.argv[1]}: no commands: are they in blocks of ```sh?")


main()
