/* SPDX-License-Identifier: Apache-2.0
 *
 * Which dead letters are meant: one mark after the other, then all that a record without an
 * envelope can fit. */
#include "dead/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct stagger_attempt in_main = {.stage = "main"};
static const struct stagger_attempt in_stage = {.stage = "retry.5m"};
static const struct stagger_attempt *const history[] = {&in_main, &in_stage};
static const struct stagger_envelope envelope = {
	.stage = "dlt",
	.disposition = "attempts_exhausted",
	.chain = "orders",
	.original_topic = "orders",
	.last_failed_ms = 5000,
	.last = {.error_class = "HttpError", .error_code = "503"},
	.key = {"order-7", 7},
	.history = history,
	.n_history = 2,
};
static const struct stagger_envelope no_code = {
	.disposition = "not_retriable",
	.chain = "orders",
	.original_topic = "orders",
	.last = {.error_class = "HttpError"},
	.key = {"", 0},
};

#define MARKS(...) {.since_ms = INT64_MIN, .until_ms = INT64_MAX, __VA_ARGS__}
#define FILTER(...) ((struct dead_filter)MARKS(__VA_ARGS__))

#define LATER(ms) ((struct dead_filter){.since_ms = (ms), .until_ms = INT64_MAX})
#define BEFORE(ms) ((struct dead_filter){.since_ms = INT64_MIN, .until_ms = (ms)})

static const struct dead_letter with = {
	.record = {.topic = "orders.billing.dlt", .timestamp_ms = 6000, .key = {"outer", 5}},
	.envelope = &envelope,
};
#define LATER(ms) ((struct dead_filter){.since_ms = (ms), .until_ms = INT64_MAX})
#define BEFORE(ms) ((struct dead_filter){.since_ms = INT64_MIN, .until_ms = (ms)})

static const struct dead_letter without = {
	.record = {.topic = "orders.billing.dlt", .timestamp_ms = 6000, .key = {"order-7", 7}},
};
static const struct dead_letter timeless = {
	.record = {.topic = "orders.billing.dlt", .timestamp_ms = -1},
};

static void filter__fits_when_all_that_is_given_fits(void **state)
{
	static const struct {
		struct dead_filter filter;
		const char *pattern; /* of the class; NULL: not by class */
		bool with, without;
	} cases[] = {
		{MARKS(.chain = NULL), NULL, true, true},
		{MARKS(.chain = "orders"), NULL, true, true},
		{MARKS(.chain = "refunds"), NULL, false, true},
		{MARKS(.code = "503"), NULL, true, false},
		{MARKS(.code = "50"), NULL, false, false},
		{MARKS(.code = ""), NULL, false, false},
		{MARKS(.disposition = "attempts_exhausted"), NULL, true, false},
		{MARKS(.disposition = "expired"), NULL, false, false},
		{MARKS(.topic = "orders"), NULL, true, false},
		{MARKS(.topic = "orders.billing.dlt"), NULL, false, false},
		{MARKS(.key = "order-7"), NULL, true, true},
		{MARKS(.key = "order-70"), NULL, false, false},
		{MARKS(.key = "order"), NULL, false, false},
		{MARKS(.key = ""), NULL, false, false},
		{MARKS(.key = "outer"), NULL, false, false},
		{MARKS(.chain = NULL), "HttpError", true, false},
		{MARKS(.chain = NULL), "Http*", true, false},
		{MARKS(.chain = NULL), "HttpError/5*", true, false},
		{MARKS(.chain = NULL), "HttpError/4*", false, false},
		{MARKS(.chain = NULL), "Http", false, false},
		{MARKS(.code = "503"), "Tcp*", false, false},
		{MARKS(.code = "503", .key = "order-7", .chain = "orders"), "Http*", true, false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct dead_filter filter = cases[i].filter;
		struct stagger_error err;
		filter.by_class = cases[i].pattern != NULL;
		if (filter.by_class)
			assert_int_equal(match_parse(&filter.match, cases[i].pattern, &err),
					 STAGGER_OK);
		if (dead_filter_fits(&filter, &with) != cases[i].with ||
		    dead_filter_fits(&filter, &without) != cases[i].without)
			fail_msg("case %zu", i);
		if (filter.by_class)
			match_clear(&filter.match);
	}
}

static void filter__takes_the_time_from_the_record(void **state)
{
	static const struct {
		int64_t since_ms, until_ms;
		bool fits;
	} cases[] = {
		{INT64_MIN, INT64_MAX, true}, {6000, INT64_MAX, true}, {6001, INT64_MAX, false},
		{INT64_MIN, 6000, false},     {INT64_MIN, 6001, true}, {5000, 6000, false},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct dead_filter filter = {.since_ms = cases[i].since_ms,
					     .until_ms = cases[i].until_ms};
		if (dead_filter_fits(&filter, &with) != cases[i].fits)
			fail_msg("case %zu", i);
	}
	struct dead_letter old = with;
	old.record.timestamp_ms = -1; /* a topic that keeps none: when it failed last */
	assert_int_equal(dead_letter_when_ms(&old), 5000);
	assert_true(dead_filter_fits(&BEFORE(5001), &old));
	assert_false(dead_filter_fits(&LATER(5001), &old));
	assert_true(dead_filter_fits(&FILTER(.chain = NULL), &timeless));
	assert_false(dead_filter_fits(&LATER(0), &timeless));
	assert_false(dead_filter_fits(&BEFORE(10), &timeless));
}

static void filter__tells_an_empty_code_and_key_from_none(void **state)
{
	struct dead_letter letter = {.record = {.timestamp_ms = 1}, .envelope = &no_code};

	(void)state;
	assert_true(dead_filter_fits(&FILTER(.key = ""), &letter));
	assert_false(dead_filter_fits(&FILTER(.code = ""), &letter));
	struct stagger_envelope no_key = no_code;
	no_key.key = (struct stagger_bytes){0};
	letter.envelope = &no_key;
	assert_false(dead_filter_fits(&FILTER(.key = ""), &letter));
}

static void letter__knows_the_stage_of_its_last_call(void **state)
{
	const struct dead_letter young = {.envelope = &no_code};

	(void)state;
	assert_string_equal(dead_letter_stage(&with), "retry.5m");
	assert_string_equal(dead_letter_stage(&young), "main");
	assert_null(dead_letter_stage(&without));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter__fits_when_all_that_is_given_fits),
		cmocka_unit_test(filter__takes_the_time_from_the_record),
		cmocka_unit_test(filter__tells_an_empty_code_and_key_from_none),
		cmocka_unit_test(letter__knows_the_stage_of_its_last_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
