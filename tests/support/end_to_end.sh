#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# One end-to-end run against a broker that is there, with its topics: a flood of scripted messages
# through all stages, two members, one of them killed three times, a clean stop, the checker.
#   end_to_end.sh --brokers B --topic T --count N --dir DIR [--static] [--mock] [--readers]
#     [--republish]
# --republish: due messages go back to main, and halfway the members get a chain whose second stage
# is retired. --static: members with instance ids. --mock: the embedded broker, where a revoke counts like a
# kill. --readers: fastavro reads the dead letters too. DIR keeps the histories.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
bin=${STAGGER_BUILD:-$root/build}/tests
cache=${XDG_CACHE_HOME:-$HOME/.cache}/stagger
group=e2e
stages=300ms,700ms,1s500ms
partitions=8
limit_seconds=180
# plain, in place, each stage, exhausted, dead at once, retry_after, deferred, slow
mix='D=480,RD=150,RRD=80,RRRD=60,RRRRD=50,RRRRRR=40,X=40,RX=20,RD..900=30,A=40,S=10'

count=10000
static='' mock='' readers='' republish='' retired='' brokers='' topic='' dir=''
while [ $# -gt 0 ]; do
	case $1 in
	--static) static=yes ;;
	--mock) mock=yes ;;
	--readers) readers=yes ;;
	--republish) republish=yes ;;
	--brokers) brokers=$2 && shift ;;
	--topic) topic=$2 && shift ;;
	--count) count=$2 && shift ;;
	--dir) dir=$2 && shift ;;
	*) echo "end_to_end: unknown option $1" >&2 && exit 2 ;;
	esac
	shift
done
[ -n "$brokers" ] && [ -n "$topic" ] && [ -n "$dir" ] || {
	echo "end_to_end: --brokers, --topic and --dir are needed" >&2
	exit 2
}
mkdir -p "$dir"

pid_m1='' pid_m2='' pid_flood=''
end_all()
{
	for pid in $pid_m1 $pid_m2 $pid_flood; do
		kill -9 "$pid" 2>/dev/null || true
	done
}
trap end_all EXIT
trap 'exit 1' INT TERM

say() { echo "end_to_end $topic: $*"; }
now_ms() { date +%s%3N; }
tell() { printf '{"event":"%s","at_ms":%s%s}\n' "$1" "$(now_ms)" "$2" >>"$dir/driver.jsonl"; }

start_member() # NAME; sets pid
{
	set -- "$1" --brokers "$brokers" --group $group --topic "$topic" --stages $stages \
		--order key --workers 4 --jitter 20% --in-place 2x50ms --max-uncommitted 2000 \
		--name "$1" --out "$dir/$1.jsonl"
	name=$1
	shift
	[ -z "$static" ] || set -- "$@" --instance "$group-$name"
	[ -n "$static" ] || set -- "$@" --session-timeout 6000
	[ -z "$mock" ] || set -- "$@" --set consumer.fetch.wait.max.ms=10
	[ -z "$republish" ] || set -- "$@" --republish
	[ -z "$retired" ] || set -- "$@" --retired $retired
	"$bin/scripted_worker" "$@" >>"$dir/$name.log" 2>&1 &
	pid=$!
}

wait_for() # COUNT: ids that have ended
{
	python3 "$here/wait_ended.py" "$1" $limit_seconds "$dir/m1.jsonl" "$dir/m2.jsonl" || {
		tail -n 5 "$dir/m1.log" "$dir/m2.log" >&2
		exit 1
	}
}

kill_and_restart()
{
	kill -9 "$pid_m1"
	wait "$pid_m1" 2>/dev/null || true
	tell fault ',"reason":"kill","member":"m1"'
	start_member m1
	pid_m1=$pid
}

# m1 comes back with the changed chain after its next kill, m2 now, after a clean stop.
change_chain()
{
	retired=700ms
	tell stop ',"member":"m2"'
	kill -TERM "$pid_m2"
	wait "$pid_m2" || { say "m2 did not stop cleanly" && tail -n 5 "$dir/m2.log" && exit 1; }
	start_member m2
	pid_m2=$pid
}

