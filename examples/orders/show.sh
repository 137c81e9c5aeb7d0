#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# show.sh BIN STAGGER: the demo's half minute, with the programs in BIN and the command. Twelve
# orders of four kinds, a second consumer that joins while some of them wait, and leaves; then the
# dead letters. Fails when what it shows is not what it should be. Everything on screen goes through
# one file, in order.
set -eu

bin=$1
stagger=$2
chain=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/orders.yaml
late_limit_ms=2000
dir=$(mktemp -d)
steps=$dir/steps
pids=''

end()
{
	code=$?
	trap '' INT TERM
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	if [ $code -eq 0 ] || [ $code -ge 128 ]; then
		rm -rf "$dir"
	else
		echo "demo: failed; all that was said is in $dir" >&2
	fi
	exit $code
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bold='' green='' yellow='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') green=$(printf '\033[32m') yellow=$(printf '\033[33m')
	red=$(printf '\033[31m') plain=$(printf '\033[0m')
fi

paint()
{
	sed -u -e "s/^-- .*/$bold&$plain/" -e "s/ charged .*/$green&$plain/" \
		-e "s/ DEAD .*/$red&$plain/" -e "s/attempt .*\(Error\|Busy\|Locked\) .*/$yellow&$plain/"
}

die()
{
	echo "demo: $*" >&2
	exit 1
}

say() { printf '\n-- %s\n' "$*" >>"$steps"; }
seen() { grep -cE "$1" "$steps" || true; }
orders_seen() { grep -E "$1" "$steps" | grep -oE 'order-[0-9]+' | sort -u | wc -l; }

wait_for() # SECONDS COUNT PATTERN: until so many lines of it are on the screen
{
	tries=$(($1 * 10))
	until [ "$(seen "$3")" -ge "$2" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || {
			cat "$dir"/*.log >&2
			die "within $1 s not seen $2 times: $3"
		}
		sleep 0.1
	done
}

# The embedded broker refuses commits while the group rebalances (Kafka does not), and what is not
# committed comes again: let the last ones through.
let_commit() { sleep 0.5; }

start_member() # NAME; sets pid
{
	"$bin/orders" "$chain" "$1" >>"$steps" 2>"$dir/$1.log" &
	pid=$!
	pids="$pids $pid"
}

stop_member() # PID
{
	kill -TERM "$1"
	wait "$1" || die "a member did not stop cleanly"
}

: >"$steps"
"$stagger" broker --port 0 "$chain" >"$dir/address" 2>"$dir/broker.log" &
broker=$!
pids=$broker
tail -n +1 -s 0.2 -f --pid=$broker "$steps" | paint &
tries=100
until [ -s "$dir/address" ]; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || die "no broker within 10 s"
	sleep 0.1
done
BROKERS=$(cat "$dir/address") # orders.yaml names it
export BROKERS

say "Consumer A joins (the embedded broker is slow at that: about 6 s)."
start_member A
a=$pid
wait_for 60 4 ' A  gets partition'

say "12 orders, three of each kind: good, invalid, transient, poison."
"$bin/produce-orders" "$BROKERS" 12 >/dev/null
wait_for 30 3 'retry\.2s +attempt 3 +charged'

let_commit
say "The poison waits 12 s for its last attempt. Meanwhile consumer B joins (about 8 s):
   the waiting orders of its partitions change hands, and nothing gets late."
start_member B
b=$pid
wait_for 60 1 ' B  gets partition'
wait_for 60 6 ' DEAD '

let_commit
say "B is stopped by SIGTERM: it finishes, commits and leaves. A takes over (about 5 s)."
stop_member $b
wait_for 60 10 ' A  gets partition'
"$bin/produce-orders" "$BROKERS" 4 13 good >/dev/null
wait_for 30 7 'main +attempt 1 +charged'
stop_member $a

say "The dead letters: stagger dlt ls orders.yaml"
"$stagger" dlt ls "$chain" >>"$steps"
say "One of them, whole: stagger dlt show --class AccountLocked --limit 1 orders.yaml"
"$stagger" dlt show --class AccountLocked --limit 1 "$chain" >>"$steps"
charged=$(orders_seen ' charged ')
dead=$(orders_seen ' DEAD ')
retries=$(seen ' ms late$')
latest_ms=$(sed -n 's/.* \(-*[0-9]*\) ms late$/\1/p' "$steps" | sort -n | tail -n 1)
[ "$charged" -eq 10 ] || die "$charged orders were charged, not 10"
[ "$dead" -eq 6 ] || die "$dead orders are dead letters, not 6"
[ "$(seen '^orders\.shop\.dlt/[0-3]/[0-9]+ .* (SchemaError|AccountLocked/423) ')" -eq 6 ] ||
	die "orders.shop.dlt does not hold 6 dead letters"
[ "$(seen ' -[0-9]+ ms late$')" -eq 0 ] || die "a retry came before its due"
[ "$latest_ms" -le $late_limit_ms ] || die "a retry came $latest_ms ms after its due"

kill $broker
wait
echo
echo "${bold}Seen: 16 orders, $charged charged, $dead dead letters; $retries retries, none early, the latest" \
	"$latest_ms ms after its due.${plain}"
