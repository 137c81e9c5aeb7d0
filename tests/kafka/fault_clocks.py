# SPDX-License-Identifier: Apache-2.0
"""Time: the wall clock of a member steps or runs fast or slow while messages wait, or the member
is suspended, as on a machine that sleeps. Never early by both clocks, says the checker; never more
than a second late beyond the step, says this file, which knows when the clock moved."""
import json
import os
import signal
import struct
import time

from cluster import BIN
from trial import Failed, Trial, now_ms

COUNT = 400
LATE_MS = 1000    # the wall clock is looked at each second
MARGIN_MS = 1000  # for a busy machine
RULE_MS = 1000    # the boot-time clock counts a second later


def boot_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000


class Clock:
    """A member's wall clock: pieces of (boot, wall at that moment, wall milliseconds per boot
    millisecond). step_clock.c says what the file is."""

    def __init__(self, path):
        self.path, self.add_us, self.suspended = path, 0, None
        path.write_bytes(bytes(24))
        self.pieces = [(boot_ms(), now_ms(), 1.0)]

    def wall(self, at):
        begin, wall, speed = self.pieces[-1]
        return wall + (at - begin) * speed

    def move(self, add_ms, ppm):
        """Returns both clocks of the moment before."""
        at = boot_ms()
        before = self.wall(at)
        self.add_us += add_ms * 1000
        with open(self.path, "r+b") as file:
            file.write(struct.pack("qqq", self.add_us, ppm, at * 1000))
        self.pieces.append((at, before + add_ms, 1 + ppm / 1e6))
        return {"at_ms": int(before), "boot_ms": at}

    def reaches(self, wall_ms, since_boot_ms):
        """When the wall clock first showed that, not before since."""
        ends = [piece[0] for piece in self.pieces[1:]] + [float("inf")]
        for (begin, wall, speed), end in zip(self.pieces, ends):
            at = max(begin + (wall_ms - wall) / speed, begin, since_boot_ms)
            if at < end:
                return at
        return float("inf")


def late_ms(clock, event, hopped_boot_ms):
    """By how much a call came after one of its clocks had allowed it for the first time."""
    seen = event["first_seen_boot_ms"]
    by_boot = seen + max(event["due_ms"] - event["first_seen_ms"], 0) + RULE_MS
    due = min(clock.reaches(event["due_ms"], hopped_boot_ms), by_boot)
    if clock.suspended and clock.suspended[0] <= due < clock.suspended[1]:
        due = clock.suspended[1]
    return event["boot_ms"] - due


def judge(trial, member, clock):
    figures = trial.judge(most_again=0, most_copies=0)
    events = [json.loads(line) for line in member.history.read_text().splitlines()]
    hopped = {(event["id"], event["to_topic"]): event["boot_ms"] for event in events
              if event["event"] == "hopped"}
    late = [(late_ms(clock, event, hopped[event["id"], event["topic"]]), event)
            for event in events if event["event"] == "handling" and event.get("due_ms")]
    worst, event = max(late, key=lambda one: one[0])
    if worst > LATE_MS + MARGIN_MS:
        raise Failed(f"id {event['id']} was handled {worst:.0f} ms late in {event['stage']}")
    if len(late) < COUNT / 2:
        raise Failed(f"only {len(late)} calls had a due")
    figures["what"] = f"{len(late)} retries at most {worst:.0f} ms late beyond it"
    return figures


def waits(trial, seconds):
    until = time.monotonic() + seconds
    trial.wait_until(lambda: time.monotonic() >= until, "the fault", 60)


def clock_moves(world, name, moves):
    """moves: (milliseconds to add, parts per million to run fast), one each three seconds."""
    cluster = world.cluster()
    trial = Trial(cluster, name, world.folder(), "4s,1s", partitions=4)
    clock = Clock(trial.folder / "clock")
    with world.watching(trial):
        trial.topics()
        member = trial.start("m1", env={"LD_PRELOAD": str(BIN / "libstep-clock.so"),
                                        "STEP_CLOCK": str(clock.path)})
        member.now_ms = lambda: int(clock.wall(boot_ms()))
        trial.wait_until(lambda: member.says('"assigned"'), "it is assigned", 60)
        trial.flood(COUNT, COUNT, mix="D=1,RD=2,RRD=1", seed=world.seed)
        trial.wait_flood()
        for add_ms, ppm in moves:
            waits(trial, 1)  # at first all that will wait does
            moment = clock.move(add_ms, ppm)
            with open(member.history, "a") as file:  # at its place among the member's own lines
                file.write(json.dumps({"event": "fault", "reason": "clock", "member": "m1",
                                       **moment}) + "\n")
            waits(trial, 2)
        trial.wait_ended(seconds=60)
        trial.stop_all()
        steps = member.counters()["clock_steps"]
        wanted = sum(add_ms != 0 for add_ms, _ in moves)
        if steps != wanted:
            raise Failed(f"{steps} clock steps were counted, there were {wanted}")
        return judge(trial, member, clock)


def sleeps(world):
    """Everything falls due while the member is stopped."""
    cluster = world.cluster()
    trial = Trial(cluster, "sleep", world.folder(), "4s,1s", partitions=4)
    clock = Clock(trial.folder / "clock")
    with world.watching(trial):
        trial.topics()
        member = trial.start("m1", "--instance", "sleep-1")  # a session of 45 s outlasts this
        trial.wait_until(lambda: member.says('"assigned"'), "it is assigned", 60)
        trial.flood(COUNT, COUNT, mix="D=1,RD=2,RRD=1", seed=world.seed)
        trial.wait_flood()
        waits(trial, 1)
        begin = boot_ms()
        member.signal(signal.SIGSTOP)
        waits(trial, 8)
        clock.suspended = (begin, boot_ms())
        os.kill(member.process.pid, signal.SIGCONT)
        trial.wait_ended(seconds=60)
        trial.stop_all()
        return judge(trial, member, clock)


HOUR_MS = 3600000
MOVES = {
    "clock-hour-forth": [(HOUR_MS, 0)],
    # only what was read before it is handled in time: the rest waits until the clock is right again
    "clock-hour-back": [(-HOUR_MS, 0), (HOUR_MS, 0)],
    "clock-5s-forth": [(5000, 0)],
    "clock-5s-back": [(-5000, 0)],
    "clock-fast": [(0, 50000)],
    "clock-slow": [(0, -50000)],
}
ALL = {name: lambda world, name=name: clock_moves(world, name, MOVES[name]) for name in MOVES}
ALL["sleep"] = sleeps
