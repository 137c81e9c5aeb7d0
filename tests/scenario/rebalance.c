/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Rebalance": the farewell of a revoke, losses, static members, pauses. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

#include "consumer/wiring.h"

/* One partition's messages end in any order. */
static struct setup loose(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	return setup;
}

/* The place of the i-th event of that kind among all. */
static size_t place(const struct rig *rig, enum stagger_event_kind kind, size_t i)
{
	return (size_t)(rig_event(rig, kind, i) - rig->events);
}

/* -- a revoke is a state of the lanes ---------------------------------------------------- */
static void revoke_is_a_state_and_the_loop_goes_on(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.world.report_delay_ms = 700;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:R");
	rig_advance(rig, 0);
	int64_t turns = world_calls(rig->w, 0).turns;
	world_rebalance(rig->w);
	rig_advance(rig, SECOND);
	assert_true(world_calls(rig->w, 0).turns > turns + 5);
	assert_int_equal(rig_events(rig, STAGGER_HOPPED), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,1");
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 0);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 0);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

static void keep_calls_at_revoked(struct rig *rig, const struct stagger_event *event)
{
	size_t *calls = rig->user;
	if (event->kind == STAGGER_REVOKED)
		*calls = rig->n_calls;
}

static void revoke_hands_out_no_more(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t calls = 0;
	rig->user = &calls;
	rig->in_event = keep_calls_at_revoked;
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D"); /* in the strand, behind a */
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "c:D");
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(calls, 1);
	expect_story(rig, "a/main/1 b/main/1 c/main/1");
	rig_free(rig);
}

static void revoke_gives_calls_revoke_timeout(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 4900);
	assert_int_equal(rig_events(rig, STAGGER_REVOKING), 0);
	rig_advance(rig, 100);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	assert_int_equal(rig_event(rig, STAGGER_REVOKED, 0)->wall_ms, START_MS + 6 * SECOND);
	rig_free(rig);
}

static void revoke_gives_hops_revoke_timeout(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 3 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, 0);
	world_rebalance(rig->w);
	rig_advance(rig, 3 * SECOND);
	assert_int_equal(rig_event(rig, STAGGER_REVOKED, 0)->wall_ms, START_MS + 3 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	expect_story(rig, "a/main/1");
	rig_free(rig);
}

static void revoke_drops_in_place_waits(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 4 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 0);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	expect_story(rig, "a/main/1 a/main/1"); /* it comes again, from its first call */
	rig_advance(rig, 4 * SECOND);
	expect_story(rig, "a/main/1 a/main/1 a/main/2");
	rig_free(rig);
}

