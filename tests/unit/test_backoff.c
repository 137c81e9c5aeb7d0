/* SPDX-License-Identifier: Apache-2.0
 *
 * In-place waits: each kind, its cap, its jitter. */
#include "core/backoff.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void backoff__computes_each_wait(void **state)
{
	static const struct {
		enum stagger_backoff kind;
		int64_t delay_ms, max_ms;
		double multiplier, jitter;
		int32_t call;
		double random;
		int64_t wait_ms;
	} cases[] = {
		{STAGGER_BACKOFF_IMMEDIATE, 200, 1000, 2, 1, 1, 1, 0},
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 0, 1, 0, 200},
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 0, 9, 0, 200},
		{STAGGER_BACKOFF_FIXED, 2000, 1000, 2, 0, 1, 0, 1000},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 100000, 2, 0, 1, 0, 200},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 100000, 2, 0, 2, 0, 400},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 100000, 3, 0, 4, 0, 5400},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 100000, 1, 0, 100, 0, 200},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 1000, 2, 0, 4, 0, 1000},
		{STAGGER_BACKOFF_EXPONENTIAL, 300000, 300000, 10, 0, INT32_MAX, 0, 300000},
		{STAGGER_BACKOFF_DEFAULT, 200, 100000, 2, 0, 2, 0, 400},
		/* Jitter goes both ways, but never above the cap nor below 0. */
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 0.5, 1, 1, 300},
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 0.5, 1, -1, 100},
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 0.5, 1, 0.5, 250},
		{STAGGER_BACKOFF_FIXED, 200, 1000, 2, 1, 1, -1, 0},
		{STAGGER_BACKOFF_FIXED, 1000, 1000, 2, 0.5, 1, 1, 1000},
		{STAGGER_BACKOFF_EXPONENTIAL, 200, 1000, 2, 0.5, 9, -1, 500},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stagger_chain chain = {
			.in_place_backoff = cases[i].kind,
			.in_place_delay_ms = cases[i].delay_ms,
			.in_place_max_delay_ms = cases[i].max_ms,
			.in_place_multiplier = cases[i].multiplier,
			.in_place_jitter = cases[i].jitter,
		};
		int64_t wait_ms = backoff_wait_ms(&chain, cases[i].call, cases[i].random);

		if (wait_ms != cases[i].wait_ms)
			fail_msg("case %zu: %lld", i, (long long)wait_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(backoff__computes_each_wait)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
