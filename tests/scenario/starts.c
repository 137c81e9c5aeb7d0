/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Offsets": gaps, where a lane begins at its assignment, and resets in mid-run. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static struct setup later(void) /* nobody joins yet */
{
	struct setup setup = SETUP_INIT;
	setup.members = -1;
	return setup;
}

static void put_n(struct rig *rig, const char *topic, int n, const char *value)
{
	for (int i = 0; i < n; i++)
		rig_put(rig, topic, 0, NULL, value, 0);
}

/* -- gaps -------------------------------------------------------------------------------- */
static void gap_is_finished_when_a_later_record_arrives(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:D");
	world_gap(rig->w, MAIN, 0, 7);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_send(rig, "k", "b:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_call(rig, 1)->offset, 8);
	assert_int_equal(rig_committed(rig, MAIN, 0), 8); /* arrived, not finished */
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 9);
	rig_free(rig);
}

static void gap_between_unfinished_records_is_no_ahead_of_its_own(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	world_gap(rig->w, MAIN, 0, 3);
	rig_send(rig, "k", "b:D");
	world_gap(rig->w, MAIN, 0, 3);
	rig_send(rig, "k", "c:A");
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,7");
	member_kill_and_restart(rig, 0);
	rig_advance(rig, SECOND);
	assert_string_equal(rig_story(rig, 3), "a/main/1 c/main/1");
	rig_free(rig);
}

static void ahead_offsets_that_never_come_are_finished_by_a_later_one(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, NULL, "a:D", 0);
	world_gap(rig->w, MAIN, 0, 3); /* compacted meanwhile */
	commit_seed(rig, MAIN, 0, 0, "sg1:0:1,2");
	rig_join(rig);
	rig_advance(rig, SECOND);
	/* Offset 3 may still come. */
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	rig_put(rig, MAIN, 0, NULL, "b:D", 0);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	rig_free(rig);
}

/* -- assignment -------------------------------------------------------------------------- */
static void nothing_is_assigned_before_the_ahead_set_is_read(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 3, "a:D");
	commit_seed(rig, MAIN, 0, 0, "sg1:0:1,1");
	world_silence(rig->w, true);
	rig_join(rig);
	rig_advance(rig, HOUR);
	assert_int_equal(world_calls(rig->w, 0).assigns, 0);
	expect_story(rig, "");
	world_silence(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 2);
	assert_int_equal(rig_call(rig, 0)->offset, 0);
	assert_int_equal(rig_call(rig, 1)->offset, 2);
	rig_free(rig);
}

static void main_without_commit_starts_at_the_earliest(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 5, "a:D");
	world_trim(rig->w, MAIN, 0, 2);
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 3);
	assert_int_equal(rig_call(rig, 0)->offset, 2);
	assert_int_equal(rig_stats(rig)->expired_by_retention, 0); /* nobody was promised these */
	rig_free(rig);
}

static void main_without_commit_starts_at_the_latest_when_told(void **state)
{
	(void)state;
	struct setup setup = later();
	setup.chain.start_latest = true;
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 5, "a:D");
	rig_join(rig);
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	expect_story(rig, "b/main/1");
	rig_free(rig);
}

static void stages_without_commit_start_at_their_log_start(void **state)
{
	(void)state;
	struct setup setup = later();
	setup.chain.start_latest = true;
	struct rig *rig = rig_new(&setup);
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "a:D", 50 * SECOND));
	rig_join(rig);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/retry.1m/2");
	assert_int_equal(rig_call(rig, 0)->wall_ms, START_MS + 50 * SECOND);
	rig_free(rig);
}

static void starting_offset_is_committed_at_once(void **state)
{
	(void)state;
	struct setup setup = later();
	setup.chain.start_latest = true;
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 5, "a:D");
	rig_join(rig); /* no time passes */
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 0);
	/* So a crash at once does not lose what came since. */
	rig_send(rig, "k", "b:A");
	rig_advance(rig, 0);
	member_kill_and_restart(rig, 0);
	expect_story(rig, "b/main/1 b/main/1");
	rig_free(rig);
}

static void below_the_log_start_goes_to_the_start_and_is_counted(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 20, "a:D");
	world_trim(rig->w, MAIN, 0, 15);
	commit_seed(rig, MAIN, 0, 4, NULL);
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 5);
	assert_int_equal(rig_call(rig, 0)->offset, 15);
	assert_int_equal(rig_stats(rig)->expired_by_retention, 11);
	assert_true(rig_logged(rig, "11"));
	assert_int_equal(rig_event(rig, STAGGER_RESET, 0)->offset, 15);
	assert_string_equal(rig_event(rig, STAGGER_RESET, 0)->reason, "expired_by_retention");
	rig_free(rig);
}

