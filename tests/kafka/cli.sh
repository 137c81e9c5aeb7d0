#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cli.sh [VERSION]: the command's reading of dead letters on a real, secured Kafka: thousands of
# them, topics that end in a transaction's marker, that were compacted, whose transaction is open;
# instants; permissions; and that no group is left behind. One line a check; exit 1 when one is not
# ok.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
data=$here/../data/envelope
bin=${STAGGER_BUILD:-$here/../../build}
PATH=$bin/src/cli:$here/../cli:$PATH
version=${1:-4.3.1}
failed=0
layer=cli
. "$support/with_kafka.sh"
cd "$dir"

# Runs the command; outputs are in out and err. Says whether it ends with CODE and prints LINES.
check() # WHAT CODE LINES WORD...
{
	what=$1 wanted=$2 lines=$3
	shift 3
	code=0
	timeout 60 stagger "$@" >out 2>err || code=$?
	if [ $code -eq "$wanted" ] && [ "$(wc -l <out)" -eq "$lines" ]; then
		echo "ok - $what"
	else
		echo "not ok - $what: ends with $code and $(wc -l <out) lines"
		head -n 5 out err
		failed=$((failed + 1))
	fi
}

says() # FILE PATTERN
{
	grep -qE -- "$2" "$1" || {
		echo "not ok - it does not say '$2': $(head -n 5 "$1")"
		failed=$((failed + 1))
	}
}

put() # TOPIC COUNT SAMPLE [OPTION...]
{
	topic=$1 count=$2 sample=$3
	shift 3
	# shellcheck disable=SC2046 # a list of files, one record each
	kcat -q -P -b "$plain" -t "$topic" "$@" $(yes "$sample.bin" | head -n "$count")
}

for sample in full unicode minimal; do
	unhex <"$data/$sample/input.hex" >$sample.bin
done
"$support/secure_kafka.sh" start "$version" "$dir/broker" >ready
read -r _ secure plain broker <ready
"$support/kafka.sh" topics "$plain" many.b.dlt:6 marked.b.dlt:1 packed.b.dlt:1:cleanup.policy=compact:segment.ms=100:min.cleanable.dirty.ratio=0.001:max.compaction.lag.ms=100 \
	open.b.dlt:1 timed.b.dlt:2 secret.b.dlt:1 hidden.b.dlt:1
for name in many marked packed open timed; do
	cat >$name.yaml <<-YAML
		kafka: {bootstrap.servers: "$plain"}
		group: b
		chains: {orders: {topic: $name}}
	YAML
done

# -- thousands
for _ in 1 2 3 4 5; do
	put many.b.dlt 1000 full
done
put many.b.dlt 7 unicode
put many.b.dlt 3 minimal -p 5
check "thousands are counted" 0 4 dlt count many.yaml
says out '^ +5000  BankBusy '
says out '^ +7  Zahlung'
check "all of them come as JSON lines" 0 5010 dlt ls -o json many.yaml
check "each of them once" 0 1 dlt count --by topic -o json many.yaml
says out '"count":5010,'
sort -u out >/dev/null
check "a few among thousands are found" 0 8 dlt ls --class 'Zahlung*' many.yaml
check "a limit stops it" 0 10 dlt show --limit 10 -o json many.yaml

# -- markers of transactions, also as the last of a topic; what was aborted; what is open
transact() { "$bin/tests/transact" "$plain" "$@"; }
transact marked.b.dlt full.bin 20 commit
transact marked.b.dlt unicode.bin 5 commit
check "topics that end in a transaction's marker end" 0 25 dlt ls -o json marked.yaml
transact marked.b.dlt full.bin 7 abort
check "what was aborted is not shown" 0 25 dlt ls -o json marked.yaml
put open.b.dlt 4 full
transact open.b.dlt full.bin 9 leave
put open.b.dlt 2 full
check "what is not committed is not shown, nor waited for" 0 4 dlt ls -o json open.yaml

# -- compacted: offsets are missing everywhere, also the last ones of a segment
for key in a b c a b c a b; do
	put packed.b.dlt 3 full -k $key
	sleep 0.15
done
tries=300
until [ "$(kcat -q -C -e -o beginning -b "$plain" -t packed.b.dlt -f 'x\n' | wc -l)" -lt 10 ]; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || { echo "not ok - the topic is not compacted within 60 s" && exit 1; }
	sleep 0.2
done
left=$(kcat -q -C -e -o beginning -b "$plain" -t packed.b.dlt -f 'x\n' | wc -l)
check "a compacted topic is read to its end" 0 "$left" dlt ls -o json packed.yaml

# -- instants, by the broker's index and by the records
put timed.b.dlt 10 full -p 0
put timed.b.dlt 10 full -p 1
sleep 1.1
instant=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
sleep 1.1
put timed.b.dlt 3 unicode -p 1
check "since an instant" 0 3 dlt ls --since "$instant" -o json timed.yaml
check "until an instant" 0 20 dlt ls --until "$instant" -o json timed.yaml
check "between two" 4 0 dlt ls --since "$instant" --until "$instant" timed.yaml
check "since a minute ago" 0 23 dlt ls --since 1m -o json timed.yaml
check "since a time to come" 4 0 dlt ls --since 2999-01-01 timed.yaml

# -- permissions: one topic may be read, one only described, one is hidden
put secret.b.dlt 1 full
put hidden.b.dlt 1 full
"$bin/tests/make_acls" "$plain" User:bob topic:timed.b.dlt:read:describe \
	topic:secret.b.dlt:describe
cat >bob.yaml <<YAML
kafka:
  bootstrap.servers: $secure
  security.protocol: SASL_SSL
  ssl.ca.location: $dir/broker/ca.crt
  sasl.mechanisms: PLAIN
  sasl.username: bob
  sasl.password: \${BOB}
group: b
chains: {timed: {}, secret: {}, hidden: {}}
YAML
sed 's/^chains: .*/chains: {orders: {topic: timed}}/' bob.yaml >timed_bob.yaml
export BOB=bob-pw
check "what may be read is, without a permission for any group" 0 23 \
	dlt ls -o json timed_bob.yaml
check "of the others it is said" 3 23 dlt ls -o json bob.yaml
says err "topic 'secret.b.dlt' is not authorized: an ACL that allows DESCRIBE and READ"
says err "topic 'hidden.b.dlt' is not authorized"
check "a topic alone that may not be read is a failure" 1 0 dlt ls --chain hidden bob.yaml
export BOB=wrong
check "a wrong password is told from silence" 1 0 dlt ls --timeout 20s bob.yaml
says err 'the broker refused our credentials'
if grep -q 'wrong' err; then
	echo "not ok - the password is shown: $(cat err)"
	failed=$((failed + 1))
fi

# -- nobody has ever been asked for a group: its topic would be there
kcat -L -b "$plain" >topics
if grep -q __consumer_offsets topics; then
	echo "not ok - a group was asked for"
	failed=$((failed + 1))
else
	echo "ok - no group is left behind"
fi
"$support/kafka.sh" stop "$broker"
broker=''
check "a broker that is gone" 75 0 dlt ls --timeout 1s many.yaml
[ $failed -eq 0 ] || exit 1
echo "cli: passed on Kafka $version"
