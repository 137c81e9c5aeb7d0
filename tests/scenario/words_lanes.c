/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of what holds messages: column, lane, gate, waiting room, in flight, tick, failing, and
 * what is finished. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <string.h>

/* -- column, lane, gate ------------------------------------------------------------------ */
static void column_is_the_lanes_of_one_partition_number(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 20 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, NULL, "a0:PD:Bad:1", 0);
	rig_put(rig, MAIN, 1, NULL, "a1:PD:Bad:1", 0);
	rig_advance(rig, 50 * SECOND);
	rig_put(rig, MAIN, 0, NULL, "b0:RD", 0); /* waits in place until 70 s */
	rig_advance(rig, 30 * SECOND);
	assert_int_equal(rig_call_of(rig, "a1", 1)->wall_ms - START_MS, MINUTE);
	assert_int_equal(rig_call_of(rig, "a0", 1)->wall_ms - START_MS, 70 * SECOND);
	rig_free(rig);
}

static void lane_is_all_about_one_assigned_partition(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 3;
	struct rig *rig = rig_new(&setup);
	assert_int_equal(rig_stats(rig)->n_lanes, 12); /* main and three stages */
	rig_put(rig, MAIN, 2, NULL, "a:RRD", 0);
	rig_advance(rig, 2 * MINUTE);
	const struct stagger_lane_stats *lane = rig_lane(rig, RETRY_5M, 2);
	assert_string_equal(lane->stage, "retry.5m");
	assert_int_equal(lane->waiting, 1);
	assert_int_equal(lane->position, 1);
	assert_int_equal(lane->next_due_ms, START_MS + 6 * MINUTE);
	assert_int_equal(rig_lane(rig, RETRY_5M, 1)->position, 0);
	assert_int_equal(rig_lane(rig, RETRY_1M, 2)->committed, 1);
	rig_free(rig);
}

/* Two reasons hold the lane back: its next record is not due, and its hops fail. */
static void gate_opens_when_no_reason_is_left(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:R");
	rig_send(rig, "k", "b:RD");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->position, 1);
	world_fail_produce(rig->w, RETRY_5M, PORT_RETRIABLE, INT64_MAX, false);
	rig_send(rig, "k", "c:RD"); /* due 61 s */
	rig_advance(rig, 90 * SECOND);
	assert_true(rig_lane(rig, RETRY_1M, 0)->stalled);
	size_t called = rig->n_calls;
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_calls, called);
	world_fail_produce(rig->w, RETRY_5M, PORT_FINE, 0, false);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->position, 3);
	assert_int_equal(rig_calls_of(rig, "c"), 2);
	rig_free(rig);
}

static void waiting_room_is_ordered_by_due_then_offset(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "late:PD:Bad:180000");
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:RD");
	rig_send(rig, "k", "mid:PD:Bad:120000");
	rig_advance(rig, 100);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->next_due_ms, START_MS + MINUTE);
	rig_advance(rig, HOUR);
	assert_string_equal(rig_story(rig, 4), "a/retry.1m/2 b/retry.1m/2 mid/retry.1m/2 "
					       "late/retry.1m/2");
	rig_free(rig);
}

static void waiting_room_is_bounded(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_waiting = 5;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 20; i++) /* each is due before the one that was read last */
		rig_send(rig, "k", i < 10 ? "a:PD:Bad:300000" : "b:RD");
	for (int i = 0; i < 200; i++) {
		rig_advance(rig, SECOND);
		assert_true(rig_lane(rig, RETRY_1M, 0)->waiting <= 5);
	}
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 20);
	rig_free(rig);
}

/* -- in flight --------------------------------------------------------------------------- */
static void in_flight_is_taken_and_neither_finished_nor_waiting(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "waits:PD:Bad:1");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->waiting, 1);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_send(rig, "k", "deferred:A");
	rig_send(rig, "k", "in_place:RD");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->in_flight, 2);
	world_hold_reports(rig->w, true);
	rig_send(rig, "k", "hopping:PD:Bad:1");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->in_flight, 3);
	assert_int_equal(rig_lane(rig, MAIN, 0)->in_flight, 3);
	assert_true(rig_stats(rig)->in_flight_bytes > 0);
	world_hold_reports(rig->w, false);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 10 * MINUTE);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	assert_int_equal(rig_stats(rig)->in_flight_bytes, 0);
	rig_free(rig);
}

static void queued_in(struct rig *rig, const struct stagger_message *m, struct stagger_failure *why)
{
	(void)why;
	if (m->offset == 0)
		*(int64_t *)rig->user = rig_stats(rig)->in_flight;
}

