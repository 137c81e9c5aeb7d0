/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Offsets": max_uncommitted, what a crash and a clean end repeat. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct setup bounded(enum stagger_order order)
{
	struct setup setup = SETUP_INIT;
	setup.chain.order = order;
	setup.consumer.max_uncommitted = 64;
	return setup;
}

static void send_n(struct rig *rig, int from, int n, const char *script)
{
	char value[64];
	for (int i = 0; i < n; i++) {
		snprintf(value, sizeof(value), "m%d:%s", from + i, script);
		rig_send(rig, "k", value);
	}
}

/* How many ids were called more than once in the same stage. */
static size_t repeated(const struct rig *rig)
{
	size_t n = 0;
	for (size_t i = 0; i < rig->n_calls; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(rig->calls[i].id, rig->calls[k].id) == 0 &&
			    strcmp(rig->calls[i].stage, rig->calls[k].stage) == 0) {
				n++;
				break;
			}
	return n;
}

/* -- the bound --------------------------------------------------------------------------- */
static void max_uncommitted_bounds_what_is_handed_out(void **state)
{
	(void)state;
	struct setup setup = bounded(STAGGER_ORDER_PARTITION);
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, SECOND);
	world_fail_commit(rig->w, PORT_RETRIABLE, INT64_MAX);
	send_n(rig, 0, 300, "D");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_calls, 64);
	assert_int_equal(rig_stats(rig)->duplicates_bound, 64);
	world_fail_commit(rig->w, PORT_FINE, 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_calls, 300);
	assert_int_equal(repeated(rig), 0);
	rig_free(rig);
}

static void commit_leaves_when_half_is_used(void **state)
{
	(void)state;
	struct setup setup = bounded(STAGGER_ORDER_PARTITION);
	setup.consumer.commit_interval_ms = 60000;
	struct rig *rig = rig_new(&setup);
	rig_advance(rig, MINUTE);
	send_n(rig, 0, 31, "D");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	send_n(rig, 31, 1, "D");
	rig_advance(rig, 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 32);
	rig_free(rig);
}

static void max_uncommitted_leaves_in_place_retries_their_turn(void **state)
{
	(void)state;
	static const enum stagger_order orders[] = { STAGGER_ORDER_PARTITION, STAGGER_ORDER_KEY,
						     STAGGER_ORDER_NONE };
	for (size_t i = 0; i < 3; i++) {
		struct setup setup = bounded(orders[i]);
		setup.chain.in_place_attempts = 3;
		struct rig *rig = rig_new(&setup);
		/* A whole slice is out, its first waits in place; and no ahead set is taken. */
		world_fail_commit(rig->w, PORT_METADATA_TOO_LARGE, INT64_MAX);
		send_n(rig, 0, 1, "RRD");
		send_n(rig, 1, 200, "D");
		rig_advance(rig, 2 * SECOND);
		assert_int_equal(rig->n_calls, 203);
		assert_int_equal(rig_committed(rig, MAIN, 0), 201);
		rig_free(rig);
	}
}

static void max_uncommitted_counts_only_what_a_handler_saw(void **state)
{
	(void)state;
	struct setup setup = bounded(STAGGER_ORDER_PARTITION);
	setup.world.partitions = 2;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, NULL, "a:RD", 0);
	for (int i = 0; i < 99; i++) /* a whole slice; all but the first come back untouched */
		rig_put(rig, MAIN, 0, NULL, "b:D", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->duplicates_bound, 1);
	rig_put(rig, MAIN, 1, NULL, "c:D", 0);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 c/main/1");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_calls, 102);
	rig_free(rig);
}

/* -- crashes and clean ends -------------------------------------------------------------- */
static void crash_repeats_at_most_max_uncommitted(void **state)
{
	(void)state;
	struct setup setup = bounded(STAGGER_ORDER_PARTITION);
	setup.world.commit_delay_ms = 30;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 20; i++) {
		size_t before = repeated(rig);
		send_n(rig, 100 * i, 100, "D");
		rig_advance(rig, 7 * i);
		member_kill_and_restart(rig, 0);
		rig_advance(rig, SECOND);
		assert_true(repeated(rig) - before <= 64);
	}
	assert_int_equal(rig->n_calls - repeated(rig), 2000);
	assert_true(repeated(rig) > 0); /* it was a real crash */
	rig_free(rig);
}

