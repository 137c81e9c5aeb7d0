/* SPDX-License-Identifier: Apache-2.0
 *
 * "Time": the two clocks, waiting without sleeping, forged dues, timestamps, turns of the workers. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- two clocks -------------------------------------------------------------------------- */
static void time_due_comes_by_the_wall_clock(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, MINUTE - 1);
	assert_int_equal(rig->n_calls, 1);
	rig_advance(rig, 1);
	assert_int_equal(rig->n_calls, 2);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	rig_free(rig);
}

static void time_due_comes_by_the_boot_clock_1_s_later(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 10 * SECOND);
	world_step_wall(rig->w, -HOUR);
	int64_t from_ms = world_boot_ms(rig->w);
	rig_advance(rig, 51 * SECOND - 1);
	assert_int_equal(rig->n_calls, 1);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_call_of(rig, "a", 1)->boot_ms - from_ms, 51 * SECOND);
	assert_int_equal(rig_stats(rig)->early, 0);
	rig_free(rig);
}

/* The bound counts from when this process saw the message first. */
static void time_boot_clock_counts_from_first_sight(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RRD");
	rig_advance(rig, 2 * MINUTE); /* waits in retry.5m since 1 min */
	rig_crash(rig);
	world_step_wall(rig->w, -HOUR);
	int64_t from_ms = world_boot_ms(rig->w); /* seen again with 4 min to go */
	rig_advance(rig, 10 * MINUTE);
	const struct call *call = rig_call_of(rig, "a", 2);
	assert_int_equal(call->first_seen_ms, START_MS + 2 * MINUTE);
	assert_int_equal(call->first_seen_boot_ms, from_ms);
	assert_int_equal(call->boot_ms - from_ms, 4 * MINUTE + SECOND);
	rig_free(rig);
}

static void steps_back_at_first(struct rig *rig, const struct stagger_message *m,
				struct stagger_failure *why)
{
	(void)why;
	if (m->attempt == 2 && m->offset == 0)
		world_step_wall(rig->w, -HOUR);
}

/* A step between two calls of one slice: the second was due before it. */
static void time_step_back_makes_nothing_early_that_was_due(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = steps_back_at_first;
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:RD");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_stats(rig)->done, 2);
	assert_int_equal(rig_stats(rig)->early, 0);
	rig_free(rig);
}

static void time_step_rearms_all_timers_and_is_counted(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:RRD");
	rig_advance(rig, 70 * SECOND);
	assert_int_equal(rig_stats(rig)->clock_steps, 0);
	world_step_wall(rig->w, HOUR);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 3);
	assert_int_equal(rig_stats(rig)->clock_steps, 1);
	assert_true(rig_logged(rig, "clock step"));
	rig_free(rig);
}

static void time_slow_drift_is_no_step(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:PD:Bad:1800000");
	for (int i = 0; i < 100; i++) { /* the wall clock gains 2 s in 100 s */
		rig_advance(rig, SECOND);
		world_step_wall(rig->w, 20);
	}
	rig_advance(rig, HOUR);
	const struct call *call = rig_call_of(rig, "a", 1);
	assert_in_range(call->wall_ms - call->due_ms, 0, 100);
	assert_int_equal(rig_stats(rig)->clock_steps, 0);
	rig_free(rig);
}

static void time_no_start_is_early_by_both_clocks(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.jitter = 0.5;
	struct rig *rig = rig_new(&setup);
	const int64_t steps[] = { -HOUR, 5 * MINUTE, -10, 90 * SECOND, -2 * MINUTE, 50, HOUR };
	for (int i = 0; i < 70; i++) {
		rig_send(rig, "k", "a:RRRD");
		rig_advance(rig, 17 * SECOND);
		world_step_wall(rig->w, steps[i % 7]);
	}
	rig_advance(rig, 3 * HOUR);
	assert_int_equal(rig_stats(rig)->done, 70);
	assert_int_equal(rig_stats(rig)->early, 0);
	rig_free(rig);
}

