#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cli.sh: the command on 'stagger broker': the broker's life, dead letters listed, shown and
# counted, kcat's bytes decoded.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
data=$here/../data/envelope
PATH=${STAGGER_BUILD:-$here/../../build}/src/cli:$here/../cli:$PATH
dir=$(mktemp -d)
broker=''

end()
{
	code=$?
	[ -z "$broker" ] || kill -9 "$broker" 2>/dev/null || true
	[ $code -ne 0 ] || rm -rf "$dir"
	[ $code -eq 0 ] || echo "cli: failed, what was said is in $dir" >&2
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM
unset NO_COLOR
cd "$dir"

die()
{
	echo "cli: $*" >&2
	exit 1
}

until_true() # COMMAND...
{
	tries=300
	until "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || die "not within 30 s: $*"
		sleep 0.1
	done
}

# Runs the command; its outputs are in out and err, and it ends with that code.
expect() # CODE WORD...
{
	wanted=$1
	shift
	code=0
	"$@" >out 2>err || code=$?
	[ $code -eq "$wanted" ] || die "'$*' ends with $code, not $wanted: $(cat err)"
}

says() { grep -qE -- "$2" "$1" || die "$1 does not say '$2': $(cat "$1")"; } # FILE PATTERN
lines() { [ "$(wc -l <"$1")" -eq "$2" ] || die "$1 has not $2 lines: $(cat "$1")"; }

start_broker() # WORD...
{
	: >address
	stagger broker "$@" >address 2>limits &
	broker=$!
	until_true test -s address
}

end_broker() # SIGNAL
{
	kill "-$1" "$broker"
	wait "$broker" || die "the broker ends with $?"
	broker=''
}

put() # TOPIC SAMPLE [OPTION...]: one record whose value are these bytes
{
	topic=$1
	unhex <"$data/$2/input.hex" >"$2.bin"
	sample=$2
	shift 2
	kcat -q -P -b "$servers" -t "$topic" "$@" "$sample.bin"
}

port=$("$here/../support/free_ports.py")
cat >chain.yaml <<YAML
kafka: {bootstrap.servers: "127.0.0.1:$port"}
group: billing
chains:
  orders: {dead_letter: {routes: {"Schema*": orders.schema.dlt}}}
  refunds: {dead_letter: {topic: all.dlt}}
YAML

# -- the broker
start_broker --port "$port" --partitions 3 chain.yaml
servers=127.0.0.1:$port
[ "$(cat address)" = "$servers" ] || die "the address is '$(cat address)'"
until_true grep -q 'SIGINT or SIGTERM' limits
says limits 'nothing persists'
says limits '5 MiB'
kcat -L -b "$servers" >topics
for topic in orders orders.billing.retry.1m orders.billing.retry.30m orders.billing.dlt \
	orders.schema.dlt refunds all.dlt; do
	says topics "topic \"$topic\" with 3 partitions"
done
expect 1 stagger broker --port "$port"
says err 'is in use by another program'

# -- nothing yet
expect 4 stagger dlt ls chain.yaml
lines out 0
says err 'no dead letter matches'
expect 4 stagger dlt count chain.yaml

# -- letters
put orders.billing.dlt full -p 0 -H outer=1
put orders.billing.dlt unicode -p 1
put orders.schema.dlt fields_of_a_newer_writer -p 2
printf 'no \033[31menvelope' >stranger
kcat -q -P -b "$servers" -t all.dlt -k who -p 0 stranger
echo k: | kcat -q -P -b "$servers" -t all.dlt -K : -Z -p 1

expect 0 stagger dlt ls chain.yaml
lines out 6
says out '^orders.billing.dlt/0/0 .*Z  BankBusy/503 +orders/3/9007199254740993 +5  connection pool'
says out '^orders.billing.dlt/1/0 .*Zahlung.Überfällig'
says out '^all.dlt/0/0 .*\(no envelope\) .*neither C3 01'
says out '^all.dlt/1/0 .*it has no value'
if grep -q "$(printf '\033')" out; then
	die "an escape reaches the terminal: $(cat -v out)"
fi
expect 0 stagger dlt ls -o json chain.yaml
lines out 5
python3 -c 'import json, sys
letters = [json.loads(line) for line in open("out")]
assert sum("no_envelope" in l for l in letters) == 2, letters
assert {l["topic"] for l in letters} == {"orders.billing.dlt", "orders.schema.dlt", "all.dlt"}'

# -- filters
for filter in '3 --chain orders' '2 --class BankBusy' '2 --class Bank*/50*' '2 --code 503' \
	'1 --key who' '2 --key order-4711' '2 --disposition attempts_exhausted' '3 --topic orders' \
	'5 --since 1h' '5 --until 2999-01-01' '2 --limit 2' '1 --class Zahlung* --chain orders'; do
	# shellcheck disable=SC2086 # a list of words
	set -f && set -- $filter && set +f
	count=$1
	shift
	expect 0 stagger dlt ls -o json "$@" chain.yaml
	lines out "$count"
done
for filter in '--chain refunds --code 503' '--class Bank' '--key order' '--until 1h' \
	'--since 2999-01-01'; do
	# shellcheck disable=SC2086
	expect 4 stagger dlt ls $filter chain.yaml
done

# -- show
expect 0 stagger dlt show --topic orders --code 503 --limit 1 chain.yaml
says out '^  error     BankBusy/503: connection pool is full$'
says out '^  history   2025-12-31T23:55:00.789Z  main \(3 calls\), Timeout: no answer in 2 s$'
says out '^  header    traceparent: 00-'
says out '^  outside   outer: 1$'
expect 0 stagger dlt show --key who chain.yaml
says out '^  value     no .u001b\[31menvelope$'
expect 0 stagger dlt show -o json chain.yaml
lines out 5
python3 -c 'import json
for line in open("out"):
	letter = json.loads(line)
	assert (letter["envelope"] is None) == ("no_envelope" in letter)
	if letter["topic"] == "orders.billing.dlt" and letter["partition"] == 0:
		assert letter["envelope"]["history_dropped"] == 2
		assert letter["headers"] == [{"key": "outer", "value": "1"}]'

# -- count
expect 0 stagger dlt count chain.yaml
lines out 4
says out '^ +2  BankBusy '
says out '^ +2  \(no envelope\)'
expect 0 stagger dlt count --by hour chain.yaml
says out '^ +[1-5]  20[0-9-]+T[0-9]{2}Z '
expect 0 stagger dlt count --by stage -o json --chain orders chain.yaml
says out '^{"stage":"retry.5m","count":2,'

# -- as users pipe it
kcat -q -C -b "$servers" -t orders.billing.dlt -p 0 -o 0 -c 1 -e -f '%s' | stagger decode >out
says out '"error_class":"BankBusy"'
kcat -q -C -b "$servers" -t orders.billing.dlt -p 0 -o 0 -c 1 -e | stagger decode >out
says out '"error_class":"BankBusy"'
expect 1 sh -c "kcat -q -C -b $servers -t orders.billing.dlt -o beginning -e -f %s | stagger decode"
says err 'the values of several records'
(
	code=0
	stagger dlt show chain.yaml 2>err || code=$?
	echo $code >code
) | head -n 1 >out
[ "$(cat code)" = 0 ] || die "a closed pipe ends it with $(cat code)"
lines err 0
expect 1 sh -c 'stagger dlt ls chain.yaml >/dev/full'
says err 'No space left'
python3 "$here/../cli/terminal.py" stagger dlt ls chain.yaml >out
says out "$(printf '\033')\[1mdead letter"
NO_COLOR=1 python3 "$here/../cli/terminal.py" stagger dlt ls chain.yaml >out
if grep -q "$(printf '\033')" out; then
	die "colour in spite of NO_COLOR"
fi

# -- where topics are missing, or the file names another cluster
sed 's/routes: .*}}$/routes: {Odd: odd.dlt}}}/' chain.yaml >more.yaml
expect 3 stagger dlt count more.yaml
says err "there is no topic 'odd.dlt'; 'stagger topics create more.yaml' makes it"
says out 'BankBusy'
sed "s/127.0.0.1:$port/127.0.0.1:9/" chain.yaml >away.yaml
expect 75 stagger dlt ls --timeout 500ms away.yaml
expect 0 stagger dlt ls --brokers "$servers" away.yaml
sed "s/kafka: .*/kafka: {bootstrap.servers: embedded, embedded.port: $port}/" chain.yaml >inside.yaml
expect 0 stagger dlt ls inside.yaml # a consumer that embeds a broker can be looked into
lines out 6

# -- its end, and another one
end_broker TERM
expect 75 stagger dlt ls --timeout 500ms chain.yaml
start_broker --port 0
case $(cat address) in
127.0.0.1:[1-9]*) ;;
*) die "a free port is '$(cat address)'" ;;
esac
end_broker INT
start_broker inside.yaml # the file's port, at once again
[ "$(cat address)" = "$servers" ] || die "the address is '$(cat address)'"
end_broker TERM
echo "cli: passed"
