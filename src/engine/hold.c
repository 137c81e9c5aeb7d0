/* SPDX-License-Identifier: Apache-2.0
 *
 * Long waits: a lane whose head is due much later is paused, so that what was prefetched is let go,
 * and resumed early, so that its records are in memory when they become due. Pause and resume are
 * synchronous calls of the source: one list of each at the end of a turn. */
#include "engine/state.h"

#include <stdlib.h>

#include "core/schedule.h"

static void hold_want(struct engine *e, struct lane *lane, bool pause)
{
	lane->hold_wanted = pause;
	if (list_empty(&lane->hold_link))
		list_push_back(&e->holding, &lane->hold_link);
}

void hold_consider(struct engine *e, struct lane *lane)
{
	const struct waiting_item *head = waiting_head(&lane->room);
	if (head == NULL || e->farewell != FAREWELL_NONE)
		return;
	int64_t lead_ms = e->o.source.resume_lead_ms(e->o.source.self);
	struct schedule_hold hold =
		schedule_hold(head->node.key, e->now.wall_ms, e->o.pause_after_ms, lead_ms);
	if (!hold.pause)
		return;
	heap_remove(&e->resumes, &lane->resume);
	lane->resume.key = hold.resume_ms;
	lane->resume.tie = lane->partition;
	if (heap_push(&e->resumes, &lane->resume)) /* no memory: not paused, which is only dearer */
		hold_want(e, lane, true);
}

void hold_resume(struct engine *e, struct lane *lane)
{
	heap_remove(&e->resumes, &lane->resume);
	hold_want(e, lane, false);
}

void hold_resume_due(struct engine *e)
{
	struct heap_node *top;
	while ((top = heap_top(&e->resumes)) != NULL && top->key <= e->now.wall_ms)
		hold_resume(e, container_of(top, struct lane, resume));
}

static void apply(struct engine *e, void **handles, size_t n, bool pause)
{
	if (n > 0)
		e->o.source.hold(e->o.source.self, handles, n, pause);
}

void hold_apply(struct engine *e)
{
	if (list_empty(&e->holding))
		return;
	void **handles = malloc(2 * e->n_lanes * sizeof(void *));
	if (handles == NULL)
		return; /* next turn */
	void **resumed = handles + e->n_lanes;
	size_t n_paused = 0;
	size_t n_resumed = 0;
	struct list *first;
	while ((first = list_first(&e->holding)) != NULL) {
		struct lane *lane = container_of(first, struct lane, hold_link);
		list_remove(first);
		if (lane->hold_wanted == lane->paused)
			continue;
		lane->paused = lane->hold_wanted;
		if (lane->paused)
			handles[n_paused++] = lane->handle;
		else
			resumed[n_resumed++] = lane->handle;
		event_lane(e, lane->paused ? STAGGER_PAUSED : STAGGER_RESUMED, lane, lane->position,
			   NULL);
		if (!lane->paused)
			e->progress = true; /* read it in the next turn */
	}
	apply(e, handles, n_paused, true);
	apply(e, resumed, n_resumed, false);
	free(handles);
}
