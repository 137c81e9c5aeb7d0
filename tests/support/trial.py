# SPDX-License-Identifier: Apache-2.0
"""One trial: a chain's topics, members that come and go, floods of scripted messages, faults that
the history is told of, and the checker's judgement in one line. Every life of a member has a
history of its own, since a killed writer may leave half a line. Topic and group bear the trial's
name: a static member stays in its group until its session ends."""
import json
import os
import re
import signal
import subprocess
import time

from cluster import BIN, BUILD, run
from wait_ended import Ended

# plain, in place, each stage, exhausted, dead at once, retry_after, deferred, slow
MIX = "D=480,RD=150,RRD=80,RRRD=60,RRRRRR=40,X=40,RX=20,RD..900=30,A=40,S=10"


class Failed(Exception):
    pass


def now_ms():
    return time.time_ns() // 1000000


def tail(path, lines=5):
    try:
        return "".join(path.read_text(errors="replace").splitlines(True)[-lines:])
    except FileNotFoundError:
        return ""


class Member:
    """One life of a member."""

    def __init__(self, trial, name, number, words, env):
        self.trial, self.name, self.wanted, self.read = trial, name, True, False
        self.now_ms = now_ms  # its wall clock
        self.killed = False
        self.history = trial.folder / f"{name}.{number}.jsonl"
        self.log = trial.folder / f"{name}.{number}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in words] + ["--name", name, "--out", str(self.history)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {})})

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9, which the history is told of."""
        self.wanted, self.killed = False, True
        self.process.kill()
        self.process.wait()
        self.trial.tell("fault", reason="kill", member=self.name)

    def ask_to_stop(self):
        self.wanted = False
        self.trial.tell("stop", member=self.name, at_ms=self.now_ms())
        self.process.terminate()

    def stop(self, seconds=60):
        self.ask_to_stop()
        self.wait_stopped(seconds)

    def wait_stopped(self, seconds=60):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not stop within {seconds} s, see {self.log}")
        if self.killed:
            return
        if code == -signal.SIGTERM and not self.says('"assigned"'):
            self.trial.tell("fault", reason="kill", member=self.name)  # it was not ready for one
        elif code != 0:
            raise Failed(f"{self.name} ended with {code}: {tail(self.log)}")

    def signal(self, number):
        os.kill(self.process.pid, number)

    def counters(self):
        """Of its clean stop."""
        return json.loads(self.history.read_text().splitlines()[-1])["counters"]

    def says(self, text):
        """Whether a line with that text is in its history."""
        try:
            return text.encode() in self.history.read_bytes()
        except FileNotFoundError:
            return False


class Trial:
    def __init__(self, cluster, name, folder, stages="300ms,700ms", partitions=8, **config):
        self.cluster, self.name, self.folder = cluster, name, folder
        self.stages, self.partitions, self.config = stages.split(","), partitions, config
        self.members, self.lives, self.floods = [], 0, []
        self.produced, self.began, self.ended = 0, time.monotonic(), Ended()
        folder.mkdir(parents=True)
        self.driver = folder / "driver.jsonl"
        self.driver.touch()
        if config:
            self.tell("config", **config)

    # -- what there is

    def stage_topic(self, stage):
        return f"{self.name}.{self.name}.retry.{stage}"

    def topics(self, settings=""):
        """Makes the chain's topics; settings: ":key=value" for the stages."""
        dlt = f"{self.name}.{self.name}.dlt"
        self.cluster.topics(f"{self.name}:{self.partitions}", f"{dlt}:{self.partitions}",
                            *(f"{self.stage_topic(stage)}:{self.partitions}{settings}"
                              for stage in self.stages))

    def tell(self, event, **fields):
        line = {"event": event, "at_ms": now_ms(), **fields}
        with open(self.driver, "a") as file:
            file.write(json.dumps(line) + "\n")

    # -- who does what

    def start(self, name, *options, program=BIN / "scripted_worker", env=None):
        """A member; options beside its own are those of the scripted worker."""
        self.lives += 1
        member = Member(self, name, self.lives, [
            program, "--brokers", self.cluster.door, "--group", self.name, "--topic", self.name,
            "--stages", ",".join(self.stages), "--order", "key", "--workers", 4,
            "--max-uncommitted", 2000, *options], env)
        self.members.append(member)
        return member

    def flood(self, count, rate=0, mix=MIX, seed=1, partitions=None):
        """count more messages, in the background."""
        out = self.folder / f"flood.{len(self.floods)}.jsonl"
        words = [BIN / "flood", "--brokers", self.cluster.brokers, "--topic", self.name,
                 "--count", count, "--rate", rate, "--seed", seed, "--mix", mix, "--keys", 500,
                 "--partitions", partitions or self.partitions, "--first", self.produced + 1,
                 "--out", out]
        with open(self.folder / "flood.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in words], stdout=log, stderr=log)
        self.produced += count
        self.floods.append((process, out))

    def wait_flood(self, seconds=180):
        for process, _ in self.floods:
            if process.wait(seconds) != 0:
                raise Failed(f"the flood failed: {tail(self.folder / 'flood.log')}")

    def living(self):
        return [member for member in self.members if member.wanted]

    def look(self):
        """Reads what is new, and fails when a member ended that should not."""
        for member in self.members:
            if not member.read:
                member.read = not member.alive()  # before its last lines are read
                self.ended.read(member.history)
        for member in self.living():
            if not member.alive():
                raise Failed(f"{member.name} ended by itself with {member.process.returncode}: "
                             f"{tail(member.log)}")

    def wait_until(self, true, what, seconds):
        ends = time.monotonic() + seconds
        while not true():
            self.look()
            if time.monotonic() > ends:
                raise Failed(f"{what}: not within {seconds} s")
            time.sleep(0.1)

    def wait_ended(self, count=None, seconds=120):
        wanted = self.produced if count is None else count
        try:
            self.wait_until(lambda: len(self.ended.ids) >= wanted, "", seconds)
        except Failed as failed:
            if str(failed).startswith(": not"):
                raise Failed(f"{len(self.ended.ids)} of {wanted} ids ended within {seconds} s")
            raise

    def hopped_to(self, topic):
        """The ids of which a copy was put there."""
        ids = set()
        for member in self.members:
            for line in member.history.read_bytes().splitlines():
                if b'"hopped"' in line and line.endswith(b"}"):
                    event = json.loads(line)
                    if event.get("to_topic") == topic:
                        ids.add(event["id"])
        return ids

    def unended(self):
        """The ids that were produced and have not ended."""
        return {str(number) for number in range(1, self.produced + 1)} - self.ended.ids

    def stop_all(self):
        living = self.living()
        for member in living:
            member.ask_to_stop()
        for member in living:
            member.wait_stopped()

    def abandon(self):
        """After a failure: nothing of ours goes on."""
        for member in self.members:
            if member.alive():
                member.signal(signal.SIGCONT)
                member.process.kill()
                member.process.wait()
        for process, _ in self.floods:
            if process.poll() is None:
                process.kill()
                process.wait()

    # -- the end

    def drain(self):
        run(BIN / "drain", "--brokers", self.cluster.brokers, "--main", self.name,
            "--stages", ",".join(self.stage_topic(stage) for stage in self.stages),
            "--dlts", f"{self.name}.{self.name}.dlt", "--out", self.folder / "drain.jsonl")

    def judge(self, most_again=None, most_copies=None):
        """Drains and checks. most_*: what this fault may repeat at most, where that is less than
        the checker's bound. Returns the figures."""
        self.drain()
        histories = [out for _, out in self.floods]
        histories += [member.history for member in self.members if member.history.exists()]
        done = subprocess.run(  # the driver last: in its millisecond a fault comes after the rest
            [str(word) for word in (BIN / "checker", *histories, self.folder / "drain.jsonl",
                                    self.driver)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        (self.folder / "checker.log").write_text(done.stdout)
        if done.returncode != 0:
            raise Failed(f"the checker: {done.stdout[:2000]}")
        figures = {name: int(number) for number, name in re.findall(
            r"(\d+) (produced|done|dead|calls|faults|called again|extra copies)", done.stdout)}
        late = re.search(r"lateness: p50 (-?\d+) ms, p99 (-?\d+) ms, max (-?\d+) ms", done.stdout)
        figures["late"] = [int(number) for number in late.groups()]
        figures["seconds"] = round(time.monotonic() - self.began)
        for name, most in (("called again", most_again), ("extra copies", most_copies)):
            if most is not None and figures[name] > most:
                raise Failed(f"{figures[name]} {name}, this fault allows {most}")
        return figures


def describe(figures):
    p50, p99, most = figures["late"]
    return (f"{figures['produced']} messages, {figures['done']} done, {figures['dead']} dead, "
            f"{figures['faults']} faults, {figures['called again']} handled again, "
            f"{figures['extra copies']} extra copies, late p50 {p50} p99 {p99} max {most} ms, "
            f"{figures['seconds']} s")
