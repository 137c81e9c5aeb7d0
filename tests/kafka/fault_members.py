# SPDX-License-Identifier: Apache-2.0
"""Faults of members: killed at any time, coming and going all the time, suspended for longer than
their session."""
import signal
import time

from trial import Failed, Trial

STATIC_RATE = 400   # messages a second while members die
BOUND = 200         # max_uncommitted: a tick's messages and the hops on their way
STEP_SECONDS = 0.8  # from one kill of a static member to the next, about


def kills(world, n, static):
    """n times kill -9 of one of three members at a random moment; it is started again at once."""
    cluster = world.cluster()
    trial = Trial(cluster, f"kills-{'static' if static else 'dynamic'}", world.folder())
    with world.watching(trial):
        trial.topics()

        def start(name):
            who = ["--instance", f"{trial.name}-{name}"] if static else ["--session-timeout", 4000]
            return trial.start(name, "--jitter", "20%", "--in-place", "2x50ms",
                               "--max-uncommitted", BOUND, *who)

        members = [start(f"m{number}") for number in range(3)]
        trial.wait_until(lambda: all(m.says('"assigned"') for m in members), "all assigned", 60)
        # without an instance id the group stands still until a dead member's session ends
        step = STEP_SECONDS if static else 5
        trial.flood(int(n * step * STATIC_RATE / (1 if static else 4)),
                    STATIC_RATE // (1 if static else 4), seed=world.seed)
        for _ in range(n):
            until = time.monotonic() + world.random.uniform(0.05, 2 * step - 0.05)
            trial.wait_until(lambda: time.monotonic() >= until, "the next kill", 60)
            victim = world.random.randrange(len(members))
            members[victim].kill()
            members[victim] = start(members[victim].name)
        trial.wait_flood()
        trial.wait_ended(seconds=180)
        trial.stop_all()
        return trial.judge()


def storm(world, seconds):
    """Twelve members on 48 partitions; every 0 to 500 ms one of them joins or leaves."""
    cluster = world.cluster()
    trial = Trial(cluster, "storm", world.folder(), "500ms", partitions=24)
    with world.watching(trial):
        trial.topics()
        running = {}
        trial.flood(int(seconds * 200), 200, seed=world.seed)
        ends = time.monotonic() + seconds
        changes = 0
        while time.monotonic() < ends:
            until = time.monotonic() + world.random.uniform(0, 0.5)
            trial.wait_until(lambda: time.monotonic() >= until, "the next change", 60)
            name = f"s{world.random.randrange(12)}"
            member = running.get(name)
            if member is None or not member.alive():
                if member is not None:
                    member.wait_stopped()
                running[name] = trial.start(name, "--session-timeout", 10000)
                changes += 1
            elif member.wanted:
                member.ask_to_stop()
                changes += 1
        if not trial.living():
            trial.start("s0", "--session-timeout", 10000)
        trial.wait_flood()
        trial.wait_ended(seconds=180)
        trial.stop_all()
        for member in running.values():
            member.wait_stopped()
        figures = trial.judge(most_again=0, most_copies=0)
        figures["what"] = f"{changes} joins and leaves in {seconds} s"
        return figures


def suspend(world):
    """A member is stopped for twice its session, the others take over; then it goes on."""
    cluster = world.cluster()
    trial = Trial(cluster, "suspend", world.folder())
    with world.watching(trial):
        trial.topics()
        members = [trial.start(f"m{n}", "--session-timeout", 4000) for n in range(2)]
        trial.wait_until(lambda: all(m.says('"assigned"') for m in members), "all assigned", 60)
        trial.flood(6000, 300, seed=world.seed)
        for round_ in range(2):
            trial.wait_ended(1000 + 2000 * round_)
            trial.tell("fault", reason="suspend", member=members[0].name)
            members[0].signal(signal.SIGSTOP)
            until = time.monotonic() + 8
            trial.wait_until(lambda: time.monotonic() >= until, "twice its session", 60)
            members[0].signal(signal.SIGCONT)
            trial.tell("fault", reason="suspend", member=members[0].name)
        trial.wait_flood()
        trial.wait_ended()
        trial.stop_all()
        lost = members[0].counters()["lost"]
        if lost < 2:  # else nothing of its work was late
            raise Failed(f"{lost} partitions were lost")
        return trial.judge()
