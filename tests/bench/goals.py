#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""goals.py: the rows of run.sh. Each measures one goal of docs/performance.md against a running Kafka:
ratios are medians of pairs, run in turn, of a bare loop and of stagger, so that what else happens on
the machine strikes both."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from failover import HEARTBEAT_MS, SESSION_MS, failover_seconds  # noqa: E402
from trial import Failed  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD") or ROOT / "build").absolute()
DOC = ROOT / "docs/performance.md"
JSON = ROOT / "docs/performance.json"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PARTITIONS = 8
MILLION = 1000000
LINGER_MS = 5  # of our producer
BATCHES_SINCE = (2, 1, 0)  # librdkafka; before, bare loops read one by one


class Bench:
    def __init__(self, args):
        self.args, self.topics, self.rdkafka, self.hurt = args, set(), "", []
        self.start = None

    def pairs(self):
        return 3 if self.args.quick else 5

    def count(self, usual, quick):
        return quick if self.args.quick else usual

    def run(self, name, *options, seconds=600, ok=(0,)):
        """The last line of a bench program."""
        command = [str(BUILD / "tests" / name), "--brokers", self.args.brokers,
                   *(str(o) for o in options)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} took more than {seconds} s") from None
        with open(self.args.log, "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
        if done.returncode not in ok:
            raise Failed(f"{name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def make(self, topic, stages, partitions=PARTITIONS):
        """topic, its stages and its DLT, once."""
        if topic in self.topics:
            return
        names = [topic, *(f"{topic}.{stage}" for stage in stages), f"{topic}.dlt"]
        subprocess.run([ROOT / "tests/support/kafka.sh", "topics", self.args.brokers,
                        *(f"{name}:{partitions}" for name in names)], check=True)
        self.topics.add(topic)

    def preloaded(self):
        count = self.count(MILLION, 200000)
        if "bench" not in self.topics:
            self.make("bench", ["retry.1m", "retry.5m", "retry.30m"])
            self.run("preload", "--count", count)
        return count

    def in_pairs(self, bare, ours):
        """Medians of both rates and [median, min, max] of the pairs' ratios; a pair to warm up."""
        rates = []
        for pair in range(self.pairs() + 1):
            both = [rate_of(self.run(*command)) for command in (bare, ours)]
            if pair > 0:
                rates.append(both)
                print(f"    pair {pair}: bare {both[0]:.3f} M/s, stagger {both[1]:.3f} M/s, "
                      f"ratio {both[1] / both[0]:.2f}", flush=True)
        ratios = [ours / bare for bare, ours in rates]
        return {"bare_m_per_s": statistics.median(r[0] for r in rates),
                "stagger_m_per_s": statistics.median(r[1] for r in rates),
                "value": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}

    def first(self, name, *options):
        """Seconds from the start of the process to the first message that it has."""
        began = time.clock_gettime(time.CLOCK_BOOTTIME)
        text = self.run(name, "--count", 1000, *options)
        return float(re.search(r"first at ([0-9.]+) s", text)[1]) - began

    def starts(self):
        """Medians of a bare loop's and of stagger's, in turn."""
        if self.start is None:
            self.preloaded()
            pairs = [(self.first("bare"), self.first("main_path")) for _ in range(self.pairs())]
            self.start = [statistics.median(one) for one in zip(*pairs)]
        return self.start

    def lateness(self, topic, *options, hops, partitions=PARTITIONS, stages=("retry",)):
        self.make(topic, stages, partitions)
        text = self.run("lateness", "--topic", topic, "--partitions", partitions, "--hops", hops,
                        *options, ok=(0, 1))
        found = {key: float(value) for key, value in
                 re.findall(r"(p50|p99|p99\.9|max|early) ([0-9.]+)", text.splitlines()[0])}
        beside = re.search(r"main: ([0-9.]+) M", text)
        if beside:
            found["main_m_per_s"] = float(beside[1])
        if found["early"] > 0:
            self.hurt.append(f"{topic}: {found['early']:.0f} calls were early")
        return found


def rate_of(text):
    return float(re.search(r": ([0-9.]+) M", text)[1])


# -- the rows: each gives the figures, of which "value" is held against the goal ----------------

def main_path(b):
    options = ["--count", b.preloaded()]
    return b.in_pairs(["bare", *options], ["main_path", *options])


def main_path_poll(b):
    options = ["--count", b.preloaded()]
    return b.in_pairs(["bare", *options, "--how", "poll"], ["main_path", *options])


def keyed(b):
    b.preloaded()
    text = b.run("main_path", "--count", b.count(80000, 20000), "--order", "key", "--workers", 8,
                 "--handler-us", 1000)
    rate = rate_of(text) * MILLION
    return {"value": rate / 8000, "per_s": rate}


def hops(b):
    options = ["--count", b.preloaded()]
    return b.in_pairs(["bare_hops", *options], ["hops", *options])


def late(b, topic, *options, hops=100000, quick=5000, **how):
    found = b.lateness(topic, "--rate", 1000, *options, hops=b.count(hops, quick), **how)
    return {"value": found["p99"], **found}


def lateness(b):
    return late(b, "late8", "--stage-delay", 1000)


def lateness_median(b):
    found = late(b, "late8m", "--stage-delay", 1000, quick=3000)
    return {**found, "value": found["p50"]}


def lateness_64(b):
    return late(b, "late64", "--stage-delay", 1000, partitions=64)


def lateness_jitter(b):
    return late(b, "jitter", "--stage-delay", 5000, "--jitter", "0.2", hops=25000)


def lateness_waiting(b):
    return late(b, "late1m", "--stage-delay", 1000, "--waiting", b.count(MILLION, 100000),
                stages=("retry", "hour"))


def lateness_saturated(b):
    """A thousand messages that come round each second, while main is read as fast as it goes."""
    return late(b, "latemain", "--stage-delay", 1000, "--visits", 100, "--backlog",
                b.count(20 * MILLION, 4 * MILLION), hops=15000, quick=2000)


def start(b):
    bare, ours = b.starts()
    return {"value": ours - bare, "bare_s": bare, "stagger_s": ours}


def failover(b, static):
    times = [failover_seconds(b.args.brokers, n, static) for n in range(b.count(3, 1))]
    took = statistics.median(times)
    less = b.starts()[1] if static else (SESSION_MS + HEARTBEAT_MS) / 1000
    return {"value": took - less, "took_s": took}


def hop_latency(b):
    """A stage of 1 ms: all is due when it comes, so lateness is what the way takes."""
    found = late(b, "hop", "--stage-delay", 1, "--visits", 100, hops=20000)
    return {**found, "value": found["p50"]}


def idle(b):
    partitions = b.count(1000, 100)
    b.make("idle", ["retry"], partitions)
    text = b.run("idle", "--topic", "idle", "--partitions", partitions)
    found = re.search(r"idle: ([0-9.]+) % .* (\d+) KiB at first, (\d+) KiB", text)
    return {"value": float(found[1]), "lanes": partitions, "kib_at_first": int(found[2]),
            "kib_waiting": int(found[3])}


def instructions(b):
    done = subprocess.run([ROOT / "tests/bench/instructions.py"], capture_output=True, text=True)
    print("    " + done.stdout.rstrip().replace("\n", "\n    "))
    if done.returncode not in (0, 77):
        b.hurt.append("instructions rose")
    return {"value": done.returncode}


def envelope(b, name):
    """Nanoseconds: n and 3 n of them, as for the instructions; the best of some tries."""
    def took(n):
        began = os.times()
        subprocess.run([BUILD / "tests/micro", name, str(n)], check=True)
        ended = os.times()
        return ended.children_user - began.children_user

    n = 500000
    return {"value": min((took(3 * n) - took(n)) / (2 * n) for _ in range(b.pairs())) * 1e6}


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("main-path", "main path, no-op handler, `order` per partition, to the bare loop over partition "
     "queues", (">=", 0.8, ""), main_path),
    ("main-path-poll", "the same to a loop over `rd_kafka_consumer_poll()`", (">=", 1.5, ""),
     main_path_poll),
    ("keyed", "`order` per key, 8 workers, handler waits 1 ms, to 8,000/s", (">=", 0.9, ""), keyed),
    ("hops", "hops, 100 % failing, to a bare consume-and-produce loop of as many bytes",
     (">=", 0.8, ""), hops),
    ("lateness", "lateness at 1,000 due/s, 8 partitions, p99", ("<=", 3, "ms"), lateness),
    ("lateness-median", "the same, p50", ("<=", 0.5, "ms"), lateness_median),
    ("lateness-64", "lateness at 1,000 due/s, 64 partitions, p99", ("<=", 3, "ms"), lateness_64),
    ("lateness-jitter", "lateness with 20 % jitter, stage of 5 s, p99", ("<=", 5, "ms"),
     lateness_jitter),
    ("lateness-waiting", "lateness at 1,000 due/s while 1,000,000 messages wait for an hour, p99",
     ("<=", 3, "ms"), lateness_waiting),
    ("lateness-saturated", "lateness at 1,000 due/s while main is read as fast as it goes, p99",
     ("<=", 20, "ms"), lateness_saturated),
    ("start", "process start to the first message handled, over that of the bare loop",
     ("<=", 0.3, "s"), start),
    ("failover", "`kill -9` to the first message of its partitions elsewhere, over session time-out "
     "and heartbeat interval", ("<=", 0.5, "s"), lambda b: failover(b, False)),
    ("failover-static", "the same with an instance id and a restart, restart to first message, over "
     "a start", ("<=", 0.2, "s"), lambda b: failover(b, True)),
    ("hop-latency", "hop into a stage to handled there, due already, p50",
     ("<=", LINGER_MS + 2, "ms"), hop_latency),
    ("envelope-write", "envelope of 1 KiB written", ("<=", 0.2, "us"),
     lambda b: envelope(b, "codec-write")),
    ("envelope-read", "envelope of 1 KiB read", ("<=", 0.25, "us"),
     lambda b: envelope(b, "codec-read")),
    ("idle", "CPU while 1,000 lanes wait, of a core", ("<", 1, "%"), idle),
    ("instructions", "instructions, to the base line", ("<=", 0, ""), instructions),
]


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
    good = "met" if met(row[2], figures["value"]) else "**missed**"
    return (f"| {what} | {comparison} {number:g}{unit} | {figures['value']:.2f}{unit}{spread} | "
            f"{good} | {'; '.join(rest)} |")


def machine(args):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    rdkafka = subprocess.run(["pkg-config", "--modversion", "rdkafka"], capture_output=True,
                             text=True).stdout.strip()
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True).stdout.strip()
    return {"kafka": args.kafka, "librdkafka": rdkafka, "cpu": cpu, "cores": os.cpu_count(),
            "system": platform.freedesktop_os_release().get("PRETTY_NAME", "?"),
            "libc": " ".join(platform.libc_ver()), "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "commit": commit,
            "date": datetime.date.today().isoformat(), "quick": args.quick}


