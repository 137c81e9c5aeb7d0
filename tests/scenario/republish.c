/* SPDX-License-Identifier: Apache-2.0
 *
 * mode republish: what is due goes back to main and is the same message there. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/replay_header.h"

static struct setup republish(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.republish = true;
	return setup;
}

static const struct world_record *main_record(struct rig *rig, size_t i)
{
	const struct world_record *record = world_record(rig->w, MAIN, 0, i);
	if (record == NULL)
		fail_msg("main has no record %zu", i);
	return record;
}

/* -- the way back ------------------------------------------------------------------------ */
static void republish_puts_the_original_back_to_main(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	struct stagger_header headers[] = { { "trace", { "abc", 3 } },
					    { "trace", { NULL, 0 } },
					    { "empty", { "", 0 } } };
	struct world_record record = {
		.timestamp_ms = START_MS - HOUR,
		.key = bytes_text("key"),
		.value = bytes_text("a:RD"),
		.headers = headers,
		.n_headers = 3,
	};
	assert_int_equal(world_produce(rig->w, MAIN, 0, &record, &error), STAGGER_OK);
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	const struct world_record *copy = main_record(rig, 1);
	assert_true(bytes_is(copy->key, "key"));
	assert_true(bytes_is(copy->value, "a:RD"));
	assert_int_equal(copy->timestamp_ms, START_MS + MINUTE); /* now: when it was due */
	assert_int_equal(copy->n_headers, 4);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(copy->headers[i].name, headers[i].name);
		assert_true(bytes_equal(copy->headers[i].value, headers[i].value));
	}
	assert_string_equal(copy->headers[3].name, REPLAY_HEADER);
	assert_int_equal(rig_stats(rig)->republished, 1);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	assert_int_equal(rig_count(rig, DLT), 0);
	const struct seen *hop = rig_event(rig, STAGGER_HOPPED, 1);
	assert_string_equal(hop->topic, RETRY_1M);
	assert_string_equal(hop->to_topic, MAIN);
	rig_free(rig);
}

static void shown_again(struct rig *rig, const struct stagger_message *m,
			struct stagger_failure *why)
{
	char id[128];
	(void)rig;
	(void)stagger_message_id(m, id, sizeof(id));
	assert_string_equal(id, "billing/orders/0/1");
	assert_int_equal(m->n_headers, 1); /* never ours */
	assert_string_equal(m->headers[0].name, "trace");
	assert_true(bytes_is(m->key, "key"));
	assert_true(bytes_is(m->value, "a:RRRR"));
	assert_int_equal(m->timestamp_ms, START_MS - MINUTE);
	const char *seen = stagger_message_attribute(m, "seen");
	if (m->attempt == 1) {
		assert_true(stagger_failure_attribute(why, "seen", "once"));
	} else {
		assert_string_equal(seen, m->attempt == 2 ? "once" : "twice");
		assert_true(stagger_failure_attribute(why, "seen", "twice"));
		assert_string_equal(m->read_topic, MAIN);
		assert_int_equal(m->read_offset, m->attempt); /* the copies follow b */
		assert_int_equal(m->first_failed_ms, START_MS);
	}
}

static void republished_message_is_the_same_for_its_handler(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	struct stagger_header header = { "trace", { "abc", 3 } };
	struct world_record record = { .timestamp_ms = START_MS - MINUTE,
				       .key = bytes_text("key"),
				       .value = bytes_text("a:RRRR"),
				       .headers = &header,
				       .n_headers = 1 };
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 0);
	rig->in_handler = shown_again;
	assert_int_equal(world_produce(rig->w, MAIN, 0, &record, &error), STAGGER_OK);
	rig_advance(rig, HOUR);
	expect_story(rig, "b/main/1 a/main/1 a/retry.1m/2 a/retry.5m/3 a/retry.30m/4");
	const struct call *call = rig_call(rig, 2);
	assert_int_equal(call->visit, 1);
	assert_int_equal(call->offset, 1);
	assert_int_equal(call->due_ms, START_MS + MINUTE);
	assert_string_equal(call->error_class, "Bad");
	assert_string_equal(call->error_message, "attempt 1");
	const struct stagger_envelope *letter = rig_dead(rig, "attempts_exhausted");
	assert_int_equal(letter->attempts, 4);
	assert_int_equal(letter->original_offset, 1);
	assert_int_equal(letter->original_timestamp_ms, START_MS - MINUTE);
	assert_int_equal(letter->first_failed_ms, START_MS);
	assert_string_equal(letter->first->error_message, "attempt 1");
	assert_string_equal(letter->last.error_message, "attempt 4");
	assert_int_equal(letter->n_headers, 1); /* without ours */
	assert_int_equal(letter->n_history, 4);
	static const char *const stages[] = { "main", "retry.1m", "retry.5m", "retry.30m" };
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(letter->history[i]->stage, stages[i]);
		assert_string_equal(letter->history[i]->topic, MAIN);
		assert_int_equal(letter->history[i]->offset, 1 + i);
		assert_int_equal(letter->history[i]->tries, 1);
	}
	rig_free(rig);
}

