/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "When the framework's own work fails": hops that are refused, late or never reported. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static struct setup two_lanes(void)
{
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	return setup;
}

/* -- retriable --------------------------------------------------------------------------- */
static void hop_of_an_outage_makes_no_duplicate(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:RD");
	world_hold_reports(rig->w, true);
	rig_advance(rig, 0);
	world_silence(rig->w, true);
	rig_advance(rig, 6 * HOUR);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	world_hold_reports(rig->w, false);
	world_silence(rig->w, false);
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_stats(rig)->hop_failures, 0);
	rig_free(rig);
}

static void hop_that_fails_leaves_its_offset_unfinished(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, INT64_MAX, false);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_true(rig_stats(rig)->hop_failures > 5);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	assert_non_null(strstr(rig_event(rig, STAGGER_STALLED, 0)->reason, RETRY_1M));
	world_fail_produce(rig->w, RETRY_1M, PORT_FINE, 0, false);
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_events(rig, STAGGER_RECOVERED), 1);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_calls_of(rig, "a"), 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	/* Due counts from the failure, not from the outage's end. */
	assert_int_equal(rig_envelope(rig, RETRY_1M, 0)->due_ms, START_MS + MINUTE);
	rig_free(rig);
}

static void failing_lane_hands_over_no_new_hop(void **state)
{
	(void)state;
	struct setup setup = two_lanes();
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, DLT, PORT_RETRIABLE, INT64_MAX, false);
	rig_put(rig, MAIN, 0, NULL, "a:X", 0);
	rig_advance(rig, 0);
	rig_put(rig, MAIN, 0, NULL, "b:R", 0); /* read no more */
	rig_put(rig, MAIN, 1, NULL, "c:R", 0); /* other lanes go on */
	rig_advance(rig, 30 * SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 0);
	assert_int_equal(rig_calls_of(rig, "c"), 1);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 1), 1);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	assert_false(rig_lane(rig, MAIN, 1)->stalled);
	world_fail_produce(rig->w, DLT, PORT_FINE, 0, false);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

static void failed_hops_are_produced_again_one_at_a_time(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 50;
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 10, false);
	for (int i = 0; i < 10; i++)
		rig_send(rig, "k", "a:R");
	rig_advance(rig, 60); /* all ten failed together */
	assert_int_equal(rig_stats(rig)->hop_failures, 10);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 1, false);
	int64_t failures = 10;
	size_t durable = 0;
	for (int i = 0; i < 2000; i++) {
		rig_advance(rig, 10);
		size_t now = rig_count(rig, RETRY_1M);
		assert_true(now - durable <= 1); /* never two in one round trip */
		durable = now;
		assert_true(rig_stats(rig)->hop_failures - failures <= 1);
		failures = rig_stats(rig)->hop_failures;
	}
	assert_int_equal(durable, 10);
	assert_int_equal(failures, 11);
	assert_int_equal(rig_committed(rig, MAIN, 0), 10);
	rig_free(rig);
}

static void failed_hops_keep_their_order(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 500;
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 4, false);
	for (int i = 0; i < 4; i++) {
		rig_send(rig, "k", "a:R");
		rig_advance(rig, 100);
	}
	rig_advance(rig, 20 * SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 4);
	for (size_t i = 0; i < 4; i++) /* dues of a lane come in offset order */
		assert_int_equal(rig_envelope(rig, RETRY_1M, i)->original_offset, i);
	rig_free(rig);
}

static void hop_without_report_for_2_s_is_failing(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_hold_reports(rig->w, true);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, 1900);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	rig_advance(rig, 300);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	rig_send(rig, "k", "b:R");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 0);
	world_hold_reports(rig->w, false);
	rig_advance(rig, SECOND);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	assert_int_equal(rig_calls_of(rig, "b"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	assert_int_equal(rig_count(rig, RETRY_1M), 2);
	rig_free(rig);
}

static void full_producer_queue_is_back_pressure(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_queue_full(rig->w, true);
	for (int i = 0; i < 20; i++)
		rig_send(rig, "k", "a:R");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_stats(rig)->hop_failures, 0);
	world_queue_full(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 20);
	assert_int_equal(rig_committed(rig, MAIN, 0), 20);
	rig_free(rig);
}

