#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attacks.py [--only NAME]: memory under attack, on a real Kafka that it starts. Each attack starts a
consumer that is not let finish (attack.c) on topics that are far ahead of it, waits until its peak
stands still, and holds that against the sum of docs/performance.md: it must stay under the sum, and
reach a good share of it, or the sum would say nothing."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cluster import BIN, Cluster, run  # noqa: E402
from formula import KIB, MIB, Load, table, terms  # noqa: E402
from trial import Failed, tail  # noqa: E402

VERSION = "4.3.1"
DOC = ROOT / "docs/performance.md"
GROUP = "memory"  # whose envelopes the stages are filled with
STAGES = ["1h", "2h", "3h"]
LARGEST = ":max.message.bytes=1114112"
SMALL = {"max_in_flight": 512, "max_in_flight_bytes": 8 * MIB, "max_waiting_bytes": 8 * MIB,
         "prefetch_bytes": 32 * MIB}


class Topics:
    """A main topic and three stages: of each partition so many messages."""

    def __init__(self, name, partitions, each, size, batch=1, waiting=0):
        self.name, self.partitions, self.each, self.size = name, partitions, each, size
        self.batch, self.waiting, self.made = batch, waiting, False

    def stage(self, delay):
        return f"{self.name}.retry.{delay}"

    def make(self, cluster):
        if self.made:
            return
        self.made = True
        stages = [self.stage(delay) for delay in STAGES] if self.waiting else []
        cluster.topics(*(f"{name}:{self.partitions}{LARGEST}" for name in
                         [self.name, f"{self.name}.dlt", self.stage("20s"), *stages]))
        filling = [BIN / "fill", "--brokers", cluster.brokers, "--size", self.size,
                   "--batch", self.batch]
        run(*filling, "--topic", self.name, "--each", self.each)
        for delay, topic in zip(STAGES, stages):
            run(*filling, "--topic", topic, "--each", self.waiting, "--stage", f"retry.{delay}",
                "--group", GROUP, "--chain", self.name)


LARGE = Topics("large", 16, 14, 1000000, waiting=4)
TINY = Topics("tiny", 16, 40000, 10, batch=1000)
MANY = Topics("many", 250, 6, 64 * KIB, waiting=3)
TRICKLE = Topics("trickle", 16, 6000, 10000, batch=16)


class Attack:
    """Which of the topics are read, and what the handler does. least: what of the sum it must reach."""

    def __init__(self, name, topics, handler="stuck", *options, stages=(), start_at="earliest",
                 stopped=False, workers=2, order="partition", fetch=None, least=0.35, **config):
        self.name, self.topics, self.handler, self.stages = name, topics, handler, list(stages)
        self.start_at, self.stopped, self.fetch, self.least = start_at, stopped, fetch, least
        self.chain = f"workers: {workers}, order: {order}"
        self.options = ["--handler", handler, *options]
        partitions = topics.partitions * (1 + len(self.stages))
        # not paused, so that prefetches stay
        self.config = {**SMALL, "expected_partitions": partitions, "pause_after": "1h", **config}
        self.load = Load(partitions, topics.partitions * len(self.stages), topics.size + 250,
                         topics.size, topics.size * topics.batch, topics.each)

    def sum(self):
        config = {key: value for key, value in self.config.items() if key != "pause_after"}
        return sum(terms(self.load, fetch=self.fetch, **config).values())


TOLD = ("told", "--fail-every", "1")
ATTACKS = [
    Attack("far-behind", LARGE, "slow", "--seconds", "9", "--slow-ms", "500"),
    Attack("stuck", LARGE),
    Attack("less-prefetch", LARGE, prefetch_bytes=8 * MIB),
    Attack("stalled", LARGE, *TOLD, stages=STAGES, stopped=True),
    Attack("waiting", LARGE, stages=STAGES, start_at="latest"),
    Attack("tiny", TINY),
    # so few bytes that those of the settings are out of reach
    Attack("tiny-fetches", TINY, fetch=64 * KIB, least=0.15),
    Attack("trickle", TRICKLE, "slow", "--seconds", "18", "--slow-ms", "10", "--fail-every", "100",
           stages=["20s"], workers=64, order="none", pause_after="30s", max_in_flight=8192,
           max_in_flight_bytes=64 * MIB, least=0.3),  # by chance: what comes in one response
    Attack("lanes", MANY, stages=STAGES, prefetch_bytes=64 * MIB),
    Attack("all", MANY, *TOLD, stages=STAGES, stopped=True, prefetch_bytes=64 * MIB),
]


