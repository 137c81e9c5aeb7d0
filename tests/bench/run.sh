#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--scale] [--quick] [--only NAME] [--version V] [--librdkafka V] [--preload FILE] [--write]:
# measures every goal of docs/performance.md on a real Kafka that it starts, beside bare loops over
# librdkafka that it runs in turn with ours.
#   --scale      instead: what grows with partitions, members, sizes and messages
#   --quick      in less than 4 minutes: small counts, nothing is judged but early calls and instructions
#   --only NAME  one row, or more with commas between, or a series; --only list names them
#   --version V  of Apache Kafka (4.3.1)
#   --librdkafka V  as a library, see tests/support/librdkafka.sh; a table of its own
#   --preload FILE  another malloc, say: into bare loops and what is measured beside them, not into the
#                broker; not to be written
#   --write      puts the table into docs/performance.md, and all figures into docs/performance.json;
#                with --only the other rows stay as they are
# --scale writes into docs/scale.md and docs/scale.json.
# Fails when a call was early, when instructions rose, and, without --quick, when a goal is missed.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
version=4.3.1
only='' quick='' write='' other='' preload='' what=goals.py
while [ $# -gt 0 ]; do
	case $1 in
	--scale) what=scale.py ;;
	--quick) quick=--quick ;;
	--write) write=--write ;;
	--only) only=$2 && shift ;;
	--version) version=$2 && shift ;;
	--preload) preload=$2 && shift ;;
	--librdkafka) other=$2 && shift ;;
	*) sed -n '4,18s/^# *//p' "$0" >&2 && exit 2 ;;
	esac
	shift
done
[ "$only" != list ] || exec python3 "$here/$what" --only list
layer=bench
if [ -n "$other" ]; then
	LD_LIBRARY_PATH=$("$support/librdkafka.sh" "$other")/lib
	export LD_LIBRARY_PATH
fi
# In memory where there is room, so that the broker's disk is not what is measured.
room_kib=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 {print $4}')
[ "${room_kib:-0}" -lt 6291456 ] || export TMPDIR=/dev/shm
. "$support/with_kafka.sh"

start_kafka "$version"
# shellcheck disable=SC2086 # a word or nothing
python3 "$here/$what" --brokers "$brokers" --kafka "$version" --log "$dir/benches.log" \
	${only:+--only "$only"} ${other:+--librdkafka "$other"} ${preload:+--preload "$preload"} $quick $write
