/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of RETRY in "Verdicts and where a message goes": in place, beyond the deadline, hop, the
 * end. */
#define _GNU_SOURCE
#include "support.h"

#include <string.h>

/* -- in place ---------------------------------------------------------------------------- */
/* The waits in place of a message that fails in main, then goes on. */
static void expect_waits(const struct setup *setup, const int64_t *waits, size_t n)
{
	struct rig *rig = rig_new(setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rig_call(rig, i + 1)->wall_ms - rig_call(rig, i)->wall_ms, waits[i]);
	assert_string_equal(rig_call(rig, n)->stage, "main");
	assert_string_equal(rig_call(rig, n + 1)->stage, "retry.1m");
	assert_int_equal(rig_stats(rig)->retried_in_place, n);
	rig_free(rig);
}

static void verdict_retry_waits_in_place_immediate_fixed_or_exponential(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 5;
	setup.chain.in_place_delay_ms = 300;
	setup.chain.in_place_backoff = STAGGER_BACKOFF_IMMEDIATE;
	expect_waits(&setup, (const int64_t[]){ 0, 0, 0, 0 }, 4);
	setup.chain.in_place_backoff = STAGGER_BACKOFF_FIXED;
	expect_waits(&setup, (const int64_t[]){ 300, 300, 300, 300 }, 4);
	setup.chain.in_place_backoff = STAGGER_BACKOFF_EXPONENTIAL;
	expect_waits(&setup, (const int64_t[]){ 300, 600, 1200, 2400 }, 4);
	setup.chain.in_place_multiplier = 3;
	setup.chain.in_place_max_delay_ms = 1000;
	expect_waits(&setup, (const int64_t[]){ 300, 900, 1000, 1000 }, 4);
}

static void verdict_retry_in_place_has_jitter(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 100;
	setup.chain.in_place_backoff = STAGGER_BACKOFF_FIXED;
	setup.chain.in_place_delay_ms = 1000;
	setup.chain.in_place_jitter = 0.2;
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	int64_t least = INT64_MAX;
	int64_t most = 0;
	for (size_t i = 1; i < 100; i++) {
		int64_t wait = rig_call(rig, i)->wall_ms - rig_call(rig, i - 1)->wall_ms;
		assert_in_range(wait, 800, 1200);
		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_true(least < 900 && most > 1100);
	rig_free(rig);
}

static void verdict_retry_waits_in_place_only_in_main_by_default(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3 a/retry.5m/4 a/retry.30m/5");
	rig_free(rig);
	setup.chain.in_place_on = in_every_stage;
	rig = rig_after_an_hour(&setup, "a:RRRRRD");
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3 a/retry.1m/4 a/retry.5m/5 a/retry.5m/6");
	rig_free(rig);
}

static void verdict_retry_with_retry_after_does_not_wait_in_place(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 5;
	struct rig *rig = rig_after_an_hour(&setup, "a:RPD:Bad:1000");
	expect_story(rig, "a/main/1 a/main/2 a/retry.1m/3");
	rig_free(rig);
}

/* -- deadline, hop, the end -------------------------------------------------------------- */
static void verdict_retry_beyond_the_deadline_expires(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.deadline_ms = 6 * MINUTE; /* due in retry.5m is 6 minutes after the first failure */
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3");
	assert_int_equal(rig_dead(rig, "expired")->attempts, 3);
	rig_free(rig);
	setup.chain.deadline_ms -= 1;
	rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_dead(rig, "expired");
	rig_free(rig);
}

/* The deadline counts from the first failure in place, and retry_after may go beyond it. */
static void verdict_deadline_counts_from_the_first_failure(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.deadline_ms = MINUTE + 10 * SECOND;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 11 * SECOND;
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1 a/main/2");
	assert_int_equal(rig_dead(rig, "expired")->first_failed_ms, START_MS);
	rig_free(rig);
	setup.chain.in_place_attempts = 0;
	rig = rig_after_an_hour(&setup, "a:P:Bad:70001");
	expect_story(rig, "a/main/1");
	rig_dead(rig, "expired");
	rig_free(rig);
}

static void verdict_retry_hops_within_the_stage_then_to_the_next(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, 2 };
	setup.stages[1] = (struct setup_stage){ 5 * MINUTE, 1 };
	struct rig *rig = rig_after_an_hour(&setup, "a:RRRD");
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.1m/3 a/retry.5m/4");
	assert_int_equal(rig_call(rig, 2)->wall_ms - START_MS, 2 * MINUTE);
	assert_int_equal(rig_call(rig, 3)->wall_ms - START_MS, 7 * MINUTE);
	assert_int_equal(rig_call(rig, 3)->visit, 1);
	assert_int_equal(rig_stats(rig)->retried, 3);
	assert_int_equal(rig_events(rig, STAGGER_HOPPED), 3);
	rig_free(rig);
}

static void verdict_retry_after_never_changes_the_order_of_the_stages(void **state)
{
	(void)state;
	struct rig *rig = rig_after_an_hour(NULL, "a:PRD:Bad:900000"); /* 15 min, as no stage */
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3");
	assert_int_equal(rig_call(rig, 1)->wall_ms - START_MS, 15 * MINUTE);
	assert_int_equal(rig_call(rig, 2)->wall_ms - START_MS, 20 * MINUTE);
	const struct seen *hopped = rig_event(rig, STAGGER_HOPPED, 0);
	assert_int_equal(hopped->retry_after_ms, 900000);
	assert_int_equal(hopped->failed_ms, START_MS);
	assert_int_equal(hopped->due_ms, START_MS + 15 * MINUTE);
	rig_free(rig);
}

static void verdict_retry_otherwise_exhausts_the_attempts(void **state)
{
	(void)state;
	struct rig *rig = rig_after_an_hour(NULL, "a:R");
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.5m/3 a/retry.30m/4");
	const struct stagger_envelope *dead = rig_dead(rig, "attempts_exhausted");
	assert_int_equal(dead->n_history, 4);
	static const char *const stages[] = { "main", "retry.1m", "retry.5m", "retry.30m" };
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(dead->history[i]->stage, stages[i]);
	assert_string_equal(dead->first->error_message, "attempt 1");
	assert_string_equal(dead->last.error_message, "attempt 4");
	assert_int_equal(dead->value.size, strlen("a:R"));
	assert_int_equal(rig_stats(rig)->attempts_exhausted, 1);
	assert_int_equal(rig_committed(rig, RETRY_30M, 0), 1);
	rig_free(rig);
}

static void verdict_retry_without_stages_exhausts_the_attempts(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ STAGGER_OFF, 0 };
	struct rig *rig = rig_after_an_hour(&setup, "a:R");
	expect_story(rig, "a/main/1");
	rig_dead(rig, "attempts_exhausted");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_retry_waits_in_place_immediate_fixed_or_exponential),
		cmocka_unit_test(verdict_retry_in_place_has_jitter),
		cmocka_unit_test(verdict_retry_waits_in_place_only_in_main_by_default),
		cmocka_unit_test(verdict_retry_with_retry_after_does_not_wait_in_place),
		cmocka_unit_test(verdict_retry_beyond_the_deadline_expires),
		cmocka_unit_test(verdict_deadline_counts_from_the_first_failure),
		cmocka_unit_test(verdict_retry_hops_within_the_stage_then_to_the_next),
		cmocka_unit_test(verdict_retry_after_never_changes_the_order_of_the_stages),
		cmocka_unit_test(verdict_retry_otherwise_exhausts_the_attempts),
		cmocka_unit_test(verdict_retry_without_stages_exhausts_the_attempts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
