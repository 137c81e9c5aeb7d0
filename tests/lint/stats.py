#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counters and their contract: what docs/semantics.md says is "counted `name`" is a field of struct
stagger_stats, and every field is named in docs/semantics.md, or below with the reason why not."""
import re

from common import ROOT, Findings, code_only, line_at

STATS = ROOT / "include/stagger/stats.h"
SEMANTICS = ROOT / "docs/semantics.md"

NOT_IN_THE_CONTRACT = {
    "at_ms": "when the copy was taken",
    "lateness_p50_us": "a measure of `lateness`, not a counter",
    "lateness_p99_us": "a measure of `lateness`, not a counter",
    "lateness_max_us": "a measure of `lateness`, not a counter",
    "duplicates_bound": "a gauge: what max_uncommitted bounds, now",
    "in_flight": "a gauge",
    "in_flight_bytes": "a gauge",
    "waiting": "a gauge",
    "waiting_bytes": "a gauge",
    "stuck": "a gauge",
    "deferred": "a gauge",
    "handled": "plain volume: calls that returned",
    "done": "plain volume: messages finished by a DONE",
    "retried": "plain volume: verdicts that led to a hop",
    "retried_in_place": "plain volume: verdicts that led to an in-place retry",
    "dead_lettered": "plain volume: durable dead letters",
    "hops": "plain volume: durable copies",
    "commits": "plain volume: good commits",
    "assigned": "plain volume: partitions",
    "revoked": "plain volume: partitions",
    "lost": "plain volume: partitions",
}

# "counted `a`", "counted (`a`)", "counted `a` and `b`", "counted `a` or `b`", "counted `a`, `b`"
COUNTED = re.compile(r"\bcounted\s+\(?(`\w+`(?:(?:,|\s+and|\s+or)\s+`\w+`)*)")


def fields():
    """name -> line, of the int64_t fields of struct stagger_stats"""
    text = code_only(STATS.read_text(encoding="utf-8"))
    body = re.search(r"struct stagger_stats \{(.*?)\n\};", text, re.DOTALL)
    names = {}
    for found in re.finditer(r"\bint64_t\s+([\w\s,]+);", body[1]) if body else ():
        for name in re.finditer(r"\w+", found[1]):
            names[name.group()] = line_at(text, body.start(1) + found.start(1) + name.start())
    return names


def main():
    findings = Findings()
    if not SEMANTICS.exists():
        findings.add(SEMANTICS, 1, "is missing: it is the contract that counters are named in")
        findings.end(None)
    semantics = SEMANTICS.read_text(encoding="utf-8")
    have = fields()
    counted = {}
    for found in COUNTED.finditer(semantics):
        for name in re.findall(r"\w+", re.sub(r"\b(and|or)\s+(?=`)", "", found[1])):
            counted.setdefault(name, line_at(semantics, found.start()))
    for name, line in counted.items():
        if name not in have:
            findings.add(SEMANTICS, line, f"counted `{name}` is no field of struct stagger_stats: "
                                          "add the field, or mend the name")
    named = set(re.findall(r"`(\w+)`", semantics))
    for name, line in have.items():
        if name in NOT_IN_THE_CONTRACT:
            if name in counted:
                findings.add("tests/lint/stats.py", 1, f"{name} is counted in docs/semantics.md: "
                                                       "drop it from NOT_IN_THE_CONTRACT")
        elif name not in named:
            findings.add(STATS, line, f"{name} is not in docs/semantics.md: say there when it is "
                                      f"counted, as counted `{name}`")
    for name in NOT_IN_THE_CONTRACT:
        if name not in have:
            findings.add("tests/lint/stats.py", 1, f"NOT_IN_THE_CONTRACT names {name}, which is no "
                                                   "field: drop it")
    findings.end(have and f"{len(have)} counters, {len(counted)} of them counted by name")


main()
