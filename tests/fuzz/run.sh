#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [SECONDS [BUILD]]: every fuzz target for so long (30), with clang's libFuzzer and the
# sanitizers of addresses and undefined behaviour. What a run finds new is kept in the cache for the
# next one; what fails is left beside it, and its path is the last line.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
seconds=${1:-30}
build=${2:-$root/build-fuzz}
kept=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/fuzz

if [ ! -e "$build/build.ninja" ]; then
	CC=clang-14 meson setup "$build" -Dfuzz=true -Dexamples=false -Db_lundef=false \
		-Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi
targets=$(cd "$root/tests/fuzz" && printf '%s\n' fuzz_*.c | sed 's/\.c$//')
# shellcheck disable=SC2046 # a list of words
ninja -C "$build" tests/print_keys $(for target in $targets; do echo "tests/fuzz/$target"; done) \
	>"$build/build.log" 2>&1 || { tail -n 20 "$build/build.log" && exit 1; }
# every word of a chain file, for libFuzzer to put in
"$build/tests/print_keys" words | sed 's/.*/"&"/' >"$build/words.dict"

code=0
for target in $targets; do
	name=${target#fuzz_}
	mkdir -p "$kept/$name" "$build/found"
	# the newest corpus of the tree
	find "$root/tests/data/$name" "$root/tests/data/fuzz/$name" -type f -name '*.yaml' |
		while read -r file; do
			cp "$file" "$kept/$name/$(printf %s "${file#"$root/tests/data/"}" | tr / -)"
		done
	echo "$target: $seconds s"
	LSAN_OPTIONS=suppressions=$root/tests/fuzz/lsan.supp:print_suppressions=0 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/tests/fuzz/$target" \
		-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
		-dict="$build/words.dict" -artifact_prefix="$build/found/$name-" \
		"$kept/$name" >"$build/$target.log" 2>&1 || {
		code=1
		tail -n 40 "$build/$target.log"
		echo "$target: see $build/$target.log; the input is in $build/found"
	}
	grep -o 'stat::number_of_executed_units.*\|^Done .*' "$build/$target.log" || :
done
exit $code
