#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [PAGE]: does what a page of the documentation tells its reader to do, word for word, against a
# real Apache Kafka and a stagger that the page installs. Default: docs/getting-started.md.
# The page's localhost:9092 is the test's broker, its /usr/local a folder of the test's.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
support=$here/../support
page=${1:-$root/docs/getting-started.md}
layer=docs
. "$support/with_kafka.sh"

end_own()
{
	[ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null || true
}

start_kafka 4.3.1
"$support/kafka.sh" topics "$brokers" orders:8

# What stands for the reader's machine.
cat >"$dir/machine.sh" <<MACHINE
prefix=$dir/local
libdir=\$prefix/lib
export PATH=\$prefix/bin:\$PATH LD_LIBRARY_PATH=\$libdir PKG_CONFIG_PATH=\$libdir/pkgconfig
sudo() { "\$@"; }
ldconfig() { :; }
meson()
{
	verb=\$1
	shift
	case \$verb in
	setup) command meson setup --prefix="\$prefix" --libdir=lib "$dir/build" "$root" "\$@" ;;
	*) (cd "$dir" && command meson "\$verb" "\$@") ;;
	esac >>"$dir/build.log" 2>&1 || { tail -n 30 "$dir/build.log" && return 1; }
}
# The block's output must hold the text, within so many seconds (0: the first time). The block runs as
# a job, so that it stops at the first command that fails.
shows()
{
	ends=\$((\$(date +%s) + \$2))
	while :; do
		failed=0
		(set -e; block) >"$dir/said" 2>&1 &
		wait \$! || failed=\$?
		[ \$failed -ne 0 ] || ! grep -qF -e "\$3" "$dir/said" || break
		[ "\$(date +%s)" -lt \$ends ] || {
			cat "$dir/said"
			echo "line \$1: exit \$failed, or does not show: \$3"
			return 1
		}
		sleep 1
	done
	cat "$dir/said"
}
cd "$dir/reader"
MACHINE
mkdir "$dir/reader"
python3 "$here/commands.py" "$page" | sed -e "s/localhost:9092/$brokers/g" \
	-e 's/setup build-release/setup/' -e "s|-C build-release|-C build|" \
	-e "s|^\\(\\./charge .*&\\)\$|\\1\necho \$! >$dir/pid|" >"$dir/page.sh"
cat "$dir/machine.sh" "$dir/page.sh" >"$dir/all.sh"
began=$(date +%s)
bash -m "$dir/all.sh"
echo "docs: $(basename "$page") does what it says, in $(($(date +%s) - began)) s"
