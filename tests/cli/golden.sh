#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# golden.sh STAGGER [--write]: what the command says, without a broker. A case is a folder of
# tests/data/cli: cmd is run by sh in that folder; what it says on both outputs is expect.txt,
# and it ends with the number in exit (0 without that file). --write makes them what it says now.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
PATH=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd):$here:$PATH # unhex is here
write=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=''

# Nothing of the caller's environment shows.
unset NO_COLOR STAGGER_GROUP 2>/dev/null || true
export LC_ALL=C TZ=UTC

for case in "$here"/../data/cli/*/; do
	name=$(basename "$case")
	code=0
	(cd "$case" && sh ./cmd) >"$dir/said" 2>&1 </dev/null || code=$?
	if [ "$write" = --write ]; then
		cp "$dir/said" "$case/expect.txt"
		rm -f "$case/exit"
		[ $code -eq 0 ] || echo $code >"$case/exit"
	fi
	wanted=0
	[ ! -e "$case/exit" ] || wanted=$(cat "$case/exit")
	n=$((n + 1))
	if ! diff -u "$case/expect.txt" "$dir/said"; then
		failed="$failed $name"
	elif [ $code -ne "$wanted" ]; then
		echo "$name: ends with $code, not $wanted"
		failed="$failed $name"
	fi
done
[ $n -gt 0 ] || { echo "golden: no cases" && exit 1; }
[ -z "$failed" ] || { echo "golden: failed:$failed" && exit 1; }
echo "golden: $n cases"
