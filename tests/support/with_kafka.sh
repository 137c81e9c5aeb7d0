# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# For scripts that start a real Kafka. They set $support and $layer, their name in messages, before
# they read this file. It gives them $dir, a folder that goes when all is well, and ends the broker
# with them. What else they started they end in an end_own() of their own.

dir=$(mktemp -d)
broker='' # its process, while it runs

end_own() { :; }

end()
{
	code=$?
	end_own
	[ -z "$broker" ] || "$support/kafka.sh" stop "$broker"
	[ $code -ne 0 ] || rm -rf "$dir"
	[ $code -eq 0 ] || echo "$layer: failed, what it wrote is in $dir" >&2
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

start_kafka() # VERSION: sets $brokers, too
{
	"$support/kafka.sh" start "$1" "$dir/broker" >"$dir/ready"
	read -r _ brokers broker <"$dir/ready"
}
