#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pairs.sh PAIRS BARE OURS OPTIONS...: runs two benches alternately with the same options and prints
# the medians of their rates and of the pairs' ratios. Both print "NAME: RATE M ...".
set -eu

pairs=$1 bare=$2 ours=$3
shift 3
log=$(mktemp)
trap 'rm -f "$log"' EXIT

pair=0
while [ $pair -lt "$pairs" ]; do
	"$bare" "$@" 2>>"$log.err" | tee -a "$log"
	"$ours" "$@" 2>>"$log.err" | tee -a "$log"
	pair=$((pair + 1))
done
rm -f "$log.err"
python3 - "$log" <<'PYTHON'
import re
import statistics
import sys

rates = [float(re.search(r": ([0-9.]+) M", line)[1]) for line in open(sys.argv[1])]
bare, ours = rates[0::2], rates[1::2]
ratios = [o / b for b, o in zip(bare, ours)]
print(f"median of {len(ratios)} pairs: bare {statistics.median(bare):.2f} M/s, "
      f"stagger {statistics.median(ours):.2f} M/s, ratio {statistics.median(ratios):.2f}")
PYTHON