static void republished_message_fails_as_in_the_stage_it_waited_in(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.stages[0] = (struct setup_stage){ MINUTE, 3 };
	setup.stages[1] = (struct setup_stage){ 5 * MINUTE, 1 };
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_send(rig, "k", "b:RPX:Busy:90000");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_calls_of(rig, "a"), 5);
	assert_string_equal(rig_call_of(rig, "a", 3)->stage, "retry.1m");
	assert_int_equal(rig_call_of(rig, "a", 3)->visit, 3);
	assert_string_equal(rig_call_of(rig, "a", 4)->stage, "retry.5m");
	assert_int_equal(rig_call_of(rig, "a", 4)->wall_ms, START_MS + 8 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "b"), 3);
	assert_int_equal(rig_call_of(rig, "b", 2)->wall_ms, START_MS + MINUTE + 90 * SECOND);
	assert_int_equal(rig_call_of(rig, "b", 2)->visit, 2);
	assert_int_equal(rig_count(rig, DLT), 2);
	assert_string_equal(rig_envelope(rig, DLT, 0)->disposition, "not_retriable");
	assert_string_equal(rig_envelope(rig, DLT, 1)->disposition, "attempts_exhausted");
	assert_int_equal(rig_stats(rig)->republished, 6);
	rig_free(rig);
}

static void republished_message_goes_to_the_partition_number_it_leaves(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	world_topic(rig->w, MAIN, 2);
	world_topic(rig->w, RETRY_1M, 5);
	rig_join(rig);
	struct stagger_envelope *e = retry_envelope(rig, "a:D", SECOND);
	e->original_partition = 77; /* never one of an envelope */
	put_envelope(rig, RETRY_1M, 3, e);
	rig_advance(rig, MINUTE);
	assert_int_equal(world_size(rig->w, MAIN, 1), 1);
	assert_int_equal(world_size(rig->w, MAIN, 0), 0);
	assert_int_equal(rig_call(rig, 0)->partition, 77);
	assert_int_equal(rig_call(rig, 0)->read_partition, 1);
	rig_free(rig);
}

static void republished_null_and_empty_stay_apart(void **state)
{
	(void)state;
	static const struct stagger_bytes bytes[] = { { NULL, 0 }, { "", 0 } };
	for (size_t i = 0; i < 4; i++) {
		struct setup setup = republish();
		struct rig *rig = rig_new(&setup);
		struct stagger_envelope *e = retry_envelope(rig, "", SECOND);
		e->key = bytes[i % 2];
		e->value = bytes[i / 2];
		put_envelope(rig, RETRY_1M, 0, e);
		rig_advance(rig, MINUTE);
		const struct world_record *copy = main_record(rig, 0);
		assert_int_equal(copy->key.data == NULL, i % 2 == 0);
		assert_int_equal(copy->value.data == NULL, i / 2 == 0);
		assert_int_equal(copy->key.size + copy->value.size, 0);
		assert_int_equal(rig->n_calls, 1);
		rig_free(rig);
	}
}

static void republished_message_is_retried_in_place_as_in_main(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.chain.in_place_attempts = 2;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RRRRRD");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3 a/retry.1m/4 a/retry.5m/5 a/retry.5m/6");
	assert_int_equal(rig_stats(rig)->retried_in_place, 3);
	rig_free(rig);
}

static void republished_message_is_deferred_like_any_other(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	struct stagger_envelope *e = retry_envelope(rig, "a:RAR", SECOND);
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_tickets, 1);
	assert_string_equal(rig->deferred[0]->stage, "retry.1m");
	assert_string_equal(rig->deferred[0]->read_topic, MAIN);
	assert_int_equal(rig_settle(rig, 0, STAGGER_RETRY), STAGGER_OK);
	rig_advance(rig, 10 * MINUTE);
	expect_story(rig, "a/retry.1m/2 a/retry.5m/3");
	rig_free(rig);
}

