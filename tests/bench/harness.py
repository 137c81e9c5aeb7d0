# SPDX-License-Identifier: Apache-2.0
"""What the rows of run.sh are measured with: programs run, topics made, pairs of a bare loop and of stagger
in turn. Each row is a function of a Bench, and gives figures, of which "value" is held against its goal."""
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from trial import Failed  # noqa: E402

BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD") or ROOT / "build").absolute()
PARTITIONS = 8
MILLION = 1000000


class Bench:
    def __init__(self, args):
        self.args, self.topics, self.hurt = args, set(), []
        self.environment = dict(os.environ)  # of the bench programs
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
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds,
                                  env=self.environment)
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
        count = self.count(3 * MILLION, 200000)
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


def rate_of(text):
    """Millions a second; the line's own figure has three digits behind the point."""
    n, seconds = re.search(r", (\d+) messages in ([0-9.]+) s", text).groups()
    return int(n) / float(seconds) / MILLION


def put_block(doc, name, body):
    """What stands between the marks of that name in a document."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = doc.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    doc.write_text(f"{before}{begin}\n\n{body.strip()}\n\n{end}{after}", encoding="utf-8")
