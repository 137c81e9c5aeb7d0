# SPDX-License-Identifier: Apache-2.0
"""Rows of run.sh: how fast messages go when none fails, and when all do."""
from harness import MILLION, rate_of


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
    options = ["--count", min(b.preloaded(), MILLION)]  # of each a log of its copies is kept
    return b.in_pairs(["bare_hops", *options], ["hops", *options])


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("main-path", "main path, no-op handler, `order` per partition, to the bare loop over partition "
     "queues", (">=", 0.8, ""), main_path),
    ("main-path-poll", "the same to a loop over `rd_kafka_consumer_poll()`", (">=", 1.5, ""),
     main_path_poll),
    ("keyed", "`order` per key, 8 workers, handler waits 1 ms, to 8,000/s", (">=", 0.9, ""), keyed),
    ("hops", "hops, 100 % failing, to a bare consume-and-produce loop of as many bytes",
     (">=", 0.8, ""), hops),
]
