#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# service.sh: examples/stagger.service is a unit that systemd takes without a word, whose exposure is
# low, and that gives a drain its time.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
most=15 # exposure, in tenths: systemd calls 2.0 and less "OK" or better
default_drain_seconds=30
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

fail()
{
	echo "service: $*"
	exit 1
}

command -v systemd-analyze >/dev/null || {
	echo "systemd-analyze is missing: apt-get install systemd"
	exit 77
}
unit=$dir/orders.service
sed "s,^ExecStart=/usr/local/bin/orders ,ExecStart=$(command -v true) ," \
	"$root/examples/stagger.service" >"$unit"
! cmp -s "$root/examples/stagger.service" "$unit" || fail "no ExecStart to put a program in"
systemd-analyze verify --man=no "$unit" >"$dir/said" 2>&1 || fail "verify: $(cat "$dir/said")"
[ ! -s "$dir/said" ] || fail "verify: $(cat "$dir/said")"

systemd-analyze security --offline=yes --threshold=$most "$unit" >"$dir/said" 2>&1 || {
	cat "$dir/said"
	fail "its exposure is above $((most / 10)).$((most % 10))"
}
stop=$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' "$unit")
[ "$stop" -gt $default_drain_seconds ] || fail "TimeoutStopSec=$stop cuts the drain short"
grep -qx 'RestartPreventExitStatus=78' "$unit" || fail "a wrong configuration is started for ever"
grep -q 'exposure' "$dir/said" && sed -n 's/^.*Overall exposure/service: exposure/p' "$dir/said"
