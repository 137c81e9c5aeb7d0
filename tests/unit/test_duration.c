/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations in both directions, and where a refusal points. */
#include "base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS INT64_C(86400000)
#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

static void duration__formats_and_reads_back(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{0, "0ms"},
		{1, "1ms"},
		{250, "250ms"},
		{1000, "1s"},
		{1500, "1s500ms"},
		{60000, "1m"},
		{90000, "1m30s"},
		{5400000, "1h30m"},
		{3600001, "1h1ms"},
		{7 * DAY_MS, "7d"},
		{3650 * DAY_MS, "3650d"},
		{DAY_MS + 3600000 + 60000 + 1000 + 1, "1d1h1m1s1ms"},
	};
	for (size_t i = 0; i < N(rows); i++) {
		char text[DURATION_TEXT];
		int64_t ms = -1;
		assert_ptr_equal(duration_format(rows[i].ms, text), text);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(duration_parse(&ms, rows[i].text, NULL), STAGGER_OK);
		assert_true(ms == rows[i].ms);
	}
}

static void duration_format__holds_the_longest(void **state)
{
	(void)state;
	char text[DURATION_TEXT];
	assert_string_equal(duration_format(INT64_MAX, text), "106751991167d7h12m55s807ms");
}

static void duration_parse__reads_what_format_does_not_write(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"0s", 0}, {"90m", 5400000}, {"007s", 7000}, {"1d0h", DAY_MS}, {"1s1000ms", 2000},
	};
	for (size_t i = 0; i < N(rows); i++) {
		int64_t ms = -1;
		assert_int_equal(duration_parse(&ms, rows[i].text, NULL), STAGGER_OK);
		assert_true(ms == rows[i].ms);
	}
}

static void duration_parse__refuses_and_points_at_the_byte(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t column;
		const char *why;
	} rows[] = {
		{"30", 1, "write 30s"},
		{"0", 1, "write 30s"},
		{"1h30", 3, "no unit"},
		{"s", 1, "a number is expected"},
		{"-5s", 1, "a number is expected"},
		{" 5s", 1, "a number is expected"},
		{"5 s", 2, "not a unit"},
		{"5s ", 2, "not a unit"},
		{"5M", 2, "not a unit"},
		{"5min", 2, "not a unit"},
		{"1.5h", 2, "not a unit"},
		{"5m1h", 4, "large to small"},
		{"5m5m", 4, "large to small"},
		{"1ms1s", 5, "large to small"},
		{"3651d", 1, "longer than 3650d"},
		{"3650d1ms", 6, "longer than 3650d"},
		{"99999999999999999999999999ms", 1, "longer than 3650d"},
		{"9223372036854775807d", 1, "longer than 3650d"},
	};
	for (size_t i = 0; i < N(rows); i++) {
		struct stagger_error err = {0};
		int64_t ms = -1;
		assert_int_equal(duration_parse(&ms, rows[i].text, &err), STAGGER_INVALID);
		assert_true(ms == -1);
		assert_int_equal(err.status, STAGGER_INVALID);
		assert_int_equal(err.column, rows[i].column);
		assert_non_null(strstr(err.text, rows[i].why));
		assert_int_equal(duration_parse(&ms, rows[i].text, NULL), STAGGER_INVALID);
	}
}

static void duration_parse__refuses_nothing_at_all(void **state)
{
	(void)state;
	struct stagger_error err;
	int64_t ms;
	assert_int_equal(duration_parse(&ms, "", &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "empty"));
	assert_int_equal(err.column, 1);
	assert_int_equal(duration_parse(&ms, NULL, &err), STAGGER_INVALID);
}

static void duration_parse__cleans_what_its_error_repeats(void **state)
{
	(void)state;
	struct stagger_error err;
	int64_t ms;
	assert_int_equal(duration_parse(&ms, "5\xFF", &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "'5\xEF\xBF\xBD'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duration__formats_and_reads_back),
		cmocka_unit_test(duration_format__holds_the_longest),
		cmocka_unit_test(duration_parse__reads_what_format_does_not_write),
		cmocka_unit_test(duration_parse__refuses_and_points_at_the_byte),
		cmocka_unit_test(duration_parse__refuses_nothing_at_all),
		cmocka_unit_test(duration_parse__cleans_what_its_error_repeats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
