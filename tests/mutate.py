#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random mutants of core/ and engine/ against the quick tests: the unit tests of core, the scenarios
and 60 seeds of the simulation. An operator, a constant or a branch is changed, the one file is
compiled, and tests run until one fails: first the file's own, then those that find most in the least
time. What is undefined traps, what is never freed fails unit tests and scenarios, and so does ten
times the processor time that a test takes without a mutant. It takes a quarter of an hour.

tests/mutate.py [--n 200] [--seed 1] [--share 0.85] [--jobs 2] [--minutes M] [--only PLACE,...]
Survivors are printed as `file:line change`; tests/mutate-survivors.txt says why each may live.
--only file:line,... runs those of the same choice again, as after a test was added; a few more --n make
up for what does not compile, which is not looked at then."""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD_DIR") or ROOT / "build").absolute()
MUTATED = ["core", "engine"]
# Without kafka/ and config/: what no test here calls of them stays unresolved.
ROOMS = ["base", "core", "codec", "engine", "workers", "consumer", "testing"]
# The simulation has its own of these; with the doors of base/mutant.h open one library is for all.
STUBS = """#include "sim/mutants.h"
#define WEAK __attribute__((weak))
void kafka_free(void **k) { (void)k; }
WEAK enum mutant mutant_planted;
WEAK void cover_record(const void *record, int from, int to) { (void)record, (void)from, (void)to; }
WEAK void cover_gate(unsigned before, unsigned after) { (void)before, (void)after; }
WEAK void cover_farewell(int from, int to) { (void)from, (void)to; }
"""
LINKS = ["-lpthread", "-lm", "-Wl,--unresolved-symbols=ignore-all", "-Wl,-z,lazy"]
SEEDS = "1..60"
LEAST_SECONDS = 5     # of processor time; ten times its own if that is more
BLOCKED_SECONDS = 120  # by the clock: a test that waits for ever takes no processor time
OF_CORE = re.compile(r'^#include "(core/(?!port\.h)|engine/)', re.MULTILINE)
# They need what is not linked here, or an engine of their own.
NOT_HERE = re.compile(r"test_(config|fake|world)")

# Without a library of the sanitizer's: the program just dies.
TRAPS = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]

# What is looked for, and what it becomes; applied to one place outside comments and texts.
CHANGES = [
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "),
    (r" == ", " != "), (r" != ", " == "), (r" && ", " || "), (r" \|\| ", " && "),
    (r" \+ ", " - "), (r" - ", " + "), (r" \+= ", " -= "), (r" -= ", " += "),
    (r"\+\+", "--"), (r"(?<=[=(,] )true\b", "false"), (r"(?<=[=(,] )false\b", "true"),
    (r"(?<=return )true\b", "false"), (r"(?<=return )false\b", "true"),
    (r"(?<=[=(<>+*/-] )0\b(?!x)", "1"), (r"(?<=[=(<>+*/-] )1\b", "2"), (r"(?<=[=(<>+*/-] )2\b", "3"),
    (r"\bif \((?!MUTANT)", "if (!"), (r"^(\t+)(?!return|case|if|for|while|else|struct|const|int|bool"
                                     r"|size_t|enum|static|char|unsigned|double)\w[\w>.-]*\([^;{}]*\);$",
                                     r"\1;"),
]


def flags(*packages):
    return subprocess.run(["pkg-config", "--cflags", "--libs", *packages], text=True, check=True,
                          capture_output=True).stdout.split()


CACHE = ["ccache"] if shutil.which("ccache") else []


def cc(*words):
    return subprocess.run([*CACHE, "gcc", "-std=c11", "-O1", "-fPIC", "-w", *TRAPS,
                           "-DSTAGGER_MUTANTS", f"-I{ROOT}/include", f"-I{BUILD}/include",
                           f"-I{ROOT}/src", f"-I{ROOT}/tests", f"-I{ROOT}/tests/support",
                           f'-DSCHEMA_FILE="{ROOT}/src/codec/envelope.avsc"', *map(str, words)],
                          capture_output=True, text=True)


def must(result):
    if result.returncode != 0:
        raise SystemExit(result.stderr)


def leak_check():
    """The leak sanitizer needs no build of its own: it takes the allocator's place."""
    found = subprocess.run(["gcc", "-print-file-name=liblsan.so"], text=True, check=True,
                           capture_output=True).stdout.strip()
    if not os.path.isabs(found):
        sys.exit("no liblsan.so: gcc's leak sanitizer is not installed")
    return found