/* -- expire ------------------------------------------------------------------------------ */
static void republish_leaves_out_what_has_expired(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.chain.expire_ms = 3 * MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_dead(rig, "expired");
	assert_int_equal(rig_count(rig, MAIN), 2); /* not a third time */
	rig_free(rig);
}

static void republished_message_may_expire_in_main(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.chain.expire_ms = 3 * MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "b:RRA");
	rig_advance(rig, MINUTE + SECOND); /* b waits in retry.5m */
	rig_send(rig, "k", "c:A");        /* holds the strand */
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 30 * SECOND);
	rig_send(rig, "k", "d:A");
	rig_advance(rig, 31 * SECOND); /* a is back in main, behind d */
	rig_advance(rig, 10 * MINUTE);
	rig_settle(rig, 1, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "a"), 1);
	const struct stagger_envelope *letter = rig_envelope(rig, DLT, rig_count(rig, DLT) - 1);
	assert_string_equal(letter->disposition, "expired");
	assert_int_equal(letter->attempts, 1);
	assert_string_equal(letter->last.error_message, "attempt 1");
	rig_free(rig);
}

/* -- what cannot go back ----------------------------------------------------------------- */
static void republish_never_goes_to_a_topic_that_an_envelope_names(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	struct stagger_envelope *e = retry_envelope(rig, "a:D", SECOND);
	e->original_topic = "salaries";
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/retry.1m/2"); /* main would not know it again: handled where it is */
	assert_string_equal(rig_call(rig, 0)->read_topic, RETRY_1M);
	assert_int_equal(rig_count(rig, "salaries"), 0);
	assert_int_equal(rig_count(rig, MAIN), 0);
	rig_free(rig);
}

static void republish_makes_no_tombstone_of_an_omitted_payload(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	struct stagger_envelope *e = retry_envelope(rig, "", SECOND);
	e->value = (struct stagger_bytes){ NULL, 0 };
	e->payload_omitted = true;
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, MINUTE);
	assert_string_equal(rig_call(rig, 0)->read_topic, RETRY_1M);
	assert_int_equal(rig_count(rig, MAIN), 0);
	rig_free(rig);
}

static void republish_handles_in_the_stage_what_main_refuses_as_too_large(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	world_max_message(rig->w, MAIN, 400);
	char value[201] = "big:RRD:";
	memset(value + 8, 'x', 192);
	rig_send(rig, "k", value);
	rig_send(rig, "k", "a:RD"); /* refused in its company, not believed of it */
	rig_advance(rig, 10 * MINUTE);
	assert_string_equal(rig_call_of(rig, "big", 1)->read_topic, RETRY_1M);
	assert_string_equal(rig_call_of(rig, "big", 2)->read_topic, RETRY_5M);
	assert_int_equal(rig_call_of(rig, "big", 2)->attempt, 3);
	assert_int_equal(rig_calls_of(rig, "a"), 2);
	assert_string_equal(rig_call_of(rig, "a", 1)->read_topic, MAIN);
	assert_int_equal(rig_count(rig, MAIN), 3);
	assert_int_equal(rig_stats(rig)->republished, 1);
	assert_int_equal(rig_stats(rig)->hop_failures, 5); /* both, and big alone; twice of 5m */
	assert_int_equal(rig_stats(rig)->shrunk, 0);
	assert_false(rig_lane(rig, RETRY_1M, 0)->stalled);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(republish_puts_the_original_back_to_main),
		cmocka_unit_test(republished_message_is_the_same_for_its_handler),
		cmocka_unit_test(republished_message_fails_as_in_the_stage_it_waited_in),
		cmocka_unit_test(republished_message_goes_to_the_partition_number_it_leaves),
		cmocka_unit_test(republished_null_and_empty_stay_apart),
		cmocka_unit_test(republished_message_is_retried_in_place_as_in_main),
		cmocka_unit_test(republished_message_is_deferred_like_any_other),
		cmocka_unit_test(republish_leaves_out_what_has_expired),
		cmocka_unit_test(republished_message_may_expire_in_main),
		cmocka_unit_test(republish_never_goes_to_a_topic_that_an_envelope_names),
		cmocka_unit_test(republish_makes_no_tombstone_of_an_omitted_payload),
		cmocka_unit_test(republish_handles_in_the_stage_what_main_refuses_as_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
