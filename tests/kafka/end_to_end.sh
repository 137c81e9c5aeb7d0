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
layer=end_to_end
. "$support/with_kafka.sh"

start_kafka "$version"
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
