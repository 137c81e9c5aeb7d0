#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# From a new Debian 12 to retries on the screen: installs what the build needs, builds in
# build-demo/, then shows orders on their way for half a minute. No Kafka is needed.
#   demo.sh [--no-install]
set -eu

packages='gcc libc6-dev meson ninja-build pkg-config librdkafka-dev libfyaml-dev'
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build-demo
log=$build/demo.log

die()
{
	echo "demo: $*" >&2
	exit 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

install()
{
	command -v apt-get >/dev/null ||
		die "this is no Debian: install $packages yourself, then demo.sh --no-install"
	missing=''
	for package in $packages; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	echo "demo: installing$missing"
	as_root apt-get -qq update
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends $missing >/dev/null
}

case ${1:-} in
'') install ;;
--no-install) ;;
*)
	echo "usage: demo.sh [--no-install]" >&2
	exit 2
	;;
esac

echo "demo: building in $build (about half a minute; again: at once)"
mkdir -p "$build"
{
	[ -f "$build/build.ninja" ] ||
		meson setup "$build" "$root" -Dtests=false -Dexamples=true
	meson compile -C "$build"
} >"$log" 2>&1 || {
	tail -n 30 "$log" >&2
	die "the build failed; all of it is in $log"
}
"$root/examples/orders/show.sh" "$build/examples" "$build/src/cli/stagger"
echo "Next: README.md says what it is for, docs/getting-started.md builds your own consumer."
