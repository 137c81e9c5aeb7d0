/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: birth, gate, timers, death. A lane is everything known about one assigned partition; it is
 * read when its gate holds no reason not to. */
#include "engine/state.h"

#include <stdlib.h>

struct lane *lane_new(struct chain_state *chain, int32_t stage, int32_t partition)
{
	struct column *column = column_get(chain, partition);
	struct lane *lane = calloc(1, sizeof(*lane));
	if (lane == NULL || column == NULL) {
		free(lane);
		return NULL;
	}
	lane->chain = chain;
	lane->column = column;
	lane->topic = chain->chain->stages[stage].topic;
	lane->stage = stage;
	lane->partition = partition;
	lane->committed = -1;
	lane->room.horizon_ms = INT64_MIN;
	lane->due = (struct heap_node)HEAP_NODE_INIT;
	lane->resume = (struct heap_node)HEAP_NODE_INIT;
	list_init(&lane->ready_link);
	list_init(&lane->dirty_link);
	list_init(&lane->parked);
	list_init(&lane->hopping);
	list_init(&lane->exiles);
	list_init(&lane->hold_link);
	return lane;
}

static void send_away(struct engine *e, struct lane *lane)
{
	struct list *first;
	struct waiting_item *item;
	while ((item = waiting_head(&lane->room)) != NULL)
		record_free(e, record_of_item(item));
	while ((first = list_first(&lane->parked)) != NULL)
		record_free(e, record_of_link(first));
	while ((first = list_first(&lane->hopping)) != NULL)
		exile_send(e, record_of_link(first));
	while ((first = list_first(&lane->exiles)) != NULL) { /* never met again */
		list_remove(first);
		list_push_back(&e->exiles, first);
	}
}

void lane_free(struct engine *e, struct lane *lane)
{
	send_away(e, lane);
	e->budget.uncommitted -= lane->handed - lane->covered;
	heap_remove(&e->dues, &lane->due);
	heap_remove(&e->resumes, &lane->resume);
	list_remove(&lane->ready_link);
	list_remove(&lane->dirty_link);
	list_remove(&lane->hold_link);
	offsets_clear(&lane->offsets);
	waiting_clear(&lane->room);
	if (lane->sending && e->commit_out) {
		lane->sending = false;
		list_push_back(&e->gone, &lane->ready_link);
		return;
	}
	free(lane);
}

void lanes_bury(struct engine *e)
{
	struct list *first;
	while ((first = list_first(&e->gone)) != NULL) {
		list_remove(first);
		free(container_of(first, struct lane, ready_link));
	}
}

void lane_list(struct engine *e, struct lane *lane)
{
	lane->listed = true;
	if (lane->gate == 0 && list_empty(&lane->ready_link))
		list_push_back(&e->ready, &lane->ready_link);
}

void lane_open(struct engine *e, struct lane *lane, unsigned gate)
{
	unsigned before = lane->gate;
	COVER(gate, before, before & ~gate);
	lane->gate &= ~gate;
	if (before == 0 || lane->gate != 0)
		return;
	lane_list(e, lane); /* a queue tells only of empty -> not empty: look */
	/* also when it is to be paused only after this turn */
	if (lane->paused || lane->hold_wanted)
		hold_resume(e, lane);
}

void lane_shut(struct lane *lane, unsigned gate)
{
	COVER(gate, lane->gate, lane->gate | gate);
	lane->gate |= gate;
	list_remove(&lane->ready_link);
}

void lane_dirty(struct engine *e, struct lane *lane)
{
	if (list_empty(&lane->dirty_link))
		list_push_back(&e->dirty, &lane->dirty_link);
}

void lane_bound(struct engine *e, struct lane *lane)
{
	if (lane->bound_since_ms == 0)
		lane->bound_since_ms = e->now.wall_ms;
}

void lane_timer(struct engine *e, struct lane *lane)
{
	const struct waiting_item *head = waiting_head(&lane->room);
	heap_remove(&e->dues, &lane->due);
	if (head == NULL)
		return;
	lane->due.key = head->node.key;
	lane->due.tie = lane->partition;
	if (!heap_push(&e->dues, &lane->due))
		engine_no_memory(e);
}