/* -- nothing sleeps ---------------------------------------------------------------------- */
static void time_the_loop_waits_until_an_event_or_a_timer(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	int64_t turns = world_calls(rig->w, 0).turns;
	rig_advance(rig, DAY); /* nothing waits; the world itself looks when it begins and ends */
	assert_in_range(world_calls(rig->w, 0).turns - turns, 0, 4);
	rig_send(rig, "k", "a:RRRD");
	rig_advance(rig, 7 * MINUTE);
	turns = world_calls(rig->w, 0).turns;
	rig_advance(rig, 20 * MINUTE); /* something waits: only the clocks are compared */
	assert_in_range(world_calls(rig->w, 0).turns - turns, 1200, 2410);
	rig_free(rig);
}

static void time_rebalances_go_on_during_a_delay(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 1, "k", "a:RRRD", 0);
	rig_advance(rig, 10 * MINUTE); /* waits in retry.30m, due at 36 min */
	rig_join(rig);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 8);
	rig_advance(rig, HOUR);
	const struct call *last = rig_call_of(rig, "a", 3);
	assert_int_equal(last->member, 1);
	assert_int_equal(last->wall_ms, last->due_ms);
	rig_free(rig);
}

static void time_delays_of_days_are_ordinary(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ 3 * DAY, 1 };
	setup.stages[1] = (struct setup_stage){ 30 * DAY, 1 };
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RRD");
	rig_advance(rig, 3 * DAY);
	assert_string_equal(rig_call(rig, 1)->read_topic, "orders.billing.retry.3d");
	rig_advance(rig, 30 * DAY);
	assert_int_equal(rig_call(rig, 2)->wall_ms - START_MS, 33 * DAY);
	assert_int_equal(rig_stats(rig)->done, 1);
	rig_free(rig);
}

/* -- forged dues and timestamps ---------------------------------------------------------- */
/* Copies the i-th envelope of RETRY_1M with another due. */
static void forge(struct rig *rig, size_t i, int64_t due_ms)
{
	struct stagger_error err;
	struct stagger_envelope *forged = NULL;
	void *bytes = NULL;
	size_t size = 0;
	assert_int_equal(stagger_envelope_new(&forged, &err), STAGGER_OK);
	*forged = *rig_envelope(rig, RETRY_1M, i);
	forged->due_ms = due_ms;
	assert_int_equal(stagger_envelope_write(forged, 0, &bytes, &size, &err), STAGGER_OK);
	const struct stagger_envelope *done = forged;
	stagger_envelope_free(&done);
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w),
				       .value = { bytes, size } };
	assert_int_equal(world_produce(rig->w, RETRY_1M, 0, &record, &err), STAGGER_OK);
	free(bytes);
}

static void time_forged_due_is_clamped_and_counted(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.longest_wait_ms = 2 * HOUR;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 10 * SECOND);
	forge(rig, 0, START_MS + 36500 * DAY);
	forge(rig, 0, INT64_MAX);
	rig_send(rig, "k", "b:RD"); /* behind them */
	rig_advance(rig, DAY);
	assert_int_equal(rig_calls_of(rig, "a"), 4);
	assert_int_equal(rig_call_of(rig, "a", 2)->wall_ms - START_MS, 2 * HOUR + 10 * SECOND);
	assert_int_equal(rig_call_of(rig, "a", 3)->wall_ms - START_MS, 2 * HOUR + 10 * SECOND);
	assert_int_equal(rig_call_of(rig, "b", 1)->wall_ms - START_MS, 70 * SECOND);
	assert_int_equal(rig_stats(rig)->due_clamped, 2);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 4);
	rig_free(rig);
}

/* Parked again, it keeps the clamped due: not the forged one, which would be clamped from then on. */
static void time_forged_due_is_not_forged_again_by_a_repark(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.longest_wait_ms = 2 * HOUR;
	setup.consumer.max_waiting = 1;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 10 * SECOND);
	forge(rig, 0, INT64_MAX);
	for (int i = 0; i < 60; i++) {
		rig_send(rig, "k", "b:RD");
		rig_advance(rig, 5 * MINUTE);
	}
	assert_true(rig_stats(rig)->reparked > 0);
	assert_int_equal(rig_call_of(rig, "a", 2)->wall_ms - START_MS, 2 * HOUR + 10 * SECOND);
	rig_free(rig);
}

