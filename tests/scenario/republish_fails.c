/* SPDX-License-Identifier: Apache-2.0
 *
 * mode republish when something goes wrong: the way back to main is a hop with all that a hop has. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static struct setup republish(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.republish = true;
	return setup;
}

/* -- main does not take it --------------------------------------------------------------- */
static void republish_waits_while_main_is_out_of_reach(void **state)
{
	(void)state;
	static const enum port_fault faults[] = { PORT_RETRIABLE, PORT_NO_TOPIC, PORT_DENIED };
	for (size_t i = 0; i < 3; i++) {
		struct setup setup = republish();
		struct rig *rig = rig_new(&setup);
		for (int k = 0; k < 20; k++)
			rig_send(rig, "k", "a:RD");
		rig_advance(rig, SECOND);
		world_fail_produce(rig->w, MAIN, faults[i], INT64_MAX, i == 2);
		rig_advance(rig, 10 * MINUTE);
		assert_int_equal(rig->n_calls, 20);
		assert_true(rig_lane(rig, RETRY_1M, 0)->stalled);
		assert_non_null(strstr(rig_event(rig, STAGGER_STALLED, 0)->reason, "'orders'"));
		assert_int_equal(rig_committed(rig, RETRY_1M, 0), 0);
		assert_true(rig_stats(rig)->hop_failures < 150); /* one at a time, ever slower */
		world_fail_produce(rig->w, MAIN, PORT_FINE, 0, false);
		rig_advance(rig, MINUTE);
		assert_int_equal(rig->n_calls, 40);
		assert_int_equal(rig_count(rig, MAIN), 40);
		assert_int_equal(rig_committed(rig, RETRY_1M, 0), 20);
		assert_false(rig_lane(rig, RETRY_1M, 0)->stalled);
		rig_free(rig);
	}
}

/* What becomes due meanwhile stays in its room: others keep what is left of in flight. */
static void republish_that_waits_takes_no_share_of_in_flight(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.consumer.max_in_flight = 8;
	struct rig *rig = rig_new(&setup);
	for (int k = 0; k < 50; k++) {
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, SECOND);
	}
	world_fail_produce(rig->w, MAIN, PORT_RETRIABLE, INT64_MAX, false);
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_stats(rig)->in_flight, 1);
	assert_in_range(rig_stats(rig)->waiting, 1, 49);
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 1);
	world_fail_produce(rig->w, MAIN, PORT_FINE, 0, false);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_calls_of(rig, "a"), 100);
	rig_free(rig);
}

static void republish_waits_for_a_full_producer_queue(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_queue_full(rig->w, true);
	rig_advance(rig, 5 * MINUTE);
	assert_int_equal(rig_count(rig, MAIN), 1);
	world_queue_full(rig->w, false);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_count(rig, MAIN), 2);
	rig_free(rig);
}

static void republish_is_repeated_by_a_new_producer(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.world.report_delay_ms = 500;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, MINUTE + 100); /* in the producer */
	world_fail_produce(rig->w, NULL, PORT_FATAL, 1, true);
	rig_send(rig, "k", "b:X");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_stats(rig)->hop_repeated, 1);
	assert_int_equal(rig_calls_of(rig, "a"), 2);
	assert_int_equal(rig_count(rig, MAIN), 3);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	rig_free(rig);
}

static void republish_refused_as_too_large_after_other_errors_leaves_no_stall(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_fail_produce(rig->w, MAIN, PORT_RETRIABLE, 2, false);
	world_max_message(rig->w, MAIN, 50);
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_string_equal(rig_call(rig, 1)->read_topic, RETRY_1M);
	assert_false(rig_lane(rig, RETRY_1M, 0)->stalled);
	assert_int_equal(rig_events(rig, STAGGER_RECOVERED), 1);
	world_max_message(rig->w, MAIN, 0);
	rig_send(rig, "k", "b:RD"); /* the lane goes on */
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "b"), 2);
	rig_free(rig);
}

