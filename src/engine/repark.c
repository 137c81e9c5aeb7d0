/* SPDX-License-Identifier: Apache-2.0
 *
 * Re-parking: a head that holds its lane back and still waits longer than the stage's delay goes to
 * the tail of its own topic, same due, attempts and history, and its offset is finished. What
 * follows in the log could be due from the lane's horizon on, so nothing is moved before that: each
 * message is moved at most once per delay. */
#include "engine/state.h"

/* The waiting record at next_offset, or the one with the lowest offset when the room must give. */
static struct record *head_of(struct lane *lane)
{
	struct record *head = NULL;
	for (size_t i = 0; i < lane->room.heap.n; i++) {
		struct record *r = record_of_node(lane->room.heap.nodes[i]);
		if (head == NULL || r->call.message.read_offset < head->call.message.read_offset)
			head = r;
	}
	return head;
}

static bool waits_long(const struct engine *e, const struct lane *lane, const struct record *r)
{
	int64_t delay_ms = lane->chain->chain->stages[lane->stage].delay_ms;
	return r->item.due_ms - e->now.wall_ms > delay_ms;
}

void repark_run(struct engine *e, struct lane *lane)
{
	bool room = (lane->gate & GATE_ROOM) != 0 && lane->room.horizon_ms <= e->now.wall_ms;
	bool ahead = (lane->gate & GATE_AHEAD) != 0 ||
		     (e->budget.uncommitted >= e->budget.max_uncommitted &&
		      offsets_ahead(&lane->offsets) > 0);
	if (lane->failing || (!room && !ahead))
		return;
	struct record *head = head_of(lane);
	if (head == NULL || !waits_long(e, lane, head))
		return;
	if (ahead && !room && head->call.message.read_offset != offsets_next(&lane->offsets))
		return; /* the head is running, due sooner, or deferred */
	hop_repark(e, head);
	lane_open(e, lane, GATE_ROOM);
	lane_timer(e, lane);
	e->progress = true;
}
