#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# valgrind.sh: the unit tests of src/core under valgrind's memcheck, which knows what was never
# written, as no sanitizer of gcc does. The last line says how many.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/..
build=${STAGGER_BUILD:-$root/build}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM
export STAGGER_TEST_DATA="$here/data"
n=0
for file in "$root"/src/core/*.c; do
	name=$(basename "$file" .c)
	test=$build/tests/unit/test_$name
	[ -x "$test" ] || continue
	valgrind -q --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite "$test" \
		>"$log" 2>&1 || {
		cat "$log"
		echo "valgrind: test_$name failed"
		exit 1
	}
	n=$((n + 1))
done
[ $n -gt 0 ] || { echo "valgrind: no tests in $build" && exit 1; }
echo "valgrind: $n tests of core passed"
