/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Rebalance": calls and hops that outlive their lane. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static struct setup loose(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	return setup;
}

/* -- the partition comes back ------------------------------------------------------------ */
static void late_call_is_not_started_again(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:AX");
	rig_send(rig, "k", "c:AD");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_events(rig, STAGGER_REVOKED), 4);
	assert_int_equal(rig_events(rig, STAGGER_ASSIGNED), 8);
	expect_story(rig, "a/main/1 b/main/1 c/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	assert_int_equal(rig_settle(rig, 1, STAGGER_DEAD_LETTER), STAGGER_OK);
	assert_int_equal(rig_settle(rig, 2, STAGGER_RETRY), STAGGER_OK);
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 b/main/1 c/main/1 c/retry.1m/2");
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	rig_dead(rig, "not_retriable");
	assert_int_equal(rig_stats(rig)->late_completion, 0);
	rig_free(rig);
}

static void late_call_of_a_stage_is_not_started_again(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RARD");
	rig_advance(rig, MINUTE);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_settle(rig, 0, STAGGER_RETRY);
	rig_advance(rig, 10 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3");
	rig_free(rig);
}

static void late_call_outlives_several_rebalances(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	for (int i = 0; i < 5; i++) {
		rig_advance(rig, 100 * i);
		world_rebalance(rig->w);
		rig_advance(rig, 6 * SECOND);
	}
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	assert_int_equal(rig_stats(rig)->duplicates_bound, 0);
	rig_free(rig);
}

static void late_calls_leave_room_for_their_offsets(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.consumer.max_in_flight = 4; /* three for main */
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 3; i++)
		rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_tickets, 3);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_calls_of(rig, "b"), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rig_settle(rig, i, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 a/main/1 a/main/1 b/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 4);
	assert_int_equal(rig_stats(rig)->in_flight, 0);
	rig_free(rig);
}

static void late_hop_is_not_produced_again(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_hold_reports(rig->w, true);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1");
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	world_hold_reports(rig->w, false);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void late_hop_that_fails_is_produced_again(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 8 * SECOND;
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 1, false);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

/* -- between a revoke and the next assignment -------------------------------------------- */
/* Members 0 and 1 have the partitions 0, 1 and 2; the third member's join takes 1 from member 0 and
 * gives it to member 1, whose own call holds the rebalance up for 5 s, long after member 0 is
 * through with its revoke. */
static struct rig *held_up(const char *goes)
{
	struct setup setup = loose();
	setup.world.partitions = 3;
	setup.world.report_delay_ms = 5 * SECOND; /* of a hop: while it is held up, and an error */
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	world_fail_produce(rig->w, RETRY_1M, PORT_RETRIABLE, 1, false);
	rig->setup.consumer.revoke_timeout_ms = SECOND;
	rig_join(rig);
	rig->setup.consumer.revoke_timeout_ms = 5 * SECOND;
	rig_join(rig);
	rig_advance(rig, SECOND);
	rig_put(rig, MAIN, 0, NULL, "stays:A", 0);
	rig_put(rig, MAIN, 1, NULL, goes, 0);
	rig_advance(rig, SECOND);
	rig_put(rig, MAIN, 2, NULL, "holds:AD", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 3);
	rig_join(rig);
	rig_advance(rig, 3 * SECOND);
	return rig;
}

static size_t ticket_of(const struct rig *rig, const char *id)
{
	for (size_t i = 0; i < rig->n_tickets; i++)
		if (memcmp(rig->deferred[i]->value.data, id, strlen(id)) == 0)
			return i;
	fail_msg("no ticket of '%s'", id);
	return 0;
}

static void verdict_between_revoke_and_assignment_is_kept(void **state)
{
	(void)state;
	struct rig *rig = held_up("goes:A");
	assert_int_equal(member_settle(rig, 0, ticket_of(rig, "stays"), STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_calls_of(rig, "stays"), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void late_verdict_of_a_partition_elsewhere_is_dropped_and_counted(void **state)
{
	(void)state;
	struct rig *rig = held_up("goes:A");
	size_t ticket = ticket_of(rig, "goes");
	assert_int_equal(member_settle(rig, 0, ticket, STAGGER_RETRY), STAGGER_OK);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_stats_of(rig, 0)->late_completion, 1);
	assert_int_equal(rig_count(rig, RETRY_1M), 0); /* no hop is made */
	assert_int_equal(rig_calls_of(rig, "goes"), 2);
	assert_int_equal(rig_call_of(rig, "goes", 1)->member, 1);
	rig_free(rig);
}

static void late_settle_of_a_partition_elsewhere_is_stale(void **state)
{
	(void)state;
	struct rig *rig = held_up("goes:A");
	size_t ticket = ticket_of(rig, "goes");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(member_settle(rig, 0, ticket, STAGGER_RETRY), STAGGER_STALE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 0);
	assert_int_equal(rig_call_of(rig, "goes", 1)->member, 1);
	assert_int_equal(rig_stats_of(rig, 0)->deferred, 1); /* "stays" */
	rig_free(rig);
}

static void late_hop_of_a_partition_elsewhere_finishes_nothing(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	world_hold_reports(rig->w, true);
	rig_put(rig, MAIN, 1, NULL, "a:R", 0);
	rig_advance(rig, SECOND);
	struct commits *commits = commits_watch(rig);
	rig_join(rig); /* partition 1 goes there; its copy is durable, but nobody knows */
	rig_advance(rig, 6 * SECOND);
	assert_int_equal(rig_call_of(rig, "a", 1)->member, 1);
	world_hold_reports(rig->w, false);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 1), 1);
	for (size_t i = 0; i < commits->n; i++)
		if (strcmp(commits->list[i].topic, MAIN) == 0 && commits->list[i].partition == 1)
			assert_int_equal(commits->list[i].next_offset,
					 commits->list[i].member == 1 ? 1 : 0);
	assert_int_equal(rig_count(rig, RETRY_1M), 2);
	rig_free(rig);
	free(commits);
}

/* A hop is counted as one when its report comes, not as the late end of a call. */
static void late_hop_that_fails_is_not_a_late_completion(void **state)
{
	(void)state;
	struct rig *rig = held_up("goes:R");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_call_of(rig, "goes", 1)->member, 1);
	assert_int_equal(rig_stats_of(rig, 0)->late_completion, 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_call_is_not_started_again),
		cmocka_unit_test(late_call_of_a_stage_is_not_started_again),
		cmocka_unit_test(late_call_outlives_several_rebalances),
		cmocka_unit_test(late_calls_leave_room_for_their_offsets),
		cmocka_unit_test(late_hop_is_not_produced_again),
		cmocka_unit_test(late_hop_that_fails_is_produced_again),
		cmocka_unit_test(verdict_between_revoke_and_assignment_is_kept),
		cmocka_unit_test(late_verdict_of_a_partition_elsewhere_is_dropped_and_counted),
		cmocka_unit_test(late_settle_of_a_partition_elsewhere_is_stale),
		cmocka_unit_test(late_hop_of_a_partition_elsewhere_finishes_nothing),
		cmocka_unit_test(late_hop_that_fails_is_not_a_late_completion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
