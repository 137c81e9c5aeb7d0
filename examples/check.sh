#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# check.sh EXAMPLE BIN: runs one example of BIN on a broker of its own, produces orders to it, and
# looks at what it says, at its topics, and at its end by SIGTERM.
set -eu

name=$1
bin=$2
limit_seconds=60

command -v kcat >/dev/null || {
	echo "check: kcat is missing: apt-get install kcat"
	exit 77
}
dir=$(mktemp -d)
broker='' example=''

end()
{
	code=$?
	for pid in $example $broker; do
		kill -9 "$pid" 2>/dev/null || true
	done
	wait
	[ $code -eq 0 ] || cat "$dir"/*.log >&2
	rm -rf "$dir"
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

stages_of() # CHAIN.GROUP
{
	echo "$1.retry.1m:4,$1.retry.5m:4,$1.retry.30m:4,$1.dlt:4"
}

start()
{
	topics="orders:4,orders.schema.dlt:4,$(stages_of orders.billing),$(stages_of orders.archive)"
	"$bin/demo-broker" --topics "$topics" --port-file "$dir/port" >"$dir/broker.log" 2>&1 &
	broker=$!
	until_true test -s "$dir/port"
	servers=127.0.0.1:$(cat "$dir/port")
	"$bin/$name" "$servers" "$@" >"$dir/said.log" 2>&1 &
	example=$!
}

until_true() # COMMAND...
{
	tries=$((limit_seconds * 5))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || {
			echo "check $name: not within $limit_seconds s: $*" >&2
			exit 1
		}
		sleep 0.2
	done
}

orders() { printf '%s\n' "$@" | kcat -q -P -b "$servers" -t orders; }
said() { [ "$(grep -cE "^$1\$" "$dir/said.log")" -eq "$2" ]; }
says() { until_true said "$1" "${2:-1}"; } # PATTERN [TIMES]

holds() # TOPIC COUNT
{
	[ "$(kcat -q -C -e -b "$servers" -t "$1" -f 'x\n' | wc -l)" -eq "$2" ]
}

stops()
{
	kill -TERM $example
	wait $example || {
		echo "check $name: no clean stop" >&2
		exit 1
	}
	example=''
}

case $name in
01-minimal)
	start
	orders 1900 250000 -5
	says 'charged 1900'
	until_true holds orders.billing.retry.1m 1
	until_true holds orders.billing.dlt 1
	;;
02-async-libuv)
	start
	orders 1900 250000
	says 'answer for 1900'
	says 'answer for 250000'
	until_true holds orders.billing.retry.1m 1
	;;
03-thread-local-db)
	start "$dir/orders.db"
	orders 1900 700
	says 'archive/orders/[0-3]/[01] stored' 2
	;;
06-chain-in-c)
	start
	orders fine busy limited broken
	says 'busy: BankBusy, waits in orders.billing.retry.1m for [0-9]+ ms'
	says 'limited: RateLimited, waits in orders.billing.retry.1m for 90000 ms'
	says 'broken: SchemaError, dead \(not_retriable\) in orders.schema.dlt'
	until_true holds orders.schema.dlt 1
	;;
*)
	echo "check: what should $name say?" >&2
	exit 2
	;;
esac
stops
