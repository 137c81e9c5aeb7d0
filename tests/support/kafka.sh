#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A real Apache Kafka for tests, without containers: jars from Maven Central, once, in the cache.
#   kafka.sh jars VERSION                  gets the jars, prints their directory
#   kafka.sh start VERSION DIR             a new broker in DIR, or the one that was stopped there;
#                                          prints "ready 127.0.0.1:PORT PID"
#   kafka.sh start VERSION DIR NODES       a new cluster, its nodes in DIR/1, DIR/2, ...; prints
#                                          "ready BROKERS PID PID ...". One that was stopped is
#                                          started again by start VERSION DIR/2
#   kafka.sh stop PID                      ends it
#   kafka.sh topics BROKERS name:partitions[:key=value...]...
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
. "$here/kafka_nodes.sh"

properties() # VERSION DIR ID VOTERS NODES PORT CONTROLLER
{
	common_properties "$1" "$2" "$3" "$4" "$5"
	cat <<PROPERTIES
listeners=PLAINTEXT://127.0.0.1:$6,CONTROLLER://127.0.0.1:$7
advertised.listeners=PLAINTEXT://127.0.0.1:$6
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
PROPERTIES
}

port_of() # DIR
{
	sed -n 's/^advertised.listeners=.*://p' "$1/server.properties"
}

prepare() # VERSION LIB DIR...; a node each
{
	version=$1 lib=$2
	shift 2
	ports=$("$here/free_ports.py" $((2 * $#)))
	voters='' id=0
	for node; do
		id=$((id + 1))
		voters=$voters,$id@127.0.0.1:$(echo "$ports" | cut -d ' ' -f $((2 * id)))
	done
	id=0
	for node; do
		id=$((id + 1))
		properties "$version" "$node" $id "${voters#,}" $# \
			"$(echo "$ports" | cut -d ' ' -f $((2 * id - 1)))" \
			"$(echo "$ports" | cut -d ' ' -f $((2 * id)))" >"$node/server.properties"
		format_node "$node" "$lib"
	done
}

start() # VERSION DIR [NODES]
{
	version=$1
	lib=$(jars "$version")
	dir=$(absolute "$2")
	nodes=$dir
	[ $# -lt 3 ] || nodes=$(for id in $(seq "$3"); do absolute "$dir/$id"; done)
	# shellcheck disable=SC2086 # folders, without blanks: those of mktemp
	set -- $nodes
	[ -e "$1/server.properties" ] || prepare "$version" "$lib" "$@"
	pids='' brokers=''
	for node; do
		launch_node "$node" "$lib"
		pids="$pids $pid"
		brokers=$brokers,127.0.0.1:$(port_of "$node")
	done
	# shellcheck disable=SC2086
	set -- $pids
	for node in $nodes; do
		await_node "$node" "$1" "$(port_of "$node")"
		shift
	done
	echo "ready ${brokers#,}$pids"
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
