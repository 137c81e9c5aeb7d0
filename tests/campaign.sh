#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# campaign.sh --hours N [--seed S] [--out FILE]: faults for hours: rounds of all fault scenarios on
# Kafka 4 and the short list on Kafka 3.9, with more kills and longer storms than run.sh has, of the
# crash points, and of simulation seeds that no round had before. Before them every fuzz target for a
# minute; with 8 hours and more two million runs of each, and random mutants. What began is finished.
# What came of it is written to FILE (docs/campaign.txt), which docs/reliability.md quotes.
# Exit 1: something failed; its seed is in the file and repeats it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=${STAGGER_BUILD:-$root/build}
kills=240 # 200 of them of members with an instance id
storm_seconds=120
seeds=5000 # of the simulation, a round
first_seed=100000 # beyond those of run.sh

hours='' seed=1000 out=$root/docs/campaign.txt
while [ $# -gt 1 ]; do
	case $1 in
	--hours) hours=$2 ;;
	--seed) seed=$2 ;;
	--out) out=$2 ;;
	*) break ;;
	esac
	shift 2
done
[ $# -eq 0 ] && [ -n "$hours" ] || {
	echo "campaign.sh: say --hours N [--seed S] [--out FILE]" >&2
	exit 2
}

lines=$(mktemp)
log=$(mktemp)
trap 'rm -f "$lines" "$log"' EXIT
trap 'exit 1' INT TERM
export STAGGER_RESULTS="$lines" STAGGER_BUILD="$build"
began=$(date +%s)
ends=$(awk "BEGIN { printf \"%d\", $began + $hours * 3600 }")
rounds=0 failed=0

part() # NAME COMMAND...: its last line is kept, the scenarios keep their own
{
	name=$1
	shift
	echo "== round $rounds, seed $seed: $name"
	if "$@" >"$log" 2>&1; then
		verdict=passed
	else
		verdict="FAILED with $?"
		failed=$((failed + 1))
		cat "$log"
	fi
	echo "round $rounds, seed $seed, $name: $verdict: $(tail -n 1 "$log")" | tee -a "$lines"
}

fuzz_limit=60
whole=${hours%%.*}
if [ "${whole:-0}" -ge 8 ]; then
	fuzz_limit=-runs=2000000 # those of the engine: about seven hours
	part "random mutants" env STAGGER_BUILD_DIR="$build" "$root/tests/mutate.py"
fi
part fuzzing "$root/tests/fuzz/run.sh" "$fuzz_limit" "$build-fuzz"
while [ $rounds -eq 0 ] || [ "$(date +%s)" -lt "$ends" ]; do
	rounds=$((rounds + 1))
	part "faults, Kafka 4.3.1" "$root/tests/kafka/faults.py" --kills $kills \
		--storm $storm_seconds --seed "$seed"
	part "full disk" "$root/tests/kafka/faults.py" --only full-disk --seed "$seed"
	part "faults, Kafka 3.9.1" "$root/tests/kafka/faults.py" --version 3.9.1 \
		--kills 24 --only kills-static --seed "$seed"
	part "crash points" "$root/tests/crash/run.py" "$build-crash"
	part simulation "$build/tests/sim/sim" --seeds "$first_seed..$((first_seed + seeds - 1))"
	first_seed=$((first_seed + seeds))
	seed=$((seed + 1))
done

{
	echo "# SPDX-License-Identifier: Apache-2.0"
	echo "tests/campaign.sh --hours $hours --seed $((seed - rounds)), $(date -u +%Y-%m-%d)," \
		"commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)"
	echo "$rounds rounds in $((($(date +%s) - began) / 60)) minutes, $failed parts failed"
	awk '{ for (i = 2; i <= NF; i++) {
			if ($i ~ /^messages/) messages += $(i - 1)
			if ($i ~ /^faults,/) faults += $(i - 1)
		} }
		END { printf "%d messages, %d faults told to the checker\n", messages, faults }' "$lines"
	cat "$lines"
} >"$out"
echo "campaign: $rounds rounds, $failed parts failed, see $out"
[ $failed -eq 0 ]
