/* SPDX-License-Identifier: Apache-2.0
 *
 * Error bound, ends and merging of the histogram. */
#include "base/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void quantile__of_nothing_is_zero(void **state)
{
	(void)state;
	const struct histogram h = {0};
	assert_int_equal(histogram_quantile(&h, 0), 0);
	assert_int_equal(histogram_quantile(&h, 0.5), 0);
	assert_int_equal(histogram_quantile(&h, 1), 0);
}

static void quantile__is_exact_below_16(void **state)
{
	(void)state;
	struct histogram h = {0};
	for (int64_t us = 1; us <= 10; us++)
		histogram_add(&h, us);
	assert_int_equal(histogram_quantile(&h, 0), 1);
	assert_int_equal(histogram_quantile(&h, 0.1), 1);
	assert_int_equal(histogram_quantile(&h, 0.11), 2);
	assert_int_equal(histogram_quantile(&h, 0.5), 5);
	assert_int_equal(histogram_quantile(&h, 0.99), 10);
	assert_int_equal(histogram_quantile(&h, 1), 10);
}

static void quantile__is_at_most_one_step_above(void **state)
{
	(void)state;
	for (int64_t us = 1; us < INT64_C(1) << 40; us = us * 5 / 4 + 1) {
		struct histogram h = {0};
		histogram_add(&h, us);
		histogram_add(&h, INT64_C(1) << 41); // so that max_us does not mend the bound
		int64_t upper = histogram_quantile(&h, 0.5);
		assert_true(upper >= us);
		assert_true(upper - us <= us / 16);
	}
}

static void quantile__keeps_order_across_octaves(void **state)
{
	(void)state;
	for (int octave = 4; octave < 41; octave++) {
		struct histogram h = {0};
		int64_t edge = INT64_C(1) << octave;
		histogram_add(&h, edge - 1);
		histogram_add(&h, edge);
		histogram_add(&h, edge * 2);
		assert_true(histogram_quantile(&h, 0.3) == edge - 1);
		assert_true(histogram_quantile(&h, 0.6) >= edge);
		assert_true(histogram_quantile(&h, 0.6) < edge + edge / 16 + 1);
	}
}

static void quantile__is_never_above_the_maximum(void **state)
{
	(void)state;
	struct histogram h = {0};
	histogram_add(&h, 1000);
	assert_int_equal(histogram_quantile(&h, 0.99), 1000);
}

static void quantile__takes_odd_arguments(void **state)
{
	(void)state;
	struct histogram h = {0};
	histogram_add(&h, 3);
	histogram_add(&h, 9);
	assert_int_equal(histogram_quantile(&h, -1), 3);
	assert_int_equal(histogram_quantile(&h, (double)NAN), 3);
	assert_int_equal(histogram_quantile(&h, 2), 9);
}

static void add__holds_the_ends(void **state)
{
	(void)state;
	struct histogram h = {0};
	histogram_add(&h, -5);
	assert_int_equal(h.counts[0], 1);
	assert_int_equal(h.max_us, 0);
	histogram_add(&h, INT64_MAX);
	assert_int_equal(h.counts[HISTOGRAM_BUCKETS - 1], 1);
	assert_int_equal(h.total, 2);
	assert_true(histogram_quantile(&h, 1) == INT64_MAX);
}

static void merge__adds_everything(void **state)
{
	(void)state;
	struct histogram a = {0};
	struct histogram b = {0};
	struct histogram both = {0};
	for (int64_t i = 0; i < 1000; i++) {
		histogram_add(i % 3 == 0 ? &a : &b, i * i);
		histogram_add(&both, i * i);
	}
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	histogram_merge(&b, &a);
	assert_int_equal(b.max_us, 999 * 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantile__of_nothing_is_zero),
		cmocka_unit_test(quantile__is_exact_below_16),
		cmocka_unit_test(quantile__is_at_most_one_step_above),
		cmocka_unit_test(quantile__keeps_order_across_octaves),
		cmocka_unit_test(quantile__is_never_above_the_maximum),
		cmocka_unit_test(quantile__takes_odd_arguments),
		cmocka_unit_test(add__holds_the_ends),
		cmocka_unit_test(merge__adds_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
