/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of verdict.h and message.h: what a handler may call. A failure's scratch is there before the
 * handler is, so that its texts and attributes never lack memory. */
#include "calls.h"
#include "heap.h"

#include "core/failure.h"

#define ATTRIBUTE_TEXT 100

static void scratch(struct desk *d)
{
	d->why = failure_scratch_new();
	assert_non_null(d->why);
}

static enum stagger_status make_retry(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_retry(d->why, "Busy", "%2000d", 1) == STAGGER_RETRY ? STAGGER_OK
									    : STAGGER_INVALID;
}

static enum stagger_status make_retry_after(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_retry_after(d->why, 1000, "Busy", "%d", 1) == STAGGER_RETRY
		       ? STAGGER_OK
		       : STAGGER_INVALID;
}

static enum stagger_status make_dead_letter(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_dead_letter(d->why, "Bad", "%d", 1) == STAGGER_DEAD_LETTER ? STAGGER_OK
										  : STAGGER_INVALID;
}

static enum stagger_status make_code(struct desk *d, struct stagger_error *err)
{
	(void)err;
	stagger_failure_code(d->why, "503");
	return STAGGER_OK;
}

static enum stagger_status make_detail(struct desk *d, struct stagger_error *err)
{
	char text[9000] = "";

	(void)err;
	stagger_failure_detail(d->why, text, sizeof(text));
	return STAGGER_OK;
}

static enum stagger_status make_attributes(struct desk *d, struct stagger_error *err)
{
	char name[16], value[ATTRIBUTE_TEXT + 1];

	(void)err;
	memset(value, 'x', ATTRIBUTE_TEXT);
	value[ATTRIBUTE_TEXT] = '\0';
	for (int i = 0; i < FAILURE_MAX_ATTRIBUTES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (!stagger_failure_attribute(d->why, name, value))
			return STAGGER_INVALID;
	}
	return STAGGER_OK;
}

/* -- messages ---------------------------------------------------------------------------- */

static void sent(struct desk *d)
{
	static const struct stagger_bytes key = {"key", 3}, value = {"A1", 2};

	desk_world(d);
	must(stagger_world_send(d->world, "orders", key, value, NULL), NULL);
	d->only_defer = true;
}

/* Only the handler's call counts. When it gets no ticket it is called again in a minute. */
static enum stagger_status make_defer(struct desk *d, struct stagger_error *err)
{
	heap_hold(true);
	stagger_world_advance(d->world, 100000);
	heap_hold(false);
	return d->deferred != NULL ? STAGGER_OK : fail_memory(err);
}

static void deferred(struct desk *d)
{
	sent(d);
	must(make_defer(d, NULL), NULL);
}

static enum stagger_status make_header(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_message_header(d->deferred, "h") == NULL ? STAGGER_OK : STAGGER_INVALID;
}

static enum stagger_status make_attribute(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_message_attribute(d->deferred, "a") == NULL ? STAGGER_OK : STAGGER_INVALID;
}

static enum stagger_status make_id(struct desk *d, struct stagger_error *err)
{
	char text[64];

	(void)err;
	return stagger_message_id(d->deferred, text, sizeof(text)) > 0 ? STAGGER_OK
								       : STAGGER_INVALID;
}

static enum stagger_status make_local(struct desk *d, struct stagger_error *err)
{
	(void)err;
	return stagger_message_local(d->deferred) == NULL ? STAGGER_OK : STAGGER_INVALID;
}

const struct call calls_of_handlers[] = {
	CALL(stagger_retry, .set_up = scratch, .make = make_retry),
	CALL(stagger_retry_after, .set_up = scratch, .make = make_retry_after),
	CALL(stagger_dead_letter, .set_up = scratch, .make = make_dead_letter),
	CALL(stagger_failure_code, .set_up = scratch, .make = make_code),
	CALL(stagger_failure_detail, .set_up = scratch, .make = make_detail),
	CALL(stagger_failure_attribute, .set_up = scratch, .make = make_attributes),
	CALL(stagger_defer, .set_up = sent, .make = make_defer, .n_least = 2),
	CALL(stagger_message_header, .set_up = deferred, .make = make_header),
	CALL(stagger_message_attribute, .set_up = deferred, .make = make_attribute),
	CALL(stagger_message_id, .set_up = deferred, .make = make_id),
	CALL(stagger_message_local, .set_up = deferred, .make = make_local),
};
const size_t n_calls_of_handlers = sizeof(calls_of_handlers) / sizeof(calls_of_handlers[0]);
