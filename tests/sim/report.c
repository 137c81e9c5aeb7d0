/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums over the seeds of a run, and what they say of the run itself: faults that never came and
 * states that were never entered prove nothing. */
#include <stdio.h>

#include "sim.h"

#define ENOUGH 500 /* seeds in which everything must have happened; each fault once per hundred */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void totals_add(struct totals *t, const struct sim *s, const struct checker_result *r)
{
	t->seeds++;
	t->events += (int64_t)s->history.n;
	t->produced += (int64_t)r->produced;
	t->dead += (int64_t)r->dead;
	t->republished += s->republished;
	t->deploys += s->deploys;
	t->foreign += s->foreign;
	if (s->history.n > 0)
		t->hours_ms += s->history.events[s->history.n - 1].boot_ms -
			       s->history.events[0].boot_ms;
	for (int i = 0; i < SIM_N_FAULTS; i++)
		t->faults[i] += s->faults[i];
	t->by_events[smaller(s->history.n / 100, TOTALS_EVENTS - 1)]++;
	t->by_faults[smaller((size_t)s->n_faults, TOTALS_FAULTS - 1)]++;
	for (int i = 0; i < CHECKER_N_RULES; i++)
		t->broken[i] += r->broken[i] > 0;
}

/* All of it is counts, but for the first seed. */
void totals_merge(struct totals *to, const struct totals *from)
{
	uint64_t first = to->first_broken;
	const int64_t *add = (const int64_t *)(const void *)from;
	int64_t *sum = (int64_t *)(void *)to;
	for (size_t i = 0; i < sizeof(*to) / sizeof(int64_t); i++)
		sum[i] += add[i];
	to->first_broken = first;
	if (from->first_broken != 0 && (first == 0 || from->first_broken < first))
		to->first_broken = from->first_broken;
}

/* The place below which that share of them lies. */
static size_t quantile(const int64_t *counts, size_t n, int64_t all, double share)
{
	int64_t seen = 0;
	for (size_t i = 0; i < n; i++) {
		seen += counts[i];
		if ((double)seen >= share * (double)all && seen > 0)
			return i;
	}
	return n - 1;
}

static void print_spread(const struct totals *t)
{
	printf("events a seed: p10 %zu, median %zu, p90 %zu; faults a seed: p10 %zu, median %zu, p90 "
	       "%zu\n",
	       quantile(t->by_events, TOTALS_EVENTS, t->seeds, 0.1) * 100,
	       quantile(t->by_events, TOTALS_EVENTS, t->seeds, 0.5) * 100,
	       quantile(t->by_events, TOTALS_EVENTS, t->seeds, 0.9) * 100,
	       quantile(t->by_faults, TOTALS_FAULTS, t->seeds, 0.1),
	       quantile(t->by_faults, TOTALS_FAULTS, t->seeds, 0.5),
	       quantile(t->by_faults, TOTALS_FAULTS, t->seeds, 0.9));
	for (int i = 0; i < SIM_N_FAULTS; i++)
		printf("%s%lld %s", i > 0 ? ", " : "", (long long)t->faults[i],
		       sim_fault_name((enum sim_fault)i));
	printf("\n");
}

static bool enough_faults(const struct totals *t)
{
	bool good = true;
	for (int i = 0; i < SIM_N_FAULTS; i++)
		if (t->faults[i] < t->seeds / 100) {
			printf("too few: %s\n", sim_fault_name((enum sim_fault)i));
			good = false;
		}
	return good;
}

bool totals_report(const struct totals *t, double seconds)
{
	bool good = true;
	print_spread(t);
	if (t->seeds >= ENOUGH) {
		good = enough_faults(t);
		good &= cover_report(&t->cover);
	}
	fprintf(stderr, "%.1f seeds/s, %.0f simulated hours\n",
		(double)t->seeds / (seconds > 0 ? seconds : 1e-6), (double)t->hours_ms / 3.6e6);
	printf("sim: %lld seeds, %lld failed; %lld messages, %lld dead letters, %lld events; %lld "
	       "republished, %lld deploys, %lld of others%s\n",
	       (long long)t->seeds, (long long)t->failed, (long long)t->produced, (long long)t->dead,
	       (long long)t->events, (long long)t->republished, (long long)t->deploys,
	       (long long)t->foreign, good ? "" : "; something never happened");
	return good;
}
