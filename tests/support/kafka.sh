#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A real Apache Kafka for tests, without containers: jars from Maven Central, once, in the cache.
#   kafka.sh jars VERSION                  gets the jars, prints their directory
#   kafka.sh start VERSION DIR             a new broker in DIR, or the one that was stopped there;
#                                          prints "ready 127.0.0.1:PORT PID"
#   kafka.sh stop PID                      ends it
#   kafka.sh topics BROKERS name:partitions[:key=value...]...
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/stagger
cluster=AAAAAAAAAAAAAAAAAAAAAA
start_seconds=90

die()
{
	echo "kafka.sh: $*" >&2
	exit 1
}

jars()
{
	version=$1
	home=$cache/kafka-$version
	if [ ! -e "$home/complete" ]; then
		command -v mvn >/dev/null || die "mvn is missing: apt-get install maven"
		mkdir -p "$home"
		cat >"$home/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>stagger</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
		(cd "$home" && mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=lib) >&2 ||
			die "mvn could not get kafka_2.13:$version"
		: >"$home/complete"
	fi
	echo "$home/lib"
}

# Two free ports: asked for together, so that they differ.
free_ports()
{
	python3 -c 'import socket
s = [socket.socket() for _ in range(2)]
for x in s:
	x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])'
}

properties()
{
	version=$1
	dir=$2
	port=$3
	controller=$4
	cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/logs
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=100
log.cleaner.dedupe.buffer.size=2097152
auto.create.topics.enable=false
log.retention.check.interval.ms=1000
PROPERTIES
	case $version in
	3.*) ;;
	*) cat <<PROPERTIES ;;
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
PROPERTIES
	esac
}

start()
{
	version=$1
	lib=$(jars "$version")
	mkdir -p "$2"
	dir=$(CDPATH='' cd -- "$2" && pwd)
	if [ ! -e "$dir/server.properties" ]; then
		ports=$(free_ports)
		properties "$version" "$dir" "${ports% *}" "${ports#* }" >"$dir/server.properties"
		java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -cp "$lib/*" \
			kafka.tools.StorageTool format -t $cluster -c "$dir/server.properties" \
			>"$dir/format.log" 2>&1 || die "format failed, see $dir/format.log"
	fi
	port=$(sed -n 's/^advertised.listeners=.*://p' "$dir/server.properties")
	java -Xmx1g -Xms256m -XX:+UseSerialGC -cp "$lib/*" kafka.Kafka "$dir/server.properties" \
		>>"$dir/server.log" 2>&1 </dev/null &
	pid=$!
	ends=$(($(date +%s) + start_seconds))
	until kcat -b "127.0.0.1:$port" -L -m 1 >/dev/null 2>&1; do
		kill -0 $pid 2>/dev/null || die "the broker ended, see $dir/server.log"
		if [ "$(date +%s)" -gt $ends ]; then
			kill -9 $pid
			die "no metadata within $start_seconds s, see $dir/server.log"
		fi
		sleep 0.2
	done
	echo "ready 127.0.0.1:$port $pid"
}

stop()
{
	kill "$1" 2>/dev/null || return 0
	ends=$(($(date +%s) + 30))
	while kill -0 "$1" 2>/dev/null; do
		if [ "$(date +%s)" -gt $ends ]; then
			kill -9 "$1"
			return 0
		fi
		sleep 0.1
	done
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
jars | start | stop) $verb "$@" ;;
topics) exec "${STAGGER_BUILD:-$here/../../build}/tests/make_topics" "$@" ;;
*) die "say jars, start, stop or topics" ;;
esac
