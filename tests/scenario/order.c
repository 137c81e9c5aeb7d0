/* SPDX-License-Identifier: Apache-2.0
 *
 * "Order": what order rules, what overtakes, and to which partition a hop goes. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <string.h>

/* A rig without members, so that topics can be given their partitions first. */
static struct rig *rig_of_counts(int32_t main, int32_t first, int32_t second)
{
	struct setup setup = SETUP_INIT;
	setup.members = -1;
	setup.stages[0] = (struct setup_stage){ MINUTE, 1 };
	setup.stages[1] = (struct setup_stage){ 5 * MINUTE, 1 };
	struct rig *rig = rig_new(&setup);
	world_topic(rig->w, MAIN, main);
	world_topic(rig->w, RETRY_1M, first);
	world_topic(rig->w, RETRY_5M, second);
	world_topic(rig->w, DLT, 1);
	return rig;
}

static void send_keys(struct rig *rig, int n_keys, int n)
{
	char key[16];
	char text[32];
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n_keys; k++) {
			snprintf(key, sizeof(key), "key%d", k);
			snprintf(text, sizeof(text), "%s-%d:RD", key, i);
			rig_send(rig, key, text);
		}
}

/* Messages of one key (or of one partition, key NULL) began in the order they were produced. */
static void expect_in_order(const struct rig *rig, const char *stage, const char *key,
			    int32_t partition)
{
	int64_t last = -1;
	for (size_t i = 0; i < rig->n_calls; i++) {
		const struct call *c = &rig->calls[i];
		if (strcmp(c->stage, stage) != 0 || c->partition != partition ||
		    (key != NULL && strcmp(c->key, key) != 0))
			continue;
		assert_true(c->offset >= last);
		last = c->offset;
	}
	assert_true(last >= 0);
}

static void order_partition_rules_the_calls(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	setup.chain.in_place_attempts = 3;
	setup.chain.in_place_jitter = 1;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 20; i++) {
		rig_put(rig, MAIN, 0, i % 2 ? "a" : "b", i % 3 ? "x:RD" : "x:D", 0);
		rig_put(rig, MAIN, 1, i % 2 ? "a" : "b", i % 5 ? "x:RRD" : "x:D", 0);
	}
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 40);
	expect_in_order(rig, "main", NULL, 0);
	expect_in_order(rig, "main", NULL, 1);
	rig_free(rig);
}

static void order_key_rules_the_calls(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_KEY;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_jitter = 1;
	struct rig *rig = rig_new(&setup);
	send_keys(rig, 10, 10);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 100);
	char key[16];
	for (int k = 0; k < 10; k++) {
		snprintf(key, sizeof(key), "key%d", k);
		expect_in_order(rig, "main", key, 0);
	}
	bool overtaken = false; /* keys do not wait for one another */
	for (size_t i = 1; i < rig->n_calls; i++)
		overtaken |= rig->calls[i].offset < rig->calls[i - 1].offset;
	assert_true(overtaken);
	rig_free(rig);
}

static void order_none_rules_nothing(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	setup.chain.in_place_attempts = 2;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1 a/main/2");
	rig_free(rig);
}

static void order_in_a_stage_is_by_due_then_offset(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.jitter = 0.4;
	struct rig *rig = rig_new(&setup);
	for (int i = 0; i < 100; i++)
		rig_send(rig, "k", "a:RD");
	rig_advance(rig, HOUR);
	int64_t due_ms = 0;
	int64_t offset = -1;
	for (size_t i = 100; i < 200; i++) {
		const struct call *c = rig_call(rig, i);
		assert_true(c->due_ms > due_ms || (c->due_ms == due_ms && c->read_offset > offset));
		due_ms = c->due_ms;
		offset = c->read_offset;
	}
	rig_free(rig);
}

static void order_in_a_stage_without_jitter_is_offset_order(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	for (int i = 0; i < 100; i++) {
		rig_send(rig, "k", "a:RD");
		rig_advance(rig, i % 3 ? 0 : 700);
	}
	rig_advance(rig, HOUR);
	expect_in_order(rig, "retry.1m", NULL, 0);
	rig_free(rig);
}

