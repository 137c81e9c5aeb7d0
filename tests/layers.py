#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layers of run.sh: builds, runs one after the other, counts, and says so.

A layer is one or more meson suites, counted per test, or a script under tests/ that exits 0, 1, or
77 (skipped; its last line is the reason), counted as one. A row of layers has minutes; layers that
still run when it has taken twice as long are stopped and fail."""
import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD_DIR") or ROOT / "build").absolute()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "stagger"
SKIPS = ROOT / "tests/skips.txt"
SKIP = 77
GRACE_SECONDS = 15  # from SIGTERM to SIGKILL
LAST_LINES = 4  # of a script that failed, in the list at the end

# Kinds of builds: folder suffix, options of meson, environment of the tests, time-out multiplier,
# the command that must have run before.
Kind = collections.namedtuple("Kind", "suffix options env slower prepare", defaults=(None,))
PLAIN = Kind("", [], {}, 1)
ASAN = Kind("-asan", ["-Db_sanitize=address,undefined", "-Dexamples=false"], {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}, 5)
TSAN = Kind("-tsan", ["-Db_sanitize=thread", "-Dexamples=false"], {
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:"
                    f"suppressions={ROOT / 'tests/tsan.supp'}",
    "LD_PRELOAD": f"{BUILD}-tsan/tests/tsan/libc11-threads.so",
}, 10)
CLANG = Kind("-clang", ["--native-file", str(ROOT / "tests/ship/clang.ini"), "-Dwerror=true"], {}, 1)
FALLBACK = Kind("-fallback", ["--force-fallback-for=rdkafka,avro-c", "-Dexamples=false",
                              "-Dwerror=true"], {}, 1, ("tests/ship/wraps.sh",))


def on_librdkafka(suffix, version):
    """With suffix a build against that version, without it the plain build, which runs on it."""
    lib = CACHE / f"librdkafka-{version}/lib"
    options = [f"-Dpkg_config_path={lib}/pkgconfig", "-Dexamples=false", "-Dwerror=true"]
    return Kind(suffix, options if suffix else [],
                {"LD_LIBRARY_PATH": str(lib), "STAGGER_LIBRDKAFKA": version}, 1,
                ("tests/support/librdkafka.sh", version))


NEWEST = on_librdkafka("-newest", "2.12.1")  # whose source can be had
NEXT = on_librdkafka("", "2.16.1")  # the newest, as a library

# command: a script layer's; suites: a meson layer's, of that kind of build.
Layer = collections.namedtuple("Layer", "name suites kind command", defaults=(PLAIN, None))
Row = collections.namedtuple("Row", "minutes layers")

QUICK = [
    Row(5, [
        Layer("lint", ["lint"]),
        Layer("unit", ["unit"]),
        Layer("scenario", ["scenario"]),
        Layer("simulation", ["sim"]),
        Layer("embedded", ["embedded"]),
        Layer("end-to-end", [], command=["tests/embedded/end_to_end.sh"]),
        Layer("command", [], command=["tests/embedded/cli.sh"]),
        Layer("examples", ["example"]),
    ]),
]
SLOW = [
    Row(7, [
        Layer("seeds", [], command=["build:tests/sim/sim", "--seeds", "501..10000", "--jobs", "2"]),
        Layer("mutants", [], command=["build:tests/sim/sim", "--mutants", "--seeds", "1..500",
                                      "--jobs", "2"]),
    ]),
    Row(13, [  # with their two builds
        Layer("asan", ["unit", "scenario", "embedded"], ASAN),
        Layer("tsan", ["threads", "embedded"], TSAN),
        Layer("valgrind", [], command=["tests/valgrind.sh"]),
    ]),
    Row(4, [Layer("coverage", [], command=["tests/coverage.sh", "build:-cov"])]),
    Row(3, [Layer("crash", [], command=["tests/crash/run.py", "build:-crash"])]),  # with its build
    Row(15, [
        Layer("kafka-4", [], command=["tests/kafka/end_to_end.sh", "4.3.1", "100000"]),
        Layer("faults-4", [], command=["tests/kafka/faults.py"]),
        Layer("disk", [], command=["tests/kafka/faults.py", "--only", "full-disk"]),
    ]),
    # counts instructions, too
    Row(9, [
        Layer("bench", [], command=["tests/bench/run.sh", "--quick"]),
        Layer("scale", [], command=["tests/bench/run.sh", "--scale", "--quick"]),
    ]),
    Row(4, [
        Layer("kafka-3", [], command=["tests/kafka/end_to_end.sh", "3.9.1", "100000"]),
        Layer("faults-3", [], command=["tests/kafka/faults.py", "--version", "3.9.1", "--only",
                                       "kills-static", "--kills", "24"]),
    ]),
    Row(7, [
        Layer("readers", [], command=["tests/readers/fastavro.sh"]),
        Layer("dlt-headers", [], command=["tests/readers/dlt_headers.sh"]),
        Layer("kafka-command", [], command=["tests/kafka/cli.sh"]),
        Layer("new-user", [], command=["tests/kafka/new_user.sh"]),
        Layer("docs", [], command=["tests/docs/run.sh"]),
    ]),
    Row(4, [Layer("memory", [], command=["tests/memory/attacks.py"])]),
    Row(4, [
        Layer("topics", [], command=["tests/kafka/topics.sh"]),
        Layer("rolling", [], command=["tests/kafka/rolling.sh"]),
    ]),
    Row(4, [
        Layer("install", [], command=["tests/ship/install.sh"]),
        Layer("service", [], command=["tests/ship/service.sh"]),
        Layer("clang", ["unit", "scenario"], CLANG),
    ]),
    Row(4, [Layer("fuzz", [], command=["tests/fuzz/run.sh", "30", "build:-fuzz"])]),
    Row(7, [Layer("fallback", ["lint", "unit", "embedded"], FALLBACK)]),
    Row(6, [
        Layer("newest", ["embedded"], NEWEST),
        Layer("newest-end-to-end", [], NEWEST, ["tests/embedded/end_to_end.sh"]),
        Layer("newest-kafka", [], NEWEST, ["tests/kafka/end_to_end.sh", "4.3.1", "5000"]),
        Layer("next-kafka", [], NEXT, ["tests/kafka/end_to_end.sh", "4.3.1", "2000"]),
    ]),
]
BUILD_MINUTES = 7


class Results:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []  # names; (name, reason)

    def add(self, name, code, reason=""):
        if code == 0:
            self.passed += 1
        elif code == SKIP:
            self.skipped.append((name, reason or "no reason given"))
        else:
            self.failed.append(f"{name}: {reason}" if reason else name)

    def since(self, before):
        return [n - b for n, b in zip(self.counts(), before)]

    def counts(self):
        return [self.passed, len(self.failed), len(self.skipped)]


def stop(process):
    """Ends what we started: first its leader is asked (meson ends its tests, a script its trap's
    processes), then what is left of its group goes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass


