/* SPDX-License-Identifier: Apache-2.0
 *
 * Farewells: a revoke and a clean stop are the same steps. The lanes stop handing out, running
 * calls and hops end within a time limit, the application flushes, what is finished is committed,
 * then the lanes go. The loop goes on as ever meanwhile. */
#include "engine/state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/crash.h"
#include "base/log.h"

static void interrupt(struct engine *e, bool on)
{
	for (size_t i = 0; i < e->n_chains; i++)
		e->chains[i].workers.interrupt(e->chains[i].workers.self, on);
}

/* What no handler has seen comes again to whoever is next. */
static void drop_untouched(struct engine *e)
{
	struct waiting_item *item;
	struct heap_node *node;
	strands_drop(e);
	for (size_t i = 0; i < e->n_lanes; i++) {
		struct lane *lane = e->lanes[i];
		lane_shut(lane, GATE_FAREWELL);
		while ((item = waiting_head(&lane->room)) != NULL)
			if (MUTANT(drop_on_revoke))
				record_finish(e, record_of_item(item));
			else
				record_free(e, record_of_item(item));
		lane_timer(e, lane);
		heap_remove(&e->resumes, &lane->resume);
		list_remove(&lane->hold_link);
	}
	while (!MUTANT(timer_survives_revoke) && (node = heap_top(&e->backoffs)) != NULL)
		record_free(e, record_of_node(node));
}

static void deadline(struct engine *e, int64_t timeout_ms, const char *key)
{
	int64_t at = add_saturated(e->now.boot_ms, timeout_ms);
	if (e->farewell != FAREWELL_NONE && at >= e->farewell_boot_ms)
		return;
	e->farewell_boot_ms = at;
	e->farewell_key = key;
}

void farewell_begin(struct engine *e, bool stop)
{
	if (stop && e->stopping)
		return;
	if (stop)
		deadline(e, e->o.drain_timeout_ms, "drain_timeout");
	else
		deadline(e, e->o.revoke_timeout_ms, "revoke_timeout");
	e->stopping |= stop;
	e->revoking |= !stop;
	if (e->farewell != FAREWELL_NONE)
		return;
	farewell_set(e, FAREWELL_FINISHING);
	interrupt(e, true);
	drop_untouched(e);
	e->progress = true;
}

static void events_all(struct engine *e, enum stagger_event_kind kind)
{
	for (size_t i = 0; i < e->n_lanes; i++)
		event_lane(e, kind, e->lanes[i], offsets_next(&e->lanes[i]->offsets), NULL);
}

/* The lanes go; calls and hops that are still out become exiles. */
static void lanes_go(struct engine *e, enum stagger_event_kind kind)
{
	struct lane **lanes = e->lanes;
	size_t n = e->n_lanes;
	events_all(e, kind);
	exiles_send_lane(e, NULL);
	e->lanes = NULL;
	e->n_lanes = 0;
	e->commit_out = false; /* not answered any more */
	e->commit_failed = false;
	e->commit_refused = false;
	for (size_t i = 0; i < n; i++)
		lane_free(e, lanes[i]);
	lanes_bury(e);
	free(lanes);
	e->count.revoked += kind == STAGGER_REVOKED ? (int64_t)n : 0;
	e->count.lost += kind == STAGGER_LOST ? (int64_t)n : 0;
	if (n > 0)
		log_info(e->o.log, "%s: %zu partitions",
			 kind == STAGGER_LOST ? "lost" : "revoked", n);
}

/* After the lanes have gone: back to work, or out of the group. */
static void gone(struct engine *e)
{
	if (e->revoking || !e->stopping)
		e->o.source.unassign(e->o.source.self);
	e->revoking = false;
	if (e->stopping) {
		CRASH_POINT(in_close);
		farewell_set(e, FAREWELL_LEAVING);
		e->farewell_boot_ms = e->now.boot_ms + ENGINE_LEAVE_MS;
		exiles_abandon(e);
		e->o.source.leave(e->o.source.self, e->o.leave);
		return;
	}
	farewell_set(e, FAREWELL_NONE);
	interrupt(e, false);
}

void farewell_lost(struct engine *e)
{
	if (e->farewell == FAREWELL_LEAVING)
		return;
	if (e->farewell == FAREWELL_NONE) {
		interrupt(e, true);
		drop_untouched(e);
	}
	e->revoking = true;
	lanes_go(e, STAGGER_LOST);
	gone(e);
	e->progress = true;
}

static bool work_left(const struct engine *e)
{
	return e->n_called > 0 || e->n_deferred > 0 || e->n_hopping > 0 || e->n_parked > 0;
}

static void finishing(struct engine *e)
{
	bool late = e->now.boot_ms >= e->farewell_boot_ms;
	if (work_left(e) && !late && !MUTANT(stop_does_not_wait))
		return;
	if (work_left(e) && e->stopping && e->result == STAGGER_OK) {
		e->result = STAGGER_TIMEOUT;
		snprintf(e->error.text, sizeof(e->error.text),
			 "%s passed with work left: %lld calls, %lld tickets, %lld hops",
			 e->farewell_key, (long long)e->n_called, (long long)e->n_deferred,
			 (long long)(e->n_hopping + e->n_parked));
	}
	farewell_set(e, FAREWELL_COMMITTING);
	if (e->revoking)
		CRASH_POINT(in_revoke);
	events_all(e, STAGGER_REVOKING);
	e->now = engine_now(e); /* the application may have taken its time */
	if (e->farewell_boot_ms < e->now.boot_ms + ENGINE_LAST_COMMIT_MS)
		e->farewell_boot_ms = e->now.boot_ms + ENGINE_LAST_COMMIT_MS;
	e->progress = true;
}

static void committing(struct engine *e)
{
	bool late = e->now.boot_ms >= e->farewell_boot_ms;
	if (!late && !e->commit_refused) {
		if (!e->commit_failed)
			commit_run(e, true);
		if (e->commit_out || e->commit_failed)
			return;
	}
	lanes_go(e, STAGGER_REVOKED);
	gone(e);
	e->progress = true;
}

void farewell_step(struct engine *e)
{
	switch (e->farewell) {
	case FAREWELL_NONE:
		return;
	case FAREWELL_FINISHING:
		finishing(e);
		return;
	case FAREWELL_COMMITTING:
		committing(e);
		return;
	case FAREWELL_LEAVING:
		if (e->now.boot_ms >= e->farewell_boot_ms)
			engine_end(e, e->result, e->error.kafka_code, NULL);
		return;
	}
}
