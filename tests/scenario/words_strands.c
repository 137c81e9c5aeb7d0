/* SPDX-License-Identifier: Apache-2.0
 *
 * Strands and slices: what is called after what, and what never overlaps. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <string.h>

static void send_many(struct rig *rig, const char *id, int n, const char *script)
{
	char text[64];
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s%d:%s", id, i, script);
		rig_put(rig, MAIN, 0, "k", text, 0);
	}
}

/* The lengths of runs of calls of one kind (main or stages) from the i-th call on. */
static size_t runs_of(const struct rig *rig, size_t from, size_t *runs, size_t max)
{
	size_t n = 0;
	for (size_t i = from; i < rig->n_calls && n < max; i++) {
		bool main_stage = strcmp(rig->calls[i].stage, "main") == 0;
		if (i == from || main_stage != (strcmp(rig->calls[i - 1].stage, "main") == 0))
			runs[n++] = 0;
		runs[n - 1]++;
	}
	return n;
}

/* Takes a second at the message with the id "slow", so that much comes due behind it. */
static void slow_takes_a_second(struct rig *rig, const struct stagger_message *m,
				struct stagger_failure *why)
{
	(void)why;
	if (m->value.size >= 4 && memcmp(m->value.data, "slow", 4) == 0)
		rig_spend(rig, 1000000);
}

/* n retries are due and m of main are queued when slow has been called. Its place in calls. */
static size_t both_ready(struct rig *rig, int n, int m)
{
	rig->in_handler = slow_takes_a_second;
	send_many(rig, "retry", n, "RD");
	rig_advance(rig, MINUTE - 500);
	size_t slow = rig->n_calls;
	rig_put(rig, MAIN, 0, "k", "slow:D", 0);
	send_many(rig, "main", m, "D");
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(rig_call(rig, slow)->id, "slow");
	assert_int_equal(rig->n_calls, slow + 1 + (size_t)n + (size_t)m);
	return slow;
}

static void strand_gives_one_slice_of_each_queue_in_turn(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t runs[8];
	size_t slow = both_ready(rig, 600, 1000);
	size_t n = runs_of(rig, slow + 1, runs, 8);
	const size_t expected[] = { 256, 256, 256, 256, 88, 488 };
	assert_int_equal(n, 6);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(runs[i], expected[i]);
	assert_string_equal(rig_call(rig, slow + 1)->stage, "retry.1m");
	rig_free(rig);
}

static void strand_has_main_in_fifo_and_stages_by_due_then_offset(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = slow_takes_a_second;
	rig_put(rig, MAIN, 0, "k", "third:PD:Bad:60300", 0);
	rig_put(rig, MAIN, 0, "k", "first:PD:Bad:60100", 0);
	rig_put(rig, MAIN, 0, "k", "second:PD:Bad:60100", 0);
	rig_advance(rig, MINUTE - 500);
	rig_put(rig, MAIN, 0, "k", "slow:D", 0);
	rig_put(rig, MAIN, 0, "k", "a:D", 0);
	rig_put(rig, MAIN, 0, "k", "b:D", 0);
	rig_advance(rig, 2 * SECOND);
	assert_string_equal(rig_story(rig, 3), "slow/main/1 first/retry.1m/2 second/retry.1m/2 "
					       "third/retry.1m/2 a/main/1 b/main/1");
	rig_free(rig);
}

static void put_overdue(struct rig *rig, const char *key, const char *value, int64_t due_ms)
{
	struct stagger_envelope *e = retry_envelope(rig, value, due_ms);
	e->key = (struct stagger_bytes){ key, strlen(key) };
	put_envelope(rig, RETRY_1M, 0, e);
}

/* Strands take turns by what each begins with now, not by what it began with when it was listed. */
static void strand_that_is_given_an_earlier_due_has_its_turn_earlier(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	struct rig *rig = rig_new(&setup);
	put_overdue(rig, "k1", "a:D", -10 * SECOND);
	put_overdue(rig, "k2", "b:D", -20 * SECOND);
	put_overdue(rig, "k1", "c:D", -30 * SECOND);
	rig_advance(rig, SECOND);
	expect_story(rig, "c/retry.1m/2 a/retry.1m/2 b/retry.1m/2");
	rig_free(rig);
}

static void strand_with_order_partition_is_one_per_column(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, "k1", "a:RD", 0);
	rig_put(rig, MAIN, 0, "k2", "b:D", 0);
	rig_put(rig, MAIN, 1, "k1", "c:D", 0);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 c/main/1 a/main/2 b/main/1");
	rig_free(rig);
}