static void clean_stop_repeats_nothing(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	struct rig *rig = rig_new(&setup);
	send_n(rig, 0, 50, "RD");
	rig_advance(rig, 0);
	world_stop(rig->w, 0); /* long before the tick */
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_OK);
	size_t before = rig->n_calls;
	struct stagger_error error;
	assert_int_equal(world_restart(rig->w, 0, &error), STAGGER_OK);
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(before, 50);
	assert_int_equal(rig->n_calls, 100);
	assert_int_equal(repeated(rig), 0);
	rig_free(rig);
}

static void rebalance_in_time_repeats_nothing(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 1, NULL, "slow:A", 0);
	for (int i = 0; i < 40; i++) {
		char value[32];
		snprintf(value, sizeof(value), "m%d:%s", i, i % 3 == 0 ? "RD" : "D");
		rig_put(rig, MAIN, i % 2, NULL, value, 0);
	}
	rig_advance(rig, 0);
	assert_int_equal(rig->n_calls, 41);
	rig_join(rig); /* partition 1 goes to the new member */
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(repeated(rig), 0);
	assert_int_equal(rig_calls_of(rig, "slow"), 1);
	assert_int_equal(rig->n_calls, 41 + 14);
	rig_free(rig);
}

/* -- duplicates -------------------------------------------------------------------------- */
struct ids {
	char list[16][64];
	size_t n;
};

static void note_id(struct rig *rig, const struct stagger_message *m, struct stagger_failure *why)
{
	struct ids *ids = rig->user;
	(void)why;
	assert_true(ids->n < 16);
	stagger_message_id(m, ids->list[ids->n++], sizeof(ids->list[0]));
}

static void duplicates_share_the_idempotence_key(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct ids ids = { .n = 0 };
	rig->user = &ids;
	rig->in_handler = note_id;
	rig_send(rig, "k", "x:D");
	rig_send(rig, "k", "a:RRRRRR");
	rig_advance(rig, 50);
	member_kill_and_restart(rig, 0); /* before the tick: both again */
	rig_advance(rig, 2 * HOUR);
	size_t n = 0;
	for (size_t i = 0; i < ids.n; i++) {
		bool first = strcmp(ids.list[i], GROUP "/" MAIN "/0/0") == 0;
		bool second = strcmp(ids.list[i], GROUP "/" MAIN "/0/1") == 0;
		assert_true(first || second);
		n += second;
	}
	/* Twice in main, and each of the two copies in three stages. */
	assert_int_equal(n, 8);
	assert_int_equal(rig_count(rig, DLT), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct stagger_envelope *letter = rig_envelope(rig, DLT, i);
		assert_string_equal(letter->group, GROUP);
		assert_string_equal(letter->original_topic, MAIN);
		assert_int_equal(letter->original_partition, 0);
		assert_int_equal(letter->original_offset, 1);
	}
	rig_free(rig);
}

/* A room of five, thirty that wait much longer than their stage's delay: once a second each of them
 * is parked again, to let the others be looked at. Commits that fail make all of that repeatable. */
static void max_uncommitted_bounds_what_is_parked_again(void **state)
{
	(void)state;
	struct setup setup = bounded(STAGGER_ORDER_NONE);
	setup.stages[0] = (struct setup_stage){ SECOND, 1 };
	setup.consumer.max_waiting = 5;
	struct rig *rig = rig_new(&setup);
	send_n(rig, 0, 30, "PD:Bad:90000");
	rig_advance(rig, 5 * SECOND);
	int64_t before = rig_stats(rig)->reparked;
	assert_true(before > 30);
	world_fail_commit(rig->w, PORT_REBALANCE, INT64_MAX);
	rig_advance(rig, 30 * SECOND);
	assert_true(rig_stats(rig)->reparked - before <= 30); /* until the first of them failed */
	world_fail_commit(rig->w, PORT_FINE, 0);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 30);
	assert_int_equal(repeated(rig), 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_uncommitted_bounds_what_is_handed_out),
		cmocka_unit_test(commit_leaves_when_half_is_used),
		cmocka_unit_test(max_uncommitted_leaves_in_place_retries_their_turn),
		cmocka_unit_test(max_uncommitted_counts_only_what_a_handler_saw),
		cmocka_unit_test(max_uncommitted_bounds_what_is_parked_again),
		cmocka_unit_test(crash_repeats_at_most_max_uncommitted),
		cmocka_unit_test(clean_stop_repeats_nothing),
		cmocka_unit_test(rebalance_in_time_repeats_nothing),
		cmocka_unit_test(duplicates_share_the_idempotence_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
