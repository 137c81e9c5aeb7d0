/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of a dead letter: each family's names and bytes exactly, and which of the original
 * ones may stand outside. tests/readers/dlt_headers.sh has them read by the families' own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/dead_headers.h"

#define OWN 6 /* of kafka's */

static void check(const struct dead_headers *h, size_t i, const char *name, const char *value)
{
	assert_true(i < h->n);
	assert_string_equal(h->headers[i].name, name);
	assert_true(bytes_is(h->headers[i].value, value));
}

static void check_bytes(const struct dead_headers *h, size_t i, const char *name, const char *bytes,
			size_t size)
{
	assert_true(i < h->n);
	assert_string_equal(h->headers[i].name, name);
	assert_int_equal(h->headers[i].value.size, size);
	assert_memory_equal(h->headers[i].value.data, bytes, size);
}

/* A dead letter with everything. */
static const struct envelope full = {
	.original_topic = {"orders", 6},
	.original_partition = 3,
	.original_offset = 77,
	.original_timestamp_ms = INT64_C(1767225600000),
	.original_timestamp_type = {"CreateTime", 10},
	.disposition = {"attempts_exhausted", 18},
	.group = {"billing", 7},
	.chain = {"invoices", 8},
	.attempts = 4,
	.last = {.error_class = {"Timeout", 7},
		 .error_message = {"no answer", 9},
		 .error_detail = {"at line 7", 9}},
};

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

		assert_true(dead_headers_make(&h, STAGGER_HEADERS_KAFKA, &e));
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

static void dead_headers__are_connects_all_in_text(void **state)
{
	(void)state;
	struct dead_headers h;

	assert_true(dead_headers_make(&h, STAGGER_HEADERS_CONNECT, &full));
	assert_int_equal(h.n, 10);
	check(&h, 0, "__connect.errors.topic", "orders");
	check(&h, 1, "__connect.errors.partition", "3");
	check(&h, 2, "__connect.errors.offset", "77");
	check(&h, 3, "__connect.errors.connector.name", "billing");
	check(&h, 4, "__connect.errors.task.id", "0");
	check(&h, 5, "__connect.errors.stage", "TASK_PUT");
	check(&h, 6, "__connect.errors.class.name", "invoices");
	check(&h, 7, "__connect.errors.exception.class.name", "Timeout");
	check(&h, 8, "__connect.errors.exception.message", "no answer");
	check(&h, 9, "__connect.errors.exception.stacktrace", "at line 7");
	dead_headers_clear(&h);
}

static void dead_headers__connects_stage_tells_the_undecodable(void **state)
{
	(void)state;
	struct envelope e = full;
	struct dead_headers h;

	e.disposition = bytes_text("undecodable");
	assert_true(dead_headers_make(&h, STAGGER_HEADERS_CONNECT, &e));
	check(&h, 5, "__connect.errors.stage", "VALUE_CONVERTER");
	dead_headers_clear(&h);
}

static void dead_headers__are_springs_with_numbers_in_network_order(void **state)
{
	(void)state;
	struct dead_headers h;

	assert_true(dead_headers_make(&h, STAGGER_HEADERS_SPRING, &full));
	assert_int_equal(h.n, 10);
	check(&h, 0, "kafka_dlt-original-topic", "orders");
	check_bytes(&h, 1, "kafka_dlt-original-partition", "\0\0\0\3", 4);
	check_bytes(&h, 2, "kafka_dlt-original-offset", "\0\0\0\0\0\0\0\x4d", 8);
	check_bytes(&h, 3, "kafka_dlt-original-timestamp", "\0\0\1\x9b\x76\xda\xa8\0", 8);
	check(&h, 4, "kafka_dlt-original-timestamp-type", "CreateTime");
	check(&h, 5, "kafka_dlt-original-consumer-group", "billing");
	check(&h, 6, "kafka_dlt-exception-fqcn", "Timeout");
	check(&h, 7, "kafka_dlt-exception-cause-fqcn", "Timeout");
	check(&h, 8, "kafka_dlt-exception-message", "no answer");
	check(&h, 9, "kafka_dlt-exception-stacktrace", "at line 7");
	dead_headers_clear(&h);
}