def run(command, env, ends, last_lines=0):
    """Returns the command's code, so many of its last lines (with none it has our terminal and may
    draw its progress there), and whether it was stopped."""
    seconds = max(1, ends - time.monotonic())
    try:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env},
                                   start_new_session=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE if last_lines else None,
                                   stderr=subprocess.STDOUT if last_lines else None,
                                   text=True, errors="replace")
    except OSError as error:
        print(f"{command[0]}: {error.strerror}")
        return 1, [f"{command[0]}: {error.strerror}"], False
    stopped = threading.Event()

    def late():
        stopped.set()
        stop(process)

    last = collections.deque(maxlen=last_lines)
    timer = threading.Timer(seconds, late)
    timer.start()
    try:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.strip():
                last.append(line.strip())
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            stop(process)
    return process.returncode, list(last), stopped.is_set()


def build(kind, options, ends):
    """True when it is built."""
    where = f"{BUILD}{kind.suffix}"
    say(f"building {where}")
    commands = [list(kind.prepare)] if kind.prepare else []
    if not (pathlib.Path(where) / "build.ninja").exists():
        commands.append(["meson", "setup", where, *kind.options, *options])
    elif options:
        commands.append(["meson", "configure", where, *options])
    commands.append(["ninja", "-C", where])
    return all(run(command, {}, ends)[0] == 0 for command in commands)


