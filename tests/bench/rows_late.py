# SPDX-License-Identifier: Apache-2.0
"""Rows of run.sh: how late handlers are called."""
from harness import MILLION, PARTITIONS

LINGER_MS = 5  # of our producer


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


def hop_latency(b):
    """A stage of 1 ms: all is due when it comes, so lateness is what the way takes."""
    found = late(b, "hop", "--stage-delay", 1, "--visits", 100, hops=20000)
    return {**found, "value": found["p50"]}


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("lateness", "lateness at 1,000 due/s, 8 partitions, p99", ("<=", 3, "ms"), lateness),
    ("lateness-median", "the same, p50", ("<=", 0.5, "ms"), lateness_median),
    ("lateness-64", "lateness at 1,000 due/s, 64 partitions, p99", ("<=", 3, "ms"), lateness_64),
    ("lateness-jitter", "lateness with 20 % jitter, stage of 5 s, p99", ("<=", 5, "ms"),
     lateness_jitter),
    ("lateness-waiting", "lateness at 1,000 due/s while 1,000,000 messages wait for an hour, p99",
     ("<=", 3, "ms"), lateness_waiting),
    ("lateness-saturated", "lateness at 1,000 due/s while main is read as fast as it goes, p99",
     ("<=", 20, "ms"), lateness_saturated),
    ("hop-latency", "hop into a stage to handled there, due already, p50",
     ("<=", LINGER_MS + 2, "ms"), hop_latency),
]
