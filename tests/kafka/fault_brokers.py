# SPDX-License-Identifier: Apache-2.0
"""Faults of brokers: killed, restarted one after the other, the coordinator gone, the disk full.
Members have instance ids and sessions that outlast it, as the documentation recommends: none of this
may make a message be handled twice."""
import contextlib
import os
import subprocess
import time

from trial import Trial

SESSION_MS = 600000  # 45 s are enough where a broker is back sooner: here the machine may be busy


def begin(world, cluster, name, n_members=2):
    trial = Trial(cluster, name, world.folder())
    trial.topics()
    for n in range(n_members):
        trial.start(f"m{n}", "--instance", f"{name}-{n}", "--session-timeout", SESSION_MS,
                    "--jitter", "20%")
    trial.wait_until(lambda: all(m.says('"assigned"') for m in trial.members), "all assigned", 60)
    return trial


def pause(world, trial, least, most):
    until = time.monotonic() + world.random.uniform(least, most)
    trial.wait_until(lambda: time.monotonic() >= until, "the next fault", 60)


def finish(trial):
    trial.wait_flood()
    trial.wait_ended(seconds=180)
    trial.stop_all()
    return trial.judge(most_again=0)


def broker_kills(world, n):
    """The only broker is killed and started again, n times."""
    cluster = world.own_cluster()
    trial = begin(world, cluster, "broker-kills")
    with world.watching(trial):
        for number in range(n):
            trial.flood(1500, 250, seed=world.seed + number)  # whatever the restart takes
            pause(world, trial, 1, 3)
            trial.tell("fault", reason="broker")
            cluster.nodes[0].kill()
            pause(world, trial, 0, 2)
            cluster.nodes[0].start()
        return finish(trial)


def rolling(world):
    """Three nodes are stopped and started one after the other, each when the one before is in
    sync again."""
    cluster = world.three_nodes()
    trial = begin(world, cluster, "rolling")
    with world.watching(trial):
        for number, node in enumerate(cluster.nodes):
            trial.flood(2000, 200, seed=world.seed + number)
            pause(world, trial, 1, 2)
            trial.tell("fault", reason="broker")
            node.stop()
            pause(world, trial, 1, 2)
            node.start()
            trial.wait_until(cluster.in_sync, "all replicas are in sync", 90)
        return finish(trial)


def coordinator(world):
    """The group's coordinator is killed, and a member joins before it is back; then the next
    coordinator is stopped in order."""
    cluster = world.three_nodes()
    trial = begin(world, cluster, "coordinator")
    with world.watching(trial):
        trial.flood(2000, 200, seed=world.seed)
        pause(world, trial, 1, 2)
        first = cluster.coordinator()
        trial.tell("fault", reason="broker")
        first.kill()
        trial.wait_until(lambda: cluster.coordinator() not in (None, first),
                         "another coordinator", 60)
        late = trial.start("late", "--instance", "coordinator-late",
                           "--session-timeout", SESSION_MS, "--jitter", "20%")
        trial.wait_until(lambda: late.says('"assigned"'), "the late member is assigned", 60)
        first.start()
        trial.wait_until(cluster.in_sync, "all replicas are in sync", 90)
        trial.flood(2000, 200, seed=world.seed + 1)
        pause(world, trial, 1, 2)
        second = cluster.coordinator()
        trial.tell("fault", reason="broker")
        second.stop()
        pause(world, trial, 2, 4)
        second.start()
        return finish(trial)


DISK_BYTES = 96 * 1024 * 1024


def full_disk(world):
    """The broker's disk fills up; it dies, the disk is freed, it starts again."""
    if os.geteuid() != 0:
        return "a small disk needs a mount, which needs root"
    folder = world.top / "full-disk-broker"
    disk = folder / "logs"
    disk.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", disk],
                             stderr=subprocess.PIPE, text=True)
    if mounted.returncode != 0:
        return f"no tmpfs can be mounted: {mounted.stderr.strip()}"
    try:
        return fill(world, world.own_cluster(folder), disk)
    finally:
        world.end_own()
        subprocess.run(["umount", "-l", disk], check=True)


def fill(world, cluster, disk):
    trial = begin(world, cluster, "full-disk")
    with world.watching(trial):
        trial.flood(6000, 300, seed=world.seed)
        trial.wait_ended(500)
        ballast = disk / "ballast"
        trial.tell("fault", reason="broker")
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
            while True:  # until there is no room
                file.write(bytes(4096))
        trial.wait_until(lambda: not cluster.nodes[0].is_up(), "the broker dies of it", 120)
        ballast.unlink()
        cluster.nodes[0].start()
        return finish(trial)