def run_suites(layer, results, ends):
    where = f"{BUILD}{layer.kind.suffix}"
    log = pathlib.Path(where) / f"meson-logs/{layer.name}.json"
    log.unlink(missing_ok=True)
    suites = [word for suite in layer.suites for word in ("--suite", suite)]
    code, _, stopped = run(
        ["meson", "test", "-C", where, "--no-rebuild", "--print-errorlogs", "--logbase", layer.name,
         "--timeout-multiplier", str(layer.kind.slower), *suites],
        {**layer.kind.env, "STAGGER_BUILD": where}, ends)
    n_tests = n_bad = 0
    for line in log.read_text().splitlines() if log.exists() else ():
        test = json.loads(line)
        name = f"{layer.name}/{test['name'].split(' / ')[-1]}"
        n_tests += 1
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            results.add(name, 0)
        elif test["result"] == "SKIP":
            said = test.get("stdout", "").strip() or test.get("stderr", "").strip()
            results.add(name, SKIP, said.splitlines()[-1] if said else "")
        else:
            n_bad += 1
            results.add(name, 1, "" if test["result"] == "FAIL" else test["result"].lower())
    if stopped:
        results.add(layer.name, 1, "took twice its minutes and was stopped")
    elif n_tests == 0:
        results.add(layer.name, 1, "has no tests")
    elif code != 0 and n_bad == 0:
        results.add(layer.name, 1, f"meson test ended with {code}")


def run_script(layer, results, ends):
    # build:X is a path in the build, build:-X the folder of another build
    command = [word.replace("build:-", f"{BUILD}-").replace("build:", f"{BUILD}/")
               for word in layer.command]
    env = {**layer.kind.env, "STAGGER_BUILD": f"{BUILD}{layer.kind.suffix}"}
    code, last, stopped = run(command, env, ends, last_lines=LAST_LINES)
    if stopped:
        results.add(layer.name, 1, "took twice its minutes and was stopped")
    else:
        results.add(layer.name, code, " | ".join(last[-1:] if code == SKIP else last))


def say(text):
    print(f"\n== {text}", flush=True)


def run_layers(rows, options, results):
    built = [PLAIN]
    for row in rows:
        ends = time.monotonic() + 2 * 60 * row.minutes
        for layer in row.layers:
            began, before = time.monotonic(), results.counts()
            if layer.kind not in built and not build(layer.kind, options, ends):
                results.add(layer.name, 1, "does not build")
                continue
            built.append(layer.kind)
            say(layer.name)
            (run_script if layer.command else run_suites)(layer, results, ends)
            passed, failed, skipped = results.since(before)
            print(f"{layer.name}: {passed} passed, {failed} failed, {skipped} skipped, "
                  f"{time.monotonic() - began:.0f} s", flush=True)


def unnamed_skips(results):
    """Skips that tests/skips.txt does not name: `layer/test reason`, one a line."""
    lines = SKIPS.read_text().splitlines() if SKIPS.exists() else []
    words = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    named = {word[0] for word in words if len(word) == 2}
    return [name for name, _ in results.skipped if name not in named]


def finish(results, everything, began):
    passed, failed, skipped = results.counts()
    unnamed = unnamed_skips(results) if everything else []
    print()
    for name in results.failed:
        print(f"failed: {name}")
    for name, reason in results.skipped:
        print(f"skipped: {name}: {reason}")
    for name in unnamed:
        print(f"failed: {name} is skipped, and tests/skips.txt does not say why")
    print(f"{time.time() - began:.0f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or unnamed or not passed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--started", type=int, default=int(time.time()))
    args = parser.parse_args()
    rows = QUICK + SLOW if args.all or args.only else QUICK
    if args.only:
        names = [layer.name for row in rows for layer in row.layers]
        if args.only not in names:
            print(f"layers: {' '.join(names)}")
            return 0 if args.only == "list" else 2
        rows = [Row(row.minutes, [l for l in row.layers if l.name == args.only]) for row in rows]
    os.environ.setdefault("CCACHE_DIR", str(CACHE / "ccache"))
    os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = Results()
    options = ["-Dwerror=true"] if args.all else []
    if build(PLAIN, options, time.monotonic() + 2 * 60 * BUILD_MINUTES):
        run_layers(rows, options, results)
    else:
        results.add("build", 1)
    return finish(results, args.all, args.started)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
