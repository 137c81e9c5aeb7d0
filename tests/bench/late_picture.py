#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""late_picture.py: draws the lateness of docs/performance.json into docs, as run.sh --write does.

A histogram is a text "BUCKET:CALLS ...": bucket 0 is up to 1 us, bucket k from 10^((k-1)/10) us to
10^(k/10) us. Bars are drawn by hand, so that a run shows them without gnuplot; the curves are gnuplot's."""
import json
import math
import shutil
import sys

import draw
from harness import ROOT, put_block

DOC = ROOT / "docs/performance.md"
JSON = ROOT / "docs/performance.json"
SVG = ROOT / "docs/lateness/lateness.svg"
PER_DECADE = 10
# What a step of the bars holds: 1, 2 and 5 of each decade, which are these buckets up to a per cent.
STEPS = (0, 3, 7)
BAR = 6  # columns per decade of calls
# Row and its name in the picture.
CURVES = [("lateness", "8 partitions"), ("lateness-64", "64 partitions"),
          ("lateness-jitter", "jitter"), ("lateness-mixed", "retry_after"),
          ("lateness-waiting", "1,000,000 waiting"), ("lateness-slow", "slow neighbours"),
          ("lateness-in-place", "in-place neighbours"), ("lateness-saturated", "main saturated"),
          ("lateness-rebalance", "rebalances")]


def compact(text):
    """Of the file that the program lateness writes: lines of from, to and calls."""
    pairs = []
    for line in text.splitlines():
        _, to, calls = line.split()
        pairs.append(f"{round(PER_DECADE * math.log10(float(to)))}:{calls}")
    return " ".join(pairs)


def parsed(histogram):
    return {int(bucket): int(calls) for bucket, calls in
            (pair.split(":") for pair in histogram.split())}


def step_of(bucket):
    """The bars' step that a bucket falls into: its number, three a decade."""
    decade, rest = divmod(bucket, PER_DECADE)
    return 3 * decade + next((i for i, upper in enumerate(STEPS) if rest <= upper), 3)


def step_ms(step):
    return (1, 2, 5)[step % 3] * 10.0 ** (step // 3) / 1000


def bars(histogram):
    """Lines: up to how late, how many calls, what share was no later; bars of the calls' logarithm."""
    steps = {}
    for bucket, calls in parsed(histogram).items():
        steps[step_of(bucket)] = steps.get(step_of(bucket), 0) + calls
    total, so_far, lines = sum(steps.values()), 0, []
    for step in range(min(steps), max(steps) + 1):
        calls = steps.get(step, 0)
        so_far += calls
        bar = "#" * (1 + int(BAR * math.log10(calls))) if calls else ""
        lines.append(f"<= {step_ms(step):7g} ms {calls:8,} {100 * so_far / total:8.3f} %  {bar}".rstrip())
    return lines


def curves(figures):
    """gnuplot's script and rows: a column of shares in per cent for each row that was measured."""
    there = [(parsed(figures[row]["histogram"]), name) for row, name in CURVES
             if row in figures]
    buckets = sorted({bucket for one, _ in there for bucket in one})
    rows = [[f"{10 ** ((bucket - 0.5) / PER_DECADE) / 1000:.5g}",
             *(f"{100 * one[bucket] / sum(one.values()):.5g}" if bucket in one else "?"
               for one, _ in there)]
            for bucket in buckets]
    plots = ", ".join(f"$rows using 1:{i + 2} with linespoints lw 1.5 pt 7 ps 0.3 title '{name}'"
                      for i, (_, name) in enumerate(there))
    return ("set datafile missing '?'\nset logscale xy\nset grid\n"
            "set xlabel 'late by, ms (ten buckets a decade)'\nset ylabel 'calls, %'\n"
            "set key inside right top\nset linetype 5 lc rgb '#8c564b'\n"  # not yellow on white
            f"plot {plots}\n"), rows


def write(figures):
    """The SVG, and between its marks in performance.md the picture that has no need of one."""
    figures = {row: one for row, one in figures.items() if one.get("histogram")}
    if not figures:
        return
    SVG.parent.mkdir(exist_ok=True)
    draw.write_svg(*curves(figures), SVG)
    shown = "lateness" if "lateness" in figures else next(iter(figures))
    put_block(DOC, "lateness",
              f"![Share of the calls by lateness, a curve for each row](lateness/{SVG.name})\n\n"
              f"`{shown}`: up to how late, calls, share of all so far; bars grow by the calls' "
              "logarithm.\n\n```\n" + "\n".join(bars(figures[shown]["histogram"])) + "\n```")


if __name__ == "__main__":
    if shutil.which("gnuplot") is None:
        sys.exit("gnuplot draws the curves: install gnuplot-nox")
    write(json.loads(JSON.read_text(encoding="utf-8"))["figures"])