static void in_flight_holds_what_is_queued_and_called(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	int64_t seen = 0;
	rig->user = &seen;
	rig->in_handler = queued_in;
	for (int i = 0; i < 7; i++)
		rig_send(rig, "k", "a");
	rig_advance(rig, 0);
	assert_int_equal(seen, 7);
	rig_free(rig);
}

static void in_flight_holds_what_outlives_its_lane(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	world_hold_reports(rig->w, true);
	rig_put(rig, MAIN, 1, "k", "a:RD", 0);
	rig_advance(rig, SECOND);
	rig_join(rig); /* the hop has no report: the revoke ends without it */
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_stats(rig)->revoked, 8);
	assert_int_equal(rig_stats(rig)->n_lanes, 4);
	assert_int_equal(rig_stats(rig)->in_flight, 1);
	world_hold_reports(rig->w, false);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_free(rig);
}

/* -- tick -------------------------------------------------------------------------------- */
static void tick_is_the_commit_interval(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	size_t before = rig_events(rig, STAGGER_COMMITTED);
	for (int i = 0; i < 100; i++) {
		rig_send(rig, "k", "a");
		rig_advance(rig, 10);
	}
	rig_advance(rig, 100);
	size_t n = rig_events(rig, STAGGER_COMMITTED) - before;
	assert_in_range(n, 10, 11);
	for (size_t i = before + 1; i < before + n; i++)
		assert_true(rig_event(rig, STAGGER_COMMITTED, i)->wall_ms -
				    rig_event(rig, STAGGER_COMMITTED, i - 1)->wall_ms >= 100);
	assert_int_equal(rig_committed(rig, MAIN, 0), 100);
	rig_free(rig);
}

/* -- failing ----------------------------------------------------------------------------- */
static void failing_lane_had_an_error_in_a_report(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, INT64_MAX, false);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 50);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	assert_false(rig_lane(rig, RETRY_1M, 0)->stalled);
	assert_int_equal(rig_events(rig, STAGGER_STALLED), 1);
	world_fail_produce(rig->w, RETRY_1M, PORT_FINE, 0, false);
	rig_advance(rig, 6 * SECOND);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	assert_int_equal(rig_events(rig, STAGGER_RECOVERED), 1);
	rig_free(rig);
}

static void failing_lane_had_no_report_for_2_s(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_hold_reports(rig->w, true);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 1900);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	rig_advance(rig, 200);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	world_hold_reports(rig->w, false);
	rig_advance(rig, 0);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	rig_free(rig);
}

/* -- finished, next_offset, ahead -------------------------------------------------------- */
static void finished_is_what_was_done_or_is_durable(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "done:D");
	rig_send(rig, "k", "hopped:R");
	rig_send(rig, "k", "dead:X");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 3);
	rig_free(rig);
}

static void next_offset_is_the_lowest_that_is_not_finished(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 6; i++)
		rig_send(rig, "k", i == 1 || i == 4 ? "a:A" : "b:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 1);
	rig_settle(rig, 1, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 1);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_lane(rig, MAIN, 0)->next_offset, 6);
	assert_int_equal(rig_committed(rig, MAIN, 0), 6);
	rig_free(rig);
}

static void ahead_travels_in_the_commits_metadata(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 5; i++)
		rig_send(rig, "k", i == 1 ? "a:A" : "b:D");
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_lane(rig, MAIN, 0)->finished_ahead, 3);
	struct stagger_bytes metadata = { .data = NULL };
	assert_int_equal(world_committed(rig->w, GROUP, MAIN, 0, &metadata), 1);
	assert_int_equal(metadata.size, strlen("sg1:0:1,3"));
	assert_memory_equal(metadata.data, "sg1:0:1,3", metadata.size);
	rig_crash(rig);
	rig_advance(rig, SECOND);
	assert_string_equal(rig_story(rig, 5), "a/main/1");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(column_is_the_lanes_of_one_partition_number),
		cmocka_unit_test(lane_is_all_about_one_assigned_partition),
		cmocka_unit_test(gate_opens_when_no_reason_is_left),
		cmocka_unit_test(waiting_room_is_ordered_by_due_then_offset),
		cmocka_unit_test(waiting_room_is_bounded),
		cmocka_unit_test(in_flight_is_taken_and_neither_finished_nor_waiting),
		cmocka_unit_test(in_flight_holds_what_is_queued_and_called),
		cmocka_unit_test(in_flight_holds_what_outlives_its_lane),
		cmocka_unit_test(tick_is_the_commit_interval),
		cmocka_unit_test(failing_lane_had_an_error_in_a_report),
		cmocka_unit_test(failing_lane_had_no_report_for_2_s),
		cmocka_unit_test(finished_is_what_was_done_or_is_durable),
		cmocka_unit_test(next_offset_is_the_lowest_that_is_not_finished),
		cmocka_unit_test(ahead_travels_in_the_commits_metadata),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