class Test:
    def __init__(self, name, program, *words, preload=""):
        self.name = name
        self.command = [str(program), *words]
        self.env = {**os.environ, "STAGGER_TEST_DATA": str(ROOT / "tests/data"),
                    "MALLOC_PERTURB_": "165", "LD_PRELOAD": preload}
        self.seconds = 0.0  # of processor time, without a mutant
        self.kills = collections.Counter()  # by file; None: all

    def fails(self, folder):
        """With the library in that folder."""
        limit = max(LEAST_SECONDS, int(10 * self.seconds) + 1) if self.seconds else 600
        try:
            done = subprocess.run(["prlimit", f"--cpu={limit}", "--core=0", *self.command],
                                  env={**self.env, "LD_LIBRARY_PATH": str(folder)},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=max(BLOCKED_SECONDS, 5 * limit))
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0

    def measure(self, folder):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if self.fails(folder):
            sys.exit(f"{self.name} fails without a mutant")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds = 0.01 + after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Bench:
    """Everything built once; a mutant replaces one object in a shared library."""

    def __init__(self, scratch, jobs):
        self.scratch = scratch
        self.leak_check = leak_check()
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)
        sources = [f for room in ROOMS for f in sorted((ROOT / "src" / room).glob("*.c"))]
        stubs = scratch / "stubs.c"
        stubs.write_text(STUBS)
        self.objects = self.compile(*sources, BUILD / "src/envelope_schema.c", stubs)
        self.link(scratch, {})
        self.tests = self.unit_tests() + self.scenarios() + self.simulation()
        for test in self.tests:
            test.measure(scratch)

    def compile(self, *sources):
        made = {f: self.scratch / f"{f.parent.name}_{f.stem}.o" for f in sources}
        for result in self.pool.map(lambda f: cc("-c", f, "-o", made[f]), sources):
            must(result)
        return made

    def link(self, folder, changed):
        objects = {**self.objects, **changed}
        must(cc("-shared", "-o", folder / "libmutated.so", "-Wl,-soname,libmutated.so",
                *objects.values(), *LINKS))

    def programs(self, sources, support=()):
        """One for each source."""
        with_them = self.compile(*support).values()
        objects = self.compile(*sources)
        made = [self.scratch / f"{f.parent.name}_{f.stem}" for f in sources]
        libraries = [self.scratch / "libmutated.so", *flags("cmocka", "jansson"), *LINKS]
        for result in self.pool.map(
                lambda pair: cc("-o", pair[0], objects[pair[1]], *with_them, *libraries),
                zip(made, sources)):
            must(result)
        return made

    def unit_tests(self):
        files = [f for f in sorted((ROOT / "tests/unit").glob("test_*.c"))
                 if OF_CORE.search(f.read_text()) and not NOT_HERE.match(f.name)]
        return [Test(f.stem, made, preload=self.leak_check)
                for f, made in zip(files, self.programs(files))]

    def scenarios(self):
        folder = ROOT / "tests/scenario"
        support = [folder / f for f in ("support.c", "look.c", "support_b.c")]
        files = [f for f in sorted(folder.glob("*.c")) if f not in support]
        # memory.c brings an allocator of its own.
        return [Test(f"scenario {f.stem}", made,
                     preload="" if f.stem == "memory" else self.leak_check)
                for f, made in zip(files, self.programs(files, support))]

    def simulation(self):
        folder = ROOT / "tests/sim"
        support = [f for f in sorted((ROOT / "tests/support").glob("*.c"))
                   if re.match(r"history|map|script\.|tell|check_|checker\.", f.name)]
        support += [f for f in sorted(folder.glob("*.c")) if f.name != "main.c"]
        made = self.programs([folder / "main.c"], support)[0]
        return [Test(f"seeds {SEEDS}", made, "--seeds", SEEDS)]

    def killer(self, folder, file):
        """The test that fails, or None."""
        own = [t for t in self.tests if t.name == f"test_{file.stem}"]
        for test in own + sorted((t for t in self.tests if t not in own),
                                 key=lambda t: -(1 + t.kills[None] + 10 * t.kills[file])
                                 / t.seconds):
            if test.fails(folder):
                test.kills[None] += 1
                test.kills[file] += 1
                return test.name
        return None


