/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Offsets" and "When the framework's own work fails": what one commit carries, how often
 * an ahead set is written, and commits that fail. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct setup loose(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	return setup;
}

/* -- what one commit carries ------------------------------------------------------------- */
/* Entries that were accepted at the instant of the i-th: one request. */
static size_t request_at(const struct commits *commits, size_t i, size_t *bytes)
{
	size_t n = 0;
	*bytes = 0;
	for (size_t k = i; k < commits->n && commits->list[k].boot_ms == commits->list[i].boot_ms;
	     k++) {
		*bytes += commits->list[k].size;
		n++;
	}
	return n;
}

static void one_commit_carries_at_most_1000_lanes(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2300;
	setup.world.commit_delay_ms = 10;
	setup.stages[0].delay_ms = STAGGER_OFF;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(commits->n, 2300); /* the starting offsets, each once */
	size_t bytes;
	assert_int_equal(request_at(commits, 0, &bytes), 1000);
	assert_int_equal(request_at(commits, 1000, &bytes), 1000);
	assert_int_equal(request_at(commits, 2000, &bytes), 300);
	for (int32_t i = 0; i < 2300; i++)
		assert_int_equal(rig_committed(rig, MAIN, i), 0);
	rig_free(rig);
	free(commits);
}

#define FULL_LANES 140 /* 140 x 4,000 bytes are more than 512 KiB */

static void one_commit_carries_at_most_512_kib(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.world.partitions = FULL_LANES;
	setup.world.commit_delay_ms = 10;
	setup.stages[0].delay_ms = STAGGER_OFF;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	char full[4001] = "sg1:0:3,1";
	while (strlen(full) < 3990)
		strcat(full, ",1,1");
	for (int32_t i = 0; i < FULL_LANES; i++) {
		rig_put(rig, MAIN, i, NULL, "a:A", 0);
		rig_put(rig, MAIN, i, NULL, "b:D", 0);
		world_gap(rig->w, MAIN, i, 2100); /* what the sets say was read by somebody else */
		commit_seed(rig, MAIN, i, 0, full);
	}
	rig_join(rig);
	rig_advance(rig, SECOND);
	assert_int_equal(commits->n, FULL_LANES);
	size_t requests = 0;
	size_t bytes;
	for (size_t i = 0; i < commits->n; requests++) {
		i += request_at(commits, i, &bytes);
		assert_in_range(bytes, 1, 512 * 1024);
	}
	assert_int_equal(requests, 2);
	assert_memory_equal(commits->list[0].metadata, "sg1:0:1,1,1,1,1,1", 17);
	rig_free(rig);
	free(commits);
}

/* -- how often an ahead set is written --------------------------------------------------- */
static void ahead_set_alone_is_written_once_a_second(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	rig_send(rig, "k", "a:A");
	for (int i = 0; i < 100; i++) {
		rig_send(rig, "k", "b:D");
		rig_advance(rig, 100);
	}
	size_t n = 0;
	for (size_t i = 0; i < commits->n; i++)
		n += strcmp(commits->list[i].topic, MAIN) == 0;
	assert_in_range(n, 9, 12);
	rig_free(rig);
	free(commits);
}

static void ahead_set_is_written_sooner_when_max_uncommitted_presses(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.consumer.max_uncommitted = 64;
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:A");
	int64_t before = world_calls(rig->w, 0).commits;
	for (int i = 0; i < 310; i++) {
		rig_send(rig, "k", "b:D");
		rig_advance(rig, 1);
	}
	/* 310 finished in less than a second: one commit for each 32. */
	assert_in_range(world_calls(rig->w, 0).commits - before, 9, 11);
	assert_in_range(rig_stats(rig)->duplicates_bound, 1, 32);
	rig_free(rig);
}

/* -- commits that fail ------------------------------------------------------------------- */
static void commit_refused_by_a_rebalance_is_ignored(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	world_fail_commit(rig->w, PORT_REBALANCE, 3);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->commit_failures, 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	expect_story(rig, "a/main/1");
	rig_free(rig);
}

