/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "Changing a chain": stages that go, names that change, topics that several groups share. */
#define _GNU_SOURCE
#include "support_b.h"

#include <string.h>

#include "base/bytes.h"

/* 1m (as many visits), 5m, 30m */
static struct setup three_stages(int32_t visits)
{
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, visits };
	setup.stages[1] = (struct setup_stage){ 5 * MINUTE, 1 };
	setup.stages[2] = (struct setup_stage){ 30 * MINUTE, 1 };
	return setup;
}

/* A new version of the program: the old member stops cleanly, one with rig->setup as it is now
 * joins. */
static void deploy(struct rig *rig, int32_t old)
{
	world_stop(rig->w, old);
	assert_int_equal(rig_ended(rig, old, NULL), STAGGER_OK);
	rig_join(rig);
}

/* -- retired ----------------------------------------------------------------------------- */
static void retired_stage_is_still_read_and_handled(void **state)
{
	(void)state;
	struct setup setup = three_stages(1);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	rig->setup.places[0].retired = true;
	deploy(rig, 0);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_call(rig, 1)->wall_ms, rig_call(rig, 1)->due_ms);
	assert_int_equal(rig_call(rig, 1)->due_ms, START_MS + MINUTE);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	rig_free(rig);
}

static void retired_stage_gets_nothing_new(void **state)
{
	(void)state;
	struct setup setup = three_stages(1);
	setup.places[0].retired = true;
	setup.places[1].retired = true;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RR");
	rig_advance(rig, 2 * HOUR);
	expect_story(rig, "a/main/1 a/retry.30m/2");
	assert_int_equal(rig_count(rig, RETRY_1M), 0);
	assert_int_equal(rig_count(rig, RETRY_5M), 0);
	rig_dead(rig, "attempts_exhausted");
	rig_free(rig);
}

static void retired_stage_is_left_for_one_that_waits_no_shorter(void **state)
{
	(void)state;
	struct setup setup = three_stages(3);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND);
	rig->setup.places[0].retired = true; /* two of its visits are not made any more */
	deploy(rig, 0);
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3 a/retry.30m/4");
	assert_int_equal(rig_call(rig, 2)->visit, 1);
	rig_dead(rig, "attempts_exhausted");
	rig_free(rig);
}

static void retired_last_stage_is_left_for_the_dlt(void **state)
{
	(void)state;
	struct setup setup = three_stages(1);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, 6 * MINUTE + SECOND);
	assert_int_equal(rig_count(rig, RETRY_30M), 1);
	rig->setup.places[2].retired = true;
	deploy(rig, 0);
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3 a/retry.30m/4");
	rig_dead(rig, "attempts_exhausted");
	rig_free(rig);
}

static void retired_altogether_leaves_only_the_dlt(void **state)
{
	(void)state;
	struct setup setup = three_stages(3);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND);
	for (int i = 0; i < 3; i++)
		rig->setup.places[i].retired = true;
	deploy(rig, 0);
	rig_send(rig, "k", "b:R");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 b/main/1 a/retry.1m/2");
	assert_int_equal(rig_count(rig, DLT), 2);
	assert_string_equal(rig_envelope(rig, DLT, 0)->disposition, "attempts_exhausted");
	assert_string_equal(rig_envelope(rig, DLT, 1)->disposition, "attempts_exhausted");
	rig_free(rig);
}

/* Old and new members side by side: the old ones still put in, the new ones still read it. */
static void retired_in_a_rolling_deploy_loses_nothing(void **state)
{
	(void)state;
	struct setup setup = three_stages(2);
	setup.world.partitions = 4;
	setup.members = 2;
	struct rig *rig = rig_new(&setup);
	rig->setup.places[0].retired = true;
	for (int i = 0; i < 40; i++) {
		char value[16] = { 'a', (char)('a' + i % 26), (char)('0' + i / 26), ':', 'R', 'R',
				   'R', 'D' };
		rig_put(rig, MAIN, i % 4, NULL, value, 0);
		rig_advance(rig, 10 * SECOND);
		if (i == 12 || i == 24)
			deploy(rig, i == 12 ? 0 : 1);
	}
	rig_advance(rig, 3 * HOUR);
	size_t done = 0;
	for (size_t i = 0; i < rig->n_calls; i++)
		done += rig->calls[i].letter == 'D';
	assert_int_equal(done + rig_count(rig, DLT), 40); /* fewer stages, fewer attempts */
	assert_true(done >= 12);
	for (int32_t p = 0; p < 4; p++)
		assert_int_equal(rig_committed(rig, RETRY_1M, p), world_size(rig->w, RETRY_1M, p));
	rig_free(rig);
}

/* It is neither a visit nor new: a message that outlasts half of the retention is kept. */
static void retired_stage_takes_its_own_messages_again_when_reparked(void **state)
{
	(void)state;
	struct setup setup = three_stages(1);
	setup.places[2].retired = true;
	setup.chain.longest_wait_ms = 10 * DAY;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	world_retention(rig->w, RETRY_30M, 2 * DAY);
	rig_join(rig);
	struct stagger_envelope *e = retry_envelope(rig, "a:D", 3 * DAY);
	e->stage = "retry.30m";
	put_envelope(rig, RETRY_30M, 0, e);
	rig_advance(rig, DAY + HOUR);
	assert_int_equal(rig_stats(rig)->reparked, 1);
	assert_int_equal(rig_count(rig, RETRY_30M), 2);
	assert_int_equal(rig_committed(rig, RETRY_30M, 0), 1);
	rig_advance(rig, 2 * DAY);
	expect_story(rig, "a/retry.30m/2");
	rig_free(rig);
}

