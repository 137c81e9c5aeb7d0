#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--all] [--no-install] [--only LAYER]: builds stagger and runs its tests.
#   --all          also what takes long: sanitizers, coverage, 10,000 seeds, real Apache Kafka
#   --no-install   installs no Debian packages: names what is missing, and fails
#   --only LAYER   only this layer; --only list names them
# Builds into ${STAGGER_BUILD_DIR:-build}; downloads and the compiler cache are kept in
# ${XDG_CACHE_HOME:-~/.cache}/stagger. The last line is "N passed, N failed, N skipped".
#
# This file needs a shell only; once the packages are there, layers.py goes on.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
packages='meson ninja-build pkg-config gcc g++ libc6-dev binutils ccache python3
	librdkafka-dev libfyaml-dev libavro-dev libjansson-dev libcmocka-dev libuv1-dev libsqlite3-dev
	kcat'
packages_all='gcovr valgrind maven openjdk-17-jdk-headless python3-venv ca-certificates clang-14 scdoc
	man-db libclang-rt-14-dev
	systemd make libssl-dev zlib1g-dev liblz4-dev libzstd-dev'
command -v cargo >/dev/null || packages_all="$packages_all cargo-web"

usage()
{
	sed -n '4,7s/^# *//p' "$0" >&2
	exit 2
}

all='' install=yes only=''
while [ $# -gt 0 ]; do
	case $1 in
	--all) all=yes ;;
	--no-install) install='' ;;
	--only) [ $# -gt 1 ] || usage && only=$2 && shift ;;
	*) usage ;;
	esac
	shift
done

# What of "$@" is not installed.
missing_of()
{
	for package; do
		state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=''
		[ "$state" = installed ] || printf ' %s' "$package"
	done
}

install_packages()
{
	as_root=''
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || {
			echo "run.sh: neither root nor sudo: cannot install$missing" >&2
			exit 1
		}
		as_root=sudo
	fi
	echo "installing:$missing"
	# shellcheck disable=SC2086 # a list of words
	$as_root apt-get update -qq &&
		$as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends $missing </dev/null >/dev/null
}

started=$(date +%s)
if [ "$only" != list ] && ! command -v dpkg-query >/dev/null; then
	echo "no Debian here: these packages, or what they are called here, must be there:" $packages
elif [ "$only" != list ]; then
	case $all$only in
	'' | lint | unit | scenario | simulation | embedded | end-to-end | command | examples) ;;
	*) packages="$packages $packages_all" ;;
	esac
	# shellcheck disable=SC2086
	missing=$(missing_of $packages)
	if [ -n "$missing" ] && [ -z "$install" ]; then
		echo "run.sh: --no-install, and these packages are missing:$missing" >&2
		exit 1
	fi
	[ -z "$missing" ] || install_packages || {
		echo "run.sh: could not install$missing" >&2
		exit 1
	}
fi

cd "$root"
set -- --started "$started"
[ -z "$all" ] || set -- "$@" --all
[ -z "$only" ] || set -- "$@" --only "$only"
exec python3 tests/layers.py "$@"
