# SPDX-License-Identifier: Apache-2.0
"""A real Kafka for a driver in Python: one node or three, each of which can be stopped, killed and
started again; and what operators do to its topics. kafka.sh does the work."""
import os
import pathlib
import signal
import subprocess
import time

SUPPORT = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD") or SUPPORT.parents[1] / "build").absolute()
BIN = BUILD / "tests"


def run(*words):
    """What the command prints; its own words are the error."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{pathlib.Path(words[0]).name}: {done.stderr.strip()}")
    return done.stdout


class Node:
    def __init__(self, version, folder, pid, script):
        self.version, self.folder, self.pid, self.script = version, folder, pid, script

    def is_up(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self):
        run(SUPPORT / "kafka.sh", "stop", self.pid)

    def wait(self, seconds=30):
        ends = time.monotonic() + seconds
        while self.is_up():
            if time.monotonic() > ends:
                raise RuntimeError(f"the node in {self.folder} did not end in {seconds} s")
            time.sleep(0.05)

    def start(self):
        """Returns when it answers."""
        self.pid = int(run(self.script, "start", self.version, self.folder).split()[-1])


class Brokers:
    """A Kafka that somebody else has started, and ends."""

    def __init__(self, brokers):
        self.brokers = self.door = brokers

    def topics(self, *texts):
        run(BIN / "make_topics", self.brokers, *texts)


class Cluster(Brokers):
    def __init__(self, version, folder, nodes=1, secure=False):
        self.version, self.secure = version, secure
        script = SUPPORT / ("secure_kafka.sh" if secure else "kafka.sh")
        ready = run(script, "start", version, folder, *([nodes] if nodes > 1 else [])).split()
        self.door = ready[1]  # what members use
        self.brokers = ready[2] if secure else ready[1]  # what the test uses
        pids = [int(pid) for pid in ready[3 if secure else 2:]]
        folders = [folder / str(n + 1) for n in range(nodes)] if nodes > 1 else [folder]
        self.nodes = [Node(version, where, pid, script) for where, pid in zip(folders, pids)]
        self.folder = folder

    def change(self, verb, *words):
        run(BIN / "change_topic", self.brokers, verb, *words)

    def acls(self, *texts, remove=False):
        run(BIN / "make_acls", *(["--remove"] if remove else []), self.brokers, "User:bob", *texts)

    def leader(self, topic, partition=0):
        """The node that leads the partition."""
        text = run("kcat", "-b", self.brokers, "-L", "-m", "10", "-t", topic)
        for line in text.splitlines():
            if line.strip().startswith(f"partition {partition}, leader "):
                number = int(line.split("leader ")[1].split(",")[0])
                return self.nodes[number - 1] if number > 0 else None
        return None

    def in_sync(self):
        """Whether every replica of every partition is."""
        text = run("kcat", "-b", self.brokers, "-L", "-m", "10")
        lines = [line for line in text.splitlines() if ", isrs: " in line]
        return lines and all(
            len(line.split("replicas: ")[1].split(", isrs")[0].split(",")) ==
            len(line.split("isrs: ")[1].split(",")) for line in lines)

    def coordinator(self):
        return self.leader("__consumer_offsets")

    def end(self):
        for node in self.nodes:
            node.stop()
