/* SPDX-License-Identifier: Apache-2.0
 *
 * "Verdicts and where a message goes", row by row; RETRY's and DEFER's have files of their own. */
#define _GNU_SOURCE
#include "support.h"

#include <string.h>

/* -- expire ------------------------------------------------------------------------------ */
static void verdict_expired_is_not_called(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.expire_ms = MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, "k", "old:D", START_MS - MINUTE - 1);
	rig_put(rig, MAIN, 0, "k", "just:D", START_MS - MINUTE);
	rig_put(rig, MAIN, 0, "k", "timeless:D", -1);
	rig_advance(rig, SECOND);
	expect_story(rig, "just/main/1 timeless/main/1");
	const struct stagger_envelope *dead = rig_dead(rig, "expired");
	assert_int_equal(dead->attempts, 0);
	assert_int_equal(dead->original_offset, 0);
	assert_int_equal(dead->original_timestamp_ms, START_MS - MINUTE - 1);
	assert_int_equal(rig_stats(rig)->expired, 1);
	assert_int_equal(rig_stats(rig)->handled, 2);
	rig_free(rig);
}

static void verdict_expired_in_a_stage_is_not_called_again(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.expire_ms = 3 * MINUTE;
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1 a/retry.1m/2");
	const struct stagger_envelope *dead = rig_dead(rig, "expired");
	assert_int_equal(dead->attempts, 2);
	assert_string_equal(dead->last.error_class, "Bad");
	assert_string_equal(dead->last.error_message, "attempt 2");
	rig_free(rig);
}

/* -- DONE, HALT -------------------------------------------------------------------------- */
static void verdict_done_finishes(void **state)
{
	(void)state;
	struct rig *rig = rig_after_an_hour(NULL, "a:D");
	expect_story(rig, "a/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_stats(rig)->done, 1);
	assert_int_equal(rig_stats(rig)->hops, 0);
	rig_free(rig);
}

static void verdict_halt_stops_with_the_message_unfinished(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_error err;
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:H");
	rig_send(rig, "k", "c:D");
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_ended(rig, 0, &err), STAGGER_HALTED);
	assert_non_null(strstr(err.text, "orders/0/1"));
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(world_restart(rig->w, 0, &err), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_string_equal(rig_story(rig, 2), "b/main/1");
	rig_free(rig);
}

/* Each way to the DLT stops instead. */
static void verdict_halted_by_dead_letter_stop(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int64_t timestamp_ms;
	} ways[] = {
		{ "a:X:Poison", 0 },                 /* not_retriable */
		{ "a:R:Never", 0 },                  /* never */
		{ "a:R", 0 },                        /* attempts_exhausted */
		{ "a:D", START_MS - DAY },           /* expired, not called */
	};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct setup setup = SETUP_INIT;
		struct stagger_error err;
		setup.chain.stop_instead_of_dead_letter = true;
		setup.chain.expire_ms = 2 * HOUR;
		setup.never[0] = "Never";
		struct rig *rig = rig_new(&setup);
		rig_put(rig, MAIN, 0, "k", ways[i].value, ways[i].timestamp_ms);
		rig_advance(rig, HOUR);
		assert_int_equal(rig_ended(rig, 0, &err), STAGGER_HALTED);
		assert_non_null(strstr(err.text, "orders/0/0"));
		assert_int_equal(rig_count(rig, DLT), 0);
		rig_free(rig);
	}
}

/* -- no verdict, DEAD_LETTER, never, only ------------------------------------------------ */
static void verdict_none_is_a_retry(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "none:0D");
	rig_send(rig, "k", "unknown:9D");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_count(rig, RETRY_1M), 2);
	assert_string_equal(rig_envelope(rig, RETRY_1M, 0)->last.error_class, "NoVerdict");
	assert_string_equal(rig_call_of(rig, "none", 1)->error_class, "NoVerdict");
	assert_string_equal(rig_call_of(rig, "unknown", 1)->error_class, "NoVerdict");
	assert_int_equal(rig_stats(rig)->done, 2);
	rig_free(rig);
}

static void fills_but_forgets(struct rig *rig, const struct stagger_message *m,
			      struct stagger_failure *why)
{
	(void)rig;
	(void)m;
	(void)stagger_retry_after(why, HOUR, "Busy", "said, but not returned");
}

/* Also where the handler filled the failure and forgot to return what it got. */
static void verdict_none_is_of_class_noverdict_whatever_was_filled(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.never[0] = "Busy";
	struct rig *rig = rig_new(&setup);
	rig->in_handler = fills_but_forgets;
	rig_send(rig, "k", "a:0D");
	rig_advance(rig, 2 * HOUR);
	assert_int_equal(rig_count(rig, DLT), 0);
	const struct stagger_envelope *hop = rig_envelope(rig, RETRY_1M, 0);
	assert_string_equal(hop->last.error_class, "NoVerdict");
	assert_string_equal(hop->last.error_message, "said, but not returned");
	assert_string_equal(hop->original_timestamp_type, "CreateTime");
	rig_free(rig);
}

