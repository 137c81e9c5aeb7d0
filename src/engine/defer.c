/* SPDX-License-Identifier: Apache-2.0
 *
 * Tickets of deferred calls. Settle answers from its own thread, so the table is the engine's one
 * structure behind a lock; the loop closes tickets under the same lock. A ticket names a slot and
 * the number it was given out under, so that a late or second settle finds another number. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/wake.h"

/* The copy of a message that lives until its ticket is settled: also a call, without a context. */
struct deferral {
	struct port_call call;
	uint64_t slot; /* number + 1 */
};

bool tickets_init(struct tickets *t)
{
	return pthread_mutex_init(&t->lock, NULL) == 0;
}

void tickets_clear(struct tickets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		failure_free(&t->slots[i].failure);
		free(t->slots[i].abandoned);
	}
	free(t->slots);
	pthread_mutex_destroy(&t->lock);
}

/* -- the copy ---------------------------------------------------------------------------- */

static size_t copy_size(const struct port_call *call)
{
	const struct stagger_message *m = &call->message;
	size_t size = sizeof(struct deferral) + m->n_headers * sizeof(struct stagger_header) +
		      call->n_attributes * sizeof(struct stagger_pair) + m->key.size +
		      m->value.size + text_packed(m->stage) + text_packed(m->topic) +
		      text_packed(m->error_class) +
		      text_packed(m->error_code) + text_packed(m->error_message) + 1;
	for (size_t i = 0; i < m->n_headers; i++)
		size += text_packed(m->headers[i].name) + m->headers[i].value.size;
	for (size_t i = 0; i < call->n_attributes; i++)
		size += text_packed(call->attributes[i].name) +
			text_packed(call->attributes[i].value);
	return size;
}

static struct deferral *deferral_new(const struct port_call *call)
{
	struct deferral *d = malloc(copy_size(call));
	if (d == NULL)
		return NULL;
	*d = (struct deferral){ .call = { .message = call->message, .group = call->group } };
	struct stagger_message *m = &d->call.message;
	struct stagger_header *headers = (struct stagger_header *)(void *)(d + 1);
	struct stagger_pair *pairs = (struct stagger_pair *)(void *)&headers[m->n_headers];
	char *at = (char *)&pairs[call->n_attributes];
	for (size_t i = 0; i < m->n_headers; i++) {
		headers[i].name = text_pack(&at, m->headers[i].name);
		headers[i].value = bytes_pack(&at, m->headers[i].value);
	}
	for (size_t i = 0; i < call->n_attributes; i++) {
		pairs[i].name = text_pack(&at, call->attributes[i].name);
		pairs[i].value = text_pack(&at, call->attributes[i].value);
	}
	m->headers = m->n_headers > 0 ? headers : NULL;
	d->call.attributes = pairs;
	d->call.n_attributes = call->n_attributes;
	m->key = bytes_pack(&at, m->key);
	m->value = bytes_pack(&at, m->value);
	m->stage = text_pack(&at, m->stage);
	m->topic = text_pack(&at, m->topic);
	m->error_class = text_pack(&at, m->error_class);
	m->error_code = text_pack(&at, m->error_code);
	m->error_message = text_pack(&at, m->error_message);
	return d;
}

/* -- slots ------------------------------------------------------------------------------- */

static uint64_t slot_take(struct tickets *t, struct record *r)
{
	if (t->free_slot == 0) {
		size_t room = t->room > 0 ? 2 * t->room : 64;
		struct ticket_slot *slots = realloc(t->slots, room * sizeof(*slots));
		if (slots == NULL)
			return 0;
		t->slots = slots;
		for (size_t i = t->room; i < room; i++) {
			slots[i] = (struct ticket_slot){ .next = t->free_slot };
			t->free_slot = i + 1;
		}
		t->room = room;
		t->n = room;
	}
	uint64_t number = t->free_slot;
	struct ticket_slot *slot = &t->slots[number - 1];
	t->free_slot = slot->next;
	*slot = (struct ticket_slot){ .check = ++t->last_check, .record = r };
	t->open++;
	return number;
}

static void slot_give(struct tickets *t, uint64_t number)
{
	struct ticket_slot *slot = &t->slots[number - 1];
	failure_free(&slot->failure);
	*slot = (struct ticket_slot){ .next = t->free_slot };
	t->free_slot = number;
}

const struct stagger_message *engine_defer(void *engine, struct stagger_message *message,
					   struct stagger_ticket *ticket)
{
	struct engine *e = engine;
	struct tickets *t = &e->tickets;
	struct record *r = (struct record *)(void *)message;
	if (r->call.ticket)
		return NULL; /* one ticket a call */
	struct deferral *d = deferral_new(&r->call);
	if (d == NULL)
		return NULL;
	pthread_mutex_lock(&t->lock);
	d->slot = slot_take(t, r);
	if (d->slot != 0)
		*ticket = (struct stagger_ticket){ d->slot, t->slots[d->slot - 1].check };
	pthread_mutex_unlock(&t->lock);
	if (d->slot == 0) {
		free(d);
		return NULL;
	}
	r->deferral = d;
	r->call.ticket = true;
	return &d->call.message;
}

/* -- settle ------------------------------------------------------------------------------ */

static enum stagger_status outcome_check(const struct stagger_outcome *outcome,
					 struct stagger_error *err)
{
	if (outcome == NULL || outcome->size < sizeof(outcome->size) + sizeof(outcome->verdict))
		return fail(err, STAGGER_INVALID, "settle: outcome.size is not set, use "
						  "STAGGER_OUTCOME_INIT");
	if (outcome->verdict == STAGGER_DEFER || (int)outcome->verdict < 0 ||
	    outcome->verdict > STAGGER_HALT)
		return fail(err, STAGGER_INVALID, "settle: verdict %d is not one to settle with",
			    (int)outcome->verdict);
	return STAGGER_OK;
}

