/* SPDX-License-Identifier: Apache-2.0
 *
 * The handler of the bench lateness: it fails, and writes down how late it was called. */
#define _GNU_SOURCE
#include "late.h"

#include <string.h>

#include "bench.h"
#include "load.h"
#include "ours.h"

/* The delay that this call asks for: each message goes through all of them, visit by visit. */
static enum stagger_verdict fail_again(const struct late *late, const struct stagger_message *m,
				       struct stagger_failure *why)
{
	int64_t number;

	if (late->n_wishes > 0) {
		memcpy(&number, m->key.data, sizeof(number));
		int64_t wish_ms = late->wishes_ms[(number + m->attempt) % late->n_wishes];
		return stagger_retry_after(why, wish_ms, "Lateness", "visit %d", (int)m->visit);
	}
	if (late->in_place > 0) // retry_after is never waited for in place; the stage waits longer
		return stagger_retry_after(why, 1, "Lateness", "visit %d", (int)m->visit);
	return stagger_retry(why, "Lateness", "visit %d", (int)m->visit);
}

/* In main. What is spread out keeps its distance from the others in the stage, visit by visit. */
static enum stagger_verdict first_call(struct late *late, const struct stagger_message *m,
				       struct stagger_failure *why)
{
	int64_t number;

	switch (*(const char *)m->value.data) {
	case LATE_FINISHES:
		atomic_fetch_add_explicit(&late->finished, 1, memory_order_relaxed);
		return STAGGER_DONE;
	case LATE_SPREAD:
		memcpy(&number, m->key.data, sizeof(number));
		return stagger_retry_after(why, late->delay_ms + number * 1000 / late->rate,
					   "Lateness", "not yet");
	}
	return fail_again(late, m, why);
}

static enum stagger_verdict slow_call(struct late *late, struct stagger_failure *why)
{
	load_pause_until(bench_boot_us() + LATE_SLOW_MS * 1000);
	atomic_fetch_add_explicit(&late->n_slow, 1, memory_order_relaxed);
	return stagger_retry(why, "Lateness", "slowly");
}

/* Whether this is the next call in place of the one before is told by its record. */
static enum stagger_verdict call_in_place(struct late *late, const struct stagger_message *m,
					  struct stagger_failure *why)
{
	struct late_partition *at = &late->at[m->read_partition];

	if (at->returned_us > 0 && at->offset == m->read_offset && at->due_ms == m->due_ms)
		spread_add(&late->again,
			   bench_boot_us() - at->returned_us - LATE_IN_PLACE_MS * 1000);
	at->offset = m->read_offset;
	at->due_ms = m->due_ms;
	at->returned_us = bench_boot_us();
	return stagger_retry(why, "Lateness", "in place");
}

enum stagger_verdict late_call(const struct stagger_message *m, struct stagger_failure *why,
			       void *user)
{
	struct late_member *member = user;
	struct late *late = member->late;
	int64_t late_us = bench_wall_us() - m->due_ms * 1000;

	if (m->due_ms != 0 && ours_is_early(m, late_us))
		atomic_fetch_add(&late->early, 1);
	if (m->read_partition < late->slow)
		return slow_call(late, why);
	if (m->read_partition < late_aside(late))
		return call_in_place(late, m, why);
	if (m->due_ms == 0)
		return first_call(late, m, why);
	int64_t n = atomic_fetch_add(&late->n_late, 1);
	if (n < late->first)
		spread_add(&late->beginning, late_us);
	else
		spread_add(late->at[m->read_partition].moved ? &late->moved : &late->stayed, late_us);
	if (n + 1 == late->first + late->hops)
		atomic_store(&late->enough, true);
	return fail_again(late, m, why);
}
