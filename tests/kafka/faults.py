#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""faults.py [--version V] [--kills N] [--storm SECONDS] [--seed S] [--only NAME,...]: real members
on a real Kafka while members die, brokers die, clocks step, and operators change topics (all
scenarios but full-disk, which wants root). One line a scenario: what, how many messages, what was
repeated, how late, the verdict. The checker is the judge. With STAGGER_RESULTS=FILE the lines are
appended to that file, too."""
import argparse
import contextlib
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster  # noqa: E402
from trial import Failed, describe  # noqa: E402
import fault_brokers  # noqa: E402
import fault_clocks  # noqa: E402
import fault_members  # noqa: E402
import fault_mix  # noqa: E402
import fault_topics  # noqa: E402


SKIP = 77


class World:
    """Clusters, each started when it is first wanted; a folder and a seed for each scenario."""

    def __init__(self, version, seed):
        self.version, self.seed = version, seed
        self.top = pathlib.Path(tempfile.mkdtemp())
        self.clusters, self.own = {}, None
        self.name, self.random = "", random.Random(seed)

    def begin(self, name):
        self.name, self.random = name, random.Random(f"{self.seed} {name}")

    def folder(self):
        return self.top / self.name

    def shared(self, kind, **how):
        if kind not in self.clusters:
            self.clusters[kind] = Cluster(self.version, self.top / kind, **how)
        return self.clusters[kind]

    def cluster(self):
        return self.shared("one")

    def three_nodes(self):
        if "one" in self.clusters:  # two of them at once are more than a small machine likes
            self.clusters.pop("one").end()
        return self.shared("three", nodes=3)

    def secure(self):
        return self.shared("secure", secure=True)

    def own_cluster(self, folder=None):
        """For faults that others should not see; ended after the scenario."""
        self.own = Cluster(self.version, folder or self.top / f"{self.name}-broker")
        return self.own

    def end_own(self):
        if self.own is not None:
            self.own.end()
        self.own = None

    def end(self):
        self.end_own()
        for cluster in self.clusters.values():
            cluster.end()
        self.clusters = {}

    @contextlib.contextmanager
    def watching(self, trial):
        try:
            yield
        finally:
            trial.abandon()


def scenarios(args):
    """In the order of their clusters."""
    return {
        "kills-static": lambda world: fault_members.kills(world, args.kills * 5 // 6, True),
        "kills-dynamic": lambda world: fault_members.kills(world, args.kills // 6, False),
        "storm": lambda world: fault_members.storm(world, args.storm),
        "suspend": fault_members.suspend,
        "deleted": fault_topics.deleted,
        "remade": fault_topics.remade,
        "partitions": fault_topics.partitions,
        "retention": fault_topics.retention,
        **fault_clocks.ALL,
        "acl": fault_topics.acl,
        "broker-kills": lambda world: fault_brokers.broker_kills(world, 5),
        "full-disk": fault_brokers.full_disk,
        "rolling": fault_brokers.rolling,
        "coordinator": fault_brokers.coordinator,
        "everything": lambda world: fault_mix.everything(world, args.storm),
    }


def report(line):
    print(line, flush=True)
    if "STAGGER_RESULTS" in os.environ:
        with open(os.environ["STAGGER_RESULTS"], "a") as file:
            file.write(line + "\n")


def play(world, name, scenario):
    """What went wrong, "" when nothing; None: it cannot run here."""
    world.begin(name)
    try:
        figures = scenario(world)
    except (Failed, RuntimeError) as error:
        report(f"{world.version} {name}, seed {world.seed}: FAILED: {error}")
        return str(error) or repr(error)
    except Exception:
        report(f"{world.version} {name}, seed {world.seed}: FAILED: {traceback.format_exc()}")
        return traceback.format_exc(limit=0).splitlines()[-1]
    finally:
        world.end_own()
    if isinstance(figures, str):
        report(f"{world.version} {name}: skipped: {figures}")
        return None
    what = f"{figures['what']}, " if "what" in figures else ""
    report(f"{world.version} {name}: {what}{describe(figures)}: passed")
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default="4.3.1")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--storm", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    args = parser.parse_args()
    known = scenarios(args)
    names = args.only.split(",") if args.only else [name for name in known if name != "full-disk"]
    if not set(names) <= set(known):
        print(f"faults: scenarios: {' '.join(known)}")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through every finally
    world = World(args.version, args.seed)
    try:
        played = {name: play(world, name, known[name]) for name in names}
    finally:
        world.end()
    failed = [f"{name}: {why.splitlines()[0]}" for name, why in played.items() if why]
    if failed:
        print(f"faults: histories and logs are in {world.top}")
        print("faults: failed:", "; ".join(failed))
        return 1
    shutil.rmtree(world.top)
    if all(why is None for why in played.values()):
        return SKIP  # the last line says why
    print(f"faults: passed, {len(names)} scenarios")
    return 0


if __name__ == "__main__":
    sys.exit(main())
