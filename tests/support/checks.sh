# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# For scripts that run the program new_user, or the command, and look at what they say. They set
# $build, $bin, $dir, failed=0, number=0 and user='', and end $user when they end.

now_ms() { date +%s%3N; }

begin() # ARGUMENTS of new_user; in the background, output in $out
{
	number=$((number + 1))
	out=$dir/$number.out
	: >"$out"
	began=$(now_ms)
	"$bin/new_user" "$@" >"$out" 2>&1 &
	user=$!
}

within() # MS PATTERN: true when a line like that comes so soon
{
	until grep -Eq -- "$2" "$out"; do
		[ $(($(now_ms) - began)) -le "$1" ] || return 1
		sleep 0.05
	done
}

ended() # MS: true when the program has ended so soon; its exit code is in $code
{
	while kill -0 "$user" 2>/dev/null; do
		[ $(($(now_ms) - began)) -le "$1" ] || return 1
		sleep 0.05
	done
	code=0
	wait "$user" || code=$?
	user=''
}

finish()
{
	[ -z "$user" ] || kill -9 "$user" 2>/dev/null || true
	[ -z "$user" ] || wait "$user" 2>/dev/null || true
	user=''
}

check() # WHAT COMMAND...
{
	what=$1
	shift
	if "$@"; then
		echo "ok - $what"
	else
		echo "not ok - $what"
		failed=$((failed + 1))
		sed 's/^/  | /' "$out" | cut -c 1-400 | head -n 12
	fi
}

says() { grep -Eq -- "$1" "$out"; }
hides() { ! grep -q -- "$1" "$out"; }
lives() { kill -0 "$user" 2>/dev/null; }
stops() { kill -TERM "$user" && began=$(now_ms) && ended 3000 && [ "$code" = 0 ]; }
refused() { ended "$1" && [ "$code" = 1 ] && says "^ended $2: "; } # MS STATUS

stagger() # ARGUMENTS: the command, its output in $out, its exit code in $code
{
	number=$((number + 1))
	out=$dir/$number.out
	code=0
	"$build/src/cli/stagger" "$@" >"$out" 2>&1 || code=$?
}

exits() { [ "$code" = "$1" ]; }

verdict() # NAME: its last line, and its exit code
{
	if [ $failed -gt 0 ]; then
		echo "$1: $failed checks are not ok"
		return 1
	fi
	echo "$1: passed"
}