def write(table, facts, figures):
    text = DOC.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    quick = " `--quick`: small counts." if facts["quick"] else ""
    body = (f"{BEGIN}\n\n| what | goal | measured | | more |\n|---|---|---|---|---|\n"
            + "\n".join(table) + f"\n\nApache Kafka {facts['kafka']} and the client on the same "
            f"{facts['cores']} cores ({facts['cpu']}), librdkafka {facts['librdkafka']}, "
            f"{facts['system']}, {facts['libc']}, {facts['date']}: `tests/bench/run.sh`.{quick}\n"
            f"Ratios are medians of pairs run in turn, least and most behind them.\n\n{END}")
    DOC.write_text(before + body + after, encoding="utf-8")
    JSON.write_text(json.dumps({"facts": facts, "figures": figures}, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers")
    parser.add_argument("--kafka")
    parser.add_argument("--log", default="/dev/null")
    parser.add_argument("--only")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    rows = [row for row in ROWS if args.only in (None, row[0])]
    if not rows:
        print("rows:", *(row[0] for row in ROWS))
        return 0 if args.only == "list" else 2
    facts, bench = machine(args), Bench(args)
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    table, figures, missed = [], {}, []
    for i, row in enumerate(rows):
        print(f"{i + 1} of {len(rows)}: {row[0]}", flush=True)
        try:
            figures[row[0]] = row[3](bench)
        except (Failed, RuntimeError, subprocess.CalledProcessError) as error:
            print(f"    {error}")
            bench.hurt.append(f"{row[0]}: did not end well")
            continue
        line = said(row, figures[row[0]])
        if line is not None:
            table.append(line)
            print(f"    {line}", flush=True)
        if not met(row[2], figures[row[0]]["value"]):
            missed.append(row[0])
    if args.write:
        write(table, facts, figures)
    for why in bench.hurt:
        print(f"failed: {why}")
    if missed:
        print("goals missed:", *missed)
    return 1 if bench.hurt or (missed and not args.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
