# SPDX-License-Identifier: Apache-2.0
"""Two members in a flood, one of which is killed: how long its partitions stand still."""
import json
import pathlib
import subprocess
import tempfile
import time

SESSION_MS = 6000
HEARTBEAT_MS = 1000  # what the library sets
PARTITIONS = 8
RATE = 400
SECONDS = 20  # of flood
STATIC_SESSION_MS = 30000


class Failover:
    def __init__(self, brokers, build, number, static):
        self.brokers, self.bin, self.static = brokers, build / "tests", static
        self.name = f"failover{'s' if static else 'd'}{number}"
        self.processes = []

    def spawn(self, *words):
        self.processes.append(subprocess.Popen([str(word) for word in words],
                                               stdin=subprocess.DEVNULL,
                                               stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL))
        return self.processes[-1]

    def member(self, name, history):
        who = ["--instance", name, "--session-timeout", STATIC_SESSION_MS] if self.static else \
            ["--session-timeout", SESSION_MS]
        return self.spawn(self.bin / "scripted_worker", "--brokers", self.brokers, "--group",
                          self.name, "--topic", self.name, "--stages", "1h", "--name", name,
                          "--out", history, *who)

    @staticmethod
    def events(history, *kinds):
        text = history.read_bytes() if history.exists() else b""
        events = (json.loads(line) for line in text.splitlines() if line.endswith(b"}"))
        return [event for event in events if event["event"] in kinds]

    def owned(self, history):
        """The partitions of main that it has now."""
        partitions = set()
        for event in self.events(history, "assigned", "revoked"):
            if event.get("topic") == self.name:
                change = partitions.add if event["event"] == "assigned" else partitions.discard
                change(event["partition"])
        return partitions

    @staticmethod
    def until(true, what, seconds):
        ends = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends:
                raise RuntimeError(f"failover: {what}: not within {seconds} s")
            time.sleep(0.01)

    def measure(self, folder):
        first, second, again = (folder / f"{n}.jsonl" for n in (1, 2, 3))
        killed = self.member("m1", first)
        self.member("m2", second)
        self.until(lambda: len(self.owned(first)) == len(self.owned(second)) == PARTITIONS // 2,
                   "two members share the partitions", 60)
        self.spawn(self.bin / "flood", "--brokers", self.brokers, "--topic", self.name, "--count",
                   RATE * SECONDS, "--rate", RATE, "--partitions", PARTITIONS, "--mix", "D=1",
                   "--out", folder / "flood.jsonl")
        self.until(lambda: len(self.events(first, "handling")) > RATE, "messages come", 30)
        lost = self.owned(first)
        killed.kill()
        killed.wait()
        at_ms = time.time() * 1000
        heir = again if self.static else second
        if self.static:
            self.member("m1", again)

        def taken():
            return [event["at_ms"] for event in self.events(heir, "handling")
                    if event["partition"] in lost and event["at_ms"] >= at_ms]
        self.until(taken, "somebody goes on with the partitions", 60)
        return (min(taken()) - at_ms) / 1000

    def seconds(self):
        names = [self.name, f"{self.name}.{self.name}.retry.1h", f"{self.name}.{self.name}.dlt"]
        subprocess.run([self.bin / "make_topics", self.brokers,
                        *(f"{name}:{PARTITIONS}" for name in names)], check=True)
        with tempfile.TemporaryDirectory() as folder:
            try:
                return self.measure(pathlib.Path(folder))
            finally:
                for process in self.processes:
                    if process.poll() is None:
                        process.kill()
                    process.wait()
