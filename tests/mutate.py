#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random mutants of core/ and engine/ against the quick tests: the unit tests of core and the
scenarios. An operator, a constant or a branch is changed, the one file is compiled, and the tests run
until one fails. For the campaign: it takes an hour.

tests/mutate.py [--n 200] [--seed 1] [--share 0.85] [--minutes M]
Survivors are printed as `file:line change`; tests/mutate-survivors.txt says why each may live."""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("STAGGER_BUILD_DIR") or ROOT / "build").absolute()
MUTATED = ["core", "engine"]
# Without kafka/ and config/: what no scenario calls of them stays unresolved.
ROOMS = ["base", "core", "codec", "engine", "workers", "consumer", "testing"]
WITHOUT_KAFKA = "void kafka_free(void **k) { (void)k; }\n"
UNRESOLVED = ["-Wl,--unresolved-symbols=ignore-all", "-Wl,-z,lazy"]
TEST_SECONDS = 60
ENV = {**os.environ, "STAGGER_TEST_DATA": str(ROOT / "tests/data"), "MALLOC_PERTURB_": "165"}

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


def cc(*words, seconds=300):
    return subprocess.run(["gcc", "-std=c11", "-O0", "-fPIC", "-w", f"-I{ROOT}/include",
                           f"-I{BUILD}/include", f"-I{ROOT}/src", f"-I{ROOT}/tests",
                           f"-I{ROOT}/tests/support",
                           f'-DSCHEMA_FILE="{ROOT}/src/codec/envelope.avsc"', *map(str, words)],
                          capture_output=True, text=True, timeout=seconds)


def must(result):
    if result.returncode != 0:
        sys.exit(result.stderr)


class Bench:
    """Everything built once; a mutant replaces one object in a shared library."""

    def __init__(self, scratch):
        self.scratch = scratch
        self.library = scratch / "libstagger-mutated.so"
        self.links = ["-lpthread", "-lm", *UNRESOLVED]
        self.objects = {}
        sources = [f for room in ROOMS for f in sorted((ROOT / "src" / room).glob("*.c"))]
        sources.append(BUILD / "src/envelope_schema.c")
        for source in sources:
            self.objects[source] = scratch / f"{source.parent.name}_{source.stem}.o"
            must(cc("-c", source, "-o", self.objects[source]))
        stub = scratch / "without_kafka.c"
        stub.write_text(WITHOUT_KAFKA)
        self.objects[stub] = scratch / "without_kafka.o"
        must(cc("-c", stub, "-o", self.objects[stub]))
        self.link()
        self.tests = self.unit_tests() + self.scenarios()

    def link(self):
        must(cc("-shared", "-o", self.library, *self.objects.values(), *self.links))

    def program(self, name, *words):
        made = self.scratch / name
        must(cc("-o", made, *words, self.library, f"-Wl,-rpath,{self.scratch}",
                *flags("cmocka", "jansson"), *self.links))
        return made

    def unit_tests(self):
        names = [f.stem for f in sorted((ROOT / "src/core").glob("*.c"))]
        files = [ROOT / f"tests/unit/test_{name}.c" for name in names]
        return [self.program(f.stem, f) for f in files if f.exists()]

    def scenarios(self):
        folder = ROOT / "tests/scenario"
        support = [folder / f for f in ("support.c", "look.c", "support_b.c")]
        tests = [f for f in sorted(folder.glob("*.c")) if f not in support and f.stem != "memory"]
        return [self.program(f"scenario_{f.stem}", f, *support) for f in tests]

    def killer(self):
        """The first test that fails, or None."""
        for test in self.tests:
            try:
                done = subprocess.run([test], env=ENV, capture_output=True, timeout=TEST_SECONDS)
            except subprocess.TimeoutExpired:
                return f"{test.name} finds no end"
            if done.returncode != 0:
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.85)
    parser.add_argument("--minutes", type=float, default=0, help="0: no limit")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        bench = Bench(pathlib.Path(folder))
        killer = bench.killer()
        if killer:
            sys.exit(f"{killer} fails without a mutant")
        chosen = random.Random(args.seed)
        every = list(places())
        killed, survivors = 0, []
        while killed + len(survivors) < args.n:
            if args.minutes and time.monotonic() - began > 60 * args.minutes:
                break
            file, number, change, at = chosen.choice(every)
            mutant = mutated(file, number, change, at)
            if mutant is None:
                continue
            text, before, after = mutant
            source = bench.scratch / file.name
            source.write_text(text)
            good = bench.objects[file]
            bench.objects[file] = bench.scratch / "mutant.o"
            if cc("-c", source, "-o", bench.objects[file]).returncode == 0:
                bench.link()
                killer = bench.killer()
                killed += killer is not None
                place = f"{file.relative_to(ROOT)}:{number + 1}"
                if killer is None:
                    survivors.append(f"{place} {before} -> {after}")
                print(f"{killed + len(survivors):3} {place}: {before} -> {after}: "
                      f"{killer or 'SURVIVES'}", flush=True)
            bench.objects[file] = good
        total = killed + len(survivors)
        for survivor in survivors:
            print(f"survives: {survivor}")
        print(f"{total} mutants, {killed} killed ({100 * killed / max(total, 1):.1f} %), "
              f"{time.monotonic() - began:.0f} s")
        return 0 if total and killed >= args.share * total else 1


if __name__ == "__main__":
    sys.exit(main())
