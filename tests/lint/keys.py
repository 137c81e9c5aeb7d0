#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The keys in docs/configuration.md and docs/man/stagger.yaml.5.scd are those of src/config/keys.c,
and the examples there are cases of tests/data/config: what stands between two marks is made here.
keys.py PRINT_KEYS [--write]"""
import json
import re
import subprocess
import sys

from common import ROOT, Findings

PAGES = [ROOT / "docs/configuration.md", ROOT / "docs/man/stagger.yaml.5.scd"]
WITHOUT_KEYS = [ROOT / "docs/performance.md"]
CASES = ROOT / "tests/data/config"
MARKS = re.compile(r"^(?:<!--|;) begin: (keys|case) (\w+)[^\n]*\n(.*?)^(?:<!--|;) end\b",
                   re.MULTILINE | re.DOTALL)


def range_of(key):
    words = list(key["words"])
    if key["type"] == "bool":
        words = ["true or false"]
    if key["type"] != "word" and key["range"]:
        words = [key["range"]] + words
    return words + (["off"] if key["off"] else [])


def default_of(key):
    if key["required"]:
        return "required" + (f" ({key['note']})" if key["note"] else "")
    texts = [f"`{key['default']}`"] if key["default"] is not None else []
    return ", ".join(texts + ([key["note"]] if key["note"] else []))


def cell(text):
    return text.replace("|", "\\|")


def markdown(keys):
    yield "| key | value | default | in C | |"
    yield "|---|---|---|---|---|"
    for key in keys:
        is_word = key["type"] in ("word", "bool")
        value = ", ".join(range_of(key)) if is_word else ", ".join([key["type"]] + range_of(key))
        option = f"`{key['option']}`" if key["option"] else ""
        yield "| " + " | ".join([f"`{key['path']}`", cell(value), cell(default_of(key)), option,
                                 cell(key["meaning"])]) + " |"


def scd_text(text):
    """Escapes for scdoc; `words` become bold."""
    parts = text.split("`")
    for i, part in enumerate(parts):
        part = re.sub(r"([\\*_#~])", r"\\\1", part)
        parts[i] = f"*{part}*" if i % 2 and part else part
    return "".join(parts)


def scdoc(keys):
    for key in keys:
        is_word = key["type"] in ("word", "bool")
        value = ", ".join(range_of(key) if is_word else [key["type"]] + range_of(key))
        yield ""
        yield f"*{scd_text(key['path'])}* ({scd_text(value)})"
        yield "\t" + scd_text(key["meaning"]) + "."
        if default_of(key):
            yield "\t" + scd_text(default_of(key).capitalize() + "." if key["required"] else
                                  f"Default: {default_of(key)}.")
    yield ""


def made(kind, name, keys, is_page):
    if kind == "case":
        text = (CASES / name / "chain.yaml").read_text(encoding="utf-8")
        return f"```\n{text}```\n" if is_page else f"```yaml\n{text}```\n"
    rows = [key for key in keys if key["scope"] == name]
    return "\n".join((scdoc if is_page else markdown)(rows)) + "\n"


def main():
    findings = Findings()
    keys = json.loads(subprocess.run([sys.argv[1]], check=True, stdout=subprocess.PIPE,
                                     text=True).stdout)
    parts = 0
    for page in PAGES + WITHOUT_KEYS:
        is_page = page.suffix == ".scd"
        text = page.read_text(encoding="utf-8")
        scopes = set()
        for found in list(MARKS.finditer(text))[::-1]:
            parts += 1
            scopes.add(found[2])
            wanted = made(found[1], found[2], keys, is_page)
            if found[3] == wanted:
                continue
            if "--write" in sys.argv:
                text = text[:found.start(3)] + wanted + text[found.end(3):]
            else:
                findings.add(page, text.count("\n", 0, found.start()) + 1,
                             f"is not what {found[1]} {found[2]} says now: run "
                             "tests/lint/keys.py build/tests/print_keys --write")
        if "--write" in sys.argv:
            page.write_text(text, encoding="utf-8")
        for scope in {key["scope"] for key in keys} - scopes if page in PAGES else ():
            findings.add(page, 1, f"has no part 'begin: keys {scope}'")
    findings.end(parts and f"{len(keys)} keys and {parts} parts of the documents")


main()