/* With order: key, the calls of one key do not overlap whatever the stage; another key's go on. */
static void strand_with_order_key_is_one_per_key(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 20 * SECOND;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, "k1", "retry1:PD:Bad:1", 0);
	rig_put(rig, MAIN, 0, "k2", "retry2:PD:Bad:1", 0);
	rig_advance(rig, 50 * SECOND);
	rig_put(rig, MAIN, 0, "k1", "a:RD", 0); /* waits in place until 70 s */
	rig_put(rig, MAIN, 0, "k1", "b:D", 0);
	rig_put(rig, MAIN, 0, "k2", "c:D", 0);
	rig_advance(rig, 30 * SECOND);
	assert_string_equal(rig_story(rig, 2), "a/main/1 c/main/1 retry2/retry.1m/2 a/main/2 "
					       "b/main/1 retry1/retry.1m/2");
	assert_int_equal(rig_call_of(rig, "retry2", 1)->wall_ms - START_MS, MINUTE);
	assert_int_equal(rig_call_of(rig, "retry1", 1)->wall_ms - START_MS, 70 * SECOND);
	rig_free(rig);
}

static void strands_with_order_key_are_64_per_column(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	struct rig *rig = rig_new(&setup);
	char key[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		rig_put(rig, MAIN, 0, key, "a:A", 0);
	}
	rig_advance(rig, SECOND);
	assert_int_equal(rig->n_tickets, 64);
	rig_free(rig);
}

static void strand_of_null_keys_has_no_constraint(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 10; i++)
		rig_put(rig, MAIN, 0, NULL, "a:A", 0);
	rig_put(rig, MAIN, 0, "", "b:A", 0); /* an empty key is a key */
	rig_put(rig, MAIN, 0, "", "b:A", 0);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_calls_of(rig, "a"), 10);
	assert_int_equal(rig_calls_of(rig, "b"), 1);
	rig_free(rig);
}

static void strand_with_order_none_has_no_constraint(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.chain.in_place_attempts = 2;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 0, "k", "a:A", 0);
	rig_put(rig, MAIN, 0, "k", "b:RD", 0);
	rig_put(rig, MAIN, 0, "k", "c:D", 0);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1 c/main/1 b/main/2");
	rig_free(rig);
}

static void strand_is_not_blocked_by_waiting_for_due(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	rig_free(rig);
}

static void strand_is_blocked_by_an_in_place_wait(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = MINUTE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, 59 * SECOND);
	expect_story(rig, "a/main/1");
	rig_advance(rig, 2 * SECOND);
	expect_story(rig, "a/main/1 a/main/2 b/main/1");
	rig_free(rig);
}

/* A deferred call runs until it is settled. */
static void strand_is_blocked_by_a_running_call(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1");
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 0);
	expect_story(rig, "a/main/1 b/main/1");
	rig_free(rig);
}

static void slice_is_at_most_256_messages(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t runs[2];
	size_t slow = both_ready(rig, 257, 1);
	assert_int_equal(runs_of(rig, slow + 1, runs, 2), 2);
	assert_int_equal(runs[0], 256);
	rig_free(rig);
}

static void half_a_millisecond(struct rig *rig, const struct stagger_message *m,
			       struct stagger_failure *why)
{
	slow_takes_a_second(rig, m, why);
	rig_spend(rig, 500);
}

static void slice_is_at_most_2_ms(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t runs[64];
	rig->in_handler = half_a_millisecond;
	send_many(rig, "retry", 20, "RD");
	rig_advance(rig, MINUTE - 500);
	size_t slow = rig->n_calls;
	rig_put(rig, MAIN, 0, "k", "slow:D", 0);
	send_many(rig, "main", 20, "D");
	rig_advance(rig, 2 * SECOND);
	size_t n = runs_of(rig, slow + 1, runs, 64);
	assert_in_range(n, 8, 64);
	for (size_t i = 0; i < n; i++) /* the clock is looked at now and then in main */
		assert_in_range(runs[i], 1, strcmp("main", rig_call(rig, slow + 1)->stage) != 0
						    && i % 2 == 0 ? 4 : 8);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strand_gives_one_slice_of_each_queue_in_turn),
		cmocka_unit_test(strand_has_main_in_fifo_and_stages_by_due_then_offset),
		cmocka_unit_test(strand_that_is_given_an_earlier_due_has_its_turn_earlier),
		cmocka_unit_test(strand_with_order_partition_is_one_per_column),
		cmocka_unit_test(strand_with_order_key_is_one_per_key),
		cmocka_unit_test(strands_with_order_key_are_64_per_column),
		cmocka_unit_test(strand_of_null_keys_has_no_constraint),
		cmocka_unit_test(strand_with_order_none_has_no_constraint),
		cmocka_unit_test(strand_is_not_blocked_by_waiting_for_due),
		cmocka_unit_test(strand_is_blocked_by_an_in_place_wait),
		cmocka_unit_test(strand_is_blocked_by_a_running_call),
		cmocka_unit_test(slice_is_at_most_256_messages),
		cmocka_unit_test(slice_is_at_most_2_ms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