static void revoking_comes_before_the_last_commit(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 0);
	size_t committed = rig_events(rig, STAGGER_COMMITTED);
	world_rebalance(rig->w);
	rig_advance(rig, 0);
	assert_true(place(rig, STAGGER_REVOKING, 3) < place(rig, STAGGER_COMMITTED, committed));
	assert_true(place(rig, STAGGER_COMMITTED, committed) < place(rig, STAGGER_REVOKED, 0));
	assert_int_equal(rig_event(rig, STAGGER_COMMITTED, committed)->offset, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void block_in_revoking(struct rig *rig, const struct stagger_event *event)
{
	if (event->kind == STAGGER_REVOKING && strcmp(event->topic, MAIN) == 0)
		time_passes(rig, 5 * SECOND);
}

/* How often the message is handled when the application takes the whole time-out for itself. */
static size_t calls_after_a_block(int64_t commit_delay_ms)
{
	struct setup setup = SETUP_INIT;
	setup.world.commit_delay_ms = commit_delay_ms;
	struct rig *rig = rig_new(&setup);
	rig->in_event = block_in_revoking;
	rig_advance(rig, 5 * SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 0);
	world_rebalance(rig->w);
	rig_advance(rig, 0); /* and 5 s have passed */
	rig_advance(rig, 1100);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	rig_advance(rig, 5 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	size_t calls = rig->n_calls;
	rig_free(rig);
	return calls;
}

static void last_commit_gets_at_least_a_second(void **state)
{
	(void)state;
	assert_int_equal(calls_after_a_block(900), 1);
	assert_int_equal(calls_after_a_block(1500), 2);
}

static void revoke_waits_for_the_commit_in_flight_and_sends_one_more(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.commit_delay_ms = 800;
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, 5 * SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 200); /* its commit is on its way */
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 0);
	int64_t commits = world_calls(rig->w, 0).commits;
	world_rebalance(rig->w);
	rig_advance(rig, 1500);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	assert_int_equal(world_calls(rig->w, 0).commits, commits + 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	expect_story(rig, "a/main/1 b/main/1");
	rig_free(rig);
}

static void revoke_does_not_wait_for_a_group_that_refuses_its_commit(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 0);
	world_fail_commit(rig->w, PORT_REBALANCE, INT64_MAX);
	world_rebalance(rig->w);
	rig_advance(rig, 0);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	assert_int_equal(rig_stats(rig)->commit_failures, 0);
	expect_story(rig, "a/main/1 a/main/1"); /* at-least-once holds */
	world_fail_commit(rig->w, PORT_FINE, 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

/* -- lost -------------------------------------------------------------------------------- */
static void lost_commits_nothing(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:A");
	rig_advance(rig, 0);
	size_t before = commits->n;
	world_lose(rig->w, 0);
	rig_advance(rig, 0);
	assert_int_equal(rig_events(rig, STAGGER_LOST), 4);
	assert_int_equal(rig_events(rig, STAGGER_REVOKING), 0);
	assert_int_equal(rig_stats(rig)->lost, 4);
	assert_int_equal(commits->n, before);
	/* The drop is the same: what runs is kept for the lane that comes back. */
	expect_story(rig, "a/main/1 b/main/1 a/main/1");
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	assert_int_equal(rig_calls_of(rig, "b"), 1);
	rig_free(rig);
	free(commits);
}

static void lost_in_the_middle_of_a_revoke(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, SECOND);
	world_lose(rig->w, 0);
	rig_advance(rig, 10 * SECOND);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

/* -- static members ---------------------------------------------------------------------- */
static void restart_of_a_static_member_disturbs_nobody(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	rig->setup.consumer.instance = "one";
	rig_join(rig);
	rig->setup.consumer.instance = "two";
	rig_join(rig);
	rig_advance(rig, SECOND);
	size_t revoked = rig_events(rig, STAGGER_REVOKED);
	rig_put(rig, MAIN, 0, NULL, "a:D", 0);
	rig_put(rig, MAIN, 1, NULL, "b:A", 0);
	rig_advance(rig, SECOND);
	member_kill_and_restart(rig, 0);
	rig_put(rig, MAIN, 0, NULL, "c:D", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), revoked);
	assert_int_equal(rig_call_of(rig, "c", 0)->member, 0);
	assert_int_equal(rig_calls_of(rig, "a"), 1);
	assert_int_equal(member_settle(rig, 1, 0, STAGGER_DONE), STAGGER_OK);
	rig_free(rig);
}

static void session_timeout_depends_on_the_instance(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	assert_int_equal(wiring_names(world_member(rig->w, 0)).session_timeout_ms, 10 * SECOND);
	rig->setup.consumer.instance = "one";
	rig_join(rig);
	assert_int_equal(wiring_names(world_member(rig->w, 1)).session_timeout_ms, 45 * SECOND);
	assert_string_equal(wiring_names(world_member(rig->w, 1)).instance, "one");
	rig_free(rig);
}

/* -- pauses and timers ------------------------------------------------------------------- */
static void pauses_and_timers_are_rebuilt_by_the_next_assignment(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.stages[0].delay_ms = 5 * MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 1, NULL, "a:RD", 0);
	rig_advance(rig, MINUTE);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 1);
	int32_t second = rig_join(rig); /* partition 1 goes there */
	rig_advance(rig, MINUTE);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	assert_int_equal(world_calls(rig->w, second).paused_now, 1);
	world_stop(rig->w, second); /* and comes back */
	rig_advance(rig, 0);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 1);
	rig_advance(rig, 3 * MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 1)->wall_ms, START_MS + 5 * MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 1)->member, 0);
	assert_int_equal(rig_calls_of(rig, "a"), 2);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	rig_free(rig);
}

static void no_partition_stays_paused_after_it_came_back(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0].delay_ms = 5 * MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 4 * MINUTE + 50 * SECOND); /* just resumed, or about to be */
	for (int i = 0; i < 20; i++) {
		world_rebalance(rig->w);
		rig_advance(rig, 500);
	}
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 1)->wall_ms, START_MS + 5 * MINUTE);
	assert_int_equal(world_calls(rig->w, 0).paused_now, 0);
	rig_send(rig, "k", "b:RD");
	rig_advance(rig, 5 * MINUTE);
	assert_int_equal(rig_calls_of(rig, "b"), 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revoke_is_a_state_and_the_loop_goes_on),
		cmocka_unit_test(revoke_hands_out_no_more),
		cmocka_unit_test(revoke_gives_calls_revoke_timeout),
		cmocka_unit_test(revoke_gives_hops_revoke_timeout),
		cmocka_unit_test(revoke_drops_in_place_waits),
		cmocka_unit_test(revoking_comes_before_the_last_commit),
		cmocka_unit_test(last_commit_gets_at_least_a_second),
		cmocka_unit_test(revoke_waits_for_the_commit_in_flight_and_sends_one_more),
		cmocka_unit_test(revoke_does_not_wait_for_a_group_that_refuses_its_commit),
		cmocka_unit_test(lost_commits_nothing),
		cmocka_unit_test(lost_in_the_middle_of_a_revoke),
		cmocka_unit_test(restart_of_a_static_member_disturbs_nobody),
		cmocka_unit_test(session_timeout_depends_on_the_instance),
		cmocka_unit_test(pauses_and_timers_are_rebuilt_by_the_next_assignment),
		cmocka_unit_test(no_partition_stays_paused_after_it_came_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
