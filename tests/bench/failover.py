# SPDX-License-Identifier: Apache-2.0
"""Two members in a flood, one of which is killed: how long its partitions stand still."""
import json
import pathlib
import tempfile

from cluster import Brokers
from trial import Trial, now_ms

SESSION_MS = 6000
HEARTBEAT_MS = 1000  # what the library sets
STATIC_SESSION_MS = 30000
PARTITIONS = 8
RATE = 400
SECONDS = 20  # of flood


def events(member, *kinds):
    text = member.history.read_bytes() if member.history.exists() else b""
    lines = (json.loads(line) for line in text.splitlines() if line.endswith(b"}"))
    return [event for event in lines if event["event"] in kinds]


def owned(trial, member):
    """The partitions of main that it has now."""
    partitions = set()
    for event in events(member, "assigned", "revoked"):
        if event.get("topic") == trial.name:
            change = partitions.add if event["event"] == "assigned" else partitions.discard
            change(event["partition"])
    return partitions


def measure(trial, static):
    def start(name):
        how = ["--instance", name, "--session-timeout", STATIC_SESSION_MS] if static else \
            ["--session-timeout", SESSION_MS]
        return trial.start(name, *how)

    first, second = start("m1"), start("m2")
    trial.wait_until(lambda: len(owned(trial, first)) == len(owned(trial, second))
                     == PARTITIONS // 2, "two members share the partitions", 60)
    trial.flood(RATE * SECONDS, RATE, mix="D=1")
    trial.wait_until(lambda: len(events(first, "handling")) > RATE, "messages come", 30)
    lost = owned(trial, first)
    first.kill()
    at_ms = now_ms()
    heir = start("m1") if static else second

    def taken():
        return [event["at_ms"] for event in events(heir, "handling")
                if event["partition"] in lost and event["at_ms"] >= at_ms]
    trial.wait_until(taken, "somebody goes on with the partitions", 60)
    return (min(taken()) - at_ms) / 1000


def failover_seconds(brokers, number, static):
    name = f"failover{'s' if static else 'd'}{number}"
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Brokers(brokers), name, pathlib.Path(folder) / name, "1h", PARTITIONS)
        try:
            trial.topics()
            return measure(trial, static)
        finally:
            trial.abandon()
