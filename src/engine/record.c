/* SPDX-License-Identifier: Apache-2.0
 *
 * Records: one message's memory and its one owner at any time. They live in slabs, so that the main
 * path asks malloc for nothing.
 *
 *   state     who holds it                        how it gets on
 *   READ      the function that made the state    -
 *   WAITING   lane->room                          due: QUEUED; room must give: PARKED (repark)
 *   QUEUED    its strand's again, main or stages  a slice takes it: CALLED
 *   CALLED    a slice, then the workers           the slice comes back: settle, or QUEUED untouched
 *   BACKOFF   engine->backoffs                    the wait is over: QUEUED (again)
 *   DEFERRED  its ticket's slot                   settled: as after a call
 *   PARKED    lane->parked                        handed to the sink: HOPPING; too large for main:
 *                                                 QUEUED
 *   HOPPING   lane->hopping and the sink          report: finished, or PARKED again
 *   SETTLED   an exile list, its lane is gone     the offset is read again: its verdict counts
 * CALLED, DEFERRED and HOPPING records may outlive their lane: lane == NULL, in an exile
 * list (exile.c). A record that a worker may see is never freed. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/envelope_codec.h"

#define SLAB_RECORDS 64
#define MESSAGE_SIZE sizeof(struct stagger_message) /* a record begins with it */

struct slab {
	struct list link;
	struct record records[SLAB_RECORDS];
};

static bool slab_add(struct engine *e)
{
	struct slab *slab = calloc(1, sizeof(*slab));
	if (slab == NULL)
		return false;
	list_push_back(&e->slabs, &slab->link);
	for (size_t i = 0; i < SLAB_RECORDS; i++) {
		slab->records[i].next_free = e->free_records;
		e->free_records = &slab->records[i];
	}
	return true;
}

struct record *record_new(struct engine *e)
{
	if (e->free_records == NULL && !slab_add(e))
		return NULL;
	struct record *r = e->free_records;
	e->free_records = r->next_free;
	if (e->free_records != NULL) /* the next one */
		record_fetch(e->free_records);
	/* All but the message, which its maker writes as a whole. */
	memset((char *)r + MESSAGE_SIZE, 0, sizeof(*r) - MESSAGE_SIZE);
	record_set(r, RECORD_READ);
	r->item.node = (struct heap_node)HEAP_NODE_INIT;
	list_init(&r->link);
	list_init(&r->pinned);
	return r;
}

void records_each(struct engine *e, void (*do_it)(struct engine *, struct record *, void *),
		  void *user)
{
	for (struct list *at = e->slabs.next; at != &e->slabs; at = at->next) {
		struct slab *slab = container_of(at, struct slab, link);
		for (size_t i = 0; i < SLAB_RECORDS; i++)
			if (slab->records[i].state != RECORD_FREE)
				do_it(e, &slab->records[i], user);
	}
}

static void clear_one(struct engine *e, struct record *r, void *user)
{
	(void)user;
	record_free(e, r);
}

void records_clear(struct engine *e)
{
	struct list *first;
	records_each(e, clear_one, NULL); /* all first: a strand may still point at others */
	while ((first = list_first(&e->slabs)) != NULL) {
		list_remove(first);
		free(container_of(first, struct slab, link));
	}
	e->free_records = NULL;
}

void record_leave(struct engine *e, struct record *r)
{
	switch (r->state) {
	case RECORD_WAITING:
		waiting_remove(&r->lane->room, &r->item);
		e->budget.waiting_bytes -= (int64_t)r->bytes;
		break;
	case RECORD_BACKOFF:
		heap_remove(&e->backoffs, &r->item.node);
		strand_release(r->strand);
		break;
	case RECORD_DEFERRED:
		ticket_close(e, r);
		e->n_deferred -= r->lane != NULL;
		strand_release(r->strand);
		break;
	case RECORD_CALLED:
		e->n_called -= r->lane != NULL;
		break;
	case RECORD_PARKED:
		list_remove(&r->link);
		e->n_parked--;
		r->lane->n_parked--;
		r->lane->n_errored -= r->hop->errored;
		break;
	case RECORD_HOPPING:
		hop_leave_producer(e, r);
		break;
	case RECORD_SETTLED:
		list_remove(&r->link);
		break;
	case RECORD_FREE:
	case RECORD_READ:
	case RECORD_QUEUED:
		break;
	}
	record_set(r, RECORD_READ);
}

