#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# end_to_end.sh [VERSION] [COUNT]: end to end on a real Apache Kafka, with dynamic members, again with
# instance ids, and again in mode republish.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
support=$here/../support
version=${1:-4.3.1}
count=${2:-20000}
dir=$(mktemp -d)
broker=''

end()
{
	code=$?
	[ -z "$broker" ] || "$support/kafka.sh" stop "$broker"
	[ $code -ne 0 ] || rm -rf "$dir"
	[ $code -eq 0 ] || echo "end_to_end: failed, histories and logs are in $dir" >&2
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

"$support/kafka.sh" start "$version" "$dir/broker" >"$dir/ready"
read -r _ brokers broker <"$dir/ready"
for variant in dynamic static republish; do
	"$support/kafka.sh" topics "$brokers" $variant:8 $variant.e2e.retry.300ms:8 \
		$variant.e2e.retry.700ms:8 $variant.e2e.retry.1s500ms:8 $variant.e2e.dlt:8
	option=''
	[ $variant = dynamic ] || option=--$variant
	# each retry is one more message of main
	[ $variant != republish ] || count=$((count / 5))
	"$support/end_to_end.sh" --brokers "$brokers" --topic $variant --count "$count" \
		--dir "$dir/$variant" --readers $option
done
