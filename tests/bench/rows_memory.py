# SPDX-License-Identifier: Apache-2.0
"""Rows of run.sh: memory, by differences between n and 2 n, so that what is there anyway drops out."""
import re
import subprocess

from harness import BUILD, PARTITIONS, MILLION

VALUE = 100
KEY = 8
LARGE = 256  # partitions; and as many again


def footprint(b, topic, how, lanes, *options):
    """Resident KiB, bytes that malloc has given out."""
    text = b.run("footprint", "--topic", topic, "--how", how, "--lanes", lanes, *options)
    found = re.search(r"(\d+) KiB resident, (\d+) bytes", text)
    return int(found[1]), int(found[2])


def fill(b, topic, *options):
    subprocess.run([BUILD / "tests/fill", "--brokers", b.args.brokers, "--topic", topic,
                    "--size", str(VALUE), "--batch", "8", *(str(o) for o in options)],
                   check=True, stdout=subprocess.DEVNULL)


def base(b):
    b.make("foot-base", ["retry"])
    ours = footprint(b, "foot-base", "ours", 2 * PARTITIONS)[0]
    bare = footprint(b, "foot-base", "bare", 2 * PARTITIONS)[0]
    return {"value": (ours - bare) * 1024 / MILLION, "bare_kib": bare, "ours_kib": ours,
            "more": f"librdkafka's three clients alone {bare / 1024:.1f} MiB, "
                    f"stagger {ours / 1024:.1f} MiB"}


def lane(b):
    """A lane that waits has one message; what that message takes is the room's."""
    n = b.count(LARGE, 64)
    for partitions in (n, 2 * n):
        b.make(f"foot-{partitions}", ["retry"], partitions)
    both = {how: [footprint(b, f"foot-{p}", how, 2 * p)[1] for p in (n, 2 * n)]
            for how in ("bare", "ours")}
    bare, ours = ((large - small) / (2 * n) for small, large in both.values())
    for partitions in (n, 2 * n):
        fill(b, f"foot-{partitions}.retry", "--each", 1, "--stage", "retry", "--chain", "footprint")
    waits = [footprint(b, f"foot-{p}", "ours", 2 * p, "--waiting", p)[1] for p in (n, 2 * n)]
    room = (waits[1] - waits[0]) / n - 2 * ours
    return {"value": ours - bare, "librdkafka": bare, "room": room,
            "more": f"librdkafka's own {bare:.0f} B a partition; a room with one message of "
                    f"{VALUE} B {room:.0f} B"}


def message(b):
    """Small fetches: a message that a handler has keeps the response that it came in."""
    n = b.count(16000, 4000)
    found = []
    for each in (n // PARTITIONS, 2 * n // PARTITIONS):
        topic = f"foot-{each}-each"
        b.make(topic, ["retry"])
        fill(b, topic, "--each", each)
        found.append(footprint(b, topic, "ours", 2 * PARTITIONS, "--in-flight",
                               each * PARTITIONS, "--set",
                               "consumer.fetch.message.max.bytes=1024")[1])
    whole = (found[1] - found[0]) / n
    return {"value": whole - VALUE - KEY, "more": f"messages of {VALUE + KEY} B"}


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("memory-base", "memory of an idle consumer over that of librdkafka's clients", ("<=", 12, "MB"),
     base),
    ("memory-lane", "memory of a lane over librdkafka's own of a partition", ("<=", 1024, "B"), lane),
    ("memory-message", "memory of a message in flight beside its key and value", ("<=", 256, "B"),
     message),
]
