#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# new_user.sh [VERSION]: what somebody new meets first, without a broker and with a real, secured
# one: each mistake is named within seconds, with what to check, and what may heal is waited for.
# One line a check; exit 1 when one is not ok.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
build=${STAGGER_BUILD:-$here/../../build}
bin=$build/tests
version=${1:-4.3.1}
user='' number=0 failed=0
layer=new_user
. "$support/with_kafka.sh"

end_own()
{
	finish
}
. "$support/checks.sh"

without_broker()
{
	dead=127.0.0.1:$("$support/free_ports.py")
	begin "$dead" orders
	check "a dead broker is named within 2 s" within 2000 "no broker of $dead answered"
	check "with the reason" says 'Connection refused'
	sleep 2
	check "it is tried on" lives
	check "SIGTERM stops that cleanly" stops
	finish

	begin "$dead" orders new start_timeout=1500
	check "start_timeout makes it an error" refused 4000 STAGGER_UNREACHABLE
	check "that says what to check" says "$dead.*check bootstrap.servers"
	finish

	begin no.such.host.invalid:9092 orders new start_timeout=1500
	check "a host without address is named" refused 8000 STAGGER_UNREACHABLE
	check "with the reason" says "resolve 'no.such.host.invalid"
	finish

	begin "$dead" orders new bootstrap.server=x
	check "an unknown property is refused at once" refused 1000 STAGGER_INVALID
	check "by its name" says "'bootstrap.server'"
	finish

	begin "$dead" orders new enable.auto.commit=true
	check "a property of stagger's own is refused at once" refused 1000 STAGGER_INVALID
	check "with what to use instead" says "auto.commit' is stagger's own.*commit_interval"
	finish

	begin "$dead" orders new group.id=other
	check "so is the group" refused 1000 STAGGER_INVALID
	check "with the option's name" says "use the option 'group'"
	finish

	begin "$dead" orders new fetch.wait.max.ms=soon
	check "a wrong value is refused at once" refused 1000 STAGGER_INVALID
	check "by the property's name" says "'fetch.wait.max.ms'"
	finish
}

# Runs the command lines of the last output: as they are where Kafka's tools are installed, else
# with their numbers.
obey()
{
	grep -o 'kafka-topics.sh --bootstrap-server [^;]*' "$out" >"$dir/lines"
	while read -r line; do
		if command -v kafka-topics.sh >/dev/null; then
			$line >>"$dir/topics.log" 2>&1
			continue
		fi
		topic=$(echo "$line" | sed -n \
			's/.* --create --topic \([^ ]*\) --partitions \([0-9]*\)/\1:\2/p' |
			sed 's/ --config /:/g')
		"$bin/make_topics" "$plain" "$topic"
	done <"$dir/lines"
}

each_topic() # PATTERN with TOPIC in it: all five are named so
{
	for topic in orders orders.new.retry.1m orders.new.retry.5m orders.new.retry.30m \
		orders.new.dlt; do
		[ "$topic" != orders ] || [ "${2:-}" != but-main ] || continue
		says "$(echo "$1" | sed "s/TOPIC/$topic/g")" || return 1
	done
}

missing_topics()
{
	begin "$plain" orders
	check "missing topics are refused within 5 s" refused 5000 STAGGER_TOPICS
	check "each is named" each_topic "'TOPIC' is missing"
	check "with the command for it" each_topic \
		"kafka-topics.sh --bootstrap-server $plain --create --topic TOPIC --partitions 1"
	finish

	"$bin/make_topics" "$plain" orders:3
	begin "$plain" orders
	check "so are the stages of a topic that is there" refused 5000 STAGGER_TOPICS
	check "with its partitions" each_topic \
		"'TOPIC' is missing: .* 3 partitions: .*--topic TOPIC --partitions 3" but-main
	check "with their retention" \
		says 'retry.30m --partitions 3 --config retention.ms=[0-9]{9}'
	check "and the dead letters' that never ends" \
		says 'dlt --partitions 3 --config retention.ms=-1'
	check "main is not named as missing" hides "'orders' is"
	obey
	finish

	begin "$plain" orders
	check "with the topics made by these lines it starts within 5 s" \
		within 5000 '^assigned orders '
	echo hello | kcat -P -b "$plain" -t orders -p 0
	check "and handles" within 15000 '^handled orders 0 0'
	# librdkafka's own begin with its name
	check "without a warning of ours" hides 'level=warn msg="[^l]'
	check "and stops" stops
	finish
}

secured() # PASSWORD CA SERVERS [MORE]
{
	password=$1 ca=$2 servers=$3
	shift 3
	begin "$servers" orders new security.protocol=sasl_ssl sasl.mechanisms=PLAIN \
		sasl.username=bob "sasl.password=$password" "ssl.ca.location=$dir/broker/$ca" "$@"
}

