# SPDX-License-Identifier: Apache-2.0
"""Rows of run.sh: how late handlers are called."""
import functools
import pathlib
import re
import tempfile

import late_picture
from harness import MILLION, PARTITIONS

LINGER_MS = 5  # of our producer
# Waits that a handler asks for, in a stage of 1 s: shorter ones leave it at that.
WISHES, FEW_WISHES = "300,1000,2000,5000", "300,1000,1500"
FIRST, FEW_FIRST = 2000, 500  # calls that are left out of a row: new topics, on a broker that may be cold
LATE_BUCKET = 43  # of a histogram: up to 20 ms


def read(text):
    """{line's first words: {name: number}} of what the program prints."""
    lines = {}
    for line in text.splitlines():
        name, _, rest = line.partition(": ")
        lines[name] = {key: float(value) for key, value in
                       re.findall(r"([a-z_][a-z_0-9.]*) (-?\d+(?:\.\d+)?)(?=[ ,]|$)", rest)}
        for count, what in re.findall(r"(?:^|, )(\d+) (calls|visits)", rest):
            lines[name][what] = int(count)
    return lines


def late(b, topic, *options, delay_ms=1000, visits=None, hops=50000, quick=4000, partitions=PARTITIONS,
         stages=("retry",)):
    """Runs the program lateness; what it found of the calls that are measured, the rest by line. A stage has
    its whole rate after all visits but one: few, where there are few calls."""
    b.make(topic, stages, partitions)
    first = b.count(FIRST, FEW_FIRST)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "histogram"
        text = b.run("lateness", "--topic", topic, "--partitions", partitions, "--rate", 1000,
                     "--hops", b.count(hops, quick), "--first", first, "--stage-delay", delay_ms,
                     "--visits", visits or b.count(10, 2), "--histogram", path, *options, ok=(0, 1))
        histogram = late_picture.compact(path.read_text(encoding="utf-8")) if path.exists() else ""
    lines = read(text)
    if not histogram:
        raise RuntimeError(f"{topic}: no call in the stage")
    found, stats = lines["lateness"], lines["statistics"]
    early = found["early"] + stats["early"]
    if early > 0:
        b.hurt.append(f"{topic}: {early:.0f} calls were early")
    for line in late_picture.bars(histogram):
        print(f"    {line}")
    figures = {key: found[key] for key in ("p50", "p99", "p99.9", "max")}
    figures.update(early=early, head_of_line=int(stats["head_of_line"]), histogram=histogram,
                   value=found["p99"], timer_p99=lines["bare timer"]["p99"],
                   more=f"before that {first:,} calls, at most {lines['first']['max']:g} ms; head of "
                        f"line {stats['head_of_line']:.0f}; bare timer p99 {lines['bare timer']['p99']:g} ms")
    if "main" in lines:
        figures["main_m_per_s"] = float(re.search(r"main: ([0-9.]+) M", text)[1])
    return figures, lines


def add(figures, text):
    return {**figures, "more": f"{figures['more']}; {text}"}


@functools.cache
def steady(b):
    return late(b, "late8", hops=100000, quick=5000)[0]


def lateness(b):
    return steady(b)


def lateness_median(b):
    return {**steady(b), "value": steady(b)["p50"]}


def lateness_64(b):
    return late(b, "late64", hops=100000, partitions=64)[0]


def lateness_jitter(b):
    return late(b, "jitter", "--jitter", "0.2", delay_ms=5000, hops=25000)[0]


def lateness_mixed(b):
    return late(b, "mixed", "--retry-after", b.count(WISHES, FEW_WISHES))[0]


def lateness_bounded(b):
    """Rooms of 64 messages where twice as many or more wait: what they make late must be counted."""
    figures = late(b, "bounded", "--retry-after", b.count(WISHES, FEW_WISHES),
                   "--max-waiting", b.count(64, 16), hops=30000)[0]
    calls = late_picture.parsed(figures["histogram"])
    late_calls = sum(n for bucket, n in calls.items() if bucket > LATE_BUCKET)
    figures["value"] = 100 * max(0, late_calls - figures["head_of_line"]) / sum(calls.values())
    return add(figures, f"{late_calls} calls more than 20 ms late")


