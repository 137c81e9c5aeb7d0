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
. "$here/kafka_nodes.sh"

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

properties() # VERSION DIR SECURE PLAIN CONTROLLER
{
	common_properties "$1" "$2" 1 "1@127.0.0.1:$5" 1
	cat <<PROPERTIES
listeners=SECURE://127.0.0.1:$3,PLAIN://127.0.0.1:$4,CONTROLLER://127.0.0.1:$5
advertised.listeners=SECURE://localhost:$3,PLAIN://127.0.0.1:$4
listener.security.protocol.map=SECURE:SASL_SSL,PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
ssl.keystore.type=PEM
ssl.keystore.location=$2/broker.pem
ssl.client.auth=none
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="bob-pw";
PROPERTIES
}

prepare() # VERSION DIR LIB
{
	command -v openssl >/dev/null || die "openssl is missing: apt-get install openssl"
	certificates "$2" >"$2/certificates.log" 2>&1 || die "see $2/certificates.log"
	# shellcheck disable=SC2046 # three words
	properties "$1" "$2" $("$here/free_ports.py" 3) >"$2/server.properties"
	format_node "$2" "$3"
}

start() # VERSION DIR
{
	lib=$(jars "$1")
	dir=$(absolute "$2")
	[ -e "$dir/server.properties" ] || prepare "$1" "$dir" "$lib"
	advertised=$(sed -n 's/^advertised.listeners=//p' "$dir/server.properties")
	secure=$(echo "$advertised" | sed 's/.*localhost:\([0-9]*\),.*/\1/')
	plain=${advertised##*:}
	launch_node "$dir" "$lib"
	await_node "$dir" $pid "$plain"
	echo "ready localhost:$secure 127.0.0.1:$plain $pid"
}

if [ $# -ne 3 ] || [ "$1" != start ]; then
	die "say start VERSION DIR"
fi
start "$2" "$3"
