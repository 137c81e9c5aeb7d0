#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# rolling.sh [VERSION]: chains that change while their messages wait, on a real Kafka, from chain
# files: a stage retired by a rolling deploy and taken out at last, judged by the checker; a stage
# taken out too early (allow_stranded); a group renamed (formerly); groups that share their stages
# (shared_topics). One line a check; exit 1 when one is not ok.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
build=${STAGGER_BUILD:-$here/../../build}
bin=$build/tests
version=${1:-4.3.1}
limit_seconds=60
pids='' failed=0
layer=rolling
. "$support/with_kafka.sh"

end_own()
{
	for pid in $pids; do
		kill -9 "$pid" 2>/dev/null || true
	done
}

now_ms() { date +%s%3N; }

chain() # FILE GROUP TOPIC RETRY [MORE...]: RETRY as `retry: {...}` has it
{
	file=$dir/$1.yaml
	{
		echo "kafka: {bootstrap.servers: \"$brokers\"}"
		echo "group: $2"
		echo "session_timeout: 6s"
		echo "chains:"
		echo "  scripted:"
		echo "    topic: $3"
		echo "    start_at: ${start_at:-earliest}"
		echo "    retry: {$4}"
	} >"$file"
	shift 4
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$file"
}

create() # FILE: its topics
{
	"$build/src/cli/stagger" topics create "$dir/$1.yaml" >"$dir/$1.topics" 2>&1
}

start() # NAME FILE GROUP TOPIC STAGES [RETIRED]; the history is NAME.jsonl. Sets pid
{
	name=$1
	set -- --chain "$dir/$2.yaml" --brokers "$brokers" --group "$3" --topic "$4" \
		--stages "$5" ${6:+--retired "$6"} --name "$1" --out "$dir/$1.jsonl"
	"$bin/scripted_worker" "$@" >>"$dir/$name.log" 2>&1 &
	pid=$!
	pids="$pids $pid"
}

tell() # TOPIC NAME: for the checker, before a clean stop
{
	printf '{"event":"stop","at_ms":%s,"member":"%s"}\n' "$(now_ms)" "$2" \
		>>"$dir/$1.driver.jsonl"
}

stop() # PID: a clean stop
{
	kill -TERM "$1"
	wait "$1"
}

waits_for() # PATTERN COUNT FILE...: that many lines like that, within the limit
{
	pattern=$1 wanted=$2
	shift 2
	ends=$(($(date +%s) + limit_seconds))
	until [ "$(cat "$@" 2>/dev/null | grep -Ec -- "$pattern")" -ge "$wanted" ]; do
		[ "$(date +%s)" -lt $ends ] || return 1
		sleep 0.1
	done
}

check() # WHAT COMMAND...
{
	what=$1
	shift
	if "$@"; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		failed=$((failed + 1))
	fi
}

says() { grep -Eq -- "$1" "$2"; } # PATTERN FILE
hides() { ! grep -Eq -- "$1" "$2"; }
ids_done() { grep '"verdict":"done"' "$1" | grep -o '"id":"[^"]*"' | sort -u | wc -l; }
done_is() { [ "$(ids_done "$1")" = "$2" ]; } # FILE COUNT

