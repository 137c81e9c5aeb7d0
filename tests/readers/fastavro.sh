#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fastavro.sh: an independent reader sees in each good sample of tests/data/envelope exactly what
# stagger sees.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
bin=${STAGGER_BUILD:-$root/build}/tests
venv=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/fastavro
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import fastavro' 2>/dev/null || "$venv/bin/python" -m pip install -q fastavro
count=0
for sample in "$root"/tests/data/envelope/*/; do
	name=$(basename "$sample")
	case $name in
	# What stagger refuses, and what only it reads: a newer writer by the prefix rule.
	refused_* | fields_of_a_newer_writer | newer_registry_id) continue ;;
	esac
	tr -d '[:space:]' <"$sample/input.hex" >"$dir/hex"
	echo >>"$dir/hex"
	"$bin/hex_to_json" <"$dir/hex" >"$dir/stagger.json"
	"$venv/bin/python" "$here/fastavro_check.py" "$root/src/codec/envelope.avsc" \
		<"$dir/hex" >"$dir/fastavro.json"
	cmp "$dir/stagger.json" "$dir/fastavro.json" || { echo "fastavro: $name differs" && exit 1; }
	count=$((count + 1))
done
[ $count -gt 0 ] || { echo "fastavro: there are no samples" && exit 1; }
echo "fastavro reads $count samples as stagger does"
