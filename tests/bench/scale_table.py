# SPDX-License-Identifier: Apache-2.0
"""What scale.py found, as lines, tables and pictures, in docs/scale.md."""
import json

from draw import write_svg
from harness import ROOT, put_block

DOC = ROOT / "docs/scale.md"
JSON = ROOT / "docs/scale.json"
KIB = 1024

# series: its variable's key, the head of its column, what its picture says
SERIES = {
    "partitions": ("partitions", "partitions of each topic", "500,000 messages of 100 bytes"),
    "members": ("members", "members", "500,000 messages of 100 bytes, 8 partitions"),
    "sizes": ("bytes", "bytes of a value", "8 partitions"),
}


def size_text(count):
    return f"{count // KIB} KiB" if count >= KIB else f"{count} B"


def said(point):
    """A line for the terminal."""
    bare, ours, chain = point["bare"], point["stagger"], point["chain"]
    return (f"{point['partitions']} partitions, {point['members']} members, "
            f"{point['messages']:,} x {size_text(point['bytes'])}: "
            f"bare {bare['m_per_s']:.3f} M/s {bare['cpu_us']:.2f} us {bare['peak_mib']:.0f} MiB, "
            f"stagger {ours['m_per_s']:.3f} M/s {ours['cpu_us']:.2f} us {ours['peak_mib']:.0f} MiB; "
            f"at rest {bare['rest_percent']:.2f} % and {ours['rest_percent']:.2f} %; "
            f"10 % failing {chain['m_per_s']:.3f} M/s, {chain['whole_s']:.1f} s, "
            f"{chain['cpu_us']:.2f} us a call, {chain['peak_mib']:.0f} MiB, "
            f"p99 {chain['p99_ms']:.1f} ms, {chain['called_again']} called again")


def rate(value):
    return f"{value:.2f} M/s" if value >= 0.1 else f"{value * 1000:.1f} k/s"


def row(key, point):
    bare, ours, chain = point["bare"], point["stagger"], point["chain"]
    value = size_text(point[key]) if key == "bytes" else f"{point[key]:,}"
    cells = [value, f"{point['messages']:,}", f"{point['expected']:,}",
             rate(bare["m_per_s"]), rate(ours["m_per_s"]),
             f"{bare['cpu_us']:.2f}", f"{ours['cpu_us']:.2f}", f"{bare['peak_mib']:.0f}",
             f"{ours['peak_mib']:.0f}", f"{bare['rest_percent']:.1f}", f"{ours['rest_percent']:.1f}",
             f"{ours['start_s']:.2f}"]
    failing = [value, f"{point['in_flight']:,}", rate(chain["m_per_s"]),
               f"{chain['whole_s']:.1f}", f"{chain['cpu_us']:.2f}", f"{chain['peak_mib']:.0f}",
               f"{chain['p50_ms']:.2f}", f"{chain['p99_ms']:.1f}",
               f"{chain['max_ms']:.0f}", f"{chain['dead_letters']:,}", f"{chain['called_again']}"]
    return cells, failing


def lines(head, rows):
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head),
            *(f"| {' | '.join(cells)} |" for cells in rows), ""]


def table(name, points):
    key, head, _ = SERIES[name]
    rows = [row(key, point) for point in points]
    return [*lines([head, "messages", "`expected_partitions`", "bare loop", "stagger",
                    "CPU us a message, bare", "stagger",
                    "peak MiB, bare", "stagger", "at rest, % of a core, bare", "stagger",
                    "start s"], [cells for cells, _ in rows]),
            *lines([f"10 % failing: {head}", "`max_in_flight`", "main",
                    "to the last dead letter, s", "CPU us a call",
                    "peak MiB", "lateness p50 ms", "p99", "max", "dead letters", "called again"],
                   [failing for _, failing in rows]),
            f"![{head}](scale-{name}.svg)", ""]


def chain_lines(point):
    chain = point["chain"]
    return [f"{point['messages']:,} messages of {point['bytes']} bytes, {point['partitions']} "
            f"partitions, one member: main took {chain['main_s']:.1f} s ({rate(chain['m_per_s'])}), "
            f"the {chain['dead_letters']:,} that fail were all in the DLT after "
            f"{chain['whole_s']:.1f} s, {chain['cpu_us']:.2f} us CPU a call, at most "
            f"{chain['peak_mib']:.0f} MiB; lateness p50 {chain['p50_ms']:.2f} ms, p99 "
            f"{chain['p99_ms']:.1f} ms, max {chain['max_ms']:.0f} ms; {chain['head_of_line']:,} were "
            f"held back by a bound, {chain['called_again']} called again.", ""]


def drawings(name, points):
    """CPU per message to the left, memory to the right, over the series' variable."""
    key, head, what = SERIES[name]
    points = points[:[p[key] for p in points].index(max(p[key] for p in points)) + 1]
    rows = [[p[key], p["bare"]["cpu_us"], p["stagger"]["cpu_us"], p["chain"]["cpu_us"],
             p["bare"]["peak_mib"], p["stagger"]["peak_mib"], p["chain"]["peak_mib"]] for p in points]
    script = f"""set multiplot layout 1,2 title "{what}"
set key top left
set xlabel "{head}"
set xrange [{min(r[0] for r in rows) / 1.3}:{max(r[0] for r in rows) * 1.3}]
set logscale x {'2' if key == 'members' else ''}
set yrange [0:]
{'set logscale y; set yrange [0.1:]' if key == 'bytes' else ''}
set ylabel "CPU, us"
plot $rows u 1:2 w lp t "bare, a message", $rows u 1:3 w lp t "stagger, a message", \\
  $rows u 1:4 w lp t "10 % failing, a call"
unset logscale y
set yrange [0:]
set ylabel "peak of a process, MiB"
plot $rows u 1:5 w lp t "bare", $rows u 1:6 w lp t "stagger", $rows u 1:7 w lp t "10 % failing"
unset multiplot"""
    write_svg(script, rows, ROOT / f"docs/scale-{name}.svg")


def write(found):
    """Series that were not measured now stay as they were."""
    known = json.loads(JSON.read_text(encoding="utf-8")) if JSON.exists() else {}
    known = {**known, **found}
    body = []
    for name in (name for name in (*SERIES, "chain") if name in known):
        points, facts = known[name]["points"], known[name]["facts"]
        if name in SERIES:
            drawings(name, points)
        body += [f"### {name.capitalize()}", "",
                 *(table(name, points) if name in SERIES else chain_lines(points[0])),
                 f"Apache Kafka {facts['kafka']}, its log in memory, and all members on the same "
                 f"{facts['cores']} cores ({facts['cpu']}), librdkafka {facts['librdkafka']}, "
                 f"{facts['system']}, "
                 f"{facts['libc']}, {facts['date']}: "
                 f"`tests/bench/run.sh --scale --only {name}{' --quick' if facts['quick'] else ''}`.",
                 ""]
    put_block(DOC, "figures", "\n".join(body))
    JSON.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