static void dead_headers__springs_numbers_keep_their_ends(void **state)
{
	(void)state;
	static const struct {
		int32_t partition;
		int64_t offset;
		const char *partition_bytes, *offset_bytes;
	} rows[] = {
		{0, 0, "\0\0\0\0", "\0\0\0\0\0\0\0\0"},
		{INT32_MAX, INT64_MAX, "\x7f\xff\xff\xff", "\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{INT32_MIN, -2, "\x80\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xfe"},
		{0x01020304, INT64_C(0x0102030405060708), "\1\2\3\4", "\1\2\3\4\5\6\7\x08"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope e = {.original_partition = rows[i].partition,
				     .original_offset = rows[i].offset};
		struct dead_headers h;

		assert_true(dead_headers_make(&h, STAGGER_HEADERS_SPRING, &e));
		check_bytes(&h, 1, "kafka_dlt-original-partition", rows[i].partition_bytes, 4);
		check_bytes(&h, 2, "kafka_dlt-original-offset", rows[i].offset_bytes, 8);
		dead_headers_clear(&h);
	}
}

static void dead_headers__springs_time_may_be_missing(void **state)
{
	(void)state;
	struct envelope e = full;
	struct dead_headers h;

	e.original_timestamp_ms = ENVELOPE_NO_TIME;
	e.original_timestamp_type = (struct stagger_bytes){NULL, 0};
	assert_true(dead_headers_make(&h, STAGGER_HEADERS_SPRING, &e));
	check_bytes(&h, 3, "kafka_dlt-original-timestamp", "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	check(&h, 4, "kafka_dlt-original-timestamp-type", "NoTimestampType");
	dead_headers_clear(&h);
}

static void dead_headers__none_still_copies_the_original_ones(void **state)
{
	(void)state;
	struct envelope_header headers[] = {{{"traceparent", 11}, {"00-1", 4}}, {{"x", 1}, {"y", 1}}};
	struct envelope e = full;
	struct dead_headers h;

	assert_true(dead_headers_make(&h, STAGGER_HEADERS_NONE, &e));
	assert_int_equal(h.n, 0);
	dead_headers_clear(&h);
	e.headers = headers;
	e.n_headers = 2;
	assert_true(dead_headers_make(&h, STAGGER_HEADERS_NONE, &e));
	assert_int_equal(h.n, 1);
	check(&h, 0, "traceparent", "00-1");
	dead_headers_clear(&h);
}

/* Nobody failed on what is expired or undecodable. */
static void dead_headers__class_is_the_disposition_without_an_error(void **state)
{
	(void)state;
	struct envelope e = {.disposition = bytes_text("expired")};
	struct dead_headers h;

	assert_true(dead_headers_make(&h, STAGGER_HEADERS_CONNECT, &e));
	check(&h, 7, "__connect.errors.exception.class.name", "expired");
	dead_headers_clear(&h);
	assert_true(dead_headers_make(&h, STAGGER_HEADERS_SPRING, &e));
	check(&h, 6, "kafka_dlt-exception-fqcn", "expired");
	check(&h, 7, "kafka_dlt-exception-cause-fqcn", "expired");
	dead_headers_clear(&h);
}

static void dead_headers__texts_are_never_null(void **state)
{
	(void)state;
	static const enum stagger_dead_letter_headers families[] = {
		STAGGER_HEADERS_KAFKA, STAGGER_HEADERS_CONNECT, STAGGER_HEADERS_SPRING};
	struct envelope e = {0};
	struct dead_headers h;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		assert_true(dead_headers_make(&h, families[i], &e));
		assert_true(h.n > 0);
		for (size_t k = 0; k < h.n; k++)
			assert_non_null(h.headers[k].value.data);
		dead_headers_clear(&h);
		assert_int_equal(h.n, 0);
	}
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

		assert_true(dead_headers_make(&h, STAGGER_HEADERS_KAFKA, &e));
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

	assert_true(dead_headers_make(&h, STAGGER_HEADERS_KAFKA, &e));
	assert_int_equal(h.n, OWN + 3);
	check(&h, OWN, "tracestate", "1");
	check(&h, OWN + 1, "traceparent", NULL);
	check(&h, OWN + 2, "tracestate", "");
	dead_headers_clear(&h);
	assert_null(h.names);
	dead_headers_clear(&h);
}

/* Beside the largest family, too: nothing is written beyond the end. */
static void dead_headers__at_most_sixteen_are_copied(void **state)
{
	(void)state;
	static const enum stagger_dead_letter_headers families[] = {
		STAGGER_HEADERS_KAFKA, STAGGER_HEADERS_CONNECT, STAGGER_HEADERS_SPRING,
		STAGGER_HEADERS_NONE};
	static const size_t own[] = {OWN, DEAD_HEADERS_MAX_OWN, DEAD_HEADERS_MAX_OWN, 0};
	struct envelope_header headers[40];
	char names[40][24];
	struct envelope e = {.headers = headers, .n_headers = 40};
	struct dead_headers h;

	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "apicurio.key.%zu", i);
		headers[i] = (struct envelope_header){bytes_text(names[i]), {"x", 1}};
	}
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		assert_true(dead_headers_make(&h, families[i], &e));
		assert_int_equal(h.n, own[i] + DEAD_HEADERS_MAX_COPIED);
		check(&h, h.n - 1, "apicurio.key.15", "x");
		dead_headers_clear(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_headers__are_kafkas_own),
		cmocka_unit_test(dead_headers__are_connects_all_in_text),
		cmocka_unit_test(dead_headers__connects_stage_tells_the_undecodable),
		cmocka_unit_test(dead_headers__are_springs_with_numbers_in_network_order),
		cmocka_unit_test(dead_headers__springs_numbers_keep_their_ends),
		cmocka_unit_test(dead_headers__springs_time_may_be_missing),
		cmocka_unit_test(dead_headers__none_still_copies_the_original_ones),
		cmocka_unit_test(dead_headers__class_is_the_disposition_without_an_error),
		cmocka_unit_test(dead_headers__texts_are_never_null),
		cmocka_unit_test(dead_headers__only_trace_and_key_headers_stand_outside),
		cmocka_unit_test(dead_headers__copies_keep_order_duplicates_and_nulls),
		cmocka_unit_test(dead_headers__at_most_sixteen_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
