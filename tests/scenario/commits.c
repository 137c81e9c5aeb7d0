/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Offsets": what is committed, when, and what the next owner makes of it. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls of one lane end in any order: a deferred message holds nothing but itself. */
static struct setup loose(void)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	return setup;
}

/* -- explicit commits -------------------------------------------------------------------- */
static void commit_of_owned_lanes_only(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	rig_put(rig, MAIN, 0, NULL, "a:D", 0);
	rig_put(rig, MAIN, 1, NULL, "b:D", 0);
	rig_advance(rig, SECOND);
	size_t alone = commits->n;
	assert_true(alone >= 2);
	rig_join(rig);
	size_t joined = commits->n;
	for (int i = 0; i < 5; i++) {
		rig_put(rig, MAIN, 0, NULL, "c:D", 0);
		rig_put(rig, MAIN, 1, NULL, "d:D", 0);
		rig_advance(rig, SECOND);
	}
	assert_true(commits->n > joined);
	for (size_t i = joined; i < commits->n; i++)
		assert_int_equal(commits->list[i].member, commits->list[i].partition);
	assert_int_equal(rig_committed(rig, MAIN, 0), 6);
	assert_int_equal(rig_committed(rig, MAIN, 1), 6);
	rig_free(rig);
	free(commits);
}

static void commit_one_in_flight(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.commit_delay_ms = 350; /* more than three ticks */
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 20; i++) {
		rig_send(rig, "k", "a:D");
		rig_advance(rig, 100);
	}
	assert_int_equal(world_calls(rig->w, 0).in_flight_commits_max, 1);
	assert_in_range(world_calls(rig->w, 0).commits, 4, 7);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 20);
	rig_free(rig);
}

static void commit_at_the_tick(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	int64_t before = world_calls(rig->w, 0).commits;
	for (int i = 0; i < 10; i++) {
		rig_send(rig, "k", "a:D");
		rig_advance(rig, 10);
	}
	assert_in_range(world_calls(rig->w, 0).commits - before, 1, 2);
	rig_advance(rig, 100);
	assert_int_equal(rig_committed(rig, MAIN, 0), 10);
	rig_free(rig);
}

static void commit_never_goes_down(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	char value[32];
	for (int i = 0; i < 60; i++) {
		snprintf(value, sizeof(value), "m%d:A", i);
		rig_send(rig, "k", value);
	}
	rig_advance(rig, 0);
	assert_int_equal(rig->n_tickets, 60);
	for (size_t i = 0; i < 60; i++) { /* 7 has no factor in common with 60: each once */
		assert_int_equal(rig_settle(rig, i * 7 % 60, STAGGER_DONE), STAGGER_OK);
		rig_advance(rig, 150);
	}
	assert_true(commits->n > 8);
	expect_commits_ascend(commits);
	assert_int_equal(rig_committed(rig, MAIN, 0), 60);
	rig_free(rig);
	free(commits);
}

static void commit_never_passes_an_unfinished_offset(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:A");
	rig_send(rig, "k", "c:D");
	rig_send(rig, "k", "d:R"); /* finished by its hop */
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 4);
	rig_free(rig);
}

/* -- the ahead set ----------------------------------------------------------------------- */
static void ahead_is_the_metadata_in_base_36(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	for (int i = 0; i < 40; i++)
		rig_send(rig, "k", "b:D");
	rig_send(rig, "k", "c:A");
	rig_send(rig, "k", "d:A");
	rig_send(rig, "k", "e:D");
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,14,2,1");
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 41);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:2,1");
	rig_settle(rig, 1, STAGGER_DONE);
	rig_settle(rig, 2, STAGGER_DONE);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 44);
	assert_string_equal(commit_metadata(rig, MAIN, 0), "");
	rig_free(rig);
}

