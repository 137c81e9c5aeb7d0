#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# topics.sh [VERSION]: the topics of a chain on a real Kafka: made by `stagger topics create` and by
# create_topics, with settings that Kafka's own tools see; what is missing, unfit or stranded keeps a
# consumer from starting, and the command in its text mends it. One line a check; exit 1 when one is
# not ok.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
build=${STAGGER_BUILD:-$here/../../build}
bin=$build/tests
version=${1:-4.3.1}
user='' number=0 failed=0
layer=topics
. "$support/with_kafka.sh"

end_own()
{
	finish
}
. "$support/checks.sh"

file=$dir/chain.yaml

chain() # MORE LINES...: the chain file, with two stages unless one of them says otherwise
{
	{
		echo "kafka: {bootstrap.servers: \"$brokers\"}"
		echo "group: g"
		printf '%s\n' "$@"
	} >"$file"
}

tool() { "$support/kafka_tools.sh" "$version" "$@"; }
starts() { within 6000 "^assigned $1 "; } # MAIN

seen() # what Kafka's own tool says of all topics, into $out
{
	number=$((number + 1))
	out=$dir/$number.out
	tool kafka-topics.sh --bootstrap-server "$brokers" --describe >"$out" 2>&1
}

has() # TOPIC SETTING...: the line of that topic in $out has each of them
{
	line=$(grep "^Topic: $1[[:space:]].*PartitionCount" "$out") || return 1
	shift
	for setting in "$@"; do
		case "$line," in
		*"$setting"[,[:space:]]*) ;;
		*) return 1 ;;
		esac
	done
}

obey() # runs the kafka-configs.sh line of the last output
{
	line=$(grep -o 'kafka-configs.sh --bootstrap-server [^;&"]*' "$out" | head -n 1)
	# shellcheck disable=SC2086 # a command line
	tool $line >>"$dir/obeyed" 2>&1
}

created()
{
	chain 'chains: {orders: {retry: {stages: [1m, 5m]}}}'
	stagger topics create "$file"
	check "without main nothing is made" exits 1
	check "that is said" says "orders.*missing"
	begin "$file"
	check "nor does a consumer start" refused 6000 STAGGER_TOPICS
	check "it names main" says "'orders' is missing: make it"
	check "and a stage" says "'orders.g.retry.5m' is missing: it should be kept for 7d1h"
	check "and the command" says "made by: stagger topics create $file"
	finish

	"$bin/make_topics" "$brokers" orders:3:max.message.bytes=2000000
	stagger topics create "$file" --dry-run
	check "a dry run ends well" exits 0
	check "says what would be made" says "orders.g.retry.5m.*would be made"
	kcat -L -b "$brokers" >"$out"
	check "and makes nothing" hides "retry"

	stagger topics create "$file"
	check "topics are made" exits 0
	check "that is said" says "orders.g.dlt.*made"
	seen
	for topic in orders.g.retry.1m orders.g.retry.5m; do
		check "$topic is as it should be" has $topic "PartitionCount: 3" \
			cleanup.policy=delete retention.ms=608400000 retention.bytes=-1 \
			max.message.bytes=2065536 min.insync.replicas=1
	done
	check "the dead letters are kept for ever" has orders.g.dlt "PartitionCount: 3" \
		retention.ms=-1 retention.bytes=-1 max.message.bytes=2065536
	check "main is as it was" has orders "PartitionCount: 3" max.message.bytes=2000000
	check "main has nothing of ours" hides '^Topic: orders[[:space:]].*retention'
	stagger topics create "$file"
	check "a second time all is there" exits 0
	check "that is said" says "orders.g.retry.1m.*exists"
	stagger check "$file"
	check "the check finds no fault" exits 0

	begin "$file"
	check "a consumer starts" starts orders
	check "without a warning of ours" hides 'level=warn msg="[^l]'
	check "and stops" stops
	finish
}

