#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""goals.py: the rows of run.sh. Each measures one goal of docs/performance.md against a running Kafka:
ratios are medians of pairs, run in turn, of a bare loop and of stagger, so that what else happens on
the machine strikes both."""
import argparse
import ctypes
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import time

import late_picture
import rows_late
import rows_memory
import rows_rate
import rows_rest
from harness import BUILD, ROOT, Bench, put_block
from trial import Failed

DOC = ROOT / "docs/performance.md"
ROWS = rows_rate.ROWS + rows_late.ROWS + rows_memory.ROWS + rows_rest.ROWS


def met(goal, value):
    comparison, number, _ = goal
    return {">=": value >= number, "<=": value <= number, "<": value < number}[comparison]


def said(row, figures):
    """The row's line of the table."""
    name, what, (comparison, number, unit), _ = row
    if name == "instructions":
        return None
    unit = f" {unit}" if unit else ""
    spread = f" ({figures['min']:.2f}..{figures['max']:.2f})" if "min" in figures else ""
    rest = []
    if "bare_m_per_s" in figures:
        rest.append(f"bare {figures['bare_m_per_s']:.2f} M/s, "
                    f"stagger {figures['stagger_m_per_s']:.2f} M/s")
    if "p50" in figures:
        rest.append(", ".join(f"{key} {figures[key]:g} ms" for key in ("p50", "p99", "p99.9", "max")
                              if key in figures) + f", early {figures['early']:.0f}")
    if "main_m_per_s" in figures:
        rest.append(f"main {figures['main_m_per_s']:.2f} M/s beside it")
    if "bare_s" in figures:
        rest.append(f"bare {figures['bare_s']:.2f} s, stagger {figures['stagger_s']:.2f} s")
    if "took_s" in figures:
        rest.append(f"{figures['took_s']:.2f} s in all")
    if "kib_waiting" in figures:
        rest.append(f"{figures['lanes']} lanes, {figures['kib_waiting'] / 1024:.0f} MiB")
    if "more" in figures:
        rest.append(figures["more"])
    good = "met" if met(row[2], figures["value"]) else "**missed**"
    return (f"| {what} | {comparison} {number:g}{unit} | {figures['value']:.2f}{unit}{spread} | "
            f"{good} | {'; '.join(rest)} |")


def machine(args):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    linked = subprocess.run(["ldd", BUILD / "tests/bare"], capture_output=True, text=True).stdout
    library = ctypes.CDLL(re.search(r"librdkafka\S* => (\S+)", linked)[1])
    library.rd_kafka_version_str.restype = ctypes.c_char_p
    rdkafka = library.rd_kafka_version_str().decode()
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True).stdout.strip()
    return {"kafka": args.kafka, "librdkafka": rdkafka, "cpu": cpu, "cores": os.cpu_count(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
            "libc": " ".join(platform.libc_ver()), "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "commit": commit,
            "date": datetime.date.today().isoformat(), "quick": args.quick}


def figures_of(other):
    """The file of all figures; those on another librdkafka than Debian's have their own."""
    return ROOT / f"docs/performance{'-newest' if other else ''}.json"


def kept(other):
    """The rows of an earlier run, which one with --only does not measure."""
    path = figures_of(other)
    return json.loads(path.read_text())["figures"] if path.exists() else {}


def write(table, facts, figures, other):
    option = f" --librdkafka {other}" if other else ""
    quick = " `--quick`: small counts." if facts["quick"] else ""
    put_block(DOC, "newest" if other else "figures",
              "| what | goal | measured | | more |\n|---|---|---|---|---|\n"
              + "\n".join(table) + f"\n\nApache Kafka {facts['kafka']} and the client on the same "
              f"{facts['cores']} cores ({facts['cpu']}), librdkafka {facts['librdkafka']}, "
              f"{facts['system']}, {facts['libc']}, {facts['date']}: `tests/bench/run.sh{option}`.{quick}\n"
              "Ratios are medians of pairs run in turn, least and most behind them.")
    figures_of(other).write_text(json.dumps({"facts": facts, "figures": figures}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers")
    parser.add_argument("--kafka")
    parser.add_argument("--log", default="/dev/null")
    parser.add_argument("--only", type=lambda names: names.split(","))
    parser.add_argument("--librdkafka")
    parser.add_argument("--preload")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.preload and args.write:
        parser.error("what is measured with --preload is not written")
    rows = [row for row in ROWS if args.only is None or row[0] in args.only]
    if not rows:
        print("rows:", *(row[0] for row in ROWS))
        return 0 if args.only == ["list"] else 2
    facts, bench = machine(args), Bench(args)
    if args.preload:
        facts["preload"] = bench.environment["LD_PRELOAD"] = args.preload
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    figures, missed = {}, []
    for i, row in enumerate(rows):
        print(f"{i + 1} of {len(rows)}: {row[0]}", flush=True)
        began = time.monotonic()
        try:
            figures[row[0]] = row[3](bench)
        except (Failed, RuntimeError, subprocess.CalledProcessError) as error:
            print(f"    {error}")
            bench.hurt.append(f"{row[0]}: {error}")
            continue
        line = said(row, figures[row[0]])
        if line is not None:
            print(f"    {line}", flush=True)
        print(f"    {time.monotonic() - began:.0f} s", flush=True)
        if not met(row[2], figures[row[0]]["value"]):
            missed.append(row[0])
    if args.write:
        figures = {**(kept(args.librdkafka) if args.only else {}), **figures}
        table = [said(row, figures[row[0]]) for row in ROWS if row[0] in figures]
        write([line for line in table if line is not None], facts, figures, args.librdkafka)
        try:
            if not args.librdkafka:
                late_picture.write(figures)
        except FileNotFoundError:
            bench.hurt.append("no picture was drawn: install gnuplot-nox, run tests/bench/late_picture.py")
    for why in bench.hurt:
        print(f"failed: {why}")
    if missed:
        print("goals missed:", *missed)
    return 1 if bench.hurt or (missed and not args.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
