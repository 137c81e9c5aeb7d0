/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of testing.h. */
#include "calls.h"

static void member(struct desk *d)
{
	struct stagger_chain *chain = NULL;

	desk_consumer(d);
	must(stagger_chain_new(&chain, "orders", NULL, NULL), NULL);
	must(stagger_consumer_add(d->consumer, &chain, NULL), NULL);
	must(stagger_consumer_on(d->consumer, NULL, desk_handle, d, NULL), NULL);
}

static enum stagger_status make_new(struct desk *d, struct stagger_error *err)
{
	return stagger_world_new(&d->world, &d->consumer, err);
}

static enum stagger_status make_send(struct desk *d, struct stagger_error *err)
{
	static const struct stagger_bytes key = {"key", 3}, value = {"D1", 2};

	return stagger_world_send(d->world, "orders", key, value, err);
}

static enum stagger_status make_send_elsewhere(struct desk *d, struct stagger_error *err)
{
	static const struct stagger_bytes key = {"key", 3}, value = {"D1", 2};

	return stagger_world_send(d->world, "elsewhere", key, value, err);
}

static void sent(struct desk *d)
{
	static const char *const values[] = {"D1", "R2", "D3", "R4"};

	desk_world(d);
	for (size_t i = 0; i < 4; i++) {
		const struct stagger_bytes key = {values[i], 2}, value = {values[i], 2};
		must(stagger_world_send(d->world, "orders", key, value, NULL), NULL);
	}
}

/* -- these say nothing of memory: what was lost is repeated after a crash ---------------- */

static enum stagger_status make_advance(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_world_advance(d->world, 600000);
	return STAGGER_OK;
}

static enum stagger_status make_crash(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_world_crash(d->world);
	return STAGGER_OK;
}

static void crash_and_go_on(struct desk *d)
{
	stagger_world_crash(d->world);
	stagger_world_advance(d->world, 600000);
}

static void crash_again(struct desk *d)
{
	stagger_world_crash(d->world);
}

/* -- looking ----------------------------------------------------------------------------- */

static void failed(struct desk *d)
{
	sent(d);
	stagger_world_advance(d->world, 1000);
}

static enum stagger_status make_envelope(struct desk *d, struct stagger_error *err)
{
	const struct stagger_envelope *e =
		stagger_world_envelope(d->world, "orders.billing.retry.1m", 0);

	return e != NULL ? STAGGER_OK : fail_memory(err);
}

static enum stagger_status make_count(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_world_count(d->world, "orders") == 4 ? STAGGER_OK : STAGGER_INVALID;
}

static enum stagger_status make_consumer(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_world_consumer(d->world) != NULL ? STAGGER_OK : STAGGER_INVALID;
}

static enum stagger_status make_free(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_world_free(&d->world);
	return STAGGER_OK;
}

const struct call calls_of_worlds[] = {
	CALL(stagger_world_new, .set_up = member, .make = make_new, .n_least = 50),
	CALL(stagger_world_send, .how = "a known topic", .set_up = desk_world, .make = make_send,
	     .n_least = 1),
	CALL(stagger_world_send, .how = "a new topic", .set_up = desk_world,
	     .make = make_send_elsewhere, .n_least = 5),
	CALL(stagger_world_advance, .set_up = sent, .make = make_advance, .mend = crash_and_go_on,
	     .n_least = 50),
	CALL(stagger_world_crash, .set_up = failed, .make = make_crash, .mend = crash_again,
	     .n_least = 10),
	CALL(stagger_world_envelope, .set_up = failed, .make = make_envelope, .n_least = 2),
	CALL(stagger_world_count, .set_up = failed, .make = make_count),
	CALL(stagger_world_consumer, .set_up = failed, .make = make_consumer),
	CALL(stagger_world_free, .set_up = failed, .make = make_free),
};
const size_t n_calls_of_worlds = sizeof(calls_of_worlds) / sizeof(calls_of_worlds[0]);
