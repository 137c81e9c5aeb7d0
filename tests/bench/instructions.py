#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""instructions.py [--accept] [--only NAME]: counts what the micro benches cost, in instructions.

A bench does its thing N times. It is run twice under callgrind, with N and 3 N: half the difference
by N is what one costs, whatever the set-up costs and on how many threads. libc is left out, since it
chooses its memcpy by the CPU: what counts is our own code, and, beside it, how often malloc is
called. So the figures are the same on every machine, but not with every compiler: instructions.json,
the base line, says with which it was made, and with another one nothing is judged (exit 77).

Fails when a figure is more than 3 % above its base line. --accept makes the figures the base line;
say in the commit message why they rose. The build is one of its own (-O2, asserts as in packages)."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD") or ROOT / "build").absolute()
BUILD = BUILD.with_name(BUILD.name + "-count")
BASE = ROOT / "tests/bench/instructions.json"
TIMES = {"pool-slice": 1000}  # n of the first run; 3 n of the second
USUAL_TIMES = 20480  # whole slices, whole windows
LIMIT = 0.03
SKIP = 77
# Of libc and the loader nothing is counted, and neither is the vdso.
FOREIGN = re.compile(r"/(libc|libm|libpthread|ld-linux[^/]*)[.-][^/]*so|/vgpreload|\[vdso\]")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def build():
    """Returns the compiler's name and version."""
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", BUILD, "--buildtype=debugoptimized", "-Doptimization=2",
                        "-Db_ndebug=false", "-Dexamples=false"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "tests/micro"], check=True, stdout=subprocess.DEVNULL)
    compiler = os.environ.get("CC", "cc").split()[-1]
    name = "clang" if "clang" in output(compiler, "--version") else "gcc"
    return f"{name} {output(compiler, '-dumpversion').split('.')[0].strip()}"


def count(name, times):
    """Instructions outside libc, and calls of malloc, calloc and realloc, of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no",
             "--compress-pos=no", BUILD / "tests/micro", name, str(times)],
            capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"micro {name} failed:\n{done.stderr}")
        return read(out)


def read(out):
    instructions = mallocs = 0
    foreign = called = False  # the object of the lines that follow is not ours; a call's cost
    malloc = False
    for line in out.open():
        if line.startswith("ob="):
            foreign = bool(FOREIGN.search(line))
        elif line.startswith("cfn="):
            malloc = re.fullmatch(r"cfn=(malloc|calloc|realloc)(@.*)?\n", line) is not None
        elif line.startswith("calls="):
            called = True
            if malloc and not foreign:
                mallocs += int(line[6:].split()[0])
        elif line[:1].isdigit() or line[:1] in "+-*":
            if not called and not foreign:
                instructions += int(line.split()[1])
            called = False
    return instructions, mallocs


def measure(name):
    times = TIMES.get(name, USUAL_TIMES)
    few, many = count(name, times), count(name, 3 * times)
    return {"instructions": round((many[0] - few[0]) / (2 * times), 1),
            "mallocs": round((many[1] - few[1]) / (2 * times), 2)}


def verdict(now, base):
    if base is None:
        return "new: --accept it"
    for what in ("instructions", "mallocs"):
        if now[what] > base[what] * (1 + LIMIT) + 0.05:
            return f"FAILED: more than {LIMIT:.0%} above the base line"
    if now["instructions"] < base["instructions"] * (1 - LIMIT):
        return "better: --accept it"
    return ""


def table(names, base):
    """Prints a line for each; returns the figures and the names that failed."""
    figures, failed = {}, []
    print(f"{'':22}{'instructions':>14}{'base line':>12}{'':>9}{'mallocs':>9}{'base':>7}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = list(pool.map(measure, names))
    for name, now in zip(names, measured):
        before = base.get(name)
        figures[name] = now
        said = verdict(now, before)
        if said.startswith(("FAILED", "new")):
            failed.append(name)
        was = before or {"instructions": float("nan"), "mallocs": float("nan")}
        change = now["instructions"] / was["instructions"] - 1 if before else float("nan")
        print(f"{name:22}{now['instructions']:14.1f}{was['instructions']:12.1f}{change:9.1%}"
              f"{now['mallocs']:9.2f}{was['mallocs']:7.2f}  {said}", flush=True)
    return figures, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--only")
    args = parser.parse_args()
    compiler = build()
    names = output(BUILD / "tests/micro", "--list").split()
    if args.only:
        names = [name for name in names if name == args.only]
    base = json.loads(BASE.read_text()) if BASE.exists() else {"compiler": compiler, "benches": {}}
    figures, failed = table(names, base["benches"])
    if args.accept:
        kept = base["benches"] if args.only else {}
        BASE.write_text(json.dumps({"compiler": compiler, "benches": {**kept, **figures}},
                                   indent=1) + "\n")
        return 0
    if compiler != base["compiler"]:
        print(f"the base line is {base['compiler']}'s, this is {compiler}: nothing is judged")
        return SKIP
    if failed:
        print(f"more instructions than the base line: {' '.join(failed)}; if that is right, "
              "tests/bench/instructions.py --accept")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
