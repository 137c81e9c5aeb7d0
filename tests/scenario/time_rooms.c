/* SPDX-License-Identifier: Apache-2.0
 *
 * "Time": how far a lane is read ahead, when its partition is paused, what bounds a room, and what
 * is parked again. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void send_many(struct rig *rig, int n, const char *value)
{
	for (int i = 0; i < n; i++)
		rig_send(rig, "k", value);
}

/* -- read ahead -------------------------------------------------------------------------- */
static void room_with_a_constant_delay_is_exactly_the_head(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	for (int i = 0; i < 10; i++) {
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, 100);
	}
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 10);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->position, 1);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->waiting, 1);
	int64_t fetches = world_calls(rig->w, 0).fetches;
	rig_advance(rig, 55 * SECOND); /* not polled */
	assert_int_equal(world_calls(rig->w, 0).fetches, fetches);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_stats(rig)->done, 10);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	rig_free(rig);
}

static void room_with_jitter_holds_what_could_be_due_first(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.jitter = 0.2; /* 12 s */
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 100; i++) { /* for 50 s */
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, 500);
	}
	const struct stagger_lane_stats *lane = rig_lane(rig, RETRY_1M, 0);
	assert_in_range(lane->waiting, 2, 49); /* at most 24 s */
	int64_t next_failed_ms = START_MS + 500 * lane->position;
	assert_true(next_failed_ms + 48 * SECOND >= lane->next_due_ms);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 100);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	rig_free(rig);
}

/* -- pauses ------------------------------------------------------------------------------ */
static void lane_that_waits_longer_than_pause_after_is_paused(void **state)
{
	(void)state;
	for (int64_t wait_ms = 31100; wait_ms <= 31101; wait_ms++) { /* 30 s + 1.1 s */
		struct setup setup = SETUP_INIT;
		setup.stages[0] = (struct setup_stage){ wait_ms, 1 };
		struct rig *rig = rig_new(&setup);
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, 0);
		assert_int_equal(world_calls(rig->w, 0).paused_now, wait_ms == 31101);
		assert_int_equal(rig_events(rig, STAGGER_PAUSED), wait_ms == 31101);
		rig_advance(rig, MINUTE);
		assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
		assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
		rig_free(rig);
	}
}

static void lane_that_is_paused_resumes_before_its_head_is_due(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	send_many(rig, 10, "a:RD");
	rig_advance(rig, 58900 - 1); /* fetch.wait.max.ms + 100 ms, at least 1.1 s, before due */
	assert_int_equal(world_calls(rig->w, 0).paused_now, 1);
	assert_true(rig_lane(rig, RETRY_1M, 0)->paused);
	rig_advance(rig, 1);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	assert_int_equal(rig_event(rig, STAGGER_PAUSED, 0)->due_ms, START_MS + MINUTE);
	assert_int_equal(rig_event(rig, STAGGER_RESUMED, 0)->wall_ms, START_MS + 58900);
	rig_advance(rig, MINUTE);
	assert_int_equal(world_calls(rig->w, 0).pauses, 1);
	assert_int_equal(world_calls(rig->w, 0).resumes, 1);
	assert_int_equal(rig_stats(rig)->done, 10);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	rig_free(rig);
}

static void lane_with_an_earlier_due_resumes_for_that(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "late:PD:Bad:2400000"); /* 40 min, in the stage of 1 min */
	rig_advance(rig, 10 * MINUTE);
	rig_send(rig, "k", "soon:RD");
	rig_advance(rig, SECOND);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 1);
	rig_advance(rig, MINUTE - SECOND);
	assert_int_equal(rig_call_of(rig, "soon", 1)->wall_ms - START_MS, 11 * MINUTE);
	const struct seen *resumed = rig_event(rig, STAGGER_RESUMED, 0);
	assert_int_equal(resumed->wall_ms - START_MS, 11 * MINUTE - 1100);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_call_of(rig, "late", 1)->wall_ms - START_MS, 40 * MINUTE);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	rig_free(rig);
}

static void lane_with_a_full_room_is_paused_too(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ 10 * MINUTE, 1 };
	setup.chain.jitter = 0.5;
	setup.consumer.max_waiting = 2;
	struct rig *rig = rig_new(&setup);
	send_many(rig, 10, "a:RD");
	rig_advance(rig, SECOND);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 1);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 10);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	rig_free(rig);
}

static void lane_paused_for_days_is_there_in_time(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ 7 * DAY, 1 };
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 50; i++) {
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, 3 * HOUR);
	}
	rig_advance(rig, 14 * DAY);
	assert_int_equal(rig_stats(rig)->done, 50);
	assert_int_equal(rig_stats(rig)->lateness_max_us, 0);
	assert_int_equal(world_calls(rig->w, 0).pauses, 50);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	rig_free(rig);
}

