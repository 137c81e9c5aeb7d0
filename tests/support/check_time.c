/* SPDX-License-Identifier: Apache-2.0
 *
 * never_early and lateness: when a call began against when it was due. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"

#define BOOT_MARGIN_MS 1000 /* semantics: the boot-time clock must say that much more */

static int64_t early_ms(const struct history_event *event)
{
	int64_t wall_ms = event->due_ms - event->at_ms;
	int64_t boot_ms = event->first_seen_boot_ms + (event->due_ms - event->first_seen_ms) +
			  BOOT_MARGIN_MS - event->boot_ms;

	if (event->first_seen_ms == 0)
		return wall_ms;
	return wall_ms < boot_ms ? wall_ms : boot_ms;
}

/* Whether the wall clock had reached its due before it stepped back: told at the moment before. */
static bool was_due(const struct check *c, const struct history_event *event, size_t i)
{
	while (i-- > 0) {
		const struct history_event *step = &c->h->events[i];
		if (step->boot_ms < event->first_seen_boot_ms)
			return false;
		if (check_fault(step, "clock") && step->at_ms >= event->due_ms &&
		    (step->member == NULL || step->member == event->member))
			return true;
	}
	return false;
}

static int compare_times(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return *left < *right ? -1 : *left > *right;
}

static void report_lateness(struct check *c, int64_t *late_ms, size_t n)
{
	struct checker_result *result = c->result;

	if (n == 0)
		return;
	qsort(late_ms, n, sizeof(*late_ms), compare_times);
	result->lateness_p50_ms = late_ms[n / 2];
	result->lateness_p99_ms = late_ms[n - 1 - n / 100];
	result->lateness_max_ms = late_ms[n - 1];
	int64_t bound_ms = c->h->config.max_lateness_ms;
	if (bound_ms > 0 && result->lateness_p99_ms > bound_ms)
		check_fail(c, CHECKER_LATENESS,
			   "p99 is %" PRId64 " ms, the bound %" PRId64 " ms (p50 %" PRId64
			   ", max %" PRId64 ", %zu calls)",
			   result->lateness_p99_ms, bound_ms, result->lateness_p50_ms,
			   result->lateness_max_ms, n);
}

void check_time(struct check *c)
{
	int64_t *late_ms = map_grow(NULL, c->h->n + 1, sizeof(*late_ms));
	bool *called = map_grow(NULL, c->n_records + 1, sizeof(*called));
	size_t n_late = 0;

	for (size_t r = 0; r < c->n_records; r++)
		called[r] = false;
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		size_t record = c->where[i].record;
		c->at = i;
		if (event->counters != NULL && event->counters->early != 0)
			check_fail(c, CHECKER_NEVER_EARLY, "%s counted %" PRId64 " early starts",
				   event->member, event->counters->early);
		if (event->kind != HISTORY_HANDLING || event->due_ms == 0)
			continue;
		int64_t early = early_ms(event);
		/* back in main it does not wait any more, whatever this host's clock says */
		if (early > 0 && !c->where[i].back && !was_due(c, event, i))
			check_fail(c, CHECKER_NEVER_EARLY,
				   "id %s handled %" PRId64 " ms early in %s, partition %d "
				   "offset %" PRId64,
				   check_id(event), early, check_stage(event), event->partition,
				   event->offset);
		/* later calls of a visit, and those after a fault, are not late but again */
		if (record != CHECK_NONE && !called[record]) {
			called[record] = true;
			late_ms[n_late++] = event->at_ms - event->due_ms;
		}
	}
	report_lateness(c, late_ms, n_late);
	free(late_ms);
	free(called);
}