def code_lines(text):
    """Line numbers that hold code, without comments, preprocessor and planted bugs."""
    comment = False
    for number, line in enumerate(text.splitlines()):
        was, comment = comment, (comment or "/*" in line) and "*/" not in line.split("/*")[-1]
        if "*/" in line and was:
            comment = False
        bare = line.split("/*")[0]
        if not was and bare.strip() and bare[0] not in "#/" and '"' not in bare \
                and "MUTANT" not in bare and "COVER" not in bare:
            yield number, bare


def places():
    for room in MUTATED:
        for file in sorted((ROOT / "src" / room).glob("*.c")):
            for number, bare in code_lines(file.read_text()):
                for change in CHANGES:
                    for found in re.finditer(change[0], bare):
                        yield file, number, change, found.start()


def mutated(file, number, change, at):
    lines = file.read_text().splitlines(keepends=True)
    line = lines[number]
    new = line[:at] + re.sub(change[0], change[1], line[at:], count=1) if change[0][0] != "^" \
        else re.sub(change[0], change[1], line, count=1, flags=re.MULTILINE)
    if change[1] == "if (!":  # the whole condition
        depth, end = 0, at + 3
        for end in range(at + 3, len(line)):
            depth += {"(": 1, ")": -1}.get(line[end], 0)
            if depth == 0:
                break
        if depth != 0:
            return None
        new = f"{line[:at]}if (!{line[at + 3:end + 1]}){line[end + 1:]}"
    lines[number] = new
    return None if new == line else ("".join(lines), line.strip(), new.strip())


def tree():
    """A change of it while mutants are compiled would kill those that would have lived."""
    return [(file, file.stat().st_mtime_ns) for file in sorted((ROOT / "src").rglob("*.[ch]"))]


class Mutants:
    """The same ones for a seed, one at a time."""

    def __init__(self, scratch, args):
        self.lock = threading.Lock()
        self.tree = tree()
        self.bench = Bench(scratch, args.jobs)
        self.random = random.Random(args.seed)
        self.places = list(places())
        self.only = set(args.only.split(",")) if args.only else None
        self.left = args.n
        self.ends = time.monotonic() + 60 * args.minutes if args.minutes else None

    def same(self):
        return tree() == self.tree

    def take(self, folder):
        """The next that compiles: its file and what it is, with the library in the folder."""
        with self.lock:
            while self.left > 0 and self.same() and (self.ends is None
                                                     or time.monotonic() < self.ends):
                file, number, change, at = self.random.choice(self.places)
                mutant = mutated(file, number, change, at)
                if mutant is None:
                    continue
                text, before, after = mutant
                place = f"{file.relative_to(ROOT)}:{number + 1}"
                if self.only is not None and place not in self.only:
                    self.left -= 1
                    continue
                source = folder / file.name
                source.write_text(text)
                if cc("-c", source, "-o", folder / "mutant.o").returncode != 0:
                    continue
                self.left -= 1
                return file, f"{place}: {before} -> {after}"
            return None


def work(mutants, folder, results):
    while (mutant := mutants.take(folder)) is not None:
        file, text = mutant
        mutants.bench.link(folder, {file: folder / "mutant.o"})
        killer = mutants.bench.killer(folder, file)
        results.append((text, killer))
        print(f"{len(results):3} {text}: {killer or 'SURVIVES'}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.85)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0, help="0: no limit")
    parser.add_argument("--only", default="", help="file:line,...")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        began = time.monotonic()
        mutants = Mutants(pathlib.Path(scratch), args)
        seconds = sum(test.seconds for test in mutants.bench.tests)
        print(f"{len(mutants.bench.tests)} tests of {seconds:.0f} s, {len(mutants.places)} places",
              flush=True)
        results, threads = [], []
        for job in range(args.jobs):
            folder = pathlib.Path(scratch) / f"job{job}"
            folder.mkdir()
            threads.append(threading.Thread(target=work, args=(mutants, folder, results)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        if not mutants.same():
            sys.exit("src/ was changed meanwhile: what was killed may have been killed by that")
    survivors = sorted(text for text, killer in results if killer is None)
    total, killed = len(results), len(results) - len(survivors)
    for survivor in survivors:
        print(f"survives: {survivor}")
    print(f"{total} mutants, {killed} killed ({100 * killed / max(total, 1):.1f} %), "
          f"{time.monotonic() - began:.0f} s")
    return 0 if total and killed >= args.share * total else 1


if __name__ == "__main__":
    sys.exit(main())
