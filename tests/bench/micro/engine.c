/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of 100 bytes on their way through the engine. */
#include "micro.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "codec/envelope_codec.h"
#include "world.h"

static const char TEXT[101] = "0123456789012345678901234567890123456789012345678901234567890123456789"
			      "012345678901234567890123456789";
#define VALUE {TEXT, sizeof(TEXT) - 1}

static enum stagger_verdict done(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	struct world_plan *plan = user;

	(void)m;
	(void)why;
	plan->finished++;
	return STAGGER_DONE;
}

static enum stagger_verdict retry(const struct stagger_message *m, struct stagger_failure *why,
				  void *user)
{
	(void)m;
	(void)user;
	return stagger_retry(why, "BankBusy", "the connection pool is full");
}

static enum stagger_verdict done_at_second(const struct stagger_message *m,
					   struct stagger_failure *why, void *user)
{
	return m->attempt == 1 ? retry(m, why, user) : done(m, why, user);
}

void micro_main_path(int64_t n)
{
	world_run(&(struct world_plan){.value = VALUE, .n = n, .handler = done});
}

void micro_main_path_keyed(int64_t n)
{
	world_run(&(struct world_plan){
		.order = STAGGER_ORDER_KEY, .value = VALUE, .n = n, .handler = done});
}

void micro_hop(int64_t n)
{
	world_run(&(struct world_plan){.value = VALUE, .n = n, .handler = retry});
}

void micro_in_place(int64_t n)
{
	world_run(&(struct world_plan){
		.in_place_attempts = 2, .value = VALUE, .n = n, .handler = done_at_second});
}

/* A message that is due already, out of its envelope, to the handler. */
void micro_stage(int64_t n)
{
	struct envelope envelope = {
		.stage = bytes_text("retry.1m"),
		.due_ms = INT64_C(1767225290000),
		.visit = 1,
		.attempts = 1,
		.disposition = bytes_text("retry"),
		.group = bytes_text("billing"),
		.chain = bytes_text("orders"),
		.client_id = bytes_text("billing-7"),
		.host = bytes_text("worker-7.example"),
		.original_topic = bytes_text("orders"),
		.original_timestamp_ms = INT64_C(1767225230000),
		.original_timestamp_type = bytes_text("CreateTime"),
		.first_failed_ms = INT64_C(1767225230001),
		.last_failed_ms = INT64_C(1767225230001),
		.last = {bytes_text("BankBusy"), {NULL, 0}, bytes_text("no connection"), {NULL, 0}},
		.key = bytes_text("order-01"),
		.value = VALUE,
	};
	void *bytes;
	size_t size;

	MICRO_MUST(envelope_write(&envelope, &bytes, &size, NULL) == STAGGER_OK);
	world_run(&(struct world_plan){
		.from_stage = true, .value = {bytes, size}, .n = n, .handler = done});
	free(bytes);
}