void record_unpin(struct engine *e, struct record *r)
{
	if (r->pin == NULL)
		return;
	e->o.source.release(e->o.source.self, r->pin);
	r->pin = NULL;
	list_remove(&r->pinned);
	free(r->headers);
	r->headers = NULL;
}

void record_count_in(struct engine *e, struct record *r)
{
	r->in_flight = true;
	budget_take(&e->budget, r->stage == CHAIN_MAIN, r->bytes);
	r->lane->in_flight++;
}

void record_count_out(struct engine *e, struct record *r)
{
	if (!r->in_flight)
		return;
	r->in_flight = false;
	budget_give(&e->budget, r->stage == CHAIN_MAIN, r->bytes);
	if (r->lane != NULL)
		r->lane->in_flight--;
}

void record_hand(struct engine *e, struct record *r)
{
	if (r->handed || r->lane == NULL)
		return;
	r->handed = true;
	r->lane->handed++;
	e->budget.uncommitted++;
}

void record_unhand(struct engine *e, struct record *r)
{
	if (!r->handed || r->calls > 0)
		return;
	r->handed = false;
	r->lane->handed--;
	e->budget.uncommitted--;
}

/* What only failures, stages and long waits give a record. */
static void free_owned(struct record *r)
{
	failure_free(&r->failure);
	failure_free(&r->first_failure);
	failure_free(&r->call.failure);
	attributes_free(&r->attributes);
	envelope_free(&r->envelope);
	free(r->texts);
	free(r->block);
}

/* Texts come with an envelope, a first failure with a last one. */
static bool owns_nothing(const struct record *r)
{
	return r->failure == NULL && r->call.failure == NULL && r->attributes == NULL &&
	       r->envelope == NULL && r->block == NULL;
}

void record_free(struct engine *e, struct record *r)
{
	record_leave(e, r);
	list_remove(&r->link);
	ticket_close(e, r);
	record_count_out(e, r);
	record_unpin(e, r);
	if (!owns_nothing(r))
		free_owned(r);
	hop_free(e, r);
	record_set(r, RECORD_FREE);
	r->next_free = e->free_records;
	e->free_records = r;
}

void record_finish(struct engine *e, struct record *r)
{
	struct lane *lane = r->lane;
	if (offsets_finish(&lane->offsets, r->call.message.read_offset) && r->handed)
		lane->finished++;
	lane_dirty(e, lane);
	if ((lane->gate & GATE_AHEAD) != 0 &&
	    offsets_tracked(&lane->offsets) < (size_t)e->o.max_ahead)
		lane_open(e, lane, GATE_AHEAD);
	record_free(e, r);
}

/* -- deep copy --------------------------------------------------------------------------- */

bool record_own(struct engine *e, struct record *r)
{
	struct stagger_message *m = &r->call.message;
	size_t size =
		sizeof(struct stagger_header) * m->n_headers + m->key.size + m->value.size + 1;
	for (size_t i = 0; i < m->n_headers; i++)
		size += text_packed(m->headers[i].name) + m->headers[i].value.size;
	char *block = malloc(size);
	if (block == NULL)
		return false;
	struct stagger_header *headers = (struct stagger_header *)(void *)block;
	char *at = block + sizeof(struct stagger_header) * m->n_headers;
	for (size_t i = 0; i < m->n_headers; i++) {
		headers[i].name = text_pack(&at, m->headers[i].name);
		headers[i].value = bytes_pack(&at, m->headers[i].value);
	}
	m->key = bytes_pack(&at, m->key);
	m->value = bytes_pack(&at, m->value);
	m->headers = m->n_headers > 0 ? headers : NULL;
	r->block = block;
	record_unpin(e, r);
	return true;
}