def chain_file(attack, brokers, folder):
    name = attack.topics.name
    keys = "".join(
        f"{key}: {value // KIB}KiB\n" if key.endswith("_bytes") else f"{key}: {value}\n"
        for key, value in attack.config.items())
    fetch = f", consumer: {{fetch.message.max.bytes: {attack.fetch}}}" if attack.fetch else ""
    # without stages no topic is to look like one that it had
    kind = "retry" if attack.stages else "none"
    path = folder / f"{attack.name}.yaml"
    path.write_text(
        f"kafka: {{bootstrap.servers: \"{brokers}\"{fetch}}}\n"
        f"group: {attack.name}\nformerly: [{GROUP}]\nlog: {{level: warn}}\n"
        f"{keys}chains:\n  {name}: {{{attack.chain}, start_at: {attack.start_at}, retry: {{"
        f"topic: \"{{topic}}.{kind}.{{delay}}\", stages: [{', '.join(attack.stages)}]}}, "
        f"dead_letter: {{topic: \"{{topic}}.dlt\"}}}}\n")
    return path


def let_go(process, node, stopped):
    """The consumer is full: its handlers fail now, and their hops go nowhere."""
    if stopped:
        os.kill(node.pid, signal.SIGSTOP)
    process.stdin.write("go\n")
    process.stdin.flush()


def suffer(attack, cluster, folder):
    """What attack.c prints at its end."""
    attack.topics.make(cluster)
    log, node = folder / f"{attack.name}.log", cluster.nodes[0]
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [BIN / "attack", "--file", chain_file(attack, cluster.brokers, folder), "--chain",
             attack.topics.name, *attack.options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        line = process.stdout.readline()
        if line == "full\n":
            let_go(process, node, attack.stopped)
            line = process.stdout.readline()
        process.wait(20)
    finally:
        os.kill(node.pid, signal.SIGCONT)
        if process.poll() is None:
            process.kill()
            process.wait()
    if not line.startswith("{"):
        raise Failed(f"{attack.name} ended with {process.returncode}: {tail(log)}")
    return json.loads(line)


def judge(attack, found):
    """A line for the reader; raises when the sum does not hold."""
    peak, whole = found["peak_kib"] * KIB, attack.sum()
    print(f"{attack.name}: peak {peak / MIB:.0f} of {whole / MIB:.0f} MiB "
          f"({100 * peak / whole:.0f} %); {found['lanes']} lanes, {found['in_flight']} in flight "
          f"({found['in_flight_bytes'] / MIB:.1f} MiB), {found['waiting']} waiting "
          f"({found['waiting_bytes'] / MIB:.1f} MiB), {found['hops']} hops", flush=True)
    if found["lanes"] != attack.load.partitions:
        raise Failed(f"{attack.name}: {found['lanes']} of {attack.load.partitions} partitions")
    if attack.stopped and found["in_flight"] == 0:
        raise Failed(f"{attack.name}: no hop waits")
    if peak > whole:
        raise Failed(f"{attack.name}: the peak is above the sum")
    if peak < attack.least * whole:
        raise Failed(f"{attack.name}: the peak is below {100 * attack.least:.0f} % of the sum")
    return peak


def check_doc():
    """The examples of the page are the formula's."""
    if table() not in DOC.read_text(encoding="utf-8"):
        raise Failed(f"{DOC.name}: the examples are not those of formula.py, which prints them")


# Less of the setting, less memory: a sum that is far above would not show that.
LOWER = [("less-prefetch", "stuck", 0.7), ("tiny-fetches", "tiny", 0.4)]


def suffer_all(cluster, folder, only):
    failed, peaks = [], {}
    for attack in ATTACKS:
        if only not in (None, attack.name):
            continue
        try:
            peaks[attack.name] = judge(attack, suffer(attack, cluster, folder))
        except (Failed, RuntimeError, subprocess.TimeoutExpired) as error:
            failed.append(str(error))
    for lower, usual, share in LOWER:
        if lower in peaks and usual in peaks and peaks[lower] > share * peaks[usual]:
            failed.append(f"{lower} takes more than {100 * share:.0f} % of {usual}")
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only")
    args = parser.parse_args()
    began = time.monotonic()
    check_doc()
    folder = pathlib.Path(tempfile.mkdtemp())
    cluster = Cluster(VERSION, folder / "broker")
    try:
        failed = suffer_all(cluster, folder, args.only)
    finally:
        cluster.end()
    for why in failed:
        print(f"failed: {why}")
    if failed:
        print(f"what they wrote is in {folder}")
    else:
        shutil.rmtree(folder)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