enum stagger_status engine_settle(struct engine *e, struct stagger_ticket ticket,
				  const struct stagger_outcome *outcome, struct stagger_error *err)
{
	enum stagger_status status = outcome_check(outcome, err);
	if (status != STAGGER_OK)
		return status;
	struct stagger_outcome full = STAGGER_OUTCOME_INIT;
	size_t size = outcome->size < sizeof(full) ? outcome->size : sizeof(full);
	memcpy(&full, outcome, size);
	struct failure *failure = NULL;
	if (full.verdict != STAGGER_DONE && full.verdict != STAGGER_HALT && full.verdict != 0) {
		failure = failure_of(full.error_class, full.error_code, full.error_message,
				     full.error_detail, full.retry_after_ms, NULL);
		if (failure == NULL)
			return fail_memory(err);
	}
	struct tickets *t = &e->tickets;
	pthread_mutex_lock(&t->lock);
	struct ticket_slot *slot = ticket.slot > 0 && ticket.slot <= t->n
					   ? &t->slots[ticket.slot - 1] : NULL;
	struct deferral *copy = NULL;
	bool stale = slot == NULL || slot->check != ticket.check || ticket.check == 0 ||
		     slot->settled || slot->abandoned != NULL;
	if (stale && slot != NULL && slot->check == ticket.check && slot->abandoned != NULL) {
		copy = slot->abandoned; /* its message stayed valid until now */
		t->late++;
		slot_give(t, ticket.slot);
	}
	if (!stale) {
		slot->settled = true;
		slot->verdict = full.verdict;
		slot->failure = failure;
		failure = NULL;
		slot->next = 0;
		if (t->settled_last != 0)
			t->slots[t->settled_last - 1].next = ticket.slot;
		else
			t->settled_first = ticket.slot;
		t->settled_last = ticket.slot;
	}
	if (MUTANT(settle_twice) && stale && slot != NULL && slot->check == ticket.check &&
	    slot->settled)
		stale = false;
	pthread_mutex_unlock(&t->lock);
	failure_free(&failure);
	free(copy);
	if (stale)
		return fail(err, STAGGER_STALE,
			    "settle: already settled, or the partition was taken away");
	if (e->o.wake != NULL)
		wake_signal(e->o.wake);
	return STAGGER_OK;
}

/* -- the loop's side --------------------------------------------------------------------- */

static void settled_unlink(struct tickets *t, uint64_t number)
{
	uint64_t before = 0;
	for (uint64_t at = t->settled_first; at != 0; before = at, at = t->slots[at - 1].next) {
		if (at != number)
			continue;
		uint64_t next = t->slots[at - 1].next;
		if (before != 0)
			t->slots[before - 1].next = next;
		else
			t->settled_first = next;
		if (t->settled_last == number)
			t->settled_last = before;
		return;
	}
}

/* Takes the outcome into the record; the lock is held. Attributes set before DEFER are kept: they
 * were taken from the handler's own failure before. */
static void outcome_take(struct tickets *t, struct record *r, enum stagger_verdict *verdict)
{
	struct ticket_slot *slot = &t->slots[r->deferral->slot - 1];
	*verdict = slot->verdict;
	failure_free(&r->call.failure);
	r->call.failure = slot->failure;
	slot->failure = NULL;
}

void ticket_close(struct engine *e, struct record *r)
{
	if (r->deferral == NULL)
		return;
	struct tickets *t = &e->tickets;
	pthread_mutex_lock(&t->lock);
	struct ticket_slot *slot = &t->slots[r->deferral->slot - 1];
	t->open--;
	if (slot->settled) {
		settled_unlink(t, r->deferral->slot);
		slot_give(t, r->deferral->slot);
		free(r->deferral);
	/* the application may still read the copy: it goes with the settle, which is STALE */
	} else {
		slot->record = NULL;
		slot->abandoned = r->deferral;
	}
	pthread_mutex_unlock(&t->lock);
	r->deferral = NULL;
	r->call.ticket = false;
}

bool ticket_settled(struct engine *e, struct record *r, enum stagger_verdict *verdict)
{
	struct tickets *t = &e->tickets;
	/* Attributes set before DEFER are kept. */
	if (r->call.failure != NULL && !attributes_change(r, r->call.failure))
		engine_no_memory(e);
	pthread_mutex_lock(&t->lock);
	bool settled = t->slots[r->deferral->slot - 1].settled;
	if (settled)
		outcome_take(t, r, verdict);
	pthread_mutex_unlock(&t->lock);
	if (settled)
		ticket_close(e, r);
	return settled;
}

/* The first settled ticket whose handler has returned, or NULL. */
static struct record *next_settled(struct tickets *t, enum stagger_verdict *verdict)
{
	for (uint64_t at = t->settled_first; at != 0; at = t->slots[at - 1].next) {
		struct record *r = t->slots[at - 1].record;
		if (r->state == RECORD_DEFERRED) {
			outcome_take(t, r, verdict);
			return r;
		}
	}
	return NULL;
}

void tickets_take_settled(struct engine *e)
{
	struct tickets *t = &e->tickets;
	for (;;) {
		enum stagger_verdict verdict = STAGGER_DONE;
		pthread_mutex_lock(&t->lock);
		struct record *r = next_settled(t, &verdict);
		pthread_mutex_unlock(&t->lock);
		if (r == NULL)
			return;
		record_leave(e, r); /* closes the ticket */
		settle_verdict(e, r, verdict);
		e->progress = true;
	}
}
