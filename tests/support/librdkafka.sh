#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# librdkafka.sh VERSION: another librdkafka than Debian's, once, in the cache; prints its folder.
#   2.12.1  built of the source that the Rust crate rdkafka-sys carries, with its headers
#   2.16.1  the library alone, of Confluent's client for Python: for programs that are built
set -eu

version=${1:?librdkafka.sh VERSION}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/stagger
home=$cache/librdkafka-$version

fail()
{
	echo "librdkafka.sh: $*" >&2
	exit 1
}

# A crate that needs the other one, so that cargo's ordinary fetch brings its source.
from_crate() # CRATE-VERSION
{
	mkdir -p "$dir/src"
	: >"$dir/src/lib.rs"
	cat >"$dir/Cargo.toml" <<TOML
[package]
name = "source"
version = "0.0.0"
[dependencies]
rdkafka-sys = "=$1"
TOML
	(cd "$dir" && cargo vendor --quiet vendor >"$dir/cargo.log" 2>&1) ||
		fail "cargo could not get rdkafka-sys $1: $(tail -n 3 "$dir/cargo.log")"
	cd "$dir/vendor/rdkafka-sys/librdkafka"
	chmod +x configure lds-gen.py
	{
		CC='ccache gcc' CXX='ccache g++' ./configure --prefix="$home" --disable-gssapi \
			--disable-curl &&
			make -j"$(nproc)" -C src && make -C src install
	} >"$dir/build.log" 2>&1 || fail "does not build: $(tail -n 5 "$dir/build.log")"
}

from_wheel() # VERSION OF CONFLUENT-KAFKA
{
	python3 -m venv "$dir/venv"
	"$dir/venv/bin/pip" install --quiet --no-deps --only-binary :all: "confluent-kafka==$1" >&2
	mkdir -p "$home/lib"
	cp "$dir"/venv/lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*.so.1 \
		"$home/lib/librdkafka.so.1"
}

if [ ! -e "$home/complete" ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	trap 'exit 1' INT TERM
	rm -rf "$home"
	case $version in
	2.12.1) from_crate 4.10.0 ;;
	2.16.1) from_wheel 2.16.1 ;;
	*) fail "how is $version got?" ;;
	esac
	: >"$home/complete"
fi
echo "$home"