static void time_copies_carry_now_and_handlers_see_the_original(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_put(rig, MAIN, 0, "k", "a:RRD", START_MS - 10 * DAY);
	rig_advance(rig, HOUR);
	assert_int_equal(world_record(rig->w, RETRY_1M, 0, 0)->timestamp_ms, START_MS);
	assert_int_equal(world_record(rig->w, RETRY_5M, 0, 0)->timestamp_ms, START_MS + MINUTE);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_call(rig, i)->timestamp_ms, START_MS - 10 * DAY);
	assert_int_equal(rig_envelope(rig, RETRY_5M, 0)->original_timestamp_ms,
			 START_MS - 10 * DAY);
	rig_free(rig);
}

/* -- the workers' turns ------------------------------------------------------------------ */
static void takes_a_second_in_partition_0(struct rig *rig, const struct stagger_message *m,
					  struct stagger_failure *why)
{
	(void)why;
	if (memcmp(m->value.data, "slow", 4) == 0)
		rig_spend(rig, 1000000);
}

/* Main and stages of different partitions: slices of both kinds in turn, due records oldest first. */
static void time_workers_take_from_main_and_stages_in_turn(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 4;
	struct rig *rig = rig_new(&setup);
	rig->in_handler = takes_a_second_in_partition_0;
	rig_put(rig, MAIN, 1, "k", "third:PD:Bad:60300", 0);
	rig_put(rig, MAIN, 2, "k", "first:PD:Bad:60100", 0);
	rig_put(rig, MAIN, 3, "k", "second:PD:Bad:60200", 0);
	rig_advance(rig, MINUTE - 500);
	rig_put(rig, MAIN, 0, "k", "slow:D", 0); /* a second later all are due */
	for (int32_t i = 0; i < 6400; i++)
		rig_put(rig, MAIN, i % 4, "k", "main:D", 0);
	rig_advance(rig, 2 * SECOND);
	const char *const stages[] = { "first", "second", "third" };
	size_t at = 3;
	while (strcmp(rig_call(rig, at)->id, "slow") != 0)
		at++;
	for (size_t i = 0; i < 3; i++) {
		size_t before = ++at;
		while (strcmp(rig_call(rig, at)->id, "main") == 0)
			at++;
		assert_string_equal(rig_call(rig, at)->id, stages[i]);
		assert_true(at - before <= 2 * 256); /* two slices are out at once */
	}
	rig_free(rig);
}

static void time_a_quarter_of_max_in_flight_is_kept_for_the_stages(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.consumer.max_in_flight = 16;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 6; i++)
		rig_send(rig, "k", "retry:RA");
	rig_advance(rig, SECOND);
	for (int i = 0; i < 40; i++)
		rig_send(rig, "k", "main:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "main"), 12);
	assert_int_equal(rig_stats(rig)->in_flight, 12);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_calls_of(rig, "retry"), 6 + 4);
	assert_int_equal(rig_call_of(rig, "retry", 9)->wall_ms, START_MS + MINUTE);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_due_comes_by_the_wall_clock),
		cmocka_unit_test(time_due_comes_by_the_boot_clock_1_s_later),
		cmocka_unit_test(time_boot_clock_counts_from_first_sight),
		cmocka_unit_test(time_step_back_makes_nothing_early_that_was_due),
		cmocka_unit_test(time_step_rearms_all_timers_and_is_counted),
		cmocka_unit_test(time_slow_drift_is_no_step),
		cmocka_unit_test(time_no_start_is_early_by_both_clocks),
		cmocka_unit_test(time_the_loop_waits_until_an_event_or_a_timer),
		cmocka_unit_test(time_rebalances_go_on_during_a_delay),
		cmocka_unit_test(time_delays_of_days_are_ordinary),
		cmocka_unit_test(time_forged_due_is_clamped_and_counted),
		cmocka_unit_test(time_forged_due_is_not_forged_again_by_a_repark),
		cmocka_unit_test(time_copies_carry_now_and_handlers_see_the_original),
		cmocka_unit_test(time_workers_take_from_main_and_stages_in_turn),
		cmocka_unit_test(time_a_quarter_of_max_in_flight_is_kept_for_the_stages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
