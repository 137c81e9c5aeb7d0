#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# end_to_end.sh [COUNT]: end to end on the embedded broker, which runs as a process of its own.
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

"$bin/broker" --topics mock:8,mock.e2e.retry.300ms:8,mock.e2e.retry.700ms:8,mock.e2e.retry.1s500ms:8,mock.e2e.dlt:8 \
	--port-file "$dir/port" >"$dir/broker.log" 2>&1 &
broker=$!
tries=0
until [ -s "$dir/port" ]; do
	kill -0 "$broker" 2>/dev/null || { cat "$dir/broker.log" && exit 1; }
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { echo "end_to_end: the broker is not ready after 30 s" && exit 1; }
	sleep 0.1
done
"$support/end_to_end.sh" --brokers "127.0.0.1:$(cat "$dir/port")" --topic mock --count "$count" \
	--dir "$dir/run" --mock
