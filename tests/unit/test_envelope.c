/* SPDX-License-Identifier: Apache-2.0
 *
 * Envelopes from hop to hop: what stays and what is said anew. History and attributes, which have
 * limits, are in test_envelope_lists.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/envelope.h"

static char class_a[] = "BankBusy", code_a[] = "503";
static char message_a[] = "try later", detail_a[] = "at a";
static char class_b[] = "Timeout", message_b[] = "took 3 s";

static const struct failure failure_a = {.error_class = class_a,
					 .error_code = code_a,
					 .error_message = message_a,
					 .error_detail = detail_a};
static const struct failure failure_b = {.error_class = class_b, .error_message = message_b};

static struct envelope_facts hop(const char *stage, int32_t tries, int64_t failed_ms,
				 const struct failure *failure)
{
	return (struct envelope_facts){
		.stage = bytes_text(stage),
		.due_ms = failed_ms + 60000,
		.visit = 2,
		.disposition = bytes_text("retry"),
		.group = bytes_text("g"),
		.chain = bytes_text("orders"),
		.client_id = bytes_text("client"),
		.host = bytes_text("host"),
		.left_stage = bytes_text("main"),
		.left_topic = bytes_text("orders"),
		.left_partition = 3,
		.left_offset = 77,
		.tries = tries,
		.failed_ms = failed_ms,
		.duration_ms = 12,
		.failure = failure,
	};
}

static struct envelope_origin record(void)
{
	return (struct envelope_origin){
		.topic = bytes_text("orders"),
		.partition = 3,
		.offset = 77,
		.timestamp_ms = 900,
		.key = bytes_text("k"),
		.value = bytes_text("v"),
	};
}

#define assert_text(bytes, text) assert_true(bytes_is((bytes), (text)))

/* -- fresh ------------------------------------------------------------------------------- */
static void envelope__fresh_says_all_that_is_known(void **state)
{
	(void)state;
	const struct stagger_header headers[] = {{"h", {"1", 1}}, {"h", {NULL, 0}}, {"", {"", 0}}};
	struct envelope_facts facts = hop("retry.1m", 3, 1000, &failure_a);
	struct envelope_origin origin = record();
	struct envelope_room room;
	struct envelope e;

	origin.headers = headers;
	origin.n_headers = 3;
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_text(e.stage, "retry.1m");
	assert_int_equal(e.due_ms, 61000);
	assert_int_equal(e.visit, 2);
	assert_int_equal(e.attempts, 3);
	assert_int_equal(e.replays, 0);
	assert_text(e.disposition, "retry");
	assert_text(e.group, "g");
	assert_text(e.chain, "orders");
	assert_text(e.client_id, "client");
	assert_text(e.host, "host");
	assert_text(e.original_topic, "orders");
	assert_int_equal(e.original_partition, 3);
	assert_int_equal(e.original_offset, 77);
	assert_int_equal(e.first_failed_ms, 1000);
	assert_int_equal(e.last_failed_ms, 1000);
	assert_text(e.last.error_class, "BankBusy");
	assert_text(e.last.error_code, "503");
	assert_text(e.last.error_message, "try later");
	assert_text(e.last.error_detail, "at a");
	assert_true(e.has_first);
	assert_text(e.first.error_detail, "at a");
	assert_int_equal(e.n_headers, 3);
	assert_text(e.headers[0].name, "h");
	assert_text(e.headers[0].value, "1");
	assert_text(e.headers[1].name, "h");
	assert_null(e.headers[1].value.data);
	assert_text(e.headers[2].value, "");
	assert_text(e.key, "k");
	assert_text(e.value, "v");
	assert_false(e.payload_omitted);
	assert_int_equal(e.framing, ENVELOPE_SINGLE_OBJECT);
	assert_int_equal(e.fingerprint, 0);
	assert_int_equal(e.tail.size, 0);
	envelope_room_clear(&room);
	assert_null(room.headers);
}

static void envelope__fresh_keeps_the_visit_that_ended(void **state)
{
	(void)state;
	struct envelope_facts facts = hop("retry.1m", 3, 1000, &failure_a);
	struct envelope_origin origin = record();
	struct envelope_room room;
	struct envelope e;

	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.n_headers, 0);
	assert_int_equal(e.n_history, 1);
	assert_text(e.history[0].stage, "main");
	assert_text(e.history[0].topic, "orders");
	assert_int_equal(e.history[0].partition, 3);
	assert_int_equal(e.history[0].offset, 77);
	assert_int_equal(e.history[0].tries, 3);
	assert_int_equal(e.history[0].failed_ms, 1000);
	assert_int_equal(e.history[0].duration_ms, 12);
	assert_text(e.history[0].fault.error_class, "BankBusy");
	assert_text(e.history[0].fault.error_code, "503");
	assert_text(e.history[0].fault.error_message, "try later");
	assert_null(e.history[0].fault.error_detail.data);
	assert_text(e.history[0].host, "host");
	envelope_room_clear(&room);

	facts.failure = NULL; /* there was no memory for it */
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.n_history, 1);
	assert_int_equal(e.history[0].tries, 3);
	assert_int_equal(e.history[0].fault.error_message.size, 0);
	envelope_room_clear(&room);
}