# Two members, one after the other, get the chain whose middle stage is retired; later one without it.
retired()
{
	count=4000
	chain roll.1 g roll 'stages: [300ms, 700ms, 1s500ms]'
	chain roll.2 g roll 'stages: [300ms, {delay: 700ms, retired: true}, 1s500ms]'
	chain roll.3 g roll 'stages: [300ms, 1s500ms]'
	"$bin/make_topics" "$brokers" roll:4
	create roll.1
	start a roll.1 g roll 300ms,700ms,1s500ms
	a=$pid
	start b roll.1 g roll 300ms,700ms,1s500ms
	b=$pid
	"$bin/flood" --brokers "$brokers" --topic roll --count $count --rate 600 --seed 7 \
		--mix 'D=40,RD=25,RRD=15,RRRD=10,RRRRRR=5,X=5' --partitions 4 --keys 200 \
		--out "$dir/flood.jsonl" &
	flood=$!
	pids="$pids $flood"
	python3 "$support/wait_ended.py" $((count / 4)) $limit_seconds "$dir/a.jsonl" "$dir/b.jsonl"
	tell roll a
	check "the first member stops cleanly" stop "$a"
	start a roll.2 g roll 300ms,700ms,1s500ms 700ms
	a=$pid
	python3 "$support/wait_ended.py" $((count / 2)) $limit_seconds "$dir/a.jsonl" "$dir/b.jsonl"
	tell roll b
	check "the second member stops cleanly" stop "$b"
	start b roll.2 g roll 300ms,700ms,1s500ms 700ms
	b=$pid
	wait $flood
	python3 "$support/wait_ended.py" $count $limit_seconds "$dir/a.jsonl" "$dir/b.jsonl"
	tell roll a
	tell roll b
	check "both stop cleanly" stop "$a"
	check "the other, too" stop "$b"
	topics=roll.g.retry.300ms,roll.g.retry.700ms,roll.g.retry.1s500ms
	"$bin/drain" --brokers "$brokers" --main roll --stages $topics --dlts roll.g.dlt \
		--out "$dir/drain.jsonl"
	check "the checker finds nothing" "$bin/checker" "$dir/roll.driver.jsonl" \
		"$dir/flood.jsonl" "$dir/a.jsonl" "$dir/b.jsonl" "$dir/drain.jsonl"
	check "the stage was used" says '"hopped".*"to_topic":"roll.g.retry.700ms"' "$dir/a.jsonl"
	check "and was left by its retired readers" \
		says '"handling".*"stage":"retry.700ms"' "$dir/b.jsonl"

	start last roll.3 g roll 300ms,1s500ms
	check "emptied, it may be taken out" waits_for '"assigned"' 1 "$dir/last.jsonl"
	check "without a word about it" hides 'retry.700ms' "$dir/last.log"
	check "and stops" stop "$pid"
}

# A stage of hours is taken out while messages wait in it.
too_early()
{
	chain keep.1 g keep 'stages: [2h]'
	chain keep.2 g keep 'stages: [500ms]'
	chain keep.3 g keep 'stages: [500ms]' 'allow_stranded: true'
	chain keep.4 g keep 'stages: [500ms, {delay: 2h, retired: true}]'
	"$bin/make_topics" "$brokers" keep:2
	create keep.1
	create keep.2
	start k1 keep.1 g keep 2h
	printf 'id=%s;script=RD\n' 1 2 3 | kcat -P -b "$brokers" -t keep
	check "messages wait in a stage" waits_for '"hopped"' 3 "$dir/k1.jsonl"
	check "whose reader stops" stop "$pid"

	start k2 keep.2 g keep 500ms
	code=0
	wait "$pid" || code=$?
	check "without the stage no member starts" [ $code = 1 ]
	check "it says why" says "STAGGER_TOPICS.*'keep.g.retry.2h' holds 3 unread" "$dir/k2.log"

	start k3 keep.3 g keep 500ms
	printf 'id=%s;script=RD\n' 4 5 | kcat -P -b "$brokers" -t keep
	check "allow_stranded works on" waits_for '"verdict":"done"' 2 "$dir/k3.jsonl"
	check "it warns" says "level=warn.*'keep.g.retry.2h' holds 3 unread" "$dir/k3.log"
	check "and stops" stop "$pid"

	start k4 keep.4 g keep 500ms,2h 2h
	check "retired, the stage is read again" \
		waits_for '"assigned".*"keep.g.retry.2h"' 1 "$dir/k4.jsonl"
	check "and nobody is stranded" hides stranded "$dir/k4.log"
	check "and stops" stop "$pid"
	"$bin/drain" --brokers "$brokers" --main keep --stages keep.g.retry.2h --dlts keep.g.dlt \
		--out "$dir/keep.jsonl"
	check "its messages still wait" waits_for '"remains".*"topic":"keep.g.retry.2h"' 3 \
		"$dir/keep.jsonl"
	check "none is dead" hides '"dead"' "$dir/keep.jsonl"
}

