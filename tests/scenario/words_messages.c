/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a message's way: chain, stage, visit, call, hop, in-place retry, due, lateness. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- chain and stage --------------------------------------------------------------------- */

/* Adds a chain of one stage, or says what is against it. retry NULL: the stage's default topic. */
static enum stagger_status add_chain(struct stagger_consumer *c, const char *name,
				     const struct stagger_chain_options *o, const char *retry,
				     struct stagger_error *err)
{
	struct stagger_chain *chain = NULL;
	enum stagger_status status = stagger_chain_new(&chain, name, o, err);
	assert_int_equal(status, STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, MINUTE, 1, retry, err), STAGGER_OK);
	status = stagger_consumer_add(c, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

static struct stagger_consumer *consumer_alone(void)
{
	struct stagger_consumer *c = NULL;
	struct stagger_error err;
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	o.group = GROUP;
	assert_int_equal(stagger_consumer_open(&c, NULL, &o, &err), STAGGER_OK);
	return c;
}

static void chain_has_one_handler_for_all_its_stages(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RRRD");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3 a/retry.30m/4");
	assert_int_equal(rig_count(rig, DLT), 0);
	rig_free(rig);
}

static void chain_stage_is_its_topic(void **state)
{
	(void)state;
	struct stagger_consumer *c = consumer_alone();
	struct stagger_error err;
	assert_int_equal(add_chain(c, "a", NULL, "shared", &err), STAGGER_OK);
	assert_int_equal(add_chain(c, "b", NULL, "shared", &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "shared"));
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.topic = "a"; /* main of the other */
	assert_int_equal(add_chain(c, "b", &o, NULL, &err), STAGGER_INVALID);
	stagger_consumer_free(&c);
}

static void chain_may_share_its_dlt(void **state)
{
	(void)state;
	struct stagger_consumer *c = consumer_alone();
	struct stagger_error err;
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.dead_letter_topic = "all.dlt";
	assert_int_equal(add_chain(c, "a", &o, NULL, &err), STAGGER_OK);
	assert_int_equal(add_chain(c, "b", &o, NULL, &err), STAGGER_OK);
	stagger_consumer_free(&c);
}

static void chain_that_loops_is_refused(void **state)
{
	(void)state;
	struct stagger_consumer *c = consumer_alone();
	struct stagger_error err;
	assert_int_equal(add_chain(c, "a", NULL, "a", &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "loop"));
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.dead_letter_topic = "a";
	assert_int_equal(add_chain(c, "a", &o, NULL, &err), STAGGER_INVALID);
	struct stagger_chain *chain = NULL;
	assert_int_equal(stagger_chain_new(&chain, "a", NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "Bad", "a.billing.retry.5m", &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_INVALID);
	stagger_chain_free(&chain);
	stagger_consumer_free(&c);
}

static void chain_of_another_may_not_be_a_routes_end(void **state)
{
	(void)state;
	struct stagger_consumer *c = consumer_alone();
	struct stagger_error err;
	assert_int_equal(add_chain(c, "a", NULL, NULL, &err), STAGGER_OK);
	struct stagger_chain *chain = NULL;
	assert_int_equal(stagger_chain_new(&chain, "b", NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "Bad", "a.billing.retry.1m", &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_INVALID);
	stagger_chain_free(&chain);
	stagger_consumer_free(&c);
}

static void stage_topics_have_default_names(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	assert_string_equal(rig_call(rig, 0)->read_topic, "orders");
	assert_string_equal(rig_call(rig, 1)->read_topic, "orders.billing.retry.1m");
	assert_string_equal(rig_call(rig, 2)->read_topic, "orders.billing.retry.5m");
	assert_string_equal(rig_call(rig, 3)->read_topic, "orders.billing.retry.30m");
	assert_int_equal(rig_count(rig, "orders.billing.dlt"), 1);
	rig_free(rig);
}

/* -- visit, call, attempt ---------------------------------------------------------------- */
static void visit_is_one_stay_in_a_stage(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, 3 };
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.1m/3 a/retry.1m/4");
	for (int32_t i = 1; i <= 3; i++) {
		assert_int_equal(rig_call(rig, (size_t)i)->visit, i);
		assert_int_equal(rig_call(rig, (size_t)i)->read_offset, i - 1);
	}
	rig_free(rig);
}

static void call_count_in_place_is_per_visit_the_first_included(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, 2 };
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_on = in_every_stage;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3 a/retry.1m/4 a/retry.1m/5 a/retry.1m/6");
	assert_int_equal(rig_call(rig, 3)->visit, 1);
	assert_int_equal(rig_call(rig, 4)->visit, 2);
	const struct stagger_envelope *dead = rig_dead(rig, "attempts_exhausted");
	assert_int_equal(dead->attempts, 6);
	assert_int_equal(dead->n_history, 3);
	assert_int_equal(dead->history[2]->tries, 2);
	rig_free(rig);
}