def lateness_waiting(b):
    return late(b, "late1m", "--waiting", b.count(MILLION, 100000),
                hops=100000, quick=5000, stages=("retry", "hour"))[0]


def lateness_saturated(b):
    """A thousand messages that come round each second, while main is read as fast as it goes."""
    return late(b, "latemain", "--backlog", b.count(20 * MILLION, 5 * MILLION),
                visits=100, hops=15000, quick=2000)[0]


def lateness_rebalance(b):
    figures, lines = late(b, "rebalance", "--visitor", b.count(3000, 1000))
    moved = lines.get("moved", {"visits": 0})
    if "p50" not in moved:
        return add(figures, "no partition moved")
    return add(figures, f"{moved['visits']} visits of the other; partitions that moved: p50 "
                        f"{moved['p50']:g} ms, p99 {moved['p99']:g} ms, max {moved['max']:g} ms")


def lateness_slow(b):
    figures, lines = late(b, "slow", "--slow", 3)
    return add(figures, f"{lines['slow']['calls']} slow calls beside them")


@functools.cache
def in_place(b):
    return late(b, "inplace", "--in-place", 3)


def lateness_in_place(b):
    return in_place(b)[0]


def lateness_of_in_place(b):
    own = in_place(b)[1]["in place"]
    return {**{key: own[key] for key in ("p50", "p99", "p99.9", "max")}, "value": own["p99"],
            "early": in_place(b)[0]["early"], "more": f"{own['calls']} calls, least {own['least']:g} ms"}


def hop_latency(b):
    """A stage of 1 ms: all is due when it comes, so lateness is what the way takes."""
    figures = late(b, "hop", delay_ms=1, visits=100, hops=20000)[0]
    return {**figures, "value": figures["p50"]}


# name, what, goal as (comparison, number, unit), function
ROWS = [
    ("lateness", "lateness at 1,000 due/s, 8 partitions, p99", ("<=", 3, "ms"), lateness),
    ("lateness-median", "the same, p50", ("<=", 0.5, "ms"), lateness_median),
    ("lateness-64", "lateness at 1,000 due/s, 64 partitions, p99", ("<=", 3, "ms"), lateness_64),
    ("lateness-jitter", "lateness with 20 % jitter, stage of 5 s, p99", ("<=", 5, "ms"),
     lateness_jitter),
    ("lateness-mixed", "lateness while handlers ask for 0.3 to 5 s in a stage of 1 s, p99",
     ("<=", 3, "ms"), lateness_mixed),
    ("lateness-bounded", "the same with rooms of 64 messages: calls more than 20 ms late that are not "
     "counted `head_of_line`", ("<=", 0.1, "%"), lateness_bounded),
    ("lateness-waiting", "lateness at 1,000 due/s while 1,000,000 messages wait for an hour, p99",
     ("<=", 3, "ms"), lateness_waiting),
    ("lateness-saturated", "lateness at 1,000 due/s while main is read as fast as it goes, p99",
     ("<=", 20, "ms"), lateness_saturated),
    ("lateness-rebalance", "lateness while another member comes and goes, partitions that stay, p99",
     ("<=", 50, "ms"), lateness_rebalance),
    ("lateness-slow", "lateness while handlers of other partitions take 20 ms, p99", ("<=", 3, "ms"),
     lateness_slow),
    ("lateness-in-place", "lateness while calls of other partitions are repeated in place, p99",
     ("<=", 3, "ms"), lateness_in_place),
    ("lateness-of-in-place", "lateness of those that are repeated after 20 ms in place, p99",
     ("<=", 3, "ms"), lateness_of_in_place),
    ("hop-latency", "hop into a stage to handled there, due already, p50",
     ("<=", LINGER_MS + 2, "ms"), hop_latency),
]
