/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of mode republish: when it counts, and whom. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/replay_header.h"

/* What goes into the header of a message that failed once in main at the given offset. */
static struct envelope past(struct rig *rig, int64_t offset)
{
	int64_t now_ms = world_wall_ms(rig->w);
	return (struct envelope){
		.stage = bytes_text("retry.1m"),
		.due_ms = now_ms,
		.visit = 1,
		.attempts = 1,
		.disposition = bytes_text("retry"),
		.group = bytes_text(GROUP),
		.chain = bytes_text(MAIN),
		.original_topic = bytes_text(MAIN),
		.original_offset = offset,
		.original_timestamp_ms = now_ms - MINUTE,
		.first_failed_ms = now_ms - MINUTE,
		.last_failed_ms = now_ms - MINUTE,
		.last = { .error_class = bytes_text("Bad"),
			  .error_message = bytes_text("before") },
	};
}

/* Into main, behind a header of the producer's own. */
static void put_header(struct rig *rig, const char *value, struct stagger_bytes header)
{
	struct stagger_error error;
	struct stagger_header headers[] = { { "trace", bytes_text("abc") },
					    { REPLAY_HEADER, header } };
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w),
				       .value = bytes_text(value),
				       .headers = headers,
				       .n_headers = 2 };
	assert_int_equal(world_produce(rig->w, MAIN, 0, &record, &error), STAGGER_OK);
}

static void put_past(struct rig *rig, const char *value, const struct envelope *e)
{
	void *bytes = NULL;
	size_t size = 0;
	assert_int_equal(replay_header_write(e, &bytes, &size, NULL), STAGGER_OK);
	put_header(rig, value, (struct stagger_bytes){ bytes, size });
	free(bytes);
}

static void count_headers(struct rig *rig, const struct stagger_message *m,
			  struct stagger_failure *why)
{
	size_t *n = rig->user;
	(void)why;
	*n = m->n_headers;
}

/* -- counts ------------------------------------------------------------------------------ */
static void header_is_honoured_in_both_modes_and_taken_off(void **state)
{
	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		struct setup setup = SETUP_INIT;
		size_t n = 0;
		setup.chain.republish = mode == 1;
		struct rig *rig = rig_new(&setup);
		struct envelope e = past(rig, 1234);
		rig->in_handler = count_headers;
		rig->user = &n;
		put_past(rig, "a:RR", &e);
		rig_advance(rig, MINUTE);
		expect_story(rig, "a/retry.1m/2");
		assert_int_equal(n, 1);
		assert_int_equal(rig_call(rig, 0)->offset, 1234);
		assert_int_equal(rig_call(rig, 0)->read_offset, 0);
		assert_string_equal(rig_call(rig, 0)->error_message, "before");
		const struct stagger_envelope *copy = rig_envelope(rig, RETRY_5M, 0);
		assert_int_equal(copy->n_headers, 1);
		assert_string_equal(copy->headers[0].name, "trace");
		assert_int_equal(copy->attempts, 2);
		assert_int_equal(copy->original_offset, 1234);
		assert_int_equal(rig_stats(rig)->header_ignored, 0);
		rig_free(rig);
	}
}

static void header_of_a_former_name_is_ours(void **state)
{
	(void)state;
	static const char *const formerly[] = { "invoices", NULL };
	struct setup setup = SETUP_INIT;
	setup.consumer.formerly = formerly;
	struct rig *rig = rig_new(&setup);
	struct envelope e = past(rig, 1234);
	e.group = bytes_text("invoices");
	put_past(rig, "a:RD", &e);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/retry.1m/2");
	assert_int_equal(rig_stats(rig)->foreign, 0);
	rig_free(rig);
}

static void header_of_another_group_finishes_the_copy_unhandled(void **state)
{
	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		struct setup setup = SETUP_INIT;
		setup.chain.republish = mode == 1;
		struct rig *rig = rig_new(&setup);
		struct envelope e = past(rig, 0);
		e.group = bytes_text("shipping");
		rig_send(rig, "k", "a:D");
		put_past(rig, "a:D", &e);
		rig_send(rig, "k", "b:D");
		rig_advance(rig, SECOND);
		expect_story(rig, "a/main/1 b/main/1");
		assert_int_equal(rig_stats(rig)->foreign, 1);
		assert_int_equal(rig_stats(rig)->done, 2);
		assert_int_equal(rig_committed(rig, MAIN, 0), 3);
		assert_int_equal(rig_count(rig, DLT), 0);
		rig_free(rig);
	}
}

/* Two groups on one main topic, each with its own copies. */
static enum stagger_verdict once(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	int *calls = user;
	calls[m->attempt - 1]++;
	return m->attempt == 1 ? stagger_retry(why, "Bad", "first") : STAGGER_DONE;
}

static void republish_of_one_group_does_not_disturb_another(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	int calls[2] = { 0, 0 };
	setup.chain.republish = true;
	struct rig *rig = rig_new(&setup);
	struct stagger_consumer *other = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_error error;
	int32_t number;
	o.group = "shipping";
	assert_int_equal(stagger_consumer_open(&other, NULL, &o, &error), STAGGER_OK);
	assert_int_equal(stagger_chain_new(&chain, MAIN, &setup.chain, &error), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(other, &chain, &error), STAGGER_OK);
	assert_int_equal(stagger_consumer_on(other, NULL, once, calls, &error), STAGGER_OK);
	assert_int_equal(world_join(rig->w, &other, &number, &error), STAGGER_OK);
	for (int i = 0; i < 10; i++)
		rig_send(rig, "k", "a:RD");
	rig_advance(rig, 10 * MINUTE);
	assert_int_equal(rig->n_calls, 20);
	assert_int_equal(calls[0], 10);
	assert_int_equal(calls[1], 10);
	assert_int_equal(rig_count(rig, MAIN), 30);
	assert_int_equal(rig_stats(rig)->foreign, 10);
	rig_free(rig);
}

