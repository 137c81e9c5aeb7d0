#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same seed tells the same history, byte by byte, in two processes. $1: sim.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for seed in 7 42; do
	"$1" --seed "$seed" --json >"$folder/first"
	"$1" --seed "$seed" --json >"$folder/second"
	cmp "$folder/first" "$folder/second"
	lines=$(wc -l <"$folder/first")
	[ "$lines" -gt 1000 ] || { echo "seed $seed tells only $lines lines"; exit 1; }
done
