/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of a dead letter: names and texts exactly, and which of the original ones may stand
 * outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/dead_headers.h"

#define OWN 6

static void check(const struct dead_headers *h, size_t i, const char *name, const char *value)
{
	assert_true(i < h->n);
	assert_string_equal(h->headers[i].name, name);
	assert_true(bytes_is(h->headers[i].value, value));
}

static void dead_headers__are_kafkas_own(void **state)
{
	(void)state;
	static const struct {
		int32_t partition, attempts;
		int64_t offset;
		const char *partition_text, *attempts_text, *offset_text;
	} rows[] = {
		{3, 4, 77, "3", "4", "77"},
		{0, 0, 0, "0", "0", "0"},
		{INT32_MAX, INT32_MAX, INT64_MAX, "2147483647", "2147483647",
		 "9223372036854775807"},
		{INT32_MIN, INT32_MIN, INT64_MIN, "-2147483648", "-2147483648",
		 "-9223372036854775808"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope e = {.original_topic = bytes_text("orders"),
				     .original_partition = rows[i].partition,
				     .original_offset = rows[i].offset,
				     .group = bytes_text("g"),
				     .attempts = rows[i].attempts,
				     .last = {.error_message = bytes_text("no such account")}};
		struct dead_headers h;

		assert_true(dead_headers_make(&h, &e));
		assert_int_equal(h.n, OWN);
		check(&h, 0, "__dlq.errors.topic", "orders");
		check(&h, 1, "__dlq.errors.partition", rows[i].partition_text);
		check(&h, 2, "__dlq.errors.offset", rows[i].offset_text);
		check(&h, 3, "__dlq.errors.group", "g");
		check(&h, 4, "__dlq.errors.delivery.count", rows[i].attempts_text);
		check(&h, 5, "__dlq.errors.message", "no such account");
		assert_null(h.names);
		dead_headers_clear(&h);
	}
}

static void dead_headers__texts_are_never_null(void **state)
{
	(void)state;
	struct envelope e = {0};
	struct dead_headers h;

	assert_true(dead_headers_make(&h, &e));
	check(&h, 0, "__dlq.errors.topic", "");
	check(&h, 3, "__dlq.errors.group", "");
	check(&h, 5, "__dlq.errors.message", "");
	dead_headers_clear(&h);
	assert_int_equal(h.n, 0);
}

static void dead_headers__only_trace_and_key_headers_stand_outside(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool copied;
	} rows[] = {
		{"traceparent", true},
		{"tracestate", true},
		{"__key_schema_id", true},
		{"apicurio.key.globalId", true},
		{"apicurio.key.encoding", true},
		{"__value_schema_id", false},
		{"apicurio.value.globalId", false},
		{"apicurio.key.", false},
		{"apicurio.key", false},
		{"content-type", false},
		{"ce_id", false},
		{"traceparent2", false},
		{"trace", false},
		{"Traceparent", false},
		{"__dlq.errors.topic", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope_header header = {bytes_text(rows[i].name), {"x", 1}};
		struct envelope e = {.headers = &header, .n_headers = 1};
		struct dead_headers h;

		assert_true(dead_headers_make(&h, &e));
		assert_int_equal(h.n, rows[i].copied ? OWN + 1 : OWN);
		if (rows[i].copied)
			check(&h, OWN, rows[i].name, "x");
		dead_headers_clear(&h);
	}
}

/* Names in an envelope are views without an end. */
static void dead_headers__copies_keep_order_duplicates_and_nulls(void **state)
{
	(void)state;
	static const char text[] = "tracestatetraceparentother";
	struct envelope_header headers[] = {
		{{text, 10}, {"1", 1}}, {{text + 21, 5}, {"no", 2}}, {{text + 10, 11}, {NULL, 0}},
		{{text, 10}, {"", 0}},
	};
	struct envelope e = {.headers = headers, .n_headers = 4};
	struct dead_headers h;

	assert_true(dead_headers_make(&h, &e));
	assert_int_equal(h.n, OWN + 3);
	check(&h, OWN, "tracestate", "1");
	check(&h, OWN + 1, "traceparent", NULL);
	check(&h, OWN + 2, "tracestate", "");
	dead_headers_clear(&h);
	assert_null(h.names);
	dead_headers_clear(&h);
}

static void dead_headers__at_most_sixteen_are_copied(void **state)
{
	(void)state;
	struct envelope_header headers[40];
	char names[40][24];
	struct envelope e = {.headers = headers, .n_headers = 40};
	struct dead_headers h;

	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "apicurio.key.%zu", i);
		headers[i] = (struct envelope_header){bytes_text(names[i]), {"x", 1}};
	}
	assert_true(dead_headers_make(&h, &e));
	assert_int_equal(h.n, DEAD_HEADERS_MAX);
	check(&h, DEAD_HEADERS_MAX - 1, "apicurio.key.15", "x");
	dead_headers_clear(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_headers__are_kafkas_own),
		cmocka_unit_test(dead_headers__texts_are_never_null),
		cmocka_unit_test(dead_headers__only_trace_and_key_headers_stand_outside),
		cmocka_unit_test(dead_headers__copies_keep_order_duplicates_and_nulls),
		cmocka_unit_test(dead_headers__at_most_sixteen_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