static void republish_refused_in_a_revoke_comes_again(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.world.report_delay_ms = 500;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, MINUTE);
	world_max_message(rig->w, MAIN, 50);
	rig_advance(rig, 600);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	assert_int_equal(rig_stats(rig)->duplicates_bound, 0);
	rig_free(rig);
}

/* -- lanes that go ----------------------------------------------------------------------- */
static void republish_without_report_at_a_revoke_is_not_produced_again(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_hold_reports(rig->w, true);
	rig_advance(rig, MINUTE); /* durable, and handled in main */
	expect_story(rig, "a/main/1 a/retry.1m/2");
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_count(rig, MAIN), 2);
	world_hold_reports(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, MAIN), 2);
	assert_int_equal(rig->n_calls, 2);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_free(rig);
}

static void republished_duplicates_share_the_idempotence_key(void **state)
{
	(void)state;
	struct setup setup = republish();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "b:D");
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_hold_reports(rig->w, true);
	rig_advance(rig, MINUTE);
	member_kill_and_restart(rig, 0); /* the copy is durable, its offset not committed */
	world_hold_reports(rig->w, false);
	rig_advance(rig, 5 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "a"), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_call_of(rig, "a", i)->offset, 1);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(rig_call_of(rig, "a", i)->attempt, 2);
		assert_string_equal(rig_call_of(rig, "a", i)->stage, "retry.1m");
	}
	assert_int_equal(rig_count(rig, MAIN), 4);
	rig_free(rig);
}

/* As calls do: after a crash no more than that goes to main again. */
static void republish_is_bounded_by_max_uncommitted(void **state)
{
	(void)state;
	struct setup setup = republish();
	setup.consumer.max_uncommitted = 64;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 300; i++)
		rig_send(rig, "k", "a:RD");
	rig_advance(rig, 30 * SECOND);
	world_fail_commit(rig->w, PORT_RETRIABLE, INT64_MAX);
	rig_advance(rig, 5 * MINUTE);
	assert_true(rig_stats(rig)->duplicates_bound <= 64);
	assert_true(rig_count(rig, MAIN) <= 300 + 64);
	world_fail_commit(rig->w, PORT_FINE, 0);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_calls, 600);
	assert_int_equal(rig_count(rig, MAIN), 600);
	rig_free(rig);
}

/* -- chains that change ------------------------------------------------------------------ */
/* Members of both modes side by side: what one put back the other handles, and the other way. */
static void republish_may_be_turned_on_and_off_in_a_rolling_deploy(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 4;
	setup.members = 2;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 48; i++) {
		char value[16] = { 'a', (char)('a' + i % 26), (char)('0' + i / 26), ':', 'R', 'R',
				   'D' };
		rig_put(rig, MAIN, i % 4, NULL, value, 0);
		rig_advance(rig, 10 * SECOND);
		if (i % 12 == 11) {
			rig->setup.chain.republish = i < 24;
			world_stop(rig->w, i / 12);
			rig_join(rig);
		}
	}
	rig_advance(rig, 3 * HOUR);
	assert_int_equal(rig->n_calls, 3 * 48);
	size_t back = 0;
	for (size_t i = 0; i < rig->n_calls; i++)
		back += rig->calls[i].attempt > 1 && strcmp(rig->calls[i].read_topic, MAIN) == 0;
	assert_in_range(back, 10, 2 * 48 - 10);
	assert_int_equal(rig_count(rig, DLT), 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(republish_waits_while_main_is_out_of_reach),
		cmocka_unit_test(republish_that_waits_takes_no_share_of_in_flight),
		cmocka_unit_test(republish_waits_for_a_full_producer_queue),
		cmocka_unit_test(republish_is_repeated_by_a_new_producer),
		cmocka_unit_test(republish_refused_as_too_large_after_other_errors_leaves_no_stall),
		cmocka_unit_test(republish_refused_in_a_revoke_comes_again),
		cmocka_unit_test(republish_without_report_at_a_revoke_is_not_produced_again),
		cmocka_unit_test(republished_duplicates_share_the_idempotence_key),
		cmocka_unit_test(republish_is_bounded_by_max_uncommitted),
		cmocka_unit_test(republish_may_be_turned_on_and_off_in_a_rolling_deploy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