static void ahead_is_not_handled_again_by_the_next_owner(void **state)
{
	(void)state;
	struct setup setup = loose();
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_send(rig, "k", "c:D");
	rig_send(rig, "k", "d:A");
	rig_send(rig, "k", "e:D");
	rig_advance(rig, 2 * SECOND);
	expect_story(rig, "a/main/1 b/main/1 c/main/1 d/main/1 e/main/1");
	member_kill_and_restart(rig, 0);
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(rig_story(rig, 5), "a/main/1 d/main/1");
	assert_int_equal(rig_stats(rig)->skipped_ahead, 3);
	/* The set outlives owners that finish nothing: it is committed again. */
	member_kill_and_restart(rig, 0);
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(rig_story(rig, 7), "a/main/1 d/main/1");
	assert_int_equal(rig_settle(rig, 4, STAGGER_DONE), STAGGER_OK);
	assert_int_equal(rig_settle(rig, 5, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	rig_free(rig);
}

static void ahead_of_a_stage_is_not_handled_again(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:PD:Bad:180000");
	rig_send(rig, "k", "b:RD");
	rig_advance(rig, 70 * SECOND);
	expect_story(rig, "a/main/1 b/main/1 b/retry.1m/2");
	assert_string_equal(commit_metadata(rig, RETRY_1M, 0), "sg1:0:1,1");
	member_kill_and_restart(rig, 0);
	rig_advance(rig, 10 * MINUTE);
	expect_story(rig, "a/main/1 b/main/1 b/retry.1m/2 a/retry.1m/2");
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 2);
	rig_free(rig);
}

static void unknown_metadata_is_ignored(void **state)
{
	(void)state;
	static const char *const unknown[] = {
		"", "hello", "sg2:0:1,1", "sg1:0:1", "sg1:0:1,1,", "sg1:0:0,1", "sg1:0:-1,2",
		"sg1:0:1,1 ", "sg1:0:zzzzzzzzzzzzzzzzzzzz,1", "{\"json\":true}",
	};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct setup setup = SETUP_INIT;
		setup.members = -1;
		struct rig *rig = rig_new(&setup);
		rig_send(rig, "k", "a:D");
		rig_send(rig, "k", "b:D");
		rig_send(rig, "k", "c:D");
		commit_seed(rig, MAIN, 0, 1, unknown[i]);
		rig_join(rig);
		rig_advance(rig, SECOND);
		expect_story(rig, "b/main/1 c/main/1");
		assert_int_equal(rig_committed(rig, MAIN, 0), 3);
		rig_free(rig);
	}
}

static void restarts_is_zero_and_any_number_is_read(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_send(rig, "k", "c:D");
	commit_seed(rig, MAIN, 0, 0, "sg1:2s:1,1"); /* of a later version */
	rig_join(rig);
	rig_advance(rig, 2 * SECOND);
	expect_story(rig, "a/main/1 c/main/1");
	assert_string_equal(commit_metadata(rig, MAIN, 0), "sg1:0:1,2");
	rig_free(rig);
}

/* -- 4,000 bytes ------------------------------------------------------------------------- */
struct every_other {
	int64_t calls[4096]; /* by offset */
};

static enum stagger_verdict defer_even(const struct stagger_message *m, struct stagger_failure *why,
				       void *user)
{
	struct every_other *seen = user;
	struct stagger_ticket ticket;
	(void)why;
	seen->calls[m->offset]++;
	if (m->offset % 2 != 0)
		return STAGGER_DONE;
	assert_non_null(stagger_defer(m, &ticket));
	return STAGGER_DEFER;
}

static void ahead_newest_is_left_out_beyond_4000_bytes(void **state)
{
	(void)state;
	struct setup setup = loose();
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	struct commits *commits = commits_watch(rig);
	struct every_other seen = { .calls = { 0 } };
	member_with(rig, defer_even, &seen);
	for (int i = 0; i < 2400; i++)
		rig_send(rig, "k", "x");
	rig_advance(rig, 2 * SECOND);
	const char *metadata = commit_metadata(rig, MAIN, 0);
	assert_in_range(strlen(metadata), 3990, 4000);
	assert_memory_equal(metadata, "sg1:0:1,1,1,1,", 14);
	const struct stagger_stats *stats = member_stats(rig, 0);
	/* "1,1" and then ",1,1": 998 offsets fit into what the prefix leaves. */
	assert_int_equal(stats->done, 1200);
	assert_int_equal(stats->ahead_dropped, 202);
	/* Held against max_uncommitted: the deferred ones, and those left out. */
	assert_int_equal(stats->duplicates_bound, 1200 + 202);
	stagger_stats_free(&stats);
	/* Full metadata holds nothing back. */
	for (int i = 0; i < 20; i++)
		rig_send(rig, "k", "x");
	rig_advance(rig, 2 * SECOND);
	assert_int_equal(seen.calls[2419], 1);
	member_kill_and_restart(rig, 0);
	rig_advance(rig, 2 * SECOND);
	for (int64_t offset = 0; offset < 2420; offset++)
		assert_int_equal(seen.calls[offset], offset % 2 == 0 || offset >= 1996 ? 2 : 1);
	for (size_t i = 0; i < commits->n; i++)
		assert_true(commits->list[i].size <= 4000);
	rig_free(rig);
	free(commits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit_of_owned_lanes_only),
		cmocka_unit_test(commit_one_in_flight),
		cmocka_unit_test(commit_at_the_tick),
		cmocka_unit_test(commit_never_goes_down),
		cmocka_unit_test(commit_never_passes_an_unfinished_offset),
		cmocka_unit_test(ahead_is_the_metadata_in_base_36),
		cmocka_unit_test(ahead_is_not_handled_again_by_the_next_owner),
		cmocka_unit_test(ahead_of_a_stage_is_not_handled_again),
		cmocka_unit_test(unknown_metadata_is_ignored),
		cmocka_unit_test(restarts_is_zero_and_any_number_is_read),
		cmocka_unit_test(ahead_newest_is_left_out_beyond_4000_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
