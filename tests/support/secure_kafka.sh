#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# secure_kafka.sh start VERSION DIR: a real Kafka with SASL_SSL (PLAIN: bob/bob-pw) and ACLs, and a
# plaintext door for the test itself, whose user ANONYMOUS may do everything. The certificate is
# for localhost only, so that 127.0.0.1 does not match. Makes DIR/ca.crt and DIR/wrong_ca.crt, and
# prints "ready localhost:SECURE_PORT 127.0.0.1:PLAIN_PORT PID"; kafka.sh stop PID ends it. Started
# again with the same DIR it keeps its ports and its data.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cluster=AAAAAAAAAAAAAAAAAAAAAA
start_seconds=90

die()
{
	echo "secure_kafka.sh: $*" >&2
	exit 1
}

free_ports()
{
	python3 -c 'import socket
s = [socket.socket() for _ in range(3)]
for x in s:
	x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])'
}

certificates()
{
	dir=$1
	for ca in ca wrong_ca; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$ca" \
			-keyout "$dir/$ca.key" -out "$dir/$ca.crt"
	done
	echo subjectAltName=DNS:localhost >"$dir/broker.ext"
	openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$dir/broker.key" \
		-out "$dir/broker.csr"
	openssl x509 -req -in "$dir/broker.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" \
		-CAcreateserial -days 30 -extfile "$dir/broker.ext" -out "$dir/broker.crt"
	cat "$dir/broker.key" "$dir/broker.crt" "$dir/ca.crt" >"$dir/broker.pem"
}

properties()
{
	version=$1 dir=$2 secure=$3 plain=$4 controller=$5
	cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=SECURE://127.0.0.1:$secure,PLAIN://127.0.0.1:$plain,CONTROLLER://127.0.0.1:$controller
advertised.listeners=SECURE://localhost:$secure,PLAIN://127.0.0.1:$plain
listener.security.protocol.map=SECURE:SASL_SSL,PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
log.dirs=$dir/logs
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=2097152
auto.create.topics.enable=false
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=$dir/broker.pem
ssl.client.auth=none
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="bob-pw";
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

prepare() # VERSION DIR LIB
{
	command -v openssl >/dev/null || die "openssl is missing: apt-get install openssl"
	certificates "$2" >"$2/certificates.log" 2>&1 || die "see $2/certificates.log"
	# shellcheck disable=SC2046 # three words
	properties "$1" "$2" $(free_ports) >"$2/server.properties"
	java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -cp "$3/*" \
		kafka.tools.StorageTool format -t $cluster -c "$2/server.properties" \
		>"$2/format.log" 2>&1 || die "format failed, see $2/format.log"
}

start() # VERSION DIR
{
	lib=$("$here/kafka.sh" jars "$1")
	mkdir -p "$2"
	dir=$(CDPATH='' cd -- "$2" && pwd)
	[ -e "$dir/server.properties" ] || prepare "$1" "$dir" "$lib"
	advertised=$(sed -n 's/^advertised.listeners=//p' "$dir/server.properties")
	secure=$(echo "$advertised" | sed 's/.*localhost:\([0-9]*\),.*/\1/')
	plain=${advertised##*:}
	java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$lib/*" kafka.Kafka \
		"$dir/server.properties" >>"$dir/server.log" 2>&1 </dev/null &
	pid=$!
	ends=$(($(date +%s) + start_seconds))
	until kcat -b "127.0.0.1:$plain" -L -m 1 >/dev/null 2>&1; do
		kill -0 $pid 2>/dev/null || die "the broker ended, see $dir/server.log"
		if [ "$(date +%s)" -gt $ends ]; then
			kill -9 $pid
			die "no metadata within $start_seconds s, see $dir/server.log"
		fi
		sleep 0.2
	done
	echo "ready localhost:$secure 127.0.0.1:$plain $pid"
}

if [ $# -ne 3 ] || [ "$1" != start ]; then
	die "say start VERSION DIR"
fi
start "$2" "$3"