/* -- does not count ---------------------------------------------------------------------- */
static void header_of_another_topic_is_one_like_any_other(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	size_t n = 0;
	setup.chain.republish = true;
	struct rig *rig = rig_new(&setup);
	struct envelope e = past(rig, 1234);
	rig->in_handler = count_headers;
	rig->user = &n;
	e.original_topic = bytes_text("invoices");
	put_past(rig, "a:RD", &e);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1"); /* a message of its own */
	assert_int_equal(n, 2);
	assert_int_equal(rig_stats(rig)->header_ignored, 1);
	rig_advance(rig, MINUTE); /* its copy has two of that name: ours is the last */
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(n, 2);
	assert_int_equal(world_record(rig->w, MAIN, 0, 1)->n_headers, 3);
	assert_int_equal(rig_stats(rig)->header_ignored, 1);
	rig_free(rig);
}

static void header_that_is_none_is_one_like_any_other(void **state)
{
	(void)state;
	static const struct stagger_bytes values[] = {
		{ NULL, 0 }, { "", 0 }, { "hello", 5 }, { "\xc3\x01", 2 }, { "\0\0\0\0\1", 5 },
	};
	struct rig *rig = rig_new(NULL);
	for (size_t i = 0; i < 5; i++)
		put_header(rig, "a:D", values[i]);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "a"), 5);
	assert_string_equal(rig_call(rig, 4)->stage, "main");
	assert_int_equal(rig_call(rig, 4)->attempt, 1);
	assert_int_equal(rig_stats(rig)->header_ignored, 5);
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	rig_free(rig);
}

/* -- and may be forged ------------------------------------------------------------------- */
static void header_that_is_forged_does_no_harm(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.republish = true;
	struct rig *rig = rig_new(&setup);
	struct envelope e = past(rig, 1234);
	e.attempts = INT32_MAX;
	e.visit = INT32_MAX;
	e.due_ms = INT64_MAX; /* is not waited for */
	put_past(rig, "a:R", &e);
	e.attempts = 0;
	e.visit = -7;
	e.due_ms = INT64_MIN + 1;
	e.last_failed_ms = INT64_MAX;
	e.first_failed_ms = INT64_MIN;
	put_past(rig, "b:RD", &e);
	e.stage = bytes_text("dlt");
	put_past(rig, "c:RD", &e);
	e.stage = bytes_text("");
	put_past(rig, "d:RD", &e);
	e.stage = bytes_text("main");
	put_past(rig, "e:RD", &e);
	rig_advance(rig, 2 * HOUR);
	assert_int_equal(rig_call_of(rig, "a", 0)->wall_ms, START_MS);
	assert_int_equal(rig_call_of(rig, "a", 2)->attempt, INT32_MAX);
	assert_string_equal(rig_call_of(rig, "a", 2)->stage, "retry.30m");
	assert_string_equal(rig_call_of(rig, "b", 1)->stage, "retry.5m");
	assert_string_equal(rig_call_of(rig, "c", 1)->stage, "retry.1m");
	assert_string_equal(rig_call_of(rig, "d", 1)->stage, "retry.1m");
	assert_string_equal(rig_call_of(rig, "e", 1)->stage, "retry.1m");
	rig_dead(rig, "attempts_exhausted");
	assert_int_equal(rig_stats(rig)->early, 0);
	rig_free(rig);
}

/* A stage that is in no chain any more: its delay is known from when its message was due. */
static void header_of_an_unknown_stage_fails_into_one_that_waits_no_shorter(void **state)
{
	(void)state;
	static const struct {
		int64_t waited_ms;
		const char *next;
	} cases[] = {
		{ 0, "retry.1m" },          { MINUTE, "retry.1m" },
		{ 72 * SECOND, "retry.1m" }, { 73 * SECOND, "retry.5m" },
		{ 5 * MINUTE, "retry.5m" }, { 30 * MINUTE, "retry.30m" },
		{ 31 * MINUTE, "dlt" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct setup setup = SETUP_INIT;
		setup.chain.jitter = 0.2;
		struct rig *rig = rig_new(&setup);
		struct envelope e = past(rig, 1234);
		e.stage = bytes_text("retry.gone");
		e.due_ms = e.last_failed_ms + cases[i].waited_ms;
		put_past(rig, "a:R", &e);
		rig_advance(rig, SECOND);
		expect_story(rig, "a/retry.gone/2");
		const char *topic = strcmp(cases[i].next, "dlt") == 0 ? DLT
				    : strcmp(cases[i].next, "retry.1m") == 0 ? RETRY_1M
				    : strcmp(cases[i].next, "retry.5m") == 0 ? RETRY_5M : RETRY_30M;
		const struct stagger_envelope *next = rig_envelope(rig, topic, 0);
		assert_string_equal(next->stage, cases[i].next);
		assert_string_equal(next->history[0]->stage, "retry.gone");
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_honoured_in_both_modes_and_taken_off),
		cmocka_unit_test(header_of_a_former_name_is_ours),
		cmocka_unit_test(header_of_another_group_finishes_the_copy_unhandled),
		cmocka_unit_test(republish_of_one_group_does_not_disturb_another),
		cmocka_unit_test(header_of_another_topic_is_one_like_any_other),
		cmocka_unit_test(header_that_is_none_is_one_like_any_other),
		cmocka_unit_test(header_that_is_forged_does_no_harm),
		cmocka_unit_test(header_of_an_unknown_stage_fails_into_one_that_waits_no_shorter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