static void order_is_lost_by_a_hop(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 b/main/1 a/retry.1m/2");
	rig_free(rig);
}

static void order_is_kept_by_in_place_retries(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 4;
	setup.chain.in_place_on = in_every_stage;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RRRRRRD");
	rig_send(rig, "k", "b:RRRRD");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/main/2 a/main/3 a/main/4 b/main/1 b/main/2 b/main/3 b/main/4 "
			  "a/retry.1m/5 a/retry.1m/6 a/retry.1m/7 b/retry.1m/5");
	rig_free(rig);
}

/* -- partitions -------------------------------------------------------------------------- */
static void hop_goes_to_the_partition_number_it_leaves_modulo_the_targets(void **state)
{
	(void)state;
	struct rig *rig = rig_of_counts(4, 2, 4);
	rig_join(rig);
	rig_put(rig, MAIN, 3, "k", "a:R", 0);
	rig_put(rig, MAIN, 0, "k", "b:R", 0);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_call_of(rig, "a", 1)->read_partition, 1); /* 3 modulo 2 */
	assert_int_equal(rig_call_of(rig, "a", 1)->partition, 3);
	assert_int_equal(rig_call_of(rig, "a", 2)->read_partition, 1); /* not the envelope's 3 */
	assert_int_equal(rig_call_of(rig, "b", 1)->read_partition, 0);
	assert_int_equal(rig_call_of(rig, "b", 2)->read_partition, 0);
	assert_int_equal(rig_count(rig, DLT), 2);
	rig_free(rig);
}

static void hop_stays_with_its_member_when_counts_are_equal(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 6;
	setup.members = 3;
	struct rig *rig = rig_new(&setup);
	char text[16];
	for (int32_t p = 0; p < 6; p++) {
		snprintf(text, sizeof(text), "m%d:R", p);
		rig_put(rig, MAIN, p, "k", text, 0);
	}
	rig_advance(rig, HOUR);
	assert_int_equal(rig->n_calls, 24);
	for (size_t i = 0; i < rig->n_calls; i++)
		assert_int_equal(rig->calls[i].member, rig->calls[i].partition / 2);
	rig_free(rig);
}

static void correctness_does_not_need_equal_counts(void **state)
{
	(void)state;
	struct rig *rig = rig_of_counts(5, 3, 2);
	rig_join(rig);
	rig_join(rig);
	rig_join(rig);
	send_keys(rig, 20, 10);
	rig_advance(rig, HOUR);
	int64_t done = 0;
	for (int32_t m = 0; m < 3; m++)
		done += rig_stats_of(rig, m)->done;
	assert_int_equal(done, 200);
	assert_int_equal(rig->n_calls, 400);
	rig_free(rig);
}

static void unequal_counts_are_a_warning(void **state)
{
	(void)state;
	struct rig *rig = rig_of_counts(4, 2, 4);
	rig_join(rig);
	assert_true(rig_logged(rig, "unequal partitions"));
	assert_true(rig_logged(rig, RETRY_1M));
	assert_false(rig_logged(rig, RETRY_5M));
	rig_free(rig);
	rig = rig_of_counts(4, 4, 4);
	rig_join(rig);
	assert_false(rig_logged(rig, "unequal partitions"));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_partition_rules_the_calls),
		cmocka_unit_test(order_key_rules_the_calls),
		cmocka_unit_test(order_none_rules_nothing),
		cmocka_unit_test(order_in_a_stage_is_by_due_then_offset),
		cmocka_unit_test(order_in_a_stage_without_jitter_is_offset_order),
		cmocka_unit_test(order_is_lost_by_a_hop),
		cmocka_unit_test(order_is_kept_by_in_place_retries),
		cmocka_unit_test(hop_goes_to_the_partition_number_it_leaves_modulo_the_targets),
		cmocka_unit_test(hop_stays_with_its_member_when_counts_are_equal),
		cmocka_unit_test(correctness_does_not_need_equal_counts),
		cmocka_unit_test(unequal_counts_are_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
