# SPDX-License-Identifier: Apache-2.0
#
# What kafka.sh and secure_kafka.sh share, to be read by them: jars from Maven Central, ports, the
# settings that every test broker has, and the life of a node. A node is a folder with its
# server.properties, logs/ and server.log.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/stagger
cluster=AAAAAAAAAAAAAAAAAAAAAA
start_seconds=180

die()
{
	echo "$(basename "$0"): $*" >&2
	exit 1
}

jars() # VERSION
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

# Of node ID, in DIR, of a cluster of NODES that all vote: all but its listeners.
common_properties() # VERSION DIR ID VOTERS NODES
{
	in_sync=$(($5 - $5 / 2))
	cat <<PROPERTIES
process.roles=broker,controller
node.id=$3
controller.quorum.voters=$4
controller.listener.names=CONTROLLER
log.dirs=$2/logs
default.replication.factor=$5
min.insync.replicas=$in_sync
offsets.topic.num.partitions=1
offsets.topic.replication.factor=$5
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=$5
transaction.state.log.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=100
log.cleaner.dedupe.buffer.size=2097152
auto.create.topics.enable=false
log.retention.check.interval.ms=1000
PROPERTIES
	case $1 in
	3.*) ;;
	*) cat <<PROPERTIES ;;
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=$5
share.coordinator.state.topic.min.isr=$in_sync
PROPERTIES
	esac
}

format_node() # DIR LIB
{
	java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -cp "$2/*" \
		kafka.tools.StorageTool format -t $cluster -c "$1/server.properties" \
		>"$1/format.log" 2>&1 || die "format failed, see $1/format.log"
}

launch_node() # DIR LIB; sets pid
{
	java -Xmx1g -Xms256m -XX:+UseSerialGC -cp "$2/*" kafka.Kafka "$1/server.properties" \
		>>"$1/server.log" 2>&1 </dev/null &
	pid=$!
}

await_node() # DIR PID PORT of a plaintext listener
{
	ends=$(($(date +%s) + start_seconds))
	until kcat -b "127.0.0.1:$3" -L -m 1 >/dev/null 2>&1; do
		kill -0 "$2" 2>/dev/null || die "the broker ended, see $1/server.log"
		if [ "$(date +%s)" -gt $ends ]; then
			kill -9 "$2"
			die "no metadata within $start_seconds s, see $1/server.log"
		fi
		sleep 0.2
	done
}

absolute() # DIR; makes it
{
	mkdir -p "$1"
	(CDPATH='' cd -- "$1" && pwd)
}
