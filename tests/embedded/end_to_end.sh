#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# end_to_end.sh [COUNT]: end to end on the embedded broker, which runs as a process of its own; and
# a quarter of it again in mode republish.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
bin=${STAGGER_BUILD:-$here/../../build}/tests
count=${1:-10000}
dir=$(mktemp -d)
broker=''

end()
{
	code=$?
	if [ -n "$broker" ]; then
		kill "$broker" 2>/dev/null || true
		wait "$broker" 2>/dev/null || true
	fi
	[ $code -ne 0 ] || rm -rf "$dir"
	[ $code -eq 0 ] || echo "end_to_end: failed, histories and logs are in $dir" >&2
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

topics=''
for topic in mock republish; do
	for rest in '' .e2e.retry.300ms .e2e.retry.700ms .e2e.retry.1s500ms .e2e.dlt; do
		topics=$topics${topics:+,}$topic$rest:8
	done
done
"$bin/broker" --topics "$topics" --port-file "$dir/port" >"$dir/broker.log" 2>&1 &
broker=$!
tries=0
until [ -s "$dir/port" ]; do
	kill -0 "$broker" 2>/dev/null || { cat "$dir/broker.log" && exit 1; }
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { echo "end_to_end: the broker is not ready after 30 s" && exit 1; }
	sleep 0.1
done
brokers=127.0.0.1:$(cat "$dir/port")
"$support/end_to_end.sh" --brokers "$brokers" --topic mock --count "$count" --dir "$dir/run" --mock
"$support/end_to_end.sh" --brokers "$brokers" --topic republish --count $((count / 4)) \
	--dir "$dir/republish" --mock --republish
