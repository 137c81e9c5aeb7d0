/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants there and back, held against libc's calendar. */
#define _GNU_SOURCE
#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/random.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define NOW INT64_C(1700000000000)

static void instant__is_written_and_read(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1, "1970-01-01T00:00:00.001Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
		{INT64_C(1700000000123), "2023-11-14T22:13:20.123Z"},
		{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
		{INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
	};
	char text[INSTANT_TEXT];

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		int64_t ms = 42;
		assert_string_equal(instant_format(cases[i].ms, text), cases[i].text);
		assert_int_equal(instant_parse(&ms, text, NOW, NULL), STAGGER_OK);
		assert_int_equal(ms, cases[i].ms);
	}
	assert_string_equal(instant_format(INT64_MAX, text), "@9223372036854775807");
	assert_string_equal(instant_format(INT64_MIN, text), "@-9223372036854775808");
}

static void instant__agrees_with_libc(void **state)
{
	struct random r = {.state = 7};
	char text[INSTANT_TEXT], expected[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		time_t seconds = (time_t)(random_next(&r) % UINT64_C(253402300800));
		struct tm utc;
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z",
			 gmtime_r(&seconds, &utc));
		assert_string_equal(instant_format((int64_t)seconds * 1000, text), expected);
		int64_t ms;
		assert_int_equal(instant_parse(&ms, text, NOW, NULL), STAGGER_OK);
		assert_int_equal(ms, (int64_t)seconds * 1000);
	}
}

static void instant__reads_what_people_write(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"2023-11-14T22:13:20Z", NOW},
		{"2023-11-14 22:13:20Z", NOW},
		{"2023-11-14t22:13:20z", NOW},
		{"2023-11-15T00:13:20+02:00", NOW},
		{"2023-11-14T16:43:20-05:30", NOW},
		{"2023-11-14T22:13:20.1Z", NOW + 100},
		{"2023-11-14T22:13:20.1239999Z", NOW + 123},
		{"2023-11-14T22:13:20.5+00:00", NOW + 500},
		{"2023-11-14", NOW - (22 * 3600 + 13 * 60 + 20) * 1000},
		{"2h", NOW - 7200000},
		{"1d12h", NOW - 129600000},
		{"0ms", NOW},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct stagger_error err;
		int64_t ms = 42;
		if (instant_parse(&ms, cases[i].text, NOW, &err) != STAGGER_OK)
			fail_msg("%s: %s", cases[i].text, err.text);
		if (ms != cases[i].ms)
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
}

static void instant__refuses_what_is_none(void **state)
{
	static const char *const cases[] = {
		"", "now", "2023", "2023-11", "2023-11-14T", "2023-11-14T22", "2023-11-14T22:13",
		"2023-11-14T22:13:20", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+02",
		"2023-11-14T22:13:20Z ", "2023-11-14T24:00:00Z", "2023-11-14T22:60:20Z",
		"2023-11-14T22:13:61Z", "2023-13-01", "2023-00-01", "2023-11-00", "2023-11-31",
		"2023-02-29", "1900-02-29", "23-11-14", "2023/11/14", "-1h", "2", "2x",
		"2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+02:60",
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct stagger_error err = {0};
		int64_t ms = 42;
		if (instant_parse(&ms, cases[i], NOW, &err) != STAGGER_INVALID)
			fail_msg("'%s' is read as %lld", cases[i], (long long)ms);
		assert_int_equal(ms, 42);
		assert_non_null(strstr(err.text, "write 2026-01-02T03:04:05Z"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instant__is_written_and_read),
		cmocka_unit_test(instant__agrees_with_libc),
		cmocka_unit_test(instant__reads_what_people_write),
		cmocka_unit_test(instant__refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
