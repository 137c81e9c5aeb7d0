/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulation found: each case is a seed that failed, reduced to what made it fail. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static struct setup loose(int32_t members)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.members = members;
	return setup;
}

/* -- exiles ------------------------------------------------------------------------------ */
/* The partition comes back, but another member has finished the offset meanwhile: it is never read
 * again, so the verdict is dropped, not kept for ever. */
static void exile_is_dropped_when_its_offset_was_finished_elsewhere(void **state)
{
	(void)state;
	struct setup setup = loose(2);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	world_lose(rig->w, 0);
	rig_advance(rig, SECOND); /* member 1 was given it, and is asked to give it back */
	expect_story(rig, "a/main/1 a/main/1");
	assert_int_equal(member_settle(rig, 0, 0, STAGGER_DONE), STAGGER_OK);
	assert_int_equal(member_settle(rig, 1, 1, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_stats(rig)->late_completion, 1);
	assert_int_equal(rig_stats(rig)->done, 0);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_free(rig);
}

static void exile_is_dropped_when_retention_took_its_record(void **state)
{
	(void)state;
	struct setup setup = loose(1);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:A");
	rig_advance(rig, SECOND);
	world_trim(rig->w, MAIN, 0, 1);
	world_lose(rig->w, 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_STALE);
	assert_int_equal(rig_settle(rig, 1, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	assert_int_equal(rig_stats(rig)->late_completion, 1);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_free(rig);
}

/* A stop between a loss and the next assignment: nobody will take the verdict. */
static void exile_does_not_outlive_a_clean_stop(void **state)
{
	(void)state;
	struct stagger_error err;
	struct setup setup = loose(2);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	world_lose(rig->w, 0);
	rig_advance(rig, SECOND);
	world_stop(rig->w, 0);
	assert_int_equal(rig_ended(rig, 0, &err), STAGGER_OK);
	assert_int_equal(world_final_stats(rig->w, 0)->in_flight, 0);
	assert_int_equal(world_final_stats(rig->w, 0)->deferred, 0);
	rig_free(rig);
}

/* -- commits ----------------------------------------------------------------------------- */
/* A commit that a rebalance refused while calls were still running is not the revoke's last one. */
static void revoke_commits_at_its_end_although_an_earlier_commit_was_refused(void **state)
{
	(void)state;
	struct setup setup = loose(1);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:A");
	rig_advance(rig, 2 * SECOND);
	world_rebalance(rig->w);
	world_fail_commit(rig->w, PORT_REBALANCE, 1);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 1, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	expect_story(rig, "a/main/1 b/main/1");
	rig_free(rig);
}

/* -- clocks ------------------------------------------------------------------------------ */
/* Due, but its strand is held; then the wall clock steps back. The instant had come. */
static void step_back_makes_nothing_early_that_waits_for_its_strand(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 59 * SECOND);
	rig_send(rig, "k", "b:A");
	rig_advance(rig, SECOND + 100);
	world_step_wall(rig->w, -HOUR);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 100);
	expect_story(rig, "a/main/1 b/main/1 a/retry.1m/2");
	assert_int_equal(rig_stats(rig)->early, 0);
	rig_free(rig);
}

/* Read after a step forward, but within the second of the last comparison of the clocks: it must
 * not be keyed as if it had been seen before the step, or it overtakes what is due earlier. */
static void step_forward_lets_nothing_overtake_that_is_read_at_once(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.jitter = 0.2; /* else a lane is not read beyond its earliest due */
	setup.consumer.max_in_flight = 4;
	setup.world.report_delay_ms = 200;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "first:RA");
	for (int i = 0; i < 9; i++)
		rig_send(rig, "k", "early:RD");
	rig_advance(rig, 5100);
	rig_send(rig, "k", "late:PD::80000");
	rig_advance(rig, 100);
	world_step_wall(rig->w, 20 * MINUTE);
	rig_advance(rig, 200);
	while (rig->n_tickets == 0)
		rig_advance(rig, 1);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig->n_calls, 22);
	assert_string_equal(rig_call(rig, 21)->id, "late");
	rig_free(rig);
}

/* Bounds that come during a farewell: a lane that was replaced then was still the source's. */
static void topic_made_again_changes_no_lane_during_a_farewell(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	for (int i = 0; i < 3; i++)
		rig_put(rig, MAIN, 0, NULL, i < 2 ? "old:D" : "old:A", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_tickets, 1);
	world_recreate(rig->w, MAIN);
	world_rebalance(rig->w); /* it waits for the ticket */
	rig_advance(rig, 100);
	world_recreate(rig->w, MAIN);
	rig_put(rig, MAIN, 0, NULL, "new:D", 0);
	rig_advance(rig, 100);
	assert_int_equal(rig_stats(rig)->log_reset, 0);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	assert_int_equal(rig_calls_of(rig, "new"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

/* -- lanes ------------------------------------------------------------------------------- */
/* Lanes take turns also where the budget is too small for all of them. */
static void lane_waits_for_others_at_most_a_round_when_max_in_flight_is_small(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 3;
	setup.consumer.max_in_flight = 1;
	struct rig *rig = rig_new(&setup);
	for (int32_t i = 0; i < 30; i++)
		rig_put(rig, MAIN, i % 3, "k", i % 3 == 0 ? "a:D" : i % 3 == 1 ? "b:D" : "c:D", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 30);
	for (size_t i = 3; i < 30; i++) /* any order, always the same */
		assert_string_equal(rig_call(rig, i)->id, rig_call(rig, i - 3)->id);
	assert_string_not_equal(rig_call(rig, 0)->id, rig_call(rig, 1)->id);
	rig_free(rig);
}

/* Found by the bench of lateness. The bound's end was taken for reached at the first record that was
 * not late itself, because its handler had asked for a long wait. */
static void bound_counts_what_it_makes_late_behind_a_far_due(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_waiting = 2;
	struct rig *rig = rig_new(&setup);
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "a:D", 90 * SECOND));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "b:D", 90 * SECOND));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "far:D", 10 * MINUTE));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "c:D", MINUTE));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "d:D", MINUTE));
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_call_of(rig, "c", 0)->wall_ms, START_MS + 90 * SECOND);
	assert_int_equal(rig_call_of(rig, "d", 0)->wall_ms, START_MS + 90 * SECOND);
	assert_int_equal(rig_stats(rig)->head_of_line, 2);
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "e:D", MINUTE)); /* caught up */
	rig_advance(rig, 10 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "far"), 1);
	assert_int_equal(rig_stats(rig)->head_of_line, 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exile_is_dropped_when_its_offset_was_finished_elsewhere),
		cmocka_unit_test(exile_is_dropped_when_retention_took_its_record),
		cmocka_unit_test(exile_does_not_outlive_a_clean_stop),
		cmocka_unit_test(
			revoke_commits_at_its_end_although_an_earlier_commit_was_refused),
		cmocka_unit_test(step_back_makes_nothing_early_that_waits_for_its_strand),
		cmocka_unit_test(step_forward_lets_nothing_overtake_that_is_read_at_once),
		cmocka_unit_test(topic_made_again_changes_no_lane_during_a_farewell),
		cmocka_unit_test(
			lane_waits_for_others_at_most_a_round_when_max_in_flight_is_small),
		cmocka_unit_test(bound_counts_what_it_makes_late_behind_a_far_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