stop_members()
{
	tell stop ',"member":"m1"'
	tell stop ',"member":"m2"'
	kill -TERM "$pid_m1" "$pid_m2"
	wait "$pid_m1" || { say "m1 did not stop cleanly" && tail -n 5 "$dir/m1.log" && exit 1; }
	pid_m1=''
	wait "$pid_m2" || { say "m2 did not stop cleanly" && tail -n 5 "$dir/m2.log" && exit 1; }
	pid_m2=''
}

# That the run met what it is meant to meet.
saw() # WHAT PATTERN
{
	grep -qE "$2" "$dir/m1.jsonl" "$dir/m2.jsonl" || { say "no $1 in the run" && exit 1; }
}

# With STAGGER_LIBRDKAFKA: that the members run on that version.
check_librdkafka()
{
	grep -q "/librdkafka-$STAGGER_LIBRDKAFKA/" "/proc/$pid_m2/maps" || {
		say "m2 does not run on librdkafka $STAGGER_LIBRDKAFKA"
		exit 1
	}
}

compare_readers()
{
	venv=$cache/fastavro
	[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
	"$venv/bin/python" -c 'import fastavro' 2>/dev/null ||
		"$venv/bin/python" -m pip install -q fastavro
	"$bin/hex_to_json" <"$dir/dead.hex" >"$dir/stagger.json"
	"$venv/bin/python" "$root/tests/readers/fastavro_check.py" \
		"$root/src/codec/envelope.avsc" <"$dir/dead.hex" >"$dir/fastavro.json"
	cmp "$dir/stagger.json" "$dir/fastavro.json"
	say "fastavro reads $(wc -l <"$dir/fastavro.json") dead letters as stagger does"
}

[ -z "$mock" ] || echo '{"event":"config","revoke_is_fault":true}' >>"$dir/driver.jsonl"
start_member m1
pid_m1=$pid
start_member m2
pid_m2=$pid
"$bin/flood" --brokers "$brokers" --topic "$topic" --count "$count" --rate $((count / 8 + 1)) \
	--seed 1 --mix "$mix" --partitions $partitions --keys 500 --out "$dir/flood.jsonl" &
pid_flood=$!
for fifth in 1 2 3; do
	wait_for $((count * fifth / 5))
	[ -z "$republish" ] || [ $fifth -ne 2 ] || change_chain
	kill_and_restart
done
wait "$pid_flood" || { say "the flood failed" && exit 1; }
pid_flood=''
wait_for "$count"
[ -z "${STAGGER_LIBRDKAFKA:-}" ] || check_librdkafka
stop_members

stage_topics=$(echo $stages | sed "s/[^,]*/$topic.$group.retry.&/g")
"$bin/drain" --brokers "$brokers" --main "$topic" --stages "$stage_topics" \
	--dlts "$topic.$group.dlt" --out "$dir/drain.jsonl" --hex "$dir/dead.hex"
"$bin/checker" "$dir/driver.jsonl" "$dir/flood.jsonl" "$dir/m1.jsonl" "$dir/m2.jsonl" \
	"$dir/drain.jsonl"
for stage in 300ms 700ms 1s500ms; do
	# on a busy machine it may be retired before anything has come so far
	[ $stage != 700ms ] || [ -z "$republish" ] || continue
	saw "hop into retry.$stage" "\"hopped\".*\"to_topic\":\"$topic.$group.retry.$stage\""
done
saw "dead letter" '"dead_lettered"'
saw "exhausted message" '"reason":"attempts_exhausted"'
saw "deferred message" '"verdict":"deferred"'
saw "retry_after" '"hopped".*"retry_after_ms":900'
saw "in-place retry" '"handling".*"attempt":2.*"stage":"main"'
[ -z "$republish" ] || {
	saw "hop back to main" "\"hopped\".*\"to_topic\":\"$topic\""
	saw "retry in main" "\"handling\".*\"stage\":\"retry.1s500ms\".*\"topic\":\"$topic\""
	saw "member with a retired stage" '"config".*"retired":true'
}
[ -z "$readers" ] || compare_readers
say "passed with $count messages"