/* -- renamed ----------------------------------------------------------------------------- */
/* The topic says which stage it is; a stage of that name elsewhere in the chain does not count. */
static void renamed_stage_keeps_its_messages_and_counts_visits_anew(void **state)
{
	(void)state;
	struct setup setup = three_stages(3);
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, MINUTE + SECOND);
	assert_int_equal(rig_envelope(rig, RETRY_1M, 1)->visit, 2);
	rig->setup.places[0].name = "soon";
	rig->setup.places[0].topic = RETRY_1M;
	rig->setup.places[1].name = "retry.1m"; /* of all names */
	rig->setup.places[1].topic = RETRY_5M;
	deploy(rig, 0);
	rig_advance(rig, 4 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/soon/3 a/soon/4 a/soon/5");
	assert_int_equal(rig_call(rig, 2)->visit, 1);
	assert_int_equal(rig_call(rig, 4)->visit, 3);
	rig_advance(rig, HOUR);
	const struct stagger_envelope *letter = rig_dead(rig, "attempts_exhausted");
	assert_int_equal(letter->attempts, 7);
	assert_string_equal(letter->history[letter->n_history - 2]->stage, "retry.1m");
	assert_string_equal(letter->history[letter->n_history - 2]->topic, RETRY_5M);
	rig_free(rig);
}

/* -- groups ------------------------------------------------------------------------------ */
static void renamed_group_goes_on_with_its_messages(void **state)
{
	(void)state;
	static const char *const formerly[] = { "invoices", "shipping", NULL };
	struct setup setup = SETUP_INIT;
	setup.consumer.formerly = formerly;
	setup.stages[0] = (struct setup_stage){ MINUTE, 3 };
	struct rig *rig = rig_new(&setup);
	struct stagger_envelope *e = retry_envelope(rig, "a:RRRR", 50 * SECOND);
	e->group = "shipping";
	e->visit = 2;
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, HOUR);
	expect_story(rig, "a/retry.1m/2 a/retry.1m/3");
	assert_int_equal(rig_call(rig, 0)->visit, 2);
	const struct stagger_envelope *letter = rig_dead(rig, "attempts_exhausted");
	assert_string_equal(letter->group, GROUP);
	assert_int_equal(letter->original_offset, 1234);
	rig_free(rig);
}

static void shared_topics_finish_what_is_another_groups(void **state)
{
	(void)state;
	static const char *const formerly[] = { "invoices", NULL };
	struct setup setup = SETUP_INIT;
	setup.chain.shared_topics = true;
	setup.consumer.formerly = formerly;
	struct rig *rig = rig_new(&setup);
	static const char *const groups[] = { "shipping", "invoices", GROUP, "shipping" };
	for (size_t i = 0; i < 4; i++) {
		char value[] = "a:D";
		value[0] = (char)('a' + i);
		struct stagger_envelope *e = retry_envelope(rig, value, 50 * SECOND);
		e->group = groups[i];
		put_envelope(rig, RETRY_1M, 0, e);
	}
	put_bytes(rig, RETRY_1M, 0, bytes_text("no envelope"));
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->foreign, 1); /* nothing beyond what waits is read */
	rig_advance(rig, MINUTE);
	expect_story(rig, "b/retry.1m/2 c/retry.1m/2");
	assert_int_equal(rig_stats(rig)->foreign, 2);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 5);
	rig_dead(rig, "undecodable"); /* what is nobody's is still a dead letter */
	rig_free(rig);
}

static void shared_topics_serve_two_groups_at_once(void **state)
{
	(void)state;
	static const char template[] = "orders.retry.{delay}";
	struct setup setup = SETUP_INIT;
	setup.chain.shared_topics = true;
	setup.chain.retry_topic = template;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	struct stagger_envelope *e = retry_envelope(rig, "theirs:D", 59 * SECOND);
	e->group = "shipping";
	put_envelope(rig, "orders.retry.1m", 0, e);
	rig_send(rig, "k", "b:RD");
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 b/main/1 a/retry.1m/2 b/retry.1m/2");
	assert_int_equal(rig_committed(rig, "orders.retry.1m", 0), 3);
	assert_int_equal(rig_stats(rig)->foreign, 1);
	assert_int_equal(rig_count(rig, DLT), 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retired_stage_is_still_read_and_handled),
		cmocka_unit_test(retired_stage_gets_nothing_new),
		cmocka_unit_test(retired_stage_is_left_for_one_that_waits_no_shorter),
		cmocka_unit_test(retired_last_stage_is_left_for_the_dlt),
		cmocka_unit_test(retired_altogether_leaves_only_the_dlt),
		cmocka_unit_test(retired_in_a_rolling_deploy_loses_nothing),
		cmocka_unit_test(retired_stage_takes_its_own_messages_again_when_reparked),
		cmocka_unit_test(renamed_stage_keeps_its_messages_and_counts_visits_anew),
		cmocka_unit_test(renamed_group_goes_on_with_its_messages),
		cmocka_unit_test(shared_topics_finish_what_is_another_groups),
		cmocka_unit_test(shared_topics_serve_two_groups_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
