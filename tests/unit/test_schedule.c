/* SPDX-License-Identifier: Apache-2.0
 *
 * Dues, clamps, bounds and holds, with numbers from outside at their extremes. */
#include "core/schedule.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T INT64_C(1700000000000) /* some instant */

static struct chain_stage stages[] = {
	{.visits = 1},
	{.delay_ms = 60000, .visits = 1},
	{.delay_ms = 1800000, .visits = 1},
};
static const struct stagger_chain chain = {
	.jitter = 0.1,
	.jitter_max_ms = 30000,
	.longest_wait_ms = 3600000,
	.stages = stages,
	.n_stages = 3,
};

static void schedule__makes_the_due_of_a_hop(void **state)
{
	static const struct {
		int32_t stage;
		int64_t failed_ms, retry_after_ms;
		double random;
		int64_t due_ms;
		bool clamped;
	} cases[] = {
		{1, T, 0, 0, T + 60000, false},
		{1, T, 0, 1, T + 66000, false},
		{1, T, 0, -1, T + 54000, false},
		{1, T, 0, 0.5, T + 63000, false},
		{2, T, 0, 1, T + 1830000, false}, /* jitter_max */
		{2, T, 0, -1, T + 1770000, false},
		/* retry_after is a floor. */
		{1, T, 59000, 0, T + 60000, false},
		{1, T, 90000, 0, T + 90000, false},
		{1, T, 90000, 1, T + 90000, false},
		{1, T, 3600000, 0, T + 3600000, false},
		{1, T, 3600001, 0, T + 3600000, true},
		{1, T, INT64_MAX, 0, T + 3600000, true},
		{1, T, INT64_MIN, 0, T + 60000, false},
		/* Whatever jitter says, never before the failure. */
		{1, T, -1, -100, T, false},
		{1, INT64_MAX - 10, 0, 0, INT64_MAX, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule_due due = schedule_due(&chain, cases[i].stage, cases[i].failed_ms,
						       cases[i].retry_after_ms, cases[i].random);

		if (due.due_ms != cases[i].due_ms || due.clamped != cases[i].clamped)
			fail_msg("case %zu: %lld", i, (long long)due.due_ms);
	}
}

static void schedule__holds_jitter_within_the_longest_wait(void **state)
{
	struct stagger_chain tight = chain;

	(void)state;
	tight.longest_wait_ms = 1800000;
	struct schedule_due due = schedule_due(&tight, 2, T, 0, 1);
	assert_int_equal(due.due_ms, T + 1800000);
	assert_false(due.clamped);
}

static void schedule__clamps_a_forged_due(void **state)
{
	static const struct {
		int64_t due_ms, timestamp_ms, now_ms;
		int64_t expected_ms;
		bool clamped;
	} cases[] = {
		{T + 1000, T, T + 5, T + 1000, false},
		{T + 3600000, T, T + 5, T + 3600000, false},
		{T + 3600001, T, T + 5, T + 3600000, true},
		{INT64_MAX, T, T + 5, T + 3600000, true},
		{INT64_MIN, T, T + 5, INT64_MIN, false},
		{INT64_MAX, 0, T, 3600000, true},
		{T + 3600002, -1, T + 2, T + 3600002, false},
		{T + 3600003, -1, T + 2, T + 3600002, true},
		{INT64_MAX, INT64_MAX, T, INT64_MAX, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule_due due = schedule_clamp(cases[i].due_ms, cases[i].timestamp_ms,
							 cases[i].now_ms, 3600000);

		if (due.due_ms != cases[i].expected_ms || due.clamped != cases[i].clamped)
			fail_msg("case %zu: %lld", i, (long long)due.due_ms);
	}
}

static void schedule__knows_the_earliest_due_of_a_stage(void **state)
{
	(void)state;
	assert_int_equal(schedule_earliest_ms(&chain, 1, T), T + 54000);
	assert_int_equal(schedule_earliest_ms(&chain, 2, T), T + 1770000);
	assert_int_equal(schedule_earliest_ms(&chain, 1, INT64_MAX), INT64_MAX);
	assert_int_equal(schedule_due(&chain, 1, T, 0, -1).due_ms,
			 schedule_earliest_ms(&chain, 1, T));
}

static void schedule__bounds_the_wait_by_the_boot_clock(void **state)
{
	static const struct {
		int64_t due_ms, seen_ms, boot_ms, bound_ms;
	} cases[] = {
		{T + 60000, T, 5000, 66000},
		{T, T, 5000, 6000},
		{T - 2000, T, 5000, 4000},
		{INT64_MAX, T, 5000, INT64_MAX - T + 6000},
		{INT64_MAX, 0, INT64_MAX, INT64_MAX},
		{INT64_MIN, T, 0, INT64_MIN + 1000},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t bound_ms =
			schedule_bound_boot_ms(cases[i].due_ms, cases[i].seen_ms, cases[i].boot_ms);

		if (bound_ms != cases[i].bound_ms)
			fail_msg("case %zu: %lld", i, (long long)bound_ms);
	}
}

static void schedule__pauses_only_a_long_wait(void **state)
{
	static const struct {
		int64_t due_ms, now_ms;
		bool pause;
		int64_t resume_ms;
	} cases[] = {
		{T + 31100, T, false, 0},
		{T + 31101, T, true, T + 30001},
		{T - 5, T, false, 0},
		{INT64_MIN, T, false, 0},
		{INT64_MAX, T, true, INT64_MAX - 1100},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule_hold hold =
			schedule_hold(cases[i].due_ms, cases[i].now_ms, 30000, 1100);

		if (hold.pause != cases[i].pause || hold.resume_ms != cases[i].resume_ms)
			fail_msg("case %zu: %lld", i, (long long)hold.resume_ms);
	}
}

static void schedule__guesses_the_delay_of_a_stage_that_is_gone(void **state)
{
	static const struct {
		double jitter;
		int64_t jitter_max_ms, due_ms, failed_ms, delay_ms;
	} cases[] = {
		{0, 30000, 60000, 0, 60000},
		{0, 30000, 1, 1, 0},
		{0, 30000, 0, 1, 0},
		{0.2, 30000, 72000, 0, 60000},  /* by its share */
		{0.2, 30000, 630000, 0, 600000}, /* by its bound */
		{0.2, 0, 72000, 0, 72000},      /* no jitter at all */
		{0, 30000, INT64_MAX, INT64_MIN, CHAIN_LONGEST_DELAY_MS},
		{0, 30000, INT64_MIN, INT64_MAX, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stagger_chain with = {.jitter = cases[i].jitter,
						   .jitter_max_ms = cases[i].jitter_max_ms};
		int64_t delay_ms = schedule_least_delay_ms(&with, cases[i].due_ms,
							   cases[i].failed_ms);
		if (delay_ms != cases[i].delay_ms)
			fail_msg("case %zu: %lld", i, (long long)delay_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schedule__makes_the_due_of_a_hop),
		cmocka_unit_test(schedule__holds_jitter_within_the_longest_wait),
		cmocka_unit_test(schedule__clamps_a_forged_due),
		cmocka_unit_test(schedule__knows_the_earliest_due_of_a_stage),
		cmocka_unit_test(schedule__bounds_the_wait_by_the_boot_clock),
		cmocka_unit_test(schedule__pauses_only_a_long_wait),
		cmocka_unit_test(schedule__guesses_the_delay_of_a_stage_that_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
