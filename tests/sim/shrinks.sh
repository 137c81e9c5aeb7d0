#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A planted bug's story is made smaller, and the smaller story fails, too. $1: sim.
set -eu
found=$("$1" --mutant room_drops_last --seed 1 --shrink | sed -n 's/^smaller: [^ ]* //p')
[ -n "$found" ] || { echo "nothing was printed"; exit 1; }
case $found in
*--steps*--faults*) ;;
*) echo "nothing was left out: $found"; exit 1 ;;
esac
# shellcheck disable=SC2086 # words of a command
if "$1" --mutant room_drops_last $found >/dev/null; then
	echo "the smaller story is a good one: $found"
	exit 1
fi
