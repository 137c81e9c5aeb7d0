/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of shrinking: what helps least goes first; what cannot be had again goes last. */
#include "core/shrink.h"

/* Whether a step makes the envelope any smaller. */
static bool helps(const struct envelope *e, enum shrink step, bool dead_letter)
{
	switch (step) {
	case SHRINK_DETAIL:
		return e->last.error_detail.size > 0;
	case SHRINK_FIRST_DETAIL:
		return e->has_first && e->first.error_detail.size > 0;
	case SHRINK_HISTORY:
		return e->n_history > 2;
	case SHRINK_PAYLOAD:
		return dead_letter && (e->key.size > 0 || e->value.size > 0 || e->n_headers > 0);
	case SHRINK_NONE:
	case SHRINK_IMPOSSIBLE:
		break;
	}
	return false;
}

enum shrink shrink_next(const struct envelope *e, enum shrink step, bool dead_letter)
{
	while (step < SHRINK_IMPOSSIBLE) {
		step++;
		if (helps(e, step, dead_letter))
			break;
	}
	return step;
}

static void drop_history(struct envelope *e, struct envelope_room *room)
{
	struct envelope_attempt last = e->history[e->n_history - 1];
	int64_t dropped = (int64_t)e->history_dropped + (int64_t)(e->n_history - 2);

	room->history[0] = e->history[0];
	room->history[1] = last;
	e->history = room->history;
	e->n_history = 2;
	e->history_dropped = dropped < INT32_MAX ? (int32_t)dropped : INT32_MAX;
}

void shrink_apply(struct envelope *e, struct envelope_room *room, enum shrink step)
{
	const struct stagger_bytes null = {0};

	if (step == SHRINK_IMPOSSIBLE)
		return; /* no way through here loses a payload */
	if (step >= SHRINK_DETAIL)
		e->last.error_detail = null;
	if (step >= SHRINK_FIRST_DETAIL)
		e->first.error_detail = null;
	if (step >= SHRINK_HISTORY && e->n_history > 2)
		drop_history(e, room);
	if (step < SHRINK_PAYLOAD)
		return;
	e->key = null;
	e->value = null;
	e->headers = NULL;
	e->n_headers = 0;
	e->payload_omitted = true;
}
