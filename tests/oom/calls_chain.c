/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of chain.h. */
#include "calls.h"

static void nothing(struct desk *d)
{
	(void)d;
}

static enum stagger_status make_new(struct desk *d, struct stagger_error *err)
{
	static const char *const on[] = {"main", "all", NULL};
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;

	o.topic = "orders.in";
	o.retry_topic = "{topic}.{n}";
	o.dead_letter_topic = "{topic}.dead";
	o.in_place_on = on;
	o.value_content_type = "application/json";
	o.key_content_type = "text/plain";
	return stagger_chain_new(&d->chain, "orders", &o, err);
}

static enum stagger_status make_new_plain(struct desk *d, struct stagger_error *err)
{
	return stagger_chain_new(&d->chain, "orders", NULL, err);
}

static enum stagger_status make_stage(struct desk *d, struct stagger_error *err)
{
	return stagger_chain_stage(d->chain, 300000, 3, "{topic}.{group}.{delay}", err);
}

static enum stagger_status make_stage_with(struct desk *d, struct stagger_error *err)
{
	struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;

	o.delay_ms = 300000;
	o.name = "slow";
	o.topic = "{topic}.slow";
	return stagger_chain_stage_with(d->chain, &o, err);
}

static enum stagger_status make_never(struct desk *d, struct stagger_error *err)
{
	return stagger_chain_never(d->chain, "Declined/5*", err);
}

static void plain(struct desk *d)
{
	must(make_new_plain(d, NULL), NULL);
}

static enum stagger_status make_only(struct desk *d, struct stagger_error *err)
{
	return stagger_chain_only(d->chain, "Busy*", err);
}

static enum stagger_status make_route(struct desk *d, struct stagger_error *err)
{
	return stagger_chain_route(d->chain, "Declined/5*", "{topic}.declined", err);
}

static enum stagger_status make_free(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_chain_free(&d->chain);
	return STAGGER_OK;
}

const struct call calls_of_chains[] = {
	CALL(stagger_chain_new, .how = "with every text", .set_up = nothing, .make = make_new,
	     .n_least = 10),
	CALL(stagger_chain_new, .how = "by default", .set_up = nothing, .make = make_new_plain,
	     .n_least = 5),
	CALL(stagger_chain_stage, .set_up = desk_chain, .make = make_stage, .n_least = 3),
	CALL(stagger_chain_stage_with, .set_up = desk_chain, .make = make_stage_with, .n_least = 3),
	CALL(stagger_chain_never, .how = "the first", .set_up = plain, .make = make_never,
	     .n_least = 3),
	CALL(stagger_chain_never, .how = "one more", .set_up = desk_chain, .make = make_never,
	     .n_least = 2),
	CALL(stagger_chain_only, .set_up = plain, .make = make_only, .n_least = 2),
	CALL(stagger_chain_route, .how = "the first", .set_up = plain, .make = make_route,
	     .n_least = 5),
	CALL(stagger_chain_route, .how = "one more", .set_up = desk_chain, .make = make_route,
	     .n_least = 4),
	CALL(stagger_chain_free, .set_up = desk_chain, .make = make_free),
};
const size_t n_calls_of_chains = sizeof(calls_of_chains) / sizeof(calls_of_chains[0]);
