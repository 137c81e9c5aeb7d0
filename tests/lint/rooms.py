#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the table "Rooms" of docs/architecture.md. Every src file may include its
own room and <stagger/...>; anything else must be named here. Tests and examples are free."""
import re

from common import ROOT, Findings, code_only, line_at

# A room's own headers are all open to it; to others only what an entry names, a whole room or one
# header. The big rooms show one face each: kafka/kafka.h, engine/engine.h, workers/workers.h.
ROOMS = {
    "base": ["sim/mutants.h"],  # base/mutant.h, in the simulation's build alone
    "core": ["base"],
    "codec": ["core", "base"],
    "kafka": ["core/port.h", "core/topics.h", "core/wish.h", "base"],
    "engine": ["core", "codec/envelope_codec.h", "codec/replay_header.h", "base"],
    "config": ["core", "kafka/kafka.h", "base"],
    "workers": ["core/port.h", "core/failure.h", "base"],
    "consumer": ["base"],
    "ops": ["core", "codec", "kafka", "base"],
    "cli": ["base", "codec", "config", "consumer", "core", "dead", "kafka", "ops"],
    "dead": ["core", "codec", "kafka", "base"],
    "testing": ["core", "codec", "engine/engine.h", "consumer/wiring.h", "base"],
}

# The public consumer goes file by file, so that only wiring.c sees every room.
CONSUMER = {
    "consumer.c": ["core/chain.h", "core/chains.h", "engine/engine.h", "kafka/kafka.h"],
    "envelope.c": ["codec/envelope_codec.h", "codec/framing.h"],
    "envelope_view.c": ["codec/envelope_codec.h"],
    "load.c": ["config/config.h"],
    "message.c": ["core/port.h"],
    "run.c": ["engine/engine.h"],
    "verdict.c": ["core/port.h", "core/failure.h"],
    "version.c": ["kafka/kafka.h"],
    "wiring.c": ["core", "codec", "engine/engine.h", "kafka/kafka.h", "workers/workers.h"],
    "wiring.h": ["core/port.h"],
}

# Each foreign library lives in one room: its headers, and the names it is spelled with.
FOREIGN = {
    "kafka": (re.compile(r"librdkafka/"), re.compile(r"\brd_kafka_\w+|\bRD_KAFKA_\w+")),
    "config": (re.compile(r"libfyaml"), re.compile(r"\bfy_\w+|\bFY[A-Z]+_\w+")),
    "codec": (re.compile(r"avro(\.h|/)"), re.compile(r"\bavro_\w+")),
}

LIBC = set("""
    assert.h ctype.h errno.h fcntl.h float.h inttypes.h limits.h math.h poll.h pthread.h
    signal.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h
    strings.h time.h unistd.h arpa/inet.h netinet/in.h sys/epoll.h sys/eventfd.h sys/random.h
    sys/socket.h sys/stat.h sys/timerfd.h sys/types.h
""".split())
PUBLIC_LIBC = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def may(path, allowed):
    return any(path == entry or path.startswith(entry + "/") for entry in allowed)


def check_src(findings, file):
    room, name = file.parent.name, file.name
    text = file.read_text(encoding="utf-8")
    if room not in ROOMS or file.parent.parent != ROOT / "src":
        findings.add(file, 1, "lies in no room: add the room to docs/architecture.md and to ROOMS "
                              "in tests/lint/rooms.py, or move the file")
        return
    allowed = [room] + ROOMS[room] + (CONSUMER.get(name, []) if room == "consumer" else [])
    for found in INCLUDE.finditer(text):
        line, quote, path = line_at(text, found.start()), found[1], found[2]
        if quote == '"':
            if "/" not in path:
                findings.add(file, line, f'"{path}": write it with its room, "{room}/{path}"')
            elif not may(path, allowed):
                findings.add(file, line, f'{room}/{name} may not include "{path}" (it may: '
                                         f'{", ".join(allowed)}): move what is needed behind one '
                                         "of those, or change the table Rooms")
        elif path in LIBC or path.startswith("stagger/"):
            continue
        else:
            home = [at for at, (header, _) in FOREIGN.items() if header.match(path)]
            if home != [room]:
                findings.add(file, line, f"<{path}> is allowed " + (
                    f"in {home[0]}/ only: ask through that room" if home else
                    "nowhere: it is neither libc nor a library with a room of its own"))
    code = code_only(text)
    for home, (_, names) in FOREIGN.items():
        for found in names.finditer(code) if home != room else ():
            findings.add(file, line_at(code, found.start()),
                         f"{found.group()}: that library's names stop at {home}/; use our own type")


def check_public(findings, file):
    text = file.read_text(encoding="utf-8")
    for found in INCLUDE.finditer(text):
        line, path = line_at(text, found.start()), found[2]
        if found[1] == '"':
            findings.add(file, line, f'"{path}": a public header includes with <>')
        elif not path.startswith("stagger/") and path not in PUBLIC_LIBC:
            findings.add(file, line, f"<{path}>: users get libc's types and <stagger/...> only")


def main():
    findings = Findings()
    sources = sorted(p for p in (ROOT / "src").rglob("*") if p.suffix in (".c", ".h"))
    publics = sorted((ROOT / "include").rglob("*.h")) + sorted((ROOT / "include").rglob("*.h.in"))
    for file in sources:
        check_src(findings, file)
    for file in publics:
        check_public(findings, file)
    for name in CONSUMER:
        if not (ROOT / "src/consumer" / name).exists():
            findings.add("tests/lint/rooms.py", 1, f"CONSUMER names {name}, which is gone: drop it")
    findings.end(sources and publics and f"{len(sources) + len(publics)} files keep to their rooms")


main()