/* expired, undecodable, foreign: no call was made */
static void envelope__fresh_without_a_call_has_no_history(void **state)
{
	(void)state;
	struct envelope_facts facts = hop("dlt", 0, 1000, NULL);
	struct envelope_origin origin = record();
	struct envelope_room room;
	struct envelope e;

	facts.due_ms = ENVELOPE_NO_TIME;
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.due_ms, ENVELOPE_NO_TIME);
	assert_int_equal(e.attempts, 0);
	assert_int_equal(e.n_history, 0);
	assert_int_equal(e.last.error_class.size, 0);
	assert_null(e.last.error_code.data);
	assert_false(e.has_first);
	assert_int_equal(e.last_failed_ms, 1000);
	envelope_room_clear(&room);

	facts.failure = &failure_b; /* undecodable: an error, but not of a handler */
	assert_true(envelope_fresh(&e, &room, &origin, &facts));
	assert_int_equal(e.n_history, 0);
	assert_text(e.last.error_class, "Timeout");
	assert_true(e.has_first);
	envelope_room_clear(&room);
}

static void envelope__fresh_tells_no_timestamp_from_either_kind(void **state)
{
	(void)state;
	static const struct {
		int64_t timestamp_ms, expected_ms;
		bool log_append_time;
		const char *type;
	} rows[] = {
		{900, 900, false, "CreateTime"},
		{900, 900, true, "LogAppendTime"},
		{0, 0, false, "CreateTime"},
		{-1, ENVELOPE_NO_TIME, false, NULL},
		{-1, ENVELOPE_NO_TIME, true, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope_facts facts = hop("retry.1m", 1, 1000, &failure_a);
		struct envelope_origin origin = record();
		struct envelope_room room;
		struct envelope e;

		origin.timestamp_ms = rows[i].timestamp_ms;
		origin.log_append_time = rows[i].log_append_time;
		assert_true(envelope_fresh(&e, &room, &origin, &facts));
		assert_int_equal(e.original_timestamp_ms, rows[i].expected_ms);
		assert_text(e.original_timestamp_type, rows[i].type);
		envelope_room_clear(&room);
	}
}

static void envelope__the_schema_id_is_read_where_the_content_type_says_so(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		struct stagger_bytes value;
		bool has;
		int32_t id;
	} rows[] = {
		{"application/vnd.confluent.avro", {"\0\0\1\2\3x", 6}, true, 0x010203},
		{"application/vnd.confluent.json", {"\0\xff\xff\xff\xff", 5}, true, -1},
		{"application/vnd.confluent.avro", {"\1\0\1\2\3x", 6}, false, 0},
		{"application/vnd.confluent.avro", {"\0\0\1\2", 4}, false, 0},
		{"application/vnd.confluent.avro", {NULL, 0}, false, 0},
		{"application/json", {"\0\0\1\2\3x", 6}, false, 0},
		{"application/vnd.confluenz.avro", {"\0\0\1\2\3x", 6}, false, 0},
		{NULL, {"\0\0\1\2\3x", 6}, false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope_facts facts = hop("retry.1m", 1, 1000, &failure_a);
		struct envelope_origin origin = record();
		struct envelope_room room;
		struct envelope e;

		origin.value = rows[i].value;
		facts.value_content_type = bytes_text(rows[i].type);
		facts.key_content_type = bytes_text("text/plain");
		assert_true(envelope_fresh(&e, &room, &origin, &facts));
		assert_text(e.value_content_type, rows[i].type);
		assert_text(e.key_content_type, "text/plain");
		assert_int_equal(e.has_value_schema_id, rows[i].has);
		assert_int_equal(e.value_schema_id, rows[i].id);
		envelope_room_clear(&room);
	}
}

/* -- advance ----------------------------------------------------------------------------- */
static void envelope__advance_keeps_the_origin_and_renews_the_rest(void **state)
{
	(void)state;
	const struct stagger_header headers[] = {{"h", {"1", 1}}};
	struct envelope_facts first = hop("retry.1m", 3, 1000, &failure_a);
	struct envelope_facts second = hop("retry.5m", 1, 5000, &failure_b);
	struct envelope_origin origin = record();
	struct envelope_room room, next_room;
	struct envelope old, e;

	origin.headers = headers;
	origin.n_headers = 1;
	assert_true(envelope_fresh(&old, &room, &origin, &first));
	old.replays = 4;
	old.framing = ENVELOPE_REGISTRY;
	old.schema_id = 12;
	old.fingerprint = 99;
	old.tail = bytes_text("newer");
	second.left_stage = bytes_text("retry.1m");
	second.group = bytes_text("renamed");
	envelope_advance(&e, &next_room, &old, &second);

	assert_text(e.stage, "retry.5m");
	assert_text(e.group, "renamed");
	assert_int_equal(e.attempts, 4);
	assert_int_equal(e.replays, 4);
	assert_int_equal(e.first_failed_ms, 1000);
	assert_int_equal(e.last_failed_ms, 5000);
	assert_text(e.last.error_class, "Timeout");
	assert_null(e.last.error_code.data);
	assert_text(e.first.error_class, "BankBusy");
	assert_text(e.first.error_detail, "at a");
	assert_int_equal(e.original_offset, 77);
	assert_int_equal(e.n_history, 2);
	assert_text(e.history[0].stage, "main");
	assert_text(e.history[1].stage, "retry.1m");
	assert_int_equal(e.framing, ENVELOPE_REGISTRY);
	assert_int_equal(e.schema_id, 12);
	assert_int_equal(e.fingerprint, 99);
	assert_text(e.tail, "newer");
	assert_ptr_equal(e.headers, old.headers);
	assert_int_equal(e.n_headers, 1);
	assert_text(e.value, "v");
	envelope_room_clear(&next_room); /* frees nothing of the old one */
	assert_text(e.headers[0].name, "h");
	envelope_room_clear(&room);
}

static void envelope__advance_without_a_call_keeps_the_last_error(void **state)
{
	(void)state;
	struct envelope_facts first = hop("retry.1m", 3, 1000, &failure_a);
	struct envelope_facts expired = hop("dlt", 0, 9000, NULL);
	struct envelope_origin origin = record();
	struct envelope_room room, next_room;
	struct envelope old, e;

	assert_true(envelope_fresh(&old, &room, &origin, &first));
	envelope_advance(&e, &next_room, &old, &expired);
	assert_text(e.stage, "dlt");
	assert_int_equal(e.attempts, 3);
	assert_int_equal(e.n_history, 1);
	assert_int_equal(e.last_failed_ms, 1000);
	assert_text(e.last.error_class, "BankBusy");
	assert_text(e.last.error_detail, "at a");
	assert_true(e.has_first);
	envelope_room_clear(&room);
}

static void envelope__the_first_error_is_the_first_that_is_known(void **state)
{
	(void)state;
	struct envelope_facts facts = hop("retry.5m", 1, 5000, &failure_b);
	struct envelope old = {.last = {.error_class = bytes_text("Edited")}};
	struct envelope_room room;
	struct envelope e;

	envelope_advance(&e, &room, &old, &facts); /* a writer that kept no first error */
	assert_text(e.first.error_class, "Edited");
	old.last.error_class = bytes_text("");
	envelope_advance(&e, &room, &old, &facts); /* nothing had failed */
	assert_text(e.first.error_class, "Timeout");
	old.has_first = true; /* an empty one is one */
	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.first.error_class.size, 0);
}

