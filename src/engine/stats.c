/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics: one block with everything, copied at one instant. From another thread under the
 * engine's lock, which the loop holds during a turn; from the loop itself (an event callback) as
 * is. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct snapshot {
	struct stagger_stats stats; /* first */
	const struct stagger_lane_stats **pointers;
	struct stagger_lane_stats *lanes;
};

static int64_t overdue(const struct engine *e, const struct lane *lane)
{
	int64_t n = 0;
	for (size_t i = 0; i < lane->room.heap.n; i++)
		n += lane->room.heap.nodes[i]->key <= e->now.wall_ms;
	return n;
}

static void lane_fill(const struct engine *e, const struct lane *lane,
		      struct stagger_lane_stats *out)
{
	const struct waiting_item *head = waiting_head(&lane->room);
	*out = (struct stagger_lane_stats){
		.chain = lane->chain->chain->name,
		.stage = lane->chain->chain->stages[lane->stage].name,
		.topic = lane->topic,
		.partition = lane->partition,
		.paused = lane->paused,
		.stalled = lane->failing,
		.next_offset = offsets_next(&lane->offsets),
		.committed = lane->committed,
		.position = lane->position,
		.waiting = (int64_t)lane->room.heap.n,
		.overdue = overdue(e, lane),
		.in_flight = lane->in_flight,
		.finished_ahead = (int64_t)offsets_ahead(&lane->offsets),
		.next_due_ms = head != NULL ? head->due_ms : 0,
	};
}

static void fill(struct engine *e, struct stagger_stats *s)
{
	const struct counters *c = &e->count;
	pthread_mutex_lock(&e->tickets.lock);
	int64_t late = e->tickets.late;
	pthread_mutex_unlock(&e->tickets.lock);
	*s = (struct stagger_stats){
		.at_ms = e->now.wall_ms,
#define COUNTER(name) .name = c->name
		COUNTER(handled), COUNTER(done), COUNTER(retried), COUNTER(retried_in_place),
		COUNTER(dead_lettered), COUNTER(expired), COUNTER(attempts_exhausted),
		COUNTER(not_retriable), COUNTER(undecodable), COUNTER(foreign),
		COUNTER(too_large), COUNTER(hops), COUNTER(hop_failures), COUNTER(hop_repeated),
		COUNTER(shrunk), COUNTER(route_fallback), COUNTER(reparked),
		COUNTER(republished), COUNTER(header_ignored), COUNTER(early),
		COUNTER(head_of_line), COUNTER(due_clamped), COUNTER(clock_steps),
		COUNTER(commits), COUNTER(commit_failures), COUNTER(commit_metadata_dropped),
		COUNTER(ahead_dropped), COUNTER(skipped_ahead), COUNTER(expired_by_retention),
		COUNTER(log_reset), COUNTER(assigned), COUNTER(revoked), COUNTER(lost),
		COUNTER(stuck),
#undef COUNTER
		.lateness_p50_us = histogram_quantile(&e->lateness, 0.5),
		.lateness_p99_us = histogram_quantile(&e->lateness, 0.99),
		.lateness_max_us = e->lateness.max_us,
		.duplicates_bound = e->budget.uncommitted,
		.late_completion = c->late_completion + late,
		.deferred = e->n_deferred,
		.in_flight = e->budget.messages,
		.in_flight_bytes = e->budget.bytes,
		.waiting_bytes = e->budget.waiting_bytes,
	};
	for (size_t i = 0; i < e->n_lanes; i++)
		s->waiting += (int64_t)e->lanes[i]->room.heap.n;
}

static enum stagger_status snapshot(struct engine *e, const struct stagger_stats **out,
				    struct stagger_error *err)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail_memory(err);
	s->pointers = calloc(e->n_lanes + 1, sizeof(*s->pointers));
	s->lanes = calloc(e->n_lanes + 1, sizeof(*s->lanes));
	if (s->pointers == NULL || s->lanes == NULL) {
		const struct stagger_stats *half = &s->stats;
		stagger_stats_free(&half);
		return fail_memory(err);
	}
	fill(e, &s->stats);
	for (size_t i = 0; i < e->n_lanes; i++) {
		lane_fill(e, e->lanes[i], &s->lanes[i]);
		s->pointers[i] = &s->lanes[i];
	}
	s->stats.lanes = s->pointers;
	s->stats.n_lanes = e->n_lanes;
	*out = &s->stats;
	return STAGGER_OK;
}

enum stagger_status engine_stats(struct engine *e, const struct stagger_stats **out,
				 struct stagger_error *err)
{
	pthread_mutex_lock(&e->lock);
	enum stagger_status status = snapshot(e, out, err);
	pthread_mutex_unlock(&e->lock);
	return status;
}

void stagger_stats_free(const struct stagger_stats **stats)
{
	if (stats == NULL || *stats == NULL)
		return;
	struct snapshot *s = (struct snapshot *)(uintptr_t)*stats;
	free(s->pointers);
	free(s->lanes);
	free(s);
	*stats = NULL;
}