/* -- topic missing, not authorized ------------------------------------------------------- */
static void stalls_until_it_may_produce(enum port_fault fault, const char *reason, bool at_once)
{
	struct rig *rig = rig_new(NULL);
	world_fail_produce(rig->w, RETRY_1M, fault, INT64_MAX, at_once);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, DAY);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	const char *told = rig_event(rig, STAGGER_STALLED, 0)->reason;
	assert_non_null(strstr(told, reason));
	assert_non_null(strstr(told, RETRY_1M));
	assert_true(rig_logged(rig, reason));
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_count(rig, DLT), 0);
	int64_t failures = rig_stats(rig)->hop_failures;
	assert_in_range(failures, DAY / (6 * SECOND), DAY / (4 * SECOND)); /* it keeps trying */
	world_fail_produce(rig->w, RETRY_1M, PORT_FINE, 0, at_once);
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "a"), 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

static void missing_topic_stalls_the_lane(void **state)
{
	(void)state;
	stalls_until_it_may_produce(PORT_NO_TOPIC, "unknown", false);
	stalls_until_it_may_produce(PORT_NO_TOPIC, "unknown", true);
}

static void missing_permission_stalls_the_lane(void **state)
{
	(void)state;
	stalls_until_it_may_produce(PORT_DENIED, "not authorized", false);
	stalls_until_it_may_produce(PORT_DENIED, "not authorized", true);
}

static void route_falls_back_to_the_chains_dlt(void **state)
{
	(void)state;
	static const enum port_fault faults[] = { PORT_NO_TOPIC, PORT_DENIED };
	for (size_t i = 0; i < 4; i++) {
		struct setup setup = SETUP_INIT;
		setup.routes[0] = (struct setup_route){ "Bank*", "bank.dlt" };
		struct rig *rig = rig_new(&setup);
		world_fail_produce(rig->w, "bank.dlt", faults[i / 2], 1, i % 2 == 0);
		rig_send(rig, "k", "a:X:BankBusy");
		rig_advance(rig, SECOND);
		rig_dead(rig, "not_retriable");
		assert_int_equal(rig_count(rig, "bank.dlt"), 0);
		assert_int_equal(rig_stats(rig)->route_fallback, 1);
		assert_false(rig_lane(rig, MAIN, 0)->stalled);
		assert_int_equal(rig_committed(rig, MAIN, 0), 1);
		rig_send(rig, "k", "b:X:BankBusy"); /* the route works again */
		rig_advance(rig, SECOND);
		assert_int_equal(rig_count(rig, "bank.dlt"), 1);
		rig_free(rig);
	}
}

/* -- fatal ------------------------------------------------------------------------------- */
static void fatal_producer_is_made_anew_and_hops_are_repeated(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 300;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND); /* acknowledged before: not produced again */
	rig_send(rig, "k", "b:R");
	rig_send(rig, "k", "c:R");
	rig_send(rig, "k", "d:X");
	rig_advance(rig, 100);
	world_fail_produce(rig->w, NULL, PORT_FATAL, 1, false);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_stats(rig)->hop_repeated, 3);
	assert_int_equal(rig_count(rig, RETRY_1M), 3);
	assert_int_equal(rig_count(rig, DLT), 1);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_envelope(rig, RETRY_1M, i)->original_offset, i);
	assert_int_equal(rig_committed(rig, MAIN, 0), 4);
	assert_true(rig_logged(rig, "producer rebuilt"));
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	rig_free(rig);
}

static void fatal_producer_duplicates_what_was_not_acknowledged(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0].delay_ms = STAGGER_OFF;
	struct rig *rig = rig_new(&setup);
	world_hold_reports(rig->w, true); /* durable, nobody knows */
	rig_send(rig, "k", "a:X");
	rig_send(rig, "k", "b:X");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, DLT), 2);
	world_fail_produce(rig->w, NULL, PORT_FATAL, 1, true);
	rig_send(rig, "k", "c:X");
	rig_advance(rig, 0);
	world_hold_reports(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->hop_repeated, 2);
	assert_int_equal(rig_count(rig, DLT), 5);
	assert_int_equal(rig_stats(rig)->dead_lettered, 3);
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hop_of_an_outage_makes_no_duplicate),
		cmocka_unit_test(hop_that_fails_leaves_its_offset_unfinished),
		cmocka_unit_test(failing_lane_hands_over_no_new_hop),
		cmocka_unit_test(failed_hops_are_produced_again_one_at_a_time),
		cmocka_unit_test(failed_hops_keep_their_order),
		cmocka_unit_test(hop_without_report_for_2_s_is_failing),
		cmocka_unit_test(full_producer_queue_is_back_pressure),
		cmocka_unit_test(missing_topic_stalls_the_lane),
		cmocka_unit_test(missing_permission_stalls_the_lane),
		cmocka_unit_test(route_falls_back_to_the_chains_dlt),
		cmocka_unit_test(fatal_producer_is_made_anew_and_hops_are_repeated),
		cmocka_unit_test(fatal_producer_duplicates_what_was_not_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
