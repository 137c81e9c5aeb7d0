#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# dlt_headers.sh [VERSION]: dead letters on a real Kafka with the headers of each family, compared
# with what that family's own writer writes for the same record, and read by its own readers.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
bin=${STAGGER_BUILD:-$here/../../build}/tests
home=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/dlt-headers-1
version=${1:-4.3.1}
workers=''
layer=dlt_headers
. "$support/with_kafka.sh"

end_own()
{
	[ -z "$workers" ] || kill $workers 2>/dev/null || true
	[ -z "$workers" ] || wait $workers || true
}

# Each family's own jars and what they need to be loaded; the clients are those of the broker.
jars()
{
	[ ! -e "$home/complete" ] || return 0
	mkdir -p "$home"
	cp "$here/dlt_headers.pom.xml" "$home/pom.xml"
	(cd "$home" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies \
		-DoutputDirectory=lib) >&2 ||
		{ echo "dlt_headers: mvn could not get the jars" >&2 && exit 1; }
	: >"$home/complete"
}

# Two partitions, so that the numbers differ; no dead letter has offset 0.
produce() # TOPIC
{
	for partition in 0 1; do
		{
			echo 'k:id=0;script=D'
			[ $partition -eq 0 ] || echo 'k:id=0;script=D'
			echo "k:id=x$partition;script=X;class=Poison;detail=at line $partition;attempts=1"
			echo "k:id=r$partition;script=R;class=Time-out;attempts=3"
		} | kcat -P -b "$brokers" -t "$1" -p $partition -K: -H traceparent=00-a1-b2-01 \
			-H content-type=text/plain
	done
}

jars
kafka=$("$support/kafka.sh" jars "$version")
path="$home/lib/*:$kafka/*"
javac -nowarn -d "$dir/classes" -cp "$path" "$here/DltHeaders.java"
start_kafka "$version"

begin() # TOPIC FAMILY [CONFIG of the topic]; the group is named after the topic
{
	group=$1-readers
	"$support/kafka.sh" topics "$brokers" "$1:2${3:+:$3}" "$1.$group.retry.100ms:2" \
		"$1.$group.retry.200ms:2" "$1.$group.dlt:2"
	produce "$1"
	"$bin/scripted_worker" --brokers "$brokers" --group "$group" --topic "$1" \
		--stages 100ms,200ms --dlt-headers "$2" >"$dir/$1.jsonl" 2>"$dir/$1.log" &
	workers="$workers $!"
}

begin in-kafka kafka
begin in-connect connect
begin in-spring spring
begin in-spring-appended spring message.timestamp.type=LogAppendTime
begin in-none none
timeout 300 java -XX:TieredStopAtLevel=1 -cp "$dir/classes:$path" DltHeaders "$brokers" 4 \
	in-kafka=kafka in-connect=connect in-spring=spring in-spring-appended=spring in-none=none