/* -- jitter ------------------------------------------------------------------------------ */
/* Checks that the dues of 500 messages are uniform within the bound both ways. */
static void expect_jitter(double jitter, int64_t jitter_max_ms, int64_t bound_ms)
{
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ 10 * MINUTE, 1 };
	setup.chain.jitter = jitter;
	setup.chain.jitter_max_ms = jitter_max_ms;
	struct rig *rig = rig_new(&setup);
	send_many(rig, 500, "a:RD");
	rig_advance(rig, HOUR);
	int quarters[4] = { 0, 0, 0, 0 };
	for (size_t i = 500; i < 1000; i++) {
		int64_t off_ms = rig_call(rig, i)->due_ms - START_MS - 10 * MINUTE;
		assert_true(off_ms >= -bound_ms && off_ms <= bound_ms);
		assert_int_equal(rig_call(rig, i)->wall_ms, rig_call(rig, i)->due_ms);
		if (bound_ms > 0)
			quarters[(off_ms + bound_ms) * 4 / (2 * bound_ms + 1)]++;
	}
	for (int q = 0; q < 4 && bound_ms > 0; q++)
		assert_in_range(quarters[q], 80, 170);
	rig_free(rig);
}

static void jitter_is_per_message_uniform_and_bounded(void **state)
{
	(void)state;
	expect_jitter(0.02, 0, 12 * SECOND);
	expect_jitter(0.5, 0, 30 * SECOND); /* jitter_max */
	expect_jitter(0.5, 2 * MINUTE, 2 * MINUTE);
	expect_jitter(0.5, STAGGER_OFF, 0);
	expect_jitter(0, 0, 0);
}

/* -- bounds ------------------------------------------------------------------------------ */
static void bound_of_max_waiting_holds_and_counts_what_it_makes_late(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.jitter = 0.5;
	setup.consumer.max_waiting = 2;
	struct rig *rig = rig_new(&setup);
	send_many(rig, 50, "a:RD");
	for (int i = 0; i < 100; i++) {
		rig_advance(rig, SECOND);
		assert_true(rig_lane(rig, RETRY_1M, 0)->waiting <= 2);
	}
	size_t late = 0;
	for (size_t i = 50; i < rig->n_calls; i++)
		late += rig_call(rig, i)->wall_ms > rig_call(rig, i)->due_ms;
	assert_int_equal(rig_stats(rig)->done, 50);
	assert_true(late > 10);
	assert_int_equal(rig_stats(rig)->head_of_line, late);
	assert_int_equal(rig_events(rig, STAGGER_LATE), late);
	rig_free(rig);
}

static void bound_of_max_waiting_bytes_holds_for_the_process(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.chain.jitter = 0.5;
	setup.consumer.max_waiting_bytes = 1024 * 1024;
	struct rig *rig = rig_new(&setup);
	char *value = malloc(100001);
	assert_non_null(value);
	memset(value, 'x', 100000);
	memcpy(value, "a:RD:", 5);
	value[100000] = '\0';
	for (int32_t i = 0; i < 40; i++)
		rig_put(rig, MAIN, i % 2, "k", value, 0);
	for (int i = 0; i < 300; i++) { /* the last, and each lane's only one, may go beyond */
		rig_advance(rig, SECOND);
		assert_true(rig_stats(rig)->waiting_bytes <= 1024 * 1024 + 2 * 100500);
		assert_true(rig_stats(rig)->waiting <= 12);
	}
	assert_int_equal(rig_stats(rig)->done, 40);
	assert_true(rig_stats(rig)->head_of_line > 0);
	assert_int_equal(rig_stats(rig)->waiting_bytes, 0);
	free(value);
	rig_free(rig);
}

static void bound_of_max_ahead_holds_for_a_lane(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.consumer.max_ahead = 64;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "hangs:A");
	send_many(rig, 500, "a:D");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_lane(rig, MAIN, 0)->finished_ahead, 63);
	assert_int_equal(rig_lane(rig, MAIN, 0)->position, 64);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 501);
	rig_free(rig);
}

/* -- parked again ------------------------------------------------------------------------ */
static void repark_moves_a_head_that_fills_the_room(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_waiting = 3;
	struct rig *rig = rig_new(&setup);
	send_many(rig, 5, "long:PD:Bad:1800000");
	send_many(rig, 5, "short:RD");
	rig_advance(rig, 2 * HOUR);
	assert_int_equal(rig_stats(rig)->done, 10);
	assert_true(rig_stats(rig)->reparked >= 3);
	assert_int_equal(rig_events(rig, STAGGER_REPARKED), rig_stats(rig)->reparked);
	assert_int_equal(rig_call_of(rig, "short", 5)->wall_ms - START_MS, MINUTE);
	for (size_t i = 5; i < 10; i++)
		assert_int_equal(rig_call_of(rig, "long", i)->wall_ms - START_MS, 30 * MINUTE);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), (int64_t)rig_count(rig, RETRY_1M));
	rig_free(rig);
}

