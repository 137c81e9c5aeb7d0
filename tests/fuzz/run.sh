#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [SECONDS | -runs=N [BUILD [TARGET...]]]: every fuzz target, or those, for so long (30) or so
# many runs, two at a time, with clang's libFuzzer and the sanitizers of addresses and undefined
# behaviour. What a run finds new is kept in the cache for the next one; what fails is left in
# BUILD/found, and its path is printed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
limit=${1:-30}
build=${2:-$root/build-fuzz}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
kept=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/fuzz

# what a target starts with besides what the cache has: the newest corpus of the tree
seeds() # NAME
{
	if [ "$1" = config ]; then
		find "$root/tests/data/config" "$root/tests/data/fuzz/config" -type f -name '*.yaml'
	else
		find "$root/tests/data/fuzz/$1" -type f
	fi
}

fuzz() # TARGET LIMIT
{
	name=${1#fuzz_}
	log=$build/$1.log
	mkdir -p "$kept/$name" "$build/found"
	seeds "$name" | while read -r file; do
		cp "$file" "$kept/$name/$(printf %s "${file#"$root/tests/data/"}" | tr / -)"
	done
	case $2 in
	-runs=*) set -- "$1" "$2" ;;
	*) set -- "$1" "-max_total_time=$2" -seed=1 ;; # no commit fails by another's luck
	esac
	# entropy over so many features took nine tenths of the time of these two
	case $name in
	config) set -- "$@" -max_len=65536 -entropic=0 -dict="$build/words.dict" ;;
	engine) set -- "$@" -max_len=2048 -entropic=0 ;;
	*) set -- "$@" -max_len=4096 ;;
	esac
	target=$1
	shift
	LSAN_OPTIONS=suppressions=$root/tests/fuzz/lsan.supp:print_suppressions=0 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 "$build/tests/fuzz/$target" "$@" \
		-timeout=30 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$build/found/$name-" "$kept/$name" >"$log" 2>&1 || {
		tail -n 40 "$log"
		echo "$target: FAILED, see $log; the input is in $build/found"
		return 1
	}
	echo "$target: $(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 runs, \2 s/p' "$log"),$(
		sed -n 's/^stat::average_exec_per_sec: */ /p' "$log") a second, $(
		find "$kept/$name" -type f | wc -l) inputs kept"
}

if [ "${1:-}" = --one ]; then # of our own, below
	fuzz "$2" "$limit"
	exit
fi
if [ ! -e "$build/build.ninja" ]; then
	CC=clang-14 meson setup "$build" -Dfuzz=true -Dexamples=false -Db_lundef=false \
		-Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi
# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(cd "$root/tests/fuzz" && printf '%s\n' fuzz_*.c | sed 's/\.c$//')
# shellcheck disable=SC2046 # a list of words
ninja -C "$build" tests/print_keys $(for target; do echo "tests/fuzz/$target"; done) \
	>"$build/build.log" 2>&1 || { tail -n 20 "$build/build.log" && exit 1; }
# every word of a chain file, for libFuzzer to put in
"$build/tests/print_keys" words | sed 's/.*/"&"/' >"$build/words.dict"
printf '%s\n' "$@" | xargs -P 2 -I '{}' "$0" "$limit" "$build" --one '{}' || {
	echo "fuzz: a target failed"
	exit 1
}
echo "fuzz: $# targets"
