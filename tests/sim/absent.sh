#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The library has no planted bug, and the simulation has them. $1: the library's archive, $2: sim.
set -eu
names() {
	nm "$1" | grep -c 'mutant_planted\|cover_record' || true
}
[ "$(names "$1")" -eq 0 ] || { echo "$1 was built with -DSTAGGER_MUTANTS"; exit 1; }
[ "$(names "$2")" -ge 2 ] || { echo "$2 was built without -DSTAGGER_MUTANTS"; exit 1; }
