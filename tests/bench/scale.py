#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scale.py: the series of run.sh --scale. One chain of four stages at many sizes, against a running Kafka:
each point is preloaded once, read by a bare loop and by stagger in turn while none fails, and then goes
through the chain while 10 % fail at every call, up to the DLT. Calls that are early, and counts that are
not exact, fail."""
import argparse
import json
import re
import statistics
import subprocess
import sys

from goals import machine
from harness import BUILD, MILLION, Bench, rate_of
from scale_table import said, write
from trial import Failed

DELAYS_MS = [1000, 2000, 3000, 5000]
QUICK_DELAYS_MS = [100, 200, 300, 500]
FAIL_PERCENT = 10
REST_S = 5
KIB = 1024
PREFETCH_KIB = 256 * KIB  # the library's prefetch_bytes
EXPECTED = 64  # the library's expected_partitions
IN_FLIGHT = 4096  # its max_in_flight
IN_FLIGHT_OF_LANE = 64  # what is given instead when the partitions are many
LANES = len(DELAYS_MS) + 1  # of a partition


class Scale(Bench):
    def delays(self):
        return QUICK_DELAYS_MS if self.args.quick else DELAYS_MS

    def stages(self):
        return [f"retry.{number + 1}" for number in range(len(DELAYS_MS))]

    def members(self, topic, count, share, *options):
        """The figures of one run of a group."""
        text = self.run("scale", "--topic", topic, "--count", count, "--share", share,
                        "--delays", ",".join(map(str, self.delays())), *options)
        figures = json.loads(text)
        if len(figures["members"]) == 1 and figures["called_again"] != 0:
            self.hurt.append(f"{topic}: {figures['called_again']} calls too many")
        return figures

    def bare(self, topic, count, expected, *options):
        """The same topics, with what the library sets in librdkafka."""
        kbytes = PREFETCH_KIB // expected
        least = min(max(kbytes * KIB // 512, 1000), 100000)
        text = self.run("bare", "--topic", ",".join([topic, *(f"{topic}.{s}" for s in self.stages())]),
                        "--count", count, "--set", f"queued.max.messages.kbytes={kbytes},"
                        f"queued.min.messages={least},fetch.wait.max.ms=50", *options)
        rest = re.search(r"at rest: ([0-9.]+) %", text)
        return {"m_per_s": rate_of(text), "cpu_us": float(re.search(r"([0-9.]+) us CPU", text)[1]),
                "peak_mib": int(re.search(r"at most (\d+) KiB", text)[1]) / KIB,
                "rest_percent": float(rest[1]) if rest else 0}

    def point(self, name, partitions=8, count=500000, size=100, members=1, expected=None,
              in_flight=None):
        """Bare and stagger in turn while none fails, then the whole chain; the topics go again."""
        expected = expected or partitions * LANES
        in_flight = in_flight or max(IN_FLIGHT, partitions * LANES * IN_FLIGHT_OF_LANE)
        ours = ["--members", members, "--expected", expected, "--in-flight", in_flight]
        topic = f"scale-{name}"
        self.make(topic, self.stages(), partitions)
        self.run("preload", "--topic", topic, "--count", count, "--size", size)
        tries = [], []
        for n in range(self.count(3, 1)):
            rest = ["--rest", self.count(REST_S, 1)] if n == 0 else []
            tries[0].append(self.bare(topic, count, expected, *rest))
            tries[1].append(summed(self.members(topic, count, 0, *ours, *rest)))
        chain = summed(self.members(topic, count, FAIL_PERCENT, *ours))
        self.remove(topic)
        found = {"partitions": partitions, "messages": count, "bytes": size, "members": members,
                 "expected": expected, "in_flight": in_flight,
                 "bare": median(tries[0]), "stagger": median(tries[1]), "chain": chain}
        print(f"    {said(found)}", flush=True)
        return found

    def remove(self, topic):
        self.topics.discard(topic)
        for name in [topic, *(f"{topic}.{stage}" for stage in self.stages()), f"{topic}.dlt"]:
            subprocess.run([BUILD / "tests/change_topic", self.args.brokers, "delete", name],
                           check=True)


def median(tries):
    """Of each figure; the most memory; what the first alone has."""
    return {key: (max if key.startswith("peak") or key.startswith("rest") else statistics.median)(
        [one[key] for one in tries]) for key in tries[0] if not isinstance(tries[0][key], list)}


def summed(figures):
    """Of all members: rates and CPU per call are the group's, memory and lateness the worst member's."""
    members = figures["members"]
    calls, cpu_s = figures["calls"], sum(m["work_cpu_s"] for m in members)
    return {"m_per_s": figures["messages"] / figures["main_s"] / MILLION,
            "cpu_us": cpu_s / calls * MILLION, "cpu_s": cpu_s,
            "peak_mib": max(m["peak_kib"] for m in members) / KIB,
            "rest_percent": sum(m["rest_percent"] for m in members),
            "start_s": figures["start_s"], "main_s": figures["main_s"], "whole_s": figures["whole_s"],
            "start_cpu_s": sum(m["start_cpu_s"] for m in members),
            "dead_letters": figures["dead_letters"], "called_again": figures["called_again"],
            "assigned": sum(m["assigned"] for m in members),
            "p50_ms": max(m["p50_ms"] for m in members), "p99_ms": max(m["p99_ms"] for m in members),
            "max_ms": max(m["max_ms"] for m in members),
            "head_of_line": sum(m["head_of_line"] for m in members)}


def partitions(b):
    """Last, what the defaults of two options do."""
    points = [b.point(f"p{n}", partitions=n, count=b.count(500000, 20000))
              for n in b.count([1, 10, 100, 1000], [1, 100])]
    if not b.args.quick:
        points += [b.point("p1d", partitions=1, expected=EXPECTED),
                   b.point("p100d", partitions=100, in_flight=IN_FLIGHT)]
    return points


def members(b):
    return [b.point(f"m{n}", members=n, count=b.count(500000, 20000))
            for n in b.count([1, 2, 4], [2])]


def sizes(b):
    return [b.point(f"s{size}", count=count, size=size) for size, count in b.count(
        [(10, MILLION), (KIB, 500000), (100 * KIB, 5000), (900 * KIB, 1000)],
        [(10, 20000), (900 * KIB, 50)])]


def chain(b):
    """Ten million, once: the whole way."""
    topic, count = "scale-chain", b.count(10 * MILLION, 100000)
    b.make(topic, b.stages())
    b.run("preload", "--topic", topic, "--count", count)
    found = summed(b.members(topic, count, FAIL_PERCENT, "--limit-seconds", 300))
    b.remove(topic)
    print(f"    {found}")
    return [{"partitions": 8, "messages": count, "bytes": 100, "members": 1, "chain": found}]


SERIES = {"partitions": partitions, "members": members, "sizes": sizes, "chain": chain}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers")
    parser.add_argument("--kafka")
    parser.add_argument("--log", default="/dev/null")
    parser.add_argument("--only", choices=[*SERIES, "list"])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.only == "list":
        print("series:", *SERIES)
        return 0
    facts, b = machine(args), Scale(args)
    facts.pop("commit")  # one that is still worked on
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    found = {}
    for name in [name for name in SERIES if args.only in (None, name)]:
        print(name, flush=True)
        try:
            found[name] = {"facts": facts, "points": SERIES[name](b)}
        except (Failed, RuntimeError, subprocess.CalledProcessError) as error:
            b.hurt.append(f"{name}: {error}")
            continue
        if args.write:
            write(found)
    for why in b.hurt:
        print(f"failed: {why}")
    return 1 if b.hurt else 0


if __name__ == "__main__":
    sys.exit(main())