static void verdict_dead_letter(void **state)
{
	(void)state;
	struct rig *rig = rig_after_an_hour(NULL, "a:RX:Poison/42");
	expect_story(rig, "a/main/1 a/retry.1m/2");
	const struct stagger_envelope *dead = rig_dead(rig, "not_retriable");
	assert_string_equal(dead->last.error_class, "Poison");
	assert_string_equal(dead->last.error_code, "42");
	assert_string_equal(dead->stage, "dlt");
	assert_int_equal(dead->attempts, 2);
	const struct seen *event = rig_event(rig, STAGGER_DEAD_LETTERED, 0);
	assert_string_equal(event->reason, "not_retriable");
	assert_string_equal(event->to_topic, DLT);
	rig_free(rig);
}

/* Runs the value against never or only; whether it was retried. */
static bool retried(const char *never, const char *only, const char *value)
{
	struct setup setup = SETUP_INIT;
	setup.never[0] = never;
	setup.only[0] = only;
	setup.chain.in_place_attempts = 2; /* not even in place */
	struct rig *rig = rig_after_an_hour(&setup, value);
	bool again = rig->n_calls > 1;
	if (!again)
		rig_dead(rig, "not_retriable");
	assert_int_equal(rig_stats(rig)->not_retriable, !again);
	rig_free(rig);
	return again;
}

static void verdict_retry_that_never_matches(void **state)
{
	(void)state;
	assert_false(retried("Bad", NULL, "a:R"));
	assert_false(retried("B*", NULL, "a:R"));
	assert_false(retried("Http/4*", NULL, "a:R:Http/404"));
	assert_true(retried("Http/4*", NULL, "a:R:Http/503"));
	assert_true(retried("Worse", NULL, "a:R"));
	assert_false(retried("NoVerdict", NULL, "a:0"));
}

static void verdict_retry_that_only_does_not_match(void **state)
{
	(void)state;
	assert_true(retried(NULL, "Bad", "a:R"));
	assert_false(retried(NULL, "Worse", "a:R"));
	assert_true(retried(NULL, "Http/503", "a:R:Http/503"));
	assert_false(retried(NULL, "Http/503", "a:R:Http/500"));
	assert_false(retried(NULL, "Http/503", "a:R:Http"));
}

/* -- below the table --------------------------------------------------------------------- */
static void dead_letter_is_routed_by_its_last_error(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, 1 };
	setup.chain.expire_ms = 30 * SECOND;
	setup.routes[0] = (struct setup_route){ "Http/4*", "client.dlt" };
	setup.routes[1] = (struct setup_route){ "Http", "server.dlt" };
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:X:Http/404");
	rig_send(rig, "k", "b:X:Http/503");
	rig_send(rig, "k", "c:X:Other");
	rig_send(rig, "k", "d:R:Http/400"); /* expires in the stage, uncalled */
	rig_advance(rig, HOUR);
	assert_int_equal(rig_count(rig, "client.dlt"), 2);
	assert_int_equal(rig_count(rig, "server.dlt"), 1);
	assert_int_equal(rig_count(rig, DLT), 1);
	assert_string_equal(rig_envelope(rig, "client.dlt", 1)->disposition, "expired");
	rig_free(rig);
}

static void takes_ten_minutes(struct rig *rig, const struct stagger_message *m,
			      struct stagger_failure *why)
{
	(void)why;
	if (m->offset == 0)
		rig_spend(rig, 10 * MINUTE * 1000);
}

/* That it is reported needs a thread, or one that is pretended: corners.c. */
static void handler_past_its_timeout_is_not_killed(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = takes_ten_minutes;
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_stats(rig)->done, 2);
	rig_free(rig);
}

/* A call that does not end (here: is not settled) stops its strand; the lane goes on to max_ahead. */
static void handler_that_does_not_end_lets_the_lane_go_on(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	setup.consumer.max_ahead = 64;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, "k", "hangs:A", 0);
	rig_put(rig, MAIN, 0, "k", "behind:D", 0);
	for (int i = 0; i < 200; i++)
		rig_put(rig, MAIN, 0, "other", "on:D", 0);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_calls_of(rig, "behind"), 0);
	assert_int_equal(rig_calls_of(rig, "on"), 62);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 0);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "behind"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 202);
	rig_free(rig);
}

static void handle_mode_calls_the_handler_in_the_stage(void **state)
{
	(void)state;
	struct rig *rig = rig_after_an_hour(NULL, "a:RD");
	const struct call *call = rig_call_of(rig, "a", 1);
	assert_string_equal(call->read_topic, RETRY_1M);
	assert_int_equal(call->offset, 0);
	assert_int_equal(rig_count(rig, MAIN), 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_expired_is_not_called),
		cmocka_unit_test(verdict_expired_in_a_stage_is_not_called_again),
		cmocka_unit_test(verdict_done_finishes),
		cmocka_unit_test(verdict_halt_stops_with_the_message_unfinished),
		cmocka_unit_test(verdict_halted_by_dead_letter_stop),
		cmocka_unit_test(verdict_none_is_a_retry),
		cmocka_unit_test(verdict_none_is_of_class_noverdict_whatever_was_filled),
		cmocka_unit_test(verdict_dead_letter),
		cmocka_unit_test(verdict_retry_that_never_matches),
		cmocka_unit_test(verdict_retry_that_only_does_not_match),
		cmocka_unit_test(dead_letter_is_routed_by_its_last_error),
		cmocka_unit_test(handler_past_its_timeout_is_not_killed),
		cmocka_unit_test(handler_that_does_not_end_lets_the_lane_go_on),
		cmocka_unit_test(handle_mode_calls_the_handler_in_the_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