static void commit_too_large_goes_at_once_without_the_ahead_set(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.consumer.commit_interval_ms = 60000;
	setup.consumer.max_uncommitted = 64;
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, MINUTE);
	int64_t before = world_calls(rig->w, 0).commits;
	world_fail_commit(rig->w, PORT_METADATA_TOO_LARGE, 1);
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:A");
	for (int i = 0; i < 31; i++)
		rig_send(rig, "k", "c:D");
	rig_advance(rig, SECOND / 2); /* no tick: half of max_uncommitted sends the first */
	assert_int_equal(world_calls(rig->w, 0).commits - before, 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "");
	assert_int_equal(rig_stats(rig)->commit_metadata_dropped, 1);
	assert_int_equal(rig_stats(rig)->commit_failures, 0);
	rig_advance(rig, SECOND); /* the ahead set is not forgotten */
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,v");
	rig_free(rig);
}

static void commit_without_the_ahead_set_does_not_forget_what_was_taken_over(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:A");
	rig_send(rig, "k", "c:D");
	rig_send(rig, "k", "d:D");
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:2,2");
	rig_crash(rig);
	world_fail_commit(rig->w, PORT_METADATA_TOO_LARGE, 1);
	assert_int_equal(rig_settle(rig, 2, STAGGER_DONE), STAGGER_OK); /* a, the second time */
	rig_advance(rig, SECOND / 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "");
	assert_int_equal(rig_stats(rig)->ahead_dropped, 2);
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,2");
	rig_crash(rig);
	expect_story(rig, "a/main/1 b/main/1 c/main/1 d/main/1 a/main/1 b/main/1 b/main/1");
	rig_free(rig);
}

static void commit_that_fails_is_tried_again_at_the_next_tick(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	int64_t before = world_calls(rig->w, 0).commits;
	world_fail_commit(rig->w, PORT_RETRIABLE, 1);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 100);
	assert_int_equal(world_calls(rig->w, 0).commits - before, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_stats(rig)->commit_failures, 1);
	rig_advance(rig, 100);
	assert_int_equal(world_calls(rig->w, 0).commits - before, 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_stats(rig)->commit_failures, 1);
	assert_int_equal(rig_stats(rig)->commit_metadata_dropped, 0);
	rig_free(rig);
}

static void commit_that_fails_twice_is_sent_once_without_metadata(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:A");
	rig_send(rig, "k", "c:D");
	world_fail_commit(rig->w, PORT_RETRIABLE, 2);
	rig_advance(rig, 250);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	rig_advance(rig, 100);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "");
	assert_int_equal(rig_stats(rig)->commit_failures, 2);
	assert_int_equal(rig_stats(rig)->commit_metadata_dropped, 1);
	rig_send(rig, "k", "d:D"); /* only once: the next one has it again */
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,2");
	rig_free(rig);
}

static void commits_that_never_succeed_stop_nothing_but_new_messages(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	world_fail_commit(rig->w, PORT_RETRIABLE, INT64_MAX);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_true(rig_stats(rig)->commit_failures > 100);
	assert_int_equal(rig_stats(rig)->duplicates_bound, 2);
	world_fail_commit(rig->w, PORT_FINE, 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_commit_carries_at_most_1000_lanes),
		cmocka_unit_test(one_commit_carries_at_most_512_kib),
		cmocka_unit_test(ahead_set_alone_is_written_once_a_second),
		cmocka_unit_test(ahead_set_is_written_sooner_when_max_uncommitted_presses),
		cmocka_unit_test(commit_refused_by_a_rebalance_is_ignored),
		cmocka_unit_test(commit_too_large_goes_at_once_without_the_ahead_set),
		cmocka_unit_test(commit_without_the_ahead_set_does_not_forget_what_was_taken_over),
		cmocka_unit_test(commit_that_fails_is_tried_again_at_the_next_tick),
		cmocka_unit_test(commit_that_fails_twice_is_sent_once_without_metadata),
		cmocka_unit_test(commits_that_never_succeed_stop_nothing_but_new_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
