/* SPDX-License-Identifier: Apache-2.0
 *
 * Assignment and resets: where each lane begins is the lane's decision, made from the commit, its
 * ahead set and the log's start and end. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/ahead.h"

static struct chain_state *chain_of(struct engine *e, const char *topic, int32_t *stage)
{
	for (size_t i = 0; i < e->n_chains; i++) {
		*stage = chain_stage_of(e->chains[i].chain, topic);
		if (*stage != CHAIN_DLT)
			return &e->chains[i];
	}
	return NULL;
}

static void told(struct engine *e, struct lane *lane, const struct offsets_begin *begin)
{
	if (begin->lost > 0) {
		e->count.expired_by_retention += begin->lost;
		log_warn(e->o.log,
			 "expired by retention: topic '%s' partition %d: %lld offsets before %lld",
			 lane->topic, lane->partition, (long long)begin->lost,
			 (long long)begin->offset);
		event_lane(e, STAGGER_RESET, lane, begin->offset, "expired_by_retention");
	}
	if (begin->reset) {
		e->count.log_reset++;
		log_warn(e->o.log,
			 "log reset: topic '%s' partition %d was truncated or made again, reading "
			 "from %lld",
			 lane->topic, lane->partition, (long long)begin->offset);
		event_lane(e, STAGGER_RESET, lane, begin->offset, "log_reset");
	}
}

/* A lane for what was assigned, where it begins; NULL without memory. */
static struct lane *begin_lane(struct engine *e, struct chain_state *chain, int32_t stage,
			       const struct port_partition *p)
{
	struct lane *lane = lane_new(chain, stage, p->partition);
	if (lane == NULL)
		return NULL;
	struct offsets_begin begin =
		offsets_begin(p->committed, p->log_start, p->log_end,
			      stage == CHAIN_MAIN && chain->chain->start_latest);
	struct offsets_run *runs = NULL;
	size_t n = 0;
	if (begin.keep_ahead && p->metadata.data != NULL && !MUTANT(ahead_forgotten))
		(void)ahead_read(&runs, &n, p->metadata, p->committed);
	if (n > 0 && runs[n - 1].from + runs[n - 1].n > p->log_end)
		/* of a log that was truncated or made again: new records have these offsets */
		n = 0;
	enum stagger_status status = offsets_start(&lane->offsets, begin.offset, runs, n, NULL);
	free(runs);
	if (status != STAGGER_OK) {
		lane_free(e, lane);
		return NULL;
	}
	lane->position = begin.offset;
	lane->retention_ms = p->retention_ms;
	lane->committed = begin.commit ? -1 : p->committed;
	lane->must_commit = begin.commit;
	if (begin.commit) {
		lane_dirty(e, lane);
		e->commit_now = true;
	}
	told(e, lane, &begin);
	if (!begin.reset) /* else these offsets are other messages now */
		exiles_adopt(e, lane);
	return lane;
}

bool assign_again(struct engine *e)
{
	struct stagger_error why;
	struct port_start *list = calloc(e->n_lanes + 1, sizeof(*list));
	if (list == NULL) {
		engine_no_memory(e);
		return false;
	}
	for (size_t i = 0; i < e->n_lanes; i++)
		list[i] = (struct port_start){ .topic = e->lanes[i]->topic,
					       .partition = e->lanes[i]->partition,
					       .offset = e->lanes[i]->position,
					       .paused = e->lanes[i]->paused,
				       .lane = e->lanes[i] };
	for (size_t i = 0; MUTANT(paused_forgotten) && i < e->n_lanes && e->count.assigned > 0; i++)
		list[i].paused |= e->lanes[i]->stage != CHAIN_MAIN;
	enum stagger_status status = e->o.source.assign(e->o.source.self, list, e->n_lanes, &why);
	for (size_t i = 0; status == STAGGER_OK && i < e->n_lanes; i++) {
		e->lanes[i]->handle = list[i].handle;
		lane_list(e, e->lanes[i]);
	}
	free(list);
	if (status != STAGGER_OK)
		engine_end(e, status, why.kafka_code, why.text);
	return status == STAGGER_OK;
}

void assign_take(struct engine *e, const struct port_event *event)
{
	if (e->stopping || e->n_lanes > 0)
		return; /* a stop leaves the group; an assignment follows a revoke */
	free(e->lanes);
	e->lanes = calloc(event->n + 1, sizeof(struct lane *));
	if (e->lanes == NULL) {
		engine_no_memory(e);
		return;
	}
	for (size_t i = 0; i < event->n; i++) {
		int32_t stage;
		struct chain_state *chain = chain_of(e, event->partitions[i].topic, &stage);
		struct lane *lane =
			chain != NULL ? begin_lane(e, chain, stage, &event->partitions[i]) : NULL;
		if (lane == NULL) {
			engine_no_memory(e);
			return;
		}
		e->lanes[e->n_lanes++] = lane;
	}
	exiles_abandon(e);
	if (!assign_again(e))
		return;
	e->count.assigned += (int64_t)e->n_lanes;
	log_info(e->o.log, "assigned: %zu partitions", e->n_lanes);
	for (size_t i = 0; i < e->n_lanes; i++)
		event_lane(e, STAGGER_ASSIGNED, e->lanes[i], e->lanes[i]->position, NULL);
}

/* -- resets in mid-run ------------------------------------------------------------------- */

void assign_reset(struct engine *e, const struct port_event *event)
{
	void **handles = calloc(event->n + 1, sizeof(void *));
	if (handles == NULL) {
		engine_no_memory(e);
		return;
	}
	for (size_t i = 0; i < event->n; i++) {
		struct lane *lane = event->partitions[i].lane;
		lane_shut(lane, GATE_RESET);
		handles[i] = lane->handle;
	}
	e->o.source.ask_bounds(e->o.source.self, handles, event->n);
	free(handles);
}

/* Truncated or made again: the lane is dropped, a new one starts at the log start. */
static bool replace(struct engine *e, struct lane *old, const struct port_partition *p)
{
	struct lane *lane = lane_new(old->chain, old->stage, old->partition);
	if (lane == NULL ||
	    offsets_start(&lane->offsets, p->log_start, NULL, 0, NULL) != STAGGER_OK) {
		engine_no_memory(e);
		return false;
	}
	lane->position = p->log_start;
	lane->must_commit = true;
	lane_dirty(e, lane);
	for (size_t i = 0; i < e->n_lanes; i++)
		if (e->lanes[i] == old)
			e->lanes[i] = lane;
	struct offsets_begin begin = { .offset = p->log_start, .reset = true };
	told(e, lane, &begin);
	strands_drop_lane(e, old);
	exiles_send_lane(e, old);
	lane_free(e, old);
	exiles_abandon(e); /* all that were not adopted are its own */
	return true;
}

void assign_bounds(struct engine *e, const struct port_event *event)
{
	if (e->farewell != FAREWELL_NONE)
		return; /* who is next begins where the log allows; the source knows these lanes */
	for (size_t i = 0; i < event->n; i++) {
		const struct port_partition *p = &event->partitions[i];
		struct lane *lane = p->lane;
		if (lane->position > p->log_end) {
			if (!replace(e, lane, p))
				return;
		} else {
			if (lane->position < p->log_start) {
				struct offsets_begin begin = { .offset = p->log_start,
							       .lost = p->log_start -
								       lane->position };
				lane->position = p->log_start;
				told(e, lane, &begin);
			}
			lane_open(e, lane, GATE_RESET);
		}
	}
	if (event->n > 0)
		(void)assign_again(e);
}
