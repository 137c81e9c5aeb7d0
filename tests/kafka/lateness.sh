#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# lateness.sh [VERSION] [HOPS] [MESSAGES]: on a real Kafka, how late retries are handled at 1,000
# due a second, then the main path beside a bare loop. The numbers are printed, not judged: this
# fails only when a call was early or a run does not end in its time.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
bin=${STAGGER_BUILD:-$here/../../build}/tests
version=${1:-4.3.1}
hops=${2:-100000}
messages=${3:-1000000}
rate=1000
visits=10
# the pace of the hops, the last messages' visits, and as much again
limit_seconds=$((2 * (hops / rate + visits) + 60))
dir=$(mktemp -d)
broker=''

end()
{
	code=$?
	[ -z "$broker" ] || "$support/kafka.sh" stop "$broker"
	[ $code -ne 0 ] || rm -rf "$dir"
	[ $code -eq 0 ] || echo "lateness: failed, logs are in $dir" >&2
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

"$support/kafka.sh" start "$version" "$dir/broker" >"$dir/ready"
read -r _ brokers broker <"$dir/ready"

run() # NAME OPTIONS...
{
	"$support/kafka.sh" topics "$brokers" "$1:8" "$1.retry:8" "$1.dlt:8"
	topic=$1
	shift
	"$bin/lateness" --brokers "$brokers" --topic "$topic" --rate $rate --visits $visits \
		--limit-seconds $limit_seconds "$@"
}

run constant --hops "$hops" --stage-delay 1000
run jitter --hops $((hops / 4)) --stage-delay 1000 --jitter 0.2
"$support/kafka.sh" topics "$brokers" bench:8 bench.retry.1m:8 bench.retry.5m:8 \
	bench.retry.30m:8 bench.dlt:8
"$bin/preload" --brokers "$brokers" --count "$messages" 2>>"$dir/preload.log"
timeout 300 "$here/../bench/pairs.sh" 3 "$bin/bare" "$bin/main_path" --brokers "$brokers" \
	--count "$messages"
