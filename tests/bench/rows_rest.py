# SPDX-License-Identifier: Apache-2.0
"""Rows of run.sh: start and failover, what waits, the envelope, instructions."""
import os
import re
import statistics
import subprocess

from failover import HEARTBEAT_MS, SESSION_MS, failover_seconds
from harness import BUILD, ROOT


def start(b):
    bare, ours = b.starts()
    return {"value": ours - bare, "bare_s": bare, "stagger_s": ours}


def failover(b, static):
    times = [failover_seconds(b.args.brokers, n, static) for n in range(b.count(3, 1))]
    took = statistics.median(times)
    less = b.starts()[1] if static else (SESSION_MS + HEARTBEAT_MS) / 1000
    return {"value": took - less, "took_s": took}


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
    """Microseconds: n and 3 n of them, as for the instructions; the best of some tries each."""
    def took(n):
        began = os.times()
        subprocess.run([BUILD / "tests/micro", name, str(n)], check=True)
        ended = os.times()
        return ended.children_user - began.children_user

    n = 500000
    short, long = (min(took(many) for _ in range(b.pairs())) for many in (n, 3 * n))
    return {"value": (long - short) / (2 * n) * 1e6}


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("start", "process start to the first message handled, over that of the bare loop",
     ("<=", 0.3, "s"), start),
    ("failover", "`kill -9` to the first message of its partitions elsewhere, over session time-out "
     "and heartbeat interval", ("<=", 0.5, "s"), lambda b: failover(b, False)),
    ("failover-static", "the same with an instance id and a restart, restart to first message, over "
     "a start", ("<=", 0.2, "s"), lambda b: failover(b, True)),
    ("envelope-write", "envelope of 1 KiB written", ("<=", 0.2, "us"),
     lambda b: envelope(b, "codec-write")),
    ("envelope-read", "envelope of 1 KiB read", ("<=", 0.25, "us"),
     lambda b: envelope(b, "codec-read")),
    ("idle", "CPU while 1,000 lanes wait, of a core", ("<", 1, "%"), idle),
    ("instructions", "instructions, to the base line", ("<=", 0, ""), instructions),
]