static void below_the_log_start_the_ahead_set_keeps_its_offsets(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 20, "a:D");
	world_trim(rig->w, MAIN, 0, 10);
	commit_seed(rig, MAIN, 0, 2, "sg1:0:1,1,8,3"); /* 3, and 12 to 14 */
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 7);
	assert_int_equal(rig_call(rig, 1)->offset, 11);
	assert_int_equal(rig_call(rig, 2)->offset, 15);
	assert_int_equal(rig_stats(rig)->skipped_ahead, 3);
	rig_free(rig);
}

static void beyond_the_end_starts_at_the_log_start(void **state)
{
	(void)state;
	struct setup setup = later();
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 3, "a:D");
	commit_seed(rig, MAIN, 0, 7, "sg1:0:1,2");
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 3);
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	assert_string_equal(rig_event(rig, STAGGER_RESET, 0)->reason, "log_reset");
	assert_true(rig_logged(rig, "log reset"));
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	rig_free(rig);
}

/* -- resets in mid-run ------------------------------------------------------------------- */
static void reset_in_mid_run_keeps_rooms_and_calls(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 1, NULL, "wait:RD", 0);
	rig_advance(rig, SECOND);
	rig_put(rig, MAIN, 1, NULL, "call:A", 0);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_stats(rig)->waiting, 1);
	/* Retention overtakes the reader of partition 0. */
	world_gap(rig->w, MAIN, 0, 5);
	world_silence(rig->w, true);
	for (int i = 0; i < 5; i++)
		rig_put(rig, MAIN, 0, NULL, "lost:D", 0);
	rig_put(rig, MAIN, 0, NULL, "kept:D", 0);
	world_trim(rig->w, MAIN, 0, 10);
	world_silence(rig->w, false);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "lost"), 0);
	assert_int_equal(rig_calls_of(rig, "kept"), 1);
	assert_int_equal(rig_stats(rig)->expired_by_retention, 10);
	assert_int_equal(world_calls(rig->w, 0).assigns, 2);
	assert_int_equal(rig_stats(rig)->waiting, 1);
	assert_int_equal(rig_stats(rig)->deferred, 1);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 0);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_call_of(rig, "wait", 1)->wall_ms, START_MS + MINUTE);
	assert_int_equal(rig_calls_of(rig, "call"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 1), 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 11);
	rig_free(rig);
}

static void topic_made_again_in_mid_run_starts_at_its_log_start(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	put_n(rig, MAIN, 5, "a:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	world_recreate(rig->w, MAIN);
	put_n(rig, MAIN, 2, "b:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 2);
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	world_recreate(rig->w, MAIN); /* empty: who starts next must not skip what comes */
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->log_reset, 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	rig_free(rig);
}

static void topic_made_again_takes_no_verdict_of_the_old_one(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	put_n(rig, MAIN, 3, "old:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_tickets, 1); /* the strand waits */
	world_recreate(rig->w, MAIN);
	put_n(rig, MAIN, 1, "new:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	/* The old call may still run; the partition comes and goes. */
	world_rebalance(rig->w);
	rig_advance(rig, SECOND);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "new"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void topic_made_again_drops_what_waits_in_place(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 10 * SECOND;
	struct rig *rig = rig_new(&setup);
	put_n(rig, MAIN, 3, "old:RD");
	rig_advance(rig, SECOND);
	world_recreate(rig->w, MAIN);
	put_n(rig, MAIN, 1, "new:D");
	rig_advance(rig, MINUTE);
	expect_story(rig, "old/main/1 new/main/1");
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void topic_made_again_while_a_commit_is_in_flight(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.commit_delay_ms = 500;
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, SECOND);
	put_n(rig, MAIN, 5, "a:D");
	rig_advance(rig, 150);
	world_recreate(rig->w, MAIN);
	put_n(rig, MAIN, 2, "b:D");
	rig_advance(rig, 0);
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	rig_advance(rig, 3 * SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gap_is_finished_when_a_later_record_arrives),
		cmocka_unit_test(gap_between_unfinished_records_is_no_ahead_of_its_own),
		cmocka_unit_test(ahead_offsets_that_never_come_are_finished_by_a_later_one),
		cmocka_unit_test(nothing_is_assigned_before_the_ahead_set_is_read),
		cmocka_unit_test(main_without_commit_starts_at_the_earliest),
		cmocka_unit_test(main_without_commit_starts_at_the_latest_when_told),
		cmocka_unit_test(stages_without_commit_start_at_their_log_start),
		cmocka_unit_test(starting_offset_is_committed_at_once),
		cmocka_unit_test(below_the_log_start_goes_to_the_start_and_is_counted),
		cmocka_unit_test(below_the_log_start_the_ahead_set_keeps_its_offsets),
		cmocka_unit_test(beyond_the_end_starts_at_the_log_start),
		cmocka_unit_test(reset_in_mid_run_keeps_rooms_and_calls),
		cmocka_unit_test(topic_made_again_in_mid_run_starts_at_its_log_start),
		cmocka_unit_test(topic_made_again_takes_no_verdict_of_the_old_one),
		cmocka_unit_test(topic_made_again_drops_what_waits_in_place),
		cmocka_unit_test(topic_made_again_while_a_commit_is_in_flight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
