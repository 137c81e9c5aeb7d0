#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# wraps.sh: puts the archives that subprojects/*.wrap name where meson looks before it asks upstream.
# They come from Debian: the hash of a wrap must be the one that Debian's signed index of sources has
# for its .orig.tar.gz.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/stagger/sources
suite=trixie
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

fail()
{
	echo "wraps: $*"
	exit 1
}

# apt-get with nothing of the machine's but its mirror and its keys.
apt() # SUBCOMMAND...
{
	apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::status=/dev/null -o Dir::Cache="$dir" "$@"
}

begin_apt()
{
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | sed -n "s/ $codename main$//p" | head -n 1)
	[ -n "$mirror" ] || fail "no Debian mirror among the sources of apt"
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	echo "deb-src $mirror $suite main" >"$dir/sources.list"
	apt update
}

field() # WRAP NAME
{
	sed -n "s/^$2 = //p" "$1"
}

get() # WRAP: its archive, into the cache
{
	package=$(basename "$1" .wrap)
	version=$(field "$1" directory | sed "s/^$package-//")
	hash=$(field "$1" source_hash)
	file=$cache/$(field "$1" source_filename)
	[ ! -e "$file" ] || ! echo "$hash  $file" | sha256sum --check --status || return 0
	[ -e "$dir/sources.list" ] || begin_apt
	# a line of it: 'URI' NAME SIZE SHA256:HASH
	line=$(apt --print-uris source --download-only "$package/$suite" |
		grep " ${package}_$version\.orig\.tar\.gz ") ||
		fail "$suite has no $package $version any more"
	[ "${line##*SHA256:}" = "$hash" ] || fail "Debian's hash of $package $version is another one: $line"
	uri=${line#\'}
	/usr/lib/apt/apt-helper -qq download-file "${uri%%\'*}" "$file" "SHA256:$hash" ||
		fail "cannot get ${uri%%\'*}"
	echo "wraps: $package $version has the hash that Debian knows"
}

mkdir -p "$cache" "$root/subprojects/packagecache"
for wrap in "$root"/subprojects/*.wrap; do
	get "$wrap"
	cp "$file" "$root/subprojects/packagecache/"
done