wrong_security()
{
	secured wrong-pw ca.crt "$secure"
	check "a wrong password is refused within 5 s" refused 5000 STAGGER_DENIED
	check "with what to check" says 'check sasl.username, sasl.password and sasl.mechanisms'
	check "without showing it" hides wrong-pw
	finish

	secured bob-pw ca.crt "$secure" sasl.mechanisms=SCRAM-SHA-256
	check "a mechanism that the broker does not have is refused" refused 5000 STAGGER_DENIED
	check "with those that it has" says 'supported mechanisms: PLAIN'
	finish

	secured bob-pw wrong_ca.crt "$secure"
	check "a wrong CA is refused within 5 s" refused 5000 STAGGER_DENIED
	check "with what to check" says 'check ssl.ca.location'
	finish

	secured bob-pw ca.crt "127.0.0.1:${secure#*:}"
	check "a certificate of another host is refused" refused 5000 STAGGER_DENIED
	check "with what to check" says 'bears the host name'
	finish

	begin "$secure" orders
	check "plaintext to a TLS port is refused within 15 s" refused 15000 STAGGER_DENIED
	check "with what to check" says 'check security.protocol'
	finish

	secured bob-pw ca.crt "$plain"
	check "TLS to a plaintext port is refused within 15 s" refused 15000 STAGGER_DENIED
	check "with what to check" says 'check (security.protocol|ssl.ca.location)'
	finish
}

missing_acls()
{
	secured bob-pw ca.crt "$secure"
	check "missing ACLs are refused within 5 s" refused 5000 STAGGER_DENIED
	check "as such" says 'an ACL that allows .* is missing'
	finish

	"$bin/make_acls" "$plain" User:bob topic:orders*:read topic:orders*:write \
		topic:orders*:describe
	secured bob-pw ca.crt "$secure"
	check "a missing ACL for the group is refused within 5 s" refused 5000 STAGGER_DENIED
	check "by name" says "group 'new'.*an ACL that allows READ"
	finish

	"$bin/make_acls" "$plain" User:bob group:new:read
	secured bob-pw ca.crt "$secure"
	check "with all of them it starts within 5 s" within 5000 '^assigned orders '
	check "and stops" stops
	finish

	begin "$secure" bills new security.protocol=sasl_ssl sasl.mechanisms=PLAIN \
		sasl.username=bob sasl.password=bob-pw "ssl.ca.location=$dir/broker/ca.crt"
	check "a missing ACL for a topic is refused within 5 s" refused 5000 STAGGER_DENIED
	check "by name" says "topic 'bills' is not authorized: an ACL that allows"
	finish
}

broker_comes_later()
{
	"$support/kafka.sh" stop "$broker"
	broker=''
	begin "$plain" orders
	within 3000 'no broker of' || true
	"$support/secure_kafka.sh" start "$version" "$dir/broker" >"$dir/ready"
	read -r _ _ _ broker <"$dir/ready"
	began=$(now_ms)
	check "a broker that comes later is found within 15 s" within 15000 '^assigned orders '
	check "and stops" stops
	finish
}

# The tools' client, and what it may not see; bob has no right to describe settings.
tools()
{
	for password in bob-pw wrong-pw; do
		cat >"$dir/$password.yaml" <<YAML
kafka: {bootstrap.servers: "$secure", security.protocol: sasl_ssl, sasl.mechanisms: PLAIN,
        sasl.username: bob, sasl.password: $password, ssl.ca.location: $dir/broker/ca.crt}
group: new
chains: {orders: {}}
YAML
	done
	stagger check "$dir/wrong-pw.yaml"
	check "a wrong password is refused to the command, too" exits 1
	check "with what to check" says 'check sasl.username, sasl.password and sasl.mechanisms'
	check "without showing it" hides wrong-pw$
	stagger check "$dir/bob-pw.yaml"
	check "with a consumer's rights it finds no fault" exits 0
	check "but says what it could not see" says 'note: the settings of 5 topics cannot be read'
	stagger topics create "$dir/bob-pw.yaml"
	check "where all is there nothing needs to be made" exits 0
	sed 's/chains: .*/chains: {orders: {retry: {stages: [9m]}}}/' "$dir/bob-pw.yaml" \
		>"$dir/more.yaml"
	stagger topics create "$dir/more.yaml"
	check "without the right to create it is partly done" exits 3
	check "with the right that is missing" says "retry.9m'.*an ACL that allows CREATE"
	sed 's/^group: new/group: other/' "$dir/bob-pw.yaml" >"$dir/other.yaml"
	stagger check "$dir/other.yaml"
	check "another group is refused" exits 1
	check "by name" says "group 'other' cannot be read.*an ACL that allows READ"
}

stranded_messages()
{
	"$bin/make_topics" "$plain" orders.new.retry.7m:3
	echo x | kcat -P -b "$plain" -t orders.new.retry.7m -p 0
	secured bob-pw ca.crt "$secure"
	check "stranded messages are found with a consumer's rights" refused 8000 STAGGER_TOPICS
	check "by number" says "'orders.new.retry.7m' holds 1 unread message of group 'new'"
	finish
}

without_broker
"$support/secure_kafka.sh" start "$version" "$dir/broker" >"$dir/ready"
read -r _ secure plain broker <"$dir/ready"
missing_topics
wrong_security
missing_acls
broker_comes_later
tools
stranded_messages
verdict new_user
