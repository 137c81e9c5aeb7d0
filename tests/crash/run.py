#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [BUILD] [VERSION]: a real member dies at each named point of the code, at its first, second
and seventh pass, by kill -9 and by abort, and is started again. Nothing may be lost, what is handled
again stays within max_uncommitted, the checker says. A point that was not reached fails the run."""
import concurrent.futures
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from cluster import Cluster  # noqa: E402
from trial import Failed, Trial, describe  # noqa: E402

POINTS = ["after_poll", "before_handler", "after_handler", "after_produce", "after_delivery",
          "before_commit", "in_revoke", "in_close"]
PASSES = [1, 2, 7]
WAYS = {"kill": signal.SIGKILL, "abort": signal.SIGABRT}
COUNT = 300
RATE = 300  # for more than seven commits, one each 100 ms
BOUND = 100  # max_uncommitted: less than all, so that it can be broken
MIX = "D=5,RD=3,RRD=3,X=2,A=1"
SECONDS = 60  # for what takes one or two: the machine may be busy
AT_ONCE = 2


def build(folder):
    """A build of its own: its library dies where no other may."""
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", folder, "-Dcrash_points=true", "-Dexamples=false"],
                       cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "tests/scripted_worker"], check=True,
                   stdout=subprocess.DEVNULL)
    return folder / "tests/scripted_worker"


class Cycle:
    def __init__(self, cluster, program, folder, point, number, way):
        self.trial = Trial(cluster, f"{point}-{number}-{way}", folder, "100ms,200ms", 2)
        self.program, self.point, self.number, self.way = program, point, number, way

    def start(self, passes=None):
        """The member that dies at that pass, or its heir."""
        env = {"STAGGER_CRASH": f"{self.point}:{passes}:{self.way}"} if passes else {}
        return self.trial.start("m1", "--instance", self.trial.name, "--jitter", "20%",
                                "--max-uncommitted", BOUND, program=self.program, env=env)

    def wait_dead(self, member):
        ends = time.monotonic() + SECONDS
        while member.alive():
            if time.monotonic() > ends:
                raise Failed(f"{self.point} was not passed {self.number} times in {SECONDS} s")
            time.sleep(0.01)
        if member.process.returncode != -WAYS[self.way]:
            raise Failed(f"m1 ended with {member.process.returncode}, not at {self.point}")
        self.trial.tell("fault", reason="kill", member="m1")

    def die_in_work(self):
        member = self.start(self.number)
        member.wanted = False
        self.wait_dead(member)

    def die_in_revoke(self):
        """Every coming and going of another member is a revoke of this one."""
        member = self.start(self.number)
        member.wanted = False
        self.trial.wait_until(lambda: member.says('"assigned"'), "m1 is assigned", SECONDS)
        while member.alive():
            other = self.trial.start("m2", "--max-uncommitted", BOUND, program=self.program)
            self.trial.wait_until(lambda: other.says('"assigned"') or not member.alive(),
                                  "m2 is assigned", SECONDS)
            if member.alive():
                other.stop()
        self.wait_dead(member)

    def die_in_close(self):
        """A process closes once: the pass is counted over several."""
        for left in range(self.number, 0, -1):
            member = self.start(1 if left == 1 else None)
            self.trial.wait_until(lambda: member.says('"committed"'), "m1 commits", SECONDS)
            if left > 1:
                member.stop()
                self.trial.flood(20, mix=MIX)
        member.ask_to_stop()
        self.wait_dead(member)

    def run(self):
        trial = self.trial
        trial.topics()
        trial.flood(COUNT, RATE, mix=MIX)
        {"in_revoke": self.die_in_revoke, "in_close": self.die_in_close}.get(
            self.point, self.die_in_work)()
        heir = self.start()
        trial.wait_until(lambda: heir.says('"assigned"'), "its heir is assigned", SECONDS)
        trial.wait_flood()
        trial.wait_ended(seconds=SECONDS)
        trial.stop_all()
        return trial.judge()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through every finally
    program = build(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build-crash"))
    version = sys.argv[2] if len(sys.argv) > 2 else "4.3.1"
    folder = pathlib.Path(tempfile.mkdtemp())
    cluster = Cluster(version, folder / "broker")
    failed = 0

    def cycle(what):
        trial = Cycle(cluster, program, folder / "-".join(map(str, what)), *what)
        try:
            return f"crash {what[0]}, pass {what[1]}, {what[2]}: {describe(trial.run())}", True
        except (Failed, RuntimeError) as error:
            return f"crash {what[0]}, pass {what[1]}, {what[2]}: FAILED: {error}", False
        finally:
            trial.trial.abandon()

    try:
        cycles = [(point, number, way) for point in POINTS for number in PASSES for way in WAYS]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for line, good in pool.map(cycle, cycles):
                print(line, flush=True)
                failed += not good
    finally:
        cluster.end()
    if failed:
        print(f"crash: {failed} of {len(cycles)} cycles failed, their histories are in {folder}")
        return 1
    shutil.rmtree(folder)
    print(f"crash: passed, {len(cycles)} cycles")
    return 0


if __name__ == "__main__":
    sys.exit(main())