static void envelope__content_types_said_once_stay(void **state)
{
	(void)state;
	struct envelope_facts facts = hop("retry.5m", 1, 5000, &failure_b);
	struct envelope old = {.value = {"\0\0\0\0\7", 5}};
	struct envelope_room room;
	struct envelope e;

	facts.key_content_type = bytes_text("now/key");
	facts.value_content_type = bytes_text("application/vnd.confluent.avro");
	envelope_advance(&e, &room, &old, &facts);
	assert_text(e.key_content_type, "now/key");
	assert_true(e.has_value_schema_id);
	assert_int_equal(e.value_schema_id, 7);
	old.key_content_type = bytes_text("then/key");
	old.value_content_type = bytes_text("application/vnd.confluent.json");
	old.has_value_schema_id = true;
	old.value_schema_id = 5;
	envelope_advance(&e, &room, &old, &facts);
	assert_text(e.key_content_type, "then/key");
	assert_text(e.value_content_type, "application/vnd.confluent.json");
	assert_int_equal(e.value_schema_id, 5);
}

static void envelope__counts_saturate(void **state)
{
	(void)state;
	struct envelope_facts facts = hop("retry.5m", 5, 5000, &failure_b);
	struct envelope old = {.attempts = INT32_MAX - 2};
	struct envelope_room room;
	struct envelope e;

	envelope_advance(&e, &room, &old, &facts);
	assert_int_equal(e.attempts, INT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope__fresh_says_all_that_is_known),
		cmocka_unit_test(envelope__fresh_keeps_the_visit_that_ended),
		cmocka_unit_test(envelope__fresh_without_a_call_has_no_history),
		cmocka_unit_test(envelope__fresh_tells_no_timestamp_from_either_kind),
		cmocka_unit_test(envelope__the_schema_id_is_read_where_the_content_type_says_so),
		cmocka_unit_test(envelope__advance_keeps_the_origin_and_renews_the_rest),
		cmocka_unit_test(envelope__advance_without_a_call_keeps_the_last_error),
		cmocka_unit_test(envelope__the_first_error_is_the_first_that_is_known),
		cmocka_unit_test(envelope__content_types_said_once_stay),
		cmocka_unit_test(envelope__counts_saturate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