static void attempt_counts_calls_since_main(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	for (int32_t i = 0; i < 4; i++)
		assert_int_equal(rig_call(rig, (size_t)i)->attempt, i + 1);
	assert_int_equal(rig_envelope(rig, RETRY_5M, 0)->attempts, 2);
	assert_int_equal(rig_dead(rig, "attempts_exhausted")->attempts, 4);
	rig_free(rig);
}

static void attempt_counts_from_one_again_after_a_replay(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_error err;
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	struct stagger_envelope *again = NULL; /* what a replay into the first stage writes */
	assert_int_equal(stagger_envelope_new(&again, &err), STAGGER_OK);
	*again = *rig_envelope(rig, DLT, 0);
	again->stage = "retry.1m";
	again->due_ms = world_wall_ms(rig->w);
	again->disposition = "retry";
	again->attempts = 0;
	again->replays = 1;
	void *bytes = NULL;
	size_t size = 0;
	assert_int_equal(stagger_envelope_write(again, 0, &bytes, &size, &err), STAGGER_OK);
	const struct stagger_envelope *done = again;
	stagger_envelope_free(&done);
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w),
				       .value = { bytes, size } };
	assert_int_equal(world_produce(rig->w, RETRY_1M, 0, &record, &err), STAGGER_OK);
	free(bytes);
	rig_advance(rig, SECOND);
	assert_string_equal(rig_story(rig, 4), "a/retry.1m/1");
	assert_int_equal(rig_call(rig, 4)->replays, 1);
	rig_free(rig);
}

static void attempt_is_durable_from_hop_to_hop(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_on = in_every_stage;
	setup.chain.in_place_delay_ms = 10 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, 75 * SECOND); /* main at 0 s and 10 s, retry.1m at 70 s */
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3");
	rig_crash(rig);
	rig_advance(rig, 20 * SECOND);
	assert_string_equal(rig_story(rig, 3), "a/retry.1m/3 a/retry.1m/4");
	rig_free(rig);
}

/* -- hop and in-place retry -------------------------------------------------------------- */
static void hop_finishes_the_old_offset_when_the_copy_is_durable(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_hold_reports(rig->w, true);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 0);
	assert_int_equal(rig_events(rig, STAGGER_HOPPED), 0);
	world_hold_reports(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	const struct seen *hopped = rig_event(rig, STAGGER_HOPPED, 0);
	assert_string_equal(hopped->to_topic, RETRY_1M);
	assert_int_equal(hopped->offset, 0);
	rig_free(rig);
}

static void in_place_retry_makes_no_hop_and_keeps_the_order(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 3;
	setup.chain.in_place_backoff = STAGGER_BACKOFF_FIXED;
	setup.chain.in_place_delay_ms = 500;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RRD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1 a/main/2 a/main/3 b/main/1");
	assert_int_equal(rig_call(rig, 2)->wall_ms - START_MS, 1000);
	assert_int_equal(rig_count(rig, RETRY_1M), 0);
	assert_int_equal(rig_stats(rig)->retried_in_place, 2);
	assert_string_equal(rig_call(rig, 2)->error_class, "Bad");
	assert_string_equal(rig_call(rig, 2)->error_message, "attempt 2");
	rig_free(rig);
}

/* -- due --------------------------------------------------------------------------------- */
static void due_is_the_last_failure_plus_the_delay(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, 1234);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_call(rig, 0)->due_ms, 0);
	int64_t failed_ms = START_MS + 1234;
	const int64_t delays[] = { MINUTE, 5 * MINUTE, 30 * MINUTE };
	for (size_t i = 0; i < 3; i++) {
		const struct call *call = rig_call(rig, i + 1);
		assert_int_equal(call->due_ms, failed_ms + delays[i]);
		assert_int_equal(call->wall_ms, call->due_ms);
		assert_int_equal(call->first_failed_ms, START_MS + 1234);
		failed_ms = call->wall_ms;
	}
	assert_int_equal(rig_envelope(rig, RETRY_5M, 0)->last_failed_ms, START_MS + 61234);
	rig_free(rig);
}

