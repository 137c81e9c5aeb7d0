/* SPDX-License-Identifier: Apache-2.0
 *
 * Exiles: calls and hops that outlive their lane. If the partition comes back here, its new lane
 * does not start the offset again but waits for the exile and takes its verdict; if it goes
 * elsewhere, the late verdict is dropped. */
#include "engine/state.h"

void exile_send(struct engine *e, struct record *r)
{
	struct lane *lane = r->lane;
	if (r->state == RECORD_HOPPING) {
		list_remove(&r->link);
		lane->n_hopping--;
		e->n_hopping--;
	} else if (r->state == RECORD_CALLED) {
		e->n_called--;
	} else if (r->state == RECORD_DEFERRED) {
		e->n_deferred--;
	}
	r->handed = false; /* the lane's counts go with the lane; the budget's stay */
	r->lane = NULL;
	list_push_back(&e->exiles, &r->link);
}

static void send_if(struct engine *e, struct record *r, void *lane)
{
	if (r->lane == NULL || (lane != NULL && r->lane != lane))
		return;
	if (r->state == RECORD_CALLED || r->state == RECORD_DEFERRED ||
	    (MUTANT(timer_survives_revoke) &&
	     (r->state == RECORD_BACKOFF || r->state == RECORD_QUEUED)))
		exile_send(e, r);
}

void exiles_send_lane(struct engine *e, struct lane *lane)
{
	if (lane != NULL || e->n_called > 0 || e->n_deferred > 0 || MUTANT(timer_survives_revoke))
		records_each(e, send_if, lane);
}

void exiles_adopt(struct engine *e, struct lane *lane)
{
	for (struct list *at = e->exiles.next; at != &e->exiles;) {
		struct record *r = record_of_link(at);
		at = at->next;
		if (r->chain != lane->chain || r->stage != lane->stage ||
		    r->call.message.read_partition != lane->partition || r->abandoned ||
		    r->call.message.read_offset < lane->position) /* finished elsewhere */
			continue;
		list_remove(&r->link);
		list_push_back(&lane->exiles, &r->link);
	}
}

void exile_abandon(struct engine *e, struct record *r)
{
	r->abandoned = true;
	list_remove(&r->link);
	list_push_back(&e->exiles, &r->link);
	if (r->state == RECORD_SETTLED)
		e->count.late_completion += !r->hopped && r->hop == NULL;
	/* A deferred one's ticket is STALE from now on; a running call and a hop end first. */
	if (r->state == RECORD_SETTLED || r->state == RECORD_DEFERRED)
		record_free(e, r);
}

void exiles_abandon(struct engine *e)
{
	tickets_take_settled(e); /* what was settled until now is late, what comes is STALE */
	if (MUTANT(epoch_ignored))
		return;
	struct list round;
	struct list *first;
	list_init(&round);
	while ((first = list_first(&e->exiles)) != NULL) {
		list_remove(first);
		list_push_back(&round, first);
	}
	while ((first = list_first(&round)) != NULL)
		exile_abandon(e, record_of_link(first));
}

struct record *exile_meet(struct engine *e, struct lane *lane, int64_t offset)
{
	struct record *met = NULL;
	for (struct list *at = lane->exiles.next; at != &lane->exiles;) {
		struct record *r = record_of_link(at);
		at = at->next;
		if (r->call.message.read_offset == offset)
			met = MUTANT(exile_started_again) ? NULL : r;
		else if (r->call.message.read_offset < offset) /* retention took it */
			exile_abandon(e, r);
	}
	return met;
}

void exile_return(struct engine *e, struct lane *lane, struct record *r)
{
	list_remove(&r->link);
	r->lane = lane;
	if (r->in_flight)
		lane->in_flight++;
	else
		record_count_in(e, r);
	record_hand(e, r);
	switch (r->state) {
	case RECORD_CALLED:
		e->n_called++;
		break;
	case RECORD_DEFERRED:
		e->n_deferred++;
		break;
	case RECORD_HOPPING:
		list_push_back(&lane->hopping, &r->link);
		lane->n_hopping++;
		e->n_hopping++;
		break;
	case RECORD_SETTLED:
		record_set(r, RECORD_READ);
		if (r->hopped)
			hop_durable(e, r);
		else if (r->hop != NULL)
			hop_again(e, r);
		else
			settle_verdict(e, r, r->verdict);
		break;
	case RECORD_FREE:
	case RECORD_READ:
	case RECORD_WAITING:
	case RECORD_QUEUED:
	case RECORD_BACKOFF:
	case RECORD_PARKED:
		break;
	}
}
