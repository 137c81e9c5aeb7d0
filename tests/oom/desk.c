/* SPDX-License-Identifier: Apache-2.0
 *
 * What most rows begin with: a chain, a consumer, a world with one member. */
#include "calls.h"
#include "heap.h"

#include "base/bytes.h"

static const char *const everywhere[] = {"main", "retry.2m", NULL};
static const char *const former[] = {"billing-old", "invoices", NULL};

void desk_chain(struct desk *d)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_error err;

	o.in_place_on = everywhere;
	o.value_content_type = "application/json";
	o.key_content_type = "text/plain";
	must(stagger_chain_new(&d->chain, "orders", &o, &err), &err);
	must(stagger_chain_stage(d->chain, 120000, 2, "{topic}.later", &err), &err);
	must(stagger_chain_never(d->chain, "Bad*/4*", &err), &err);
	must(stagger_chain_route(d->chain, "Bank/503", "bank.dlt", &err), &err);
}

void desk_consumer(struct desk *d)
{
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_error err;

	o.group = "billing";
	o.instance = "{host}-1";
	o.formerly = former;
	o.log = hush;
	must(stagger_consumer_open(&d->consumer, NULL, &o, &err), &err);
	must(stagger_consumer_set(d->consumer, "bootstrap.servers", "localhost", &err), &err);
}

enum stagger_verdict desk_handle(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	struct desk *d = user;
	const char *letters = m->value.data;
	struct stagger_ticket ticket;

	if (letters[0] == 'A' && d->deferred == NULL) {
		if (d->only_defer)
			heap_hold(false);
		d->deferred = stagger_defer(m, &ticket);
		if (d->only_defer)
			heap_hold(true);
		if (d->deferred == NULL)
			return stagger_retry(why, "NoTicket", "no memory");
		d->ticket = ticket;
		return STAGGER_DEFER;
	}
	(void)stagger_failure_attribute(why, "seen", "once");
	if (letters[0] == 'R' && m->attempt < 3)
		return stagger_retry(why, "Busy", "attempt %d", (int)m->attempt);
	d->done |= 1u << (letters[1] - '0');
	return STAGGER_DONE;
}

void desk_world(struct desk *d)
{
	struct stagger_chain *chain = NULL;
	struct stagger_error err;

	desk_consumer(d);
	must(stagger_chain_new(&chain, "orders", NULL, &err), &err);
	must(stagger_chain_stage(chain, 60000, 3, NULL, &err), &err);
	must(stagger_consumer_add(d->consumer, &chain, &err), &err);
	must(stagger_consumer_on(d->consumer, NULL, desk_handle, d, &err), &err);
	must(stagger_world_new(&d->world, &d->consumer, &err), &err);
}