# A group gets another name while its messages wait; its stages are named without it.
renamed()
{
	names='topic: "{topic}.retry.{delay}", stages: [4s]'
	dlt='    dead_letter: {topic: "{topic}.dlt"}'
	chain name.1 before name "$names" "$dlt"
	"$bin/make_topics" "$brokers" name:2
	create name.1
	start n1 name.1 before name 4s
	printf 'id=%s;script=RD\n' 1 2 3 4 5 | kcat -P -b "$brokers" -t name
	check "messages of the old name wait" waits_for '"hopped"' 5 "$dir/n1.jsonl"
	check "whose members stop" stop "$pid"
	start_at=latest
	chain name.2 after name "$names" "$dlt" 'formerly: [before]'
	chain name.3 stranger name "$names" "$dlt"
	start_at=''
	start n2 name.2 after name 4s
	check "the new name handles them" waits_for '"verdict":"done"' 5 "$dir/n2.jsonl"
	check "as retries" says '"handled".*"attempt":2.*"verdict":"done"' "$dir/n2.jsonl"
	check "none is foreign" hides foreign\":[1-9] "$dir/n2.jsonl"
	check "and stops" stop "$pid"
	start n3 name.3 stranger name 4s
	check "a name that is not formerly's finds them foreign" \
		waits_for '"dead_lettered".*"reason":"foreign"' 5 "$dir/n3.jsonl"
	check "and stops" stop "$pid"
}

# Two groups, one set of stages; one of them gets a second member with a longer chain.
shared()
{
	names='topic: "{topic}.retry.{delay}", stages'
	more='    shared_topics: true'
	dlt='    dead_letter: {topic: "{topic}.{group}.dlt"}'
	for group in x y; do
		chain both.$group $group both "$names: [400ms, 900ms]" "$more" "$dlt"
		chain both.$group.2 $group both \
			"$names: [400ms, 900ms, {delay: 2s, retired: true}]" "$more" "$dlt"
	done
	"$bin/make_topics" "$brokers" both:4
	create both.x.2
	create both.y.2
	start x1 both.x x both 400ms,900ms
	x1=$pid
	start y1 both.y y both 400ms,900ms
	y1=$pid
	start x2 both.x.2 x both 400ms,900ms,2s 2s
	x2=$pid
	"$bin/flood" --brokers "$brokers" --topic both --count 1000 --rate 400 --seed 8 \
		--mix 'D=50,RD=30,RRD=10,RRRRRR=5,X=5' --partitions 4 --keys 100 \
		--out "$dir/both.jsonl"
	check "the one group ends all" python3 "$support/wait_ended.py" 1000 $limit_seconds \
		"$dir/x1.jsonl" "$dir/x2.jsonl"
	check "the other, too" python3 "$support/wait_ended.py" 1000 $limit_seconds "$dir/y1.jsonl"
	check "the members stop" stop "$x1"
	check "the second of x" stop "$x2"
	check "that of y" stop "$y1"
	cat "$dir/x1.jsonl" "$dir/x2.jsonl" >"$dir/x.jsonl"
	check "each met the other's" says '"stopped".*"foreign":[1-9]' "$dir/y1.jsonl"
	check "in both" says '"stopped".*"foreign":[1-9]' "$dir/x.jsonl"
	for group in x y1; do
		check "no dead letter of $group is the other's" \
			hides '"reason":"foreign"' "$dir/$group.jsonl"
	done
	x=$(grep -c '"event":"dead_lettered"' "$dir/x.jsonl")
	y=$(grep -c '"event":"dead_lettered"' "$dir/y1.jsonl")
	check "each has its own dead letters ($x, $y)" [ "$x" -gt 0 ]
	check "as many as the other" [ "$x" = "$y" ]
}

start_kafka "$version"
retired
too_early
renamed
shared
if [ $failed -gt 0 ]; then
	echo "rolling: $failed checks are not ok"
	exit 1
fi
echo "rolling: passed"