unfit()
{
	chain 'chains: {worn: {retry: {stages: [1m, 5m]}}}'
	"$bin/make_topics" "$brokers" worn:3 worn.g.dlt:3:retention.ms=-1 \
		worn.g.retry.1m:3:cleanup.policy=compact:retention.ms=60000 \
		worn.g.retry.5m:3:retention.bytes=1000000:retention.ms=604800000
	begin "$file"
	check "a compacted stage is refused" refused 6000 STAGGER_TOPICS
	check "as such" says "'worn.g.retry.1m' is compacted: newer messages"
	check "with its retention in the same text" says "is kept for 1m and messages may wait for 1h"
	check "and nothing that is not refused" hides "retry.5m"
	finish
	stagger topics create "$file"
	check "topics create mends nothing that is there" exits 3
	check "but says so" says "error: topic 'worn.g.retry.1m' is compacted: newer messages"
	check "also what is less" says "warning: topic 'worn.g.retry.5m' has retention.bytes"
	stagger check "$file"
	check "the check finds it" exits 1
	check "with the command" says "kafka-configs.sh --bootstrap-server $brokers --alter"

	begin "$file"
	check "obeyed, the text's command" refused 6000 STAGGER_TOPICS
	obey
	finish
	begin "$file"
	check "mends it" starts worn
	check "a bound in bytes is a warning" says "'worn.g.retry.5m' has retention.bytes 1000000"
	check "Kafka's own 7 days are none" hides "'worn.g.retry.5m'.*is kept"
	obey
	check "and stops" stops
	finish
	begin "$file"
	check "that is mended by its command, too" starts worn
	check "without a warning of ours" hides 'level=warn msg="[^l]'
	check "and stops" stops
	finish
}

made_at_start()
{
	chain 'create_topics: true' 'chains: {bills: {retry: {stages: [2h]}}}'
	begin "$file"
	check "create_topics makes no main topic" refused 6000 STAGGER_TOPICS
	check "and names it" says "'bills' is missing"
	finish
	"$bin/make_topics" "$brokers" bills:2
	begin "$file"
	check "with main there it starts" within 15000 '^assigned bills '
	check "and says what it made" says "topic 'bills.g.retry.2h' was made: 2 partitions"
	check "and stops" stops
	finish
	seen
	check "they are as they should be" has bills.g.retry.2h "PartitionCount: 2" \
		cleanup.policy=delete retention.ms=612000000 retention.bytes=-1 \
		max.message.bytes=1114124
	check "the dead letters, too" has bills.g.dlt "PartitionCount: 2" retention.ms=-1
}

stranded()
{
	printf 'a\nb\nc\n' | kcat -P -b "$brokers" -t orders.g.retry.5m -p 1
	chain 'chains: {orders: {retry: {stages: [1m]}}}'
	begin "$file"
	check "a stage that was taken out with its messages is refused" refused 8000 STAGGER_TOPICS
	check "with their number" says "'orders.g.retry.5m' holds 3 unread messages of group 'g'"
	check "and what to do" says 'retired: true.*allow_stranded'
	finish
	stagger check "$file"
	check "the check finds it" exits 1
	check "as stranded" says "orders.g.retry.5m.*holds 3 unread"

	chain 'allow_stranded: true' 'chains: {orders: {retry: {stages: [1m]}}}'
	begin "$file"
	check "allow_stranded starts" starts orders
	check "with a warning" says "level=warn.*'orders.g.retry.5m' holds 3 unread messages"
	check "and stops" stops
	finish

	chain 'chains: {orders: {retry: {stages: [1m, {delay: 5m, retired: true}]}}}'
	begin "$file"
	check "a retired stage is read" within 6000 '^assigned orders.g.retry.5m '
	check "and stops" stops
	finish
}

republished()
{
	"$bin/make_topics" "$brokers" state:1:cleanup.policy=compact
	chain 'create_topics: true' 'chains: {state: {mode: republish, retry: {stages: [1m]}}}'
	begin "$file"
	check "a compacted main is refused with mode republish" refused 15000 STAGGER_TOPICS
	check "as such" says "'state' is compacted: an older message"
	finish
	chain 'chains: {state: {retry: {stages: [1m]}}}'
	begin "$file"
	check "with mode handle it is not" starts state
	check "and stops" stops
	finish
}

start_kafka "$version"
created
unfit
made_at_start
stranded
republished
verdict topics
