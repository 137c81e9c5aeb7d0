/* SPDX-License-Identifier: Apache-2.0
 *
 * Views and saturating arithmetic. */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void bytes_equal__tells_null_from_empty(void **state)
{
	(void)state;
	const struct stagger_bytes null = {0};
	const struct stagger_bytes empty = {"", 0};

	assert_true(bytes_equal(null, null));
	assert_true(bytes_equal(empty, empty));
	assert_false(bytes_equal(null, empty));
	assert_false(bytes_equal(empty, null));
}

static void bytes_equal__compares_all_bytes(void **state)
{
	(void)state;
	const struct stagger_bytes a = {"x\0y", 3};

	assert_true(bytes_equal(a, (struct stagger_bytes){"x\0y", 3}));
	assert_false(bytes_equal(a, (struct stagger_bytes){"x\0z", 3}));
	assert_false(bytes_equal(a, (struct stagger_bytes){"x\0y", 2}));
}

static void bytes_is__compares_with_a_c_string(void **state)
{
	(void)state;
	assert_true(bytes_is((struct stagger_bytes){"main", 4}, "main"));
	assert_false(bytes_is((struct stagger_bytes){"mains", 5}, "main"));
	assert_true(bytes_is((struct stagger_bytes){0}, NULL));
	assert_false(bytes_is((struct stagger_bytes){0}, ""));
	assert_true(bytes_is(bytes_text(""), ""));
}

static void bytes_text__of_null_is_null(void **state)
{
	(void)state;
	assert_null(bytes_text(NULL).data);
	assert_int_equal(bytes_text(NULL).size, 0);
	assert_int_equal(bytes_text("abc").size, 3);
}

static void bytes_dup__terminates_its_copy(void **state)
{
	(void)state;
	char *copy = bytes_dup((struct stagger_bytes){"abcdef", 3});
	assert_string_equal(copy, "abc");
	free(copy);
	copy = bytes_dup((struct stagger_bytes){0});
	assert_string_equal(copy, "");
	free(copy);
	copy = bytes_dup((struct stagger_bytes){"a\0b", 3});
	assert_memory_equal(copy, "a\0b", 4);
	free(copy);
}

static void bytes_hash__spreads_short_keys_over_low_bits(void **state)
{
	(void)state;
	int seen[64] = {0};
	for (int i = 0; i < 6400; i++) {
		const unsigned char key[2] = {(unsigned char)(i & 255), (unsigned char)(i >> 8)};
		seen[bytes_hash((struct stagger_bytes){key, 2}) & 63]++;
	}
	for (size_t i = 0; i < 64; i++)
		assert_in_range(seen[i], 50, 160); // 100 expected; a bad mix leaves slots empty
	assert_true(bytes_hash(bytes_text("a")) == bytes_hash(bytes_text("a")));
	assert_true(bytes_hash(bytes_text("ab")) != bytes_hash(bytes_text("ba")));
}

static void arithmetic__saturates_at_both_ends(void **state)
{
	(void)state;
	static const struct {
		int64_t a, b, sum, product;
	} rows[] = {
		{2, 3, 5, 6},
		{-2, 3, 1, -6},
		{INT64_MAX, 1, INT64_MAX, INT64_MAX},
		{INT64_MAX, 2, INT64_MAX, INT64_MAX},
		{2, INT64_MAX, INT64_MAX, INT64_MAX},
		{INT64_MIN, -1, INT64_MIN, INT64_MAX},
		{-1, INT64_MIN, INT64_MIN, INT64_MAX},
		{INT64_MIN, 2, INT64_MIN + 2, INT64_MIN},
		{INT64_MIN, INT64_MIN, INT64_MIN, INT64_MAX},
		{INT64_MIN, INT64_MAX, -1, INT64_MIN},
		{INT64_MAX, 0, INT64_MAX, 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(add_saturated(rows[i].a, rows[i].b) == rows[i].sum);
		assert_true(mul_saturated(rows[i].a, rows[i].b) == rows[i].product);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_equal__tells_null_from_empty),
		cmocka_unit_test(bytes_equal__compares_all_bytes),
		cmocka_unit_test(bytes_is__compares_with_a_c_string),
		cmocka_unit_test(bytes_text__of_null_is_null),
		cmocka_unit_test(bytes_dup__terminates_its_copy),
		cmocka_unit_test(bytes_hash__spreads_short_keys_over_low_bits),
		cmocka_unit_test(arithmetic__saturates_at_both_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
