/* SPDX-License-Identifier: Apache-2.0
 *
 * Re-parking: a head that holds its lane back and still waits longer than the stage's delay goes to
 * the tail of its own topic, same due, attempts and history, and its offset is finished. What
 * follows in the log could be due from the lane's horizon on, so nothing is moved before that: each
 * message is moved at most once per delay. */
#include "engine/state.h"

#include "base/bytes.h"

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
	return r->item.due_ms > add_saturated(e->now.wall_ms, delay_ms);
}

/* What has waited half of its topic's retention goes to the tail before it is deleted. The oldest
 * is the one with the lowest offset: until it is that old nothing need be looked at. */
static void repark_old(struct engine *e, struct lane *lane)
{
	while (lane->retention_ms > 0 && lane->old_at_ms <= e->now.wall_ms && !lane->failing) {
		struct record *head = head_of(lane);
		lane->old_at_ms = 0;
		if (head == NULL || head->read_timestamp_ms < 0)
			return;
		lane->old_at_ms = add_saturated(head->read_timestamp_ms, lane->retention_ms / 2);
		if (lane->old_at_ms > e->now.wall_ms)
			return;
		size_t n = lane->room.heap.n;
		lane->old_at_ms = 0;
		hop_repark(e, head);
		if (lane->room.heap.n == n)
			return; /* no memory: in a second */
		lane_timer(e, lane);
		intake_gates(e, lane);
		e->progress = true;
	}
}

void repark_run(struct engine *e, struct lane *lane)
{
	bool pressed = e->budget.uncommitted >= e->budget.max_uncommitted;
	/* Beyond max_uncommitted one a lane, and the next when that one is committed. */
	if (pressed && offsets_next(&lane->offsets) != lane->committed)
		return;
	repark_old(e, lane);
	/* While commits fail it does not help; and if somebody else has the partition by now, the
	 * copies that both make of each other's double each time. */
	if (lane->refused)
		return;
	bool room = !pressed && (lane->gate & GATE_ROOM) != 0 &&
		    lane->room.horizon_ms <= e->now.wall_ms;
	bool ahead = (lane->gate & GATE_AHEAD) != 0 ||
		     (pressed && offsets_ahead(&lane->offsets) > 0);
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
