#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# install.sh: installs the library under a prefix of its own, and uses it as a stranger would: C and
# C++17 programs that know of it by pkg-config alone, with gcc and clang; the man pages; what is
# exported. The broker of one of them is that of the other build, $STAGGER_BUILD.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
tests=${STAGGER_BUILD:-$root/build}/tests
build=${STAGGER_BUILD:-$root/build}-ship
prefix=$build/prefix
limit_seconds=60
dir=$(mktemp -d)
broker='' consumer=''

end()
{
	code=$?
	for pid in $consumer $broker; do
		kill -9 "$pid" 2>/dev/null || true
	done
	wait
	[ $code -eq 0 ] || cat "$dir"/*.log >&2
	rm -rf "$dir"
	exit $code
}
trap end EXIT
trap 'exit 1' INT TERM

fail()
{
	echo "install: $*"
	exit 1
}

say() { echo "install: $*"; }

until_true() # COMMAND...
{
	tries=$((limit_seconds * 5))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "not within $limit_seconds s: $*"
		sleep 0.2
	done
}

install_it()
{
	[ -e "$build/build.ninja" ] || meson setup "$build" "$root" --prefix="$prefix" \
		--libdir=lib -Dtests=false -Dexamples=false -Dman=enabled >"$dir/setup.log"
	ninja -C "$build" >"$dir/build.log"
	rm -rf "$prefix"
	meson install -C "$build" --no-rebuild --quiet
	DESTDIR=$dir/staged meson install -C "$build" --no-rebuild --quiet
	diff -r "$prefix" "$dir/staged$prefix" || fail "DESTDIR gets something else than the prefix"
}

# Names, links, soname; the symbols by the same lint as the build's.
look_at_the_library()
{
	version=$(sed -n 's/^Version: //p' "$prefix/lib/pkgconfig/stagger.pc")
	[ "$(readlink "$prefix/lib/libstagger.so")" = libstagger.so.0 ] || fail "libstagger.so"
	[ "$(readlink "$prefix/lib/libstagger.so.0")" = "libstagger.so.$version" ] ||
		fail "libstagger.so.0 is not libstagger.so.$version"
	readelf -d "$prefix/lib/libstagger.so" | grep -q 'SONAME.*\[libstagger\.so\.0\]' ||
		fail "the soname is not libstagger.so.0"
	! readelf -d "$prefix/lib/libstagger.so" | grep -E 'R(UN)?PATH' || fail "has a run path"
	python3 "$root/tests/lint/exports.py" "$prefix/lib/libstagger.so" \
		"$prefix/lib/libstagger-testing.a"
}

look_at_the_headers()
{
	{
		ls "$root/include/stagger" | grep '\.h$'
		echo version.h
	} | LC_ALL=C sort >"$dir/headers"
	find "$prefix/include" -type f -printf '%P\n' | sed 's,^stagger/,,' |
		LC_ALL=C sort | diff "$dir/headers" - || fail "other headers are installed than the public ones"
	for package in stagger stagger-testing; do
		pkg-config --cflags --libs $package | tr ' ' '\n' >"$dir/flags"
		! grep -F "$root" "$dir/flags" | grep -vF "$prefix" || fail "$package names the sources"
	done
}

look_at_the_pages()
{
	n=0
	for page in "$prefix"/share/man/man*/*; do
		man --warnings -Tutf8 -l "$page" >"$dir/page" 2>"$dir/page.log"
		[ ! -s "$dir/page.log" ] && [ "$(wc -l <"$dir/page")" -gt 20 ] ||
			fail "$page does not render"
		n=$((n + 1))
	done
	[ -e "$prefix/share/man/man3/libstagger.3" ] && [ -e "$prefix/share/man/man1/stagger.1" ] ||
		fail "no libstagger(3), or no stagger(1)"
	say "$n man pages render"
}

look_at_the_command()
{
	"$prefix/bin/stagger" --version >"$dir/said"
	grep -q "^stagger $version librdkafka " "$dir/said" || fail "the command says $(cat "$dir/said")"
	for file in bash-completion/completions/stagger.bash zsh/site-functions/_stagger \
		fish/vendor_completions.d/stagger.fish; do
		[ -s "$prefix/share/$file" ] || fail "no completion $file"
	done
	bash -n "$prefix/share/bash-completion/completions/stagger.bash"
}

# The program of libstagger(3), with the page's own escapes undone.
program_of_the_page()
{
	sed -n '/^```$/,/^```$/p' "$root/docs/man/libstagger.3.scd" | sed '/^```$/d; s/\\\\/\\/g'
}

compile() # COMPILER PACKAGE FILE FLAG...
{
	compiler=$1 package=$2 file=$3
	shift 3
	# shellcheck disable=SC2046 # flags are words
	$compiler -Wall -Wextra -Wpedantic -Werror "$@" -o "$dir/program" "$file" \
		$(pkg-config --cflags --libs "$package")
}

start_broker()
{
	"$tests/broker" --port-file "$dir/port" \
		--topics orders:1,orders.billing.retry.1s:1,orders.billing.dlt:1 >"$dir/broker.log" 2>&1 &
	broker=$!
	until_true test -s "$dir/port"
	servers=127.0.0.1:$(cat "$dir/port")
}

one_message() # VALUE: comes through the retry stage, and the consumer stops at SIGTERM
{
	"$dir/program" "$servers" >"$dir/said" 2>"$dir/consumer.log" &
	consumer=$!
	echo "$1" | kcat -q -P -b "$servers" -t orders
	until_true grep -qx "charged $1" "$dir/said"
	kill -TERM $consumer
	wait $consumer || fail "the program of libstagger(3) did not stop cleanly"
	consumer=''
}

use_it() # C-COMPILER C++-COMPILER
{
	compile "$1" stagger "$dir/page.c" -std=c11
	one_message "1900-$1"
	compile "$2" stagger "$root/tests/ship/consumer.cpp" -std=c++17
	"$dir/program" >"$dir/program.log" 2>&1 || fail "consumer.cpp of $2 did not join and stop"
	compile "$1" stagger-testing "$root/examples/04-test-your-handler.c" -std=c11
	"$dir/program" >"$dir/program.log" 2>&1 || fail "04-test-your-handler of $1"
	echo '#include "core/chain.h"' >"$dir/inside.c"
	! compile "$1" stagger-testing "$dir/inside.c" -c 2>/dev/null ||
		fail "an inner header can be included"
	say "$1 and $2 by pkg-config: C, C++17, and a test of a handler"
}

install_it
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"
cd "$dir"
look_at_the_library
look_at_the_headers
look_at_the_pages
look_at_the_command
program_of_the_page >page.c
start_broker
use_it gcc g++
! command -v clang-14 >/dev/null || use_it clang-14 clang++-14
