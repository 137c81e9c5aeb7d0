# SPDX-License-Identifier: Apache-2.0
"""Everything at once: members with and without instance ids are killed, stopped, suspended and
started, nodes of a cluster of three are killed and stopped, all at random moments. The seed decides
the chain, too."""
import signal
import threading
import time

from trial import Trial

SESSION_MS = 6000
MIXES = [
    None,
    "D=5,R=3,RD=2,X=1",
    "D=5,RD=5,RRD=5,S=2,A=5,RD..1500=2",
]


class Monkey:
    """Does one fault after the other."""

    def __init__(self, world, trial, options):
        self.world, self.trial, self.options = world, trial, options
        self.random, self.slots, self.asleep = world.random, {}, []
        self.node, self.starting, self.faults = None, None, 0  # the node that is down

    def start(self, name):
        static = int(name[1:]) % 2 == 0
        who = ["--instance", f"{self.trial.name}-{name}"] if static else []
        self.slots[name] = self.trial.start(name, "--session-timeout", SESSION_MS, *who,
                                            *self.options)

    def member(self):
        """Kills, stops, suspends or starts one."""
        name = self.random.choice(sorted(self.slots))
        member = self.slots[name]
        if not member.wanted:
            if not member.alive():
                member.wait_stopped()
                self.start(name)
            return
        if member in [one for one, _ in self.asleep]:
            return
        what = self.random.choice(["kill", "kill", "stop", "suspend"])
        if what == "kill":
            member.kill()
            if self.random.random() < 0.7:
                self.start(name)
        elif what == "stop":
            member.ask_to_stop()
        else:
            self.trial.tell("fault", reason="suspend", member=name)
            member.signal(signal.SIGSTOP)
            seconds = self.random.uniform(0.1, 1.5 * SESSION_MS / 1000)
            self.asleep.append((member, time.monotonic() + seconds))
        self.faults += 1

    def brokers(self):
        """One node is down at a time, since two of three must be in sync."""
        if self.node is not None:
            if self.starting is None:
                self.starting = threading.Thread(target=self.node.start)
                self.starting.start()
            elif not self.starting.is_alive():
                self.node = self.starting = None
        elif self.trial.cluster.in_sync():
            self.node = self.random.choice(self.trial.cluster.nodes)
            self.trial.tell("fault", reason="broker")
            if self.random.random() < 0.5:
                self.node.kill()
            else:
                self.node.stop()
            self.faults += 1

    def wake(self, everyone=False):
        for one in list(self.asleep):
            member, until = one
            if everyone or time.monotonic() >= until:
                member.signal(signal.SIGCONT)
                self.trial.tell("fault", reason="suspend", member=member.name)
                self.asleep.remove(one)

    def run(self, seconds):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            until = time.monotonic() + self.random.uniform(0, 1.5)
            self.trial.wait_until(lambda: time.monotonic() >= until, "the next fault", 60)
            self.wake()
            if self.random.random() < 0.1:
                self.brokers()
            else:
                self.member()
        self.wake(everyone=True)
        if self.starting is not None:
            self.starting.join()
        elif self.node is not None:
            self.node.start()
        for name, member in self.slots.items():
            if not member.wanted:
                member.wait_stopped()
                self.start(name)


def everything(world, seconds):
    cluster = world.three_nodes()
    trial = Trial(cluster, "everything", world.folder(), "300ms,1s", partitions=12)
    random = world.random
    options = ["--order", random.choice(["key", "partition", "none"]),
               "--workers", random.choice([1, 4, 8]), "--jitter", random.choice(["0%", "20%"]),
               "--max-uncommitted", random.choice([100, 500, 5000])]
    if random.random() < 0.5:
        options += ["--in-place", "3x50ms"]
    with world.watching(trial):
        trial.topics()
        monkey = Monkey(world, trial, options)
        for number in range(6):
            monkey.start(f"m{number}")
        mix = random.choice(MIXES)
        trial.flood(seconds * 150, 150, seed=world.seed, **({"mix": mix} if mix else {}))
        monkey.run(seconds)
        trial.wait_flood()
        trial.wait_ended(seconds=180)
        trial.stop_all()
        figures = trial.judge()
        figures["what"] = f"{monkey.faults} faults in {seconds} s, {' '.join(map(str, options))}"
        return figures
