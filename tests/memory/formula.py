#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sum of docs/performance.md, "Memory": what a consumer may take at most, term by term, in bytes. Run by
itself it prints the worked examples that stand there."""
import collections

KIB, MIB = 1024, 1024 * 1024
BASE = 12 * MIB       # program, librdkafka's three clients, threads
LANE = 8 * KIB        # a partition: librdkafka's 5 KiB, and ours
QUEUED = 430          # a message in librdkafka's queue beside its bytes
RECORD = 2 * KIB      # a message of ours beside its bytes: record, envelope, failure, hop
FRAME = 10            # a message in a record set beside its bytes, at least
ENVELOPE = 250        # an envelope beside the message in it, about
SLACK = 1.25          # glibc's malloc
FETCH_MAX = MIB       # fetch.message.max.bytes, unless the share is less
MIN_SHARE = 64 * KIB
REQUESTS = 5          # of an idempotent producer, to one broker
BATCH_SIZE = 1000000  # batch.size

# the options of the same names, and fetch.message.max.bytes of librdkafka's consumer
DEFAULTS = {"max_in_flight": 4096, "max_in_flight_bytes": 64 * MIB, "max_waiting": 16384,
            "max_waiting_bytes": 64 * MIB, "prefetch_bytes": 256 * MIB, "expected_partitions": 64,
            "fetch": None}
# partitions that are read, of those the stages'; the largest message, the usual one, the largest
# record set, and how many messages a partition has at most
Load = collections.namedtuple("Load", "partitions lanes largest usual batch backlog",
                              defaults=(1 << 40,))


def fetch_of(config):
    share = max(config["prefetch_bytes"] // config["expected_partitions"], MIN_SHARE)
    return share, config["fetch"] or min(share, FETCH_MAX)


def terms(load, **settings):
    config = {**DEFAULTS, **settings}
    share, fetch = fetch_of(config)
    once = max(fetch, load.batch)
    queued_min = min(max(share // 512, 1000), 100000)
    queued = min(load.backlog, (share + once) // load.usual + 1,
                 queued_min + once // (load.usual + FRAME) + 1)
    waiting = min(config["max_waiting"] * load.lanes,
                  config["max_waiting_bytes"] // (load.usual + ENVELOPE) + load.lanes)
    found = {
        "base": BASE,
        "partitions": load.partitions * LANE,
        "prefetch": load.partitions * (share + once),
        "prefetched messages": load.partitions * queued * QUEUED,
        "in flight": 2 * (config["max_in_flight_bytes"] + share + once),
        "messages in flight": config["max_in_flight"] * RECORD,
        "waiting": config["max_waiting_bytes"] * (load.lanes > 0) + load.lanes * load.largest,
        "waiting messages": waiting * RECORD,
        "requests": REQUESTS * BATCH_SIZE,
    }
    found["malloc"] = int(sum(found.values()) * (SLACK - 1))
    return found


CONTAINER = {"max_in_flight": 512, "max_in_flight_bytes": 4 * MIB, "max_waiting_bytes": 4 * MIB,
             "prefetch_bytes": 8 * MIB, "expected_partitions": 32, "fetch": 128 * KIB}
USUAL = Load(32, 24, 10 * KIB, KIB, 128 * KIB)  # 8 partitions of main and of three stages
LARGE = Load(32, 24, BATCH_SIZE, BATCH_SIZE, BATCH_SIZE)
EXAMPLES = [("default, 1 KiB", USUAL, {}), ("default, 1 MB", LARGE, {}),
            ("container, 1 KiB", USUAL, CONTAINER), ("container, 1 MB", LARGE, CONTAINER)]


def table():
    """The worked examples, as they stand in the page."""
    found = [terms(load, **settings) for _, load, settings in EXAMPLES]
    lines = [f"| {term} | " + " | ".join(f"{one[term] / MIB:.1f}" for one in found) + " |"
             for term in found[0]]
    sums = " | ".join(f"**{sum(one.values()) / MIB:.0f}**" for one in found)
    return "\n".join([*lines, f"| **sum** | {sums} |"])


if __name__ == "__main__":
    print(table())
