#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# coverage.sh [BUILD]: branch coverage, per file, without exclusion marks. The unit tests alone must
# reach 90 % of core/ and of codec/ and 85 % of config/, the scenarios alone 85 % of engine/.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${1:-$root/build-cov}
[ -e "$build/build.ninja" ] || verb=setup
meson "${verb:-configure}" "$build" --buildtype=debug -Db_coverage=true -Dexamples=false >/dev/null
ninja -C "$build" >"$build/build.log" 2>&1 || { tail -n 20 "$build/build.log" && exit 1; }

code=0
count() # SUITE: what its tests run, and nothing that ran before
{
	find "$build" -name '*.gcda' -delete
	meson test -C "$build" --no-rebuild --suite "$1" --logbase "coverage-$1" >"$build/$1.log" 2>&1 || {
		grep -E ' (FAIL|ERROR|TIMEOUT) ' "$build/$1.log" || tail -n 20 "$build/$1.log"
		code=1
	}
}

judge() # ROOM LEAST
{
	echo "src/$1: at least $2 % of its branches"
	gcovr --root "$root" --object-directory "$build" --filter "$root/src/$1/" --no-markers \
		--txt --branches --fail-under-branch "$2" "$build" || code=1
}

count unit
judge core 90
judge codec 90
judge config 85
count scenario
judge engine 85
[ $code -eq 0 ] || echo "a test fails, or a room is below its bound"
exit $code