static void due_has_retry_after_as_its_floor(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "long:PD:Busy:90000");
	rig_send(rig, "k", "short:PD:Busy:5000");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_call_of(rig, "long", 1)->due_ms, START_MS + 90000);
	assert_int_equal(rig_call_of(rig, "long", 1)->wall_ms, START_MS + 90000);
	assert_int_equal(rig_call_of(rig, "short", 1)->wall_ms, START_MS + MINUTE);
	rig_free(rig);
}

static void due_is_at_most_longest_wait_away(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.longest_wait_ms = 2 * HOUR;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:PD:Busy:86400000");
	rig_advance(rig, DAY);
	assert_int_equal(rig_call_of(rig, "a", 1)->wall_ms, START_MS + 2 * HOUR);
	assert_int_equal(rig_stats(rig)->due_clamped, 1);
	rig_free(rig);
}

static void due_is_fixed_when_the_hop_is_made(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, INT64_MAX, false);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 40 * SECOND);
	world_fail_produce(rig->w, RETRY_1M, PORT_FINE, 0, false);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 1)->due_ms, START_MS + MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 1)->wall_ms, START_MS + MINUTE);
	rig_free(rig);
}

static void due_times_of_a_lane_come_in_offset_order(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	setup.chain.in_place_attempts = 3;
	setup.chain.in_place_jitter = 1;
	struct rig *rig = rig_new(&setup);
	char text[32];
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "m%d:R", i);
		rig_send(rig, text, text);
		rig_advance(rig, 37);
	}
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 100);
	for (size_t i = 1; i < 100; i++)
		assert_true(rig_envelope(rig, RETRY_1M, i)->due_ms >=
			    rig_envelope(rig, RETRY_1M, i - 1)->due_ms);
	rig_free(rig);
}

/* Three copies are in the producer when all are refused. */
static void due_times_stay_in_offset_order_over_failures(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = SECOND;
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 3, false);
	for (int i = 0; i < 3; i++) {
		rig_send(rig, "k", "a:R");
		rig_advance(rig, 300);
	}
	rig_advance(rig, 20 * SECOND);
	assert_int_equal(rig_stats(rig)->hop_failures, 3);
	assert_int_equal(rig_count(rig, RETRY_1M), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_envelope(rig, RETRY_1M, i)->due_ms,
				 START_MS + MINUTE + 300 * (int64_t)i);
	rig_free(rig);
}

static void lateness_is_start_minus_due(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_kill(rig->w, 0);
	rig_advance(rig, 64 * SECOND);
	struct stagger_error err;
	assert_int_equal(world_restart(rig->w, 0, &err), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_call_of(rig, "a", 1)->wall_ms, START_MS + 65 * SECOND);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 5000000);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_has_one_handler_for_all_its_stages),
		cmocka_unit_test(chain_stage_is_its_topic),
		cmocka_unit_test(chain_may_share_its_dlt),
		cmocka_unit_test(chain_that_loops_is_refused),
		cmocka_unit_test(chain_of_another_may_not_be_a_routes_end),
		cmocka_unit_test(stage_topics_have_default_names),
		cmocka_unit_test(visit_is_one_stay_in_a_stage),
		cmocka_unit_test(call_count_in_place_is_per_visit_the_first_included),
		cmocka_unit_test(attempt_counts_calls_since_main),
		cmocka_unit_test(attempt_counts_from_one_again_after_a_replay),
		cmocka_unit_test(attempt_is_durable_from_hop_to_hop),
		cmocka_unit_test(hop_finishes_the_old_offset_when_the_copy_is_durable),
		cmocka_unit_test(in_place_retry_makes_no_hop_and_keeps_the_order),
		cmocka_unit_test(due_is_the_last_failure_plus_the_delay),
		cmocka_unit_test(due_has_retry_after_as_its_floor),
		cmocka_unit_test(due_is_at_most_longest_wait_away),
		cmocka_unit_test(due_is_fixed_when_the_hop_is_made),
		cmocka_unit_test(due_times_of_a_lane_come_in_offset_order),
		cmocka_unit_test(due_times_stay_in_offset_order_over_failures),
		cmocka_unit_test(lateness_is_start_minus_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