static void repark_moves_what_waited_half_of_its_topics_retention(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	struct rig *rig = rig_new(&setup);
	world_retention(rig->w, RETRY_30M, 30 * MINUTE); /* as long as the delay: it would be lost */
	world_rebalance(rig->w);                         /* told at an assignment */
	rig_send(rig, "k", "a:RRRD");
	rig_advance(rig, 6 * MINUTE + 15 * MINUTE - SECOND);
	assert_int_equal(rig_stats(rig)->reparked, 0);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_stats(rig)->reparked, 1);
	assert_int_equal(rig_count(rig, RETRY_30M), 2);
	world_trim(rig->w, RETRY_30M, 0, 1); /* what retention would delete */
	rig_advance(rig, HOUR);
	assert_int_equal(rig_call(rig, 3)->wall_ms - START_MS, 36 * MINUTE); /* due as ever */
	assert_int_equal(rig_stats(rig)->done, 1);
	assert_int_equal(rig_stats(rig)->expired_by_retention, 0);
	rig_free(rig);
}

static void repark_moves_a_head_that_fills_max_ahead(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_ahead = 64;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "long:PD:Bad:1800000");
	send_many(rig, 100, "short:RD");
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_stats(rig)->reparked, 1);
	assert_int_equal(rig_stats(rig)->done, 100);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->next_offset, 101);
	const struct stagger_envelope *before = rig_envelope(rig, RETRY_1M, 0);
	const struct stagger_envelope *after = rig_envelope(rig, RETRY_1M, 101);
	assert_int_equal(after->due_ms, before->due_ms);
	assert_int_equal(after->attempts, before->attempts);
	assert_int_equal(after->visit, before->visit);
	assert_int_equal(after->n_history, before->n_history);
	assert_int_equal(after->last_failed_ms, before->last_failed_ms);
	assert_int_equal(after->value.size, before->value.size);
	rig_advance(rig, HOUR);
	const struct call *call = rig_call_of(rig, "long", 1);
	assert_int_equal(call->wall_ms - START_MS, 30 * MINUTE);
	assert_int_equal(call->attempt, 2);
	assert_int_equal(call->visit, 1);
	rig_free(rig);
}

/* Twice the room's worth: what was moved comes behind what is due sooner, and is moved no more often
 * than the delay passes. */
static void repark_is_neither_a_visit_nor_a_history_entry(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_waiting = 2;
	struct rig *rig = rig_new(&setup);
	send_many(rig, 6, "long:PRD:Bad:600000");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 6);
	int64_t reparked = rig_stats(rig)->reparked;
	assert_in_range(reparked, 4, 6 * 10);
	for (size_t i = 0; i < rig_count(rig, RETRY_5M); i++) {
		assert_int_equal(rig_envelope(rig, RETRY_5M, i)->attempts, 2);
		assert_int_equal(rig_envelope(rig, RETRY_5M, i)->n_history, 2);
	}
	assert_int_equal(rig_stats(rig)->hops, 12 + reparked);
	assert_int_equal(rig_stats(rig)->retried, 12);
	rig_free(rig);
}

static void repark_leaves_a_head_that_is_due_sooner_or_deferred(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.consumer.max_ahead = 64;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "deferred:RA");
	send_many(rig, 100, "a:RD");
	rig_advance(rig, HOUR);
	assert_int_equal(rig_lane(rig, RETRY_1M, 0)->position, 64); /* takes no new records */
	assert_int_equal(rig_stats(rig)->reparked, 0);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 101);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_with_a_constant_delay_is_exactly_the_head),
		cmocka_unit_test(room_with_jitter_holds_what_could_be_due_first),
		cmocka_unit_test(lane_that_waits_longer_than_pause_after_is_paused),
		cmocka_unit_test(lane_that_is_paused_resumes_before_its_head_is_due),
		cmocka_unit_test(lane_with_an_earlier_due_resumes_for_that),
		cmocka_unit_test(lane_with_a_full_room_is_paused_too),
		cmocka_unit_test(lane_paused_for_days_is_there_in_time),
		cmocka_unit_test(jitter_is_per_message_uniform_and_bounded),
		cmocka_unit_test(bound_of_max_waiting_holds_and_counts_what_it_makes_late),
		cmocka_unit_test(bound_of_max_waiting_bytes_holds_for_the_process),
		cmocka_unit_test(bound_of_max_ahead_holds_for_a_lane),
		cmocka_unit_test(repark_moves_a_head_that_fills_the_room),
		cmocka_unit_test(repark_moves_what_waited_half_of_its_topics_retention),
		cmocka_unit_test(repark_moves_a_head_that_fills_max_ahead),
		cmocka_unit_test(repark_is_neither_a_visit_nor_a_history_entry),
		cmocka_unit_test(repark_leaves_a_head_that_is_due_sooner_or_deferred),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
