/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Offsets": the clean stop. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

static void begin_stop(struct rig *rig)
{
	member_begin_stop(rig, 0);
	rig_advance(rig, 0);
}

static void stop_reads_no_more(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, 0);
	begin_stop(rig);
	rig_send(rig, "k", "b:D");
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "c:D", SECOND));
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1");
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 0);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void stop_finishes_what_runs(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	begin_stop(rig);
	rig_advance(rig, 29 * SECOND);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	assert_int_equal(rig_settle(rig, 0, STAGGER_RETRY), STAGGER_OK);
	rig_advance(rig, 0);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void stop_gives_up_after_drain_timeout(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.drain_timeout_ms = 2 * SECOND;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 0);
	begin_stop(rig);
	rig_advance(rig, 1900);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	rig_advance(rig, 200);
	assert_int_equal(rig_ended(rig, 0, &error), STAGGER_TIMEOUT);
	assert_non_null(strstr(error.text, "1 tickets"));
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,1");
	rig_free(rig);
}

static void stop_in_a_revoke_gives_up_after_revoke_timeout(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.revoke_timeout_ms = SECOND;
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, 0);
	world_rebalance(rig->w);
	rig_advance(rig, SECOND / 2);
	begin_stop(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_ended(rig, 0, &error), STAGGER_TIMEOUT);
	assert_string_equal(error.text,
			    "revoke_timeout passed with work left: 0 calls, 1 tickets, 0 hops");
	rig_free(rig);
}

static void stop_with_drain_timeout_off_waits_for_nothing(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.drain_timeout_ms = STAGGER_OFF;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 0);
	begin_stop(rig);
	rig_advance(rig, 100);
	assert_int_equal(rig_ended(rig, 0, &error), STAGGER_TIMEOUT);
	assert_non_null(strstr(error.text, "1 tickets"));
	rig_free(rig);
}

static void stop_does_not_wait_for_in_place_waits(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 5 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	begin_stop(rig);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	expect_story(rig, "a/main/1");
	assert_int_equal(rig_count(rig, RETRY_1M), 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0); /* it comes again */
	rig_free(rig);
}

static void stop_flushes_hops(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.report_delay_ms = 700;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_send(rig, "k", "b:X");
	rig_advance(rig, 0);
	begin_stop(rig);
	rig_advance(rig, 600);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	rig_advance(rig, 200);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_count(rig, DLT), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

static void stop_commits_again_when_the_commit_fails(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 0);
	int64_t before = world_calls(rig->w, 0).commits;
	world_fail_commit(rig->w, PORT_RETRIABLE, 3);
	begin_stop(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(world_calls(rig->w, 0).commits - before, 4);
	rig_free(rig);
}

static void stop_ends_though_no_commit_succeeds(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 0);
	int64_t before = world_calls(rig->w, 0).commits;
	world_fail_commit(rig->w, PORT_RETRIABLE, INT64_MAX);
	world_stop(rig->w, 0);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	/* At the ticks, not as fast as the broker can refuse. */
	assert_in_range(world_calls(rig->w, 0).commits - before, 1, 310);
	rig_free(rig);
}

static void stop_of_a_dynamic_member_leaves_the_group(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.members = 2;
	struct rig *rig = rig_new(&setup);
	world_stop(rig->w, 0);
	rig_put(rig, MAIN, 0, NULL, "a:D", 0);
	rig_put(rig, MAIN, 1, NULL, "b:D", 0);
	rig_advance(rig, 0);
	assert_int_equal(rig_call_of(rig, "a", 0)->member, 1);
	assert_int_equal(rig_call_of(rig, "b", 0)->member, 1);
	rig_free(rig);
}

static struct rig *two_static_members(bool leave)
{
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.members = -1;
	setup.consumer.leave = leave;
	struct rig *rig = rig_new(&setup);
	rig->setup.consumer.instance = "one";
	rig_join(rig);
	rig->setup.consumer.instance = "two";
	rig_join(rig);
	rig_advance(rig, SECOND);
	world_stop(rig->w, 0);
	rig_put(rig, MAIN, 0, NULL, "a:D", 0);
	rig_put(rig, MAIN, 1, NULL, "b:D", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_call_of(rig, "b", 0)->member, 1);
	return rig;
}

static void stop_of_a_static_member_keeps_it_until_its_session_ends(void **state)
{
	(void)state;
	struct rig *rig = two_static_members(false);
	assert_int_equal(rig_calls_of(rig, "a"), 0);
	world_forget(rig->w, 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_call_of(rig, "a", 0)->member, 1);
	rig_free(rig);
}

static void stop_with_leave_removes_a_static_member(void **state)
{
	(void)state;
	struct rig *rig = two_static_members(true);
	assert_int_equal(rig_call_of(rig, "a", 0)->member, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_reads_no_more),
		cmocka_unit_test(stop_finishes_what_runs),
		cmocka_unit_test(stop_gives_up_after_drain_timeout),
		cmocka_unit_test(stop_in_a_revoke_gives_up_after_revoke_timeout),
		cmocka_unit_test(stop_with_drain_timeout_off_waits_for_nothing),
		cmocka_unit_test(stop_does_not_wait_for_in_place_waits),
		cmocka_unit_test(stop_flushes_hops),
		cmocka_unit_test(stop_commits_again_when_the_commit_fails),
		cmocka_unit_test(stop_ends_though_no_commit_succeeds),
		cmocka_unit_test(stop_of_a_dynamic_member_leaves_the_group),
		cmocka_unit_test(stop_of_a_static_member_keeps_it_until_its_session_ends),
		cmocka_unit_test(stop_with_leave_removes_a_static_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
