/* SPDX-License-Identifier: Apache-2.0
 *
 * The public envelope: C strings in one block, what is null there, and back to bytes. */
#define _GNU_SOURCE
#include <stagger/envelope.h>

#include <malloc.h>

#include "envelope_calls.h"

static const struct stagger_envelope *read_sample(void (*fill)(struct sample *s))
{
	struct sample *s = sample_new(fill);
	struct stagger_bytes bytes = sample_write(&s->e);
	const struct stagger_envelope *e = read_ok(bytes);

	/* It must have copied all it needs. */
	memset((char *)(uintptr_t)bytes.data, 0xff, bytes.size);
	sample_drop(bytes);
	sample_free(s);
	return e;
}

static void envelope__read_copies_every_field(void **state)
{
	const struct stagger_envelope *e = read_sample(sample_full);

	(void)state;
	assert_string_equal(e->stage, "retry.30m");
	assert_int_equal(e->due_ms, INT64_C(1767227100789));
	assert_int_equal(e->visit, 2);
	assert_int_equal(e->attempts, 5);
	assert_int_equal(e->replays, 1);
	assert_string_equal(e->disposition, "retry");
	assert_string_equal(e->group, "billing");
	assert_string_equal(e->chain, "orders");
	assert_string_equal(e->client_id, "billing-7");
	assert_string_equal(e->host, "worker-7.example");
	assert_string_equal(e->original_topic, "orders");
	assert_int_equal(e->original_partition, 3);
	assert_int_equal(e->original_offset, INT64_C(9007199254740993));
	assert_int_equal(e->original_timestamp_ms, INT64_C(1767225300000));
	assert_string_equal(e->original_timestamp_type, "CreateTime");
	assert_int_equal(e->first_failed_ms, INT64_C(1767225300789));
	assert_int_equal(e->last_failed_ms, INT64_C(1767225300790));
	assert_string_equal(e->last.error_class, "BankBusy");
	assert_string_equal(e->last.error_code, "503");
	assert_string_equal(e->last.error_message, "connection pool is full");
	assert_string_equal(e->last.error_detail, "at charge (bank.c:42)\n\tat main");
	assert_string_equal(e->first->error_class, "Timeout");
	assert_null(e->first->error_code);
	assert_string_equal(e->first->error_message, "no answer in 2 s");
	assert_string_equal(e->first->error_detail, "late");
	assert_int_equal(e->history_dropped, 4);
	assert_string_equal(e->key_content_type, "text/plain");
	assert_string_equal(e->value_content_type, "application/json");
	assert_int_equal(e->value_schema_id, 100001);
	assert_false(e->payload_omitted);
	assert_true(bytes_is(e->key, "order-4711"));
	assert_true(bytes_is(e->value, "{\"order\": 4711}"));
	drop(e);
}

static void envelope__read_copies_every_list(void **state)
{
	const struct stagger_envelope *e = read_sample(sample_full);

	(void)state;
	assert_int_equal(e->n_history, 3);
	assert_string_equal(e->history[1]->stage, "retry.5m");
	assert_string_equal(e->history[1]->topic, "orders.billing.retry.5m");
	assert_int_equal(e->history[1]->partition, 1);
	assert_int_equal(e->history[1]->tries, 3);
	assert_int_equal(e->history[1]->offset, 65);
	assert_int_equal(e->history[1]->failed_ms, INT64_C(1767225300790));
	assert_int_equal(e->history[1]->duration_ms, 0);
	assert_int_equal(e->history[2]->duration_ms, -1);
	assert_string_equal(e->history[1]->fault.error_class, "BankBusy");
	assert_string_equal(e->history[1]->fault.error_code, "503");
	assert_null(e->history[0]->fault.error_code);
	assert_string_equal(e->history[1]->fault.error_message, "connection pool is full");
	assert_null(e->history[1]->fault.error_detail);
	assert_null(e->history[1]->host);
	assert_string_equal(e->history[2]->host, "worker-7.example");
	assert_int_equal(e->n_attributes, 2);
	assert_string_equal(e->attributes[0].name, "tenant");
	assert_string_equal(e->attributes[0].value, "acme");
	assert_string_equal(e->attributes[1].name, "");
	assert_string_equal(e->attributes[1].value, "");
	assert_int_equal(e->n_headers, 4);
	assert_string_equal(e->headers[0].name, "trace");
	assert_true(bytes_is(e->headers[0].value, "00-0af7"));
	assert_non_null(e->headers[1].value.data);
	assert_int_equal(e->headers[1].value.size, 0);
	assert_null(e->headers[2].value.data);
	assert_memory_equal(e->headers[3].value.data, "\xff\0\x01", 3);
	drop(e);
}

static void envelope__read_tells_null_from_empty(void **state)
{
	const struct stagger_envelope *nulls = read_sample(sample_minimal);
	const struct stagger_envelope *empties = read_sample(sample_empties);

	(void)state;
	assert_string_equal(nulls->stage, "");
	assert_int_equal(nulls->due_ms, 0);
	assert_int_equal(nulls->original_timestamp_ms, -1);
	assert_null(nulls->client_id);
	assert_null(nulls->last.error_code);
	assert_string_equal(nulls->last.error_message, "");
	assert_null(nulls->first);
	assert_null(nulls->history);
	assert_null(nulls->attributes);
	assert_null(nulls->headers);
	assert_int_equal(nulls->value_schema_id, 0);
	assert_null(nulls->key.data);
	assert_null(nulls->value.data);
	assert_int_equal(empties->original_timestamp_ms, 0);
	assert_string_equal(empties->client_id, "");
	assert_string_equal(empties->last.error_code, "");
	assert_string_equal(empties->first->error_detail, "");
	assert_non_null(empties->key.data);
	assert_int_equal(empties->key.size, 0);
	assert_non_null(empties->value.data);
	drop(nulls);
	drop(empties);
}

/* Whatever is read is written as the same bytes again. */
static void envelope__write_undoes_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_CASES; i++) {
		struct sample *s = sample_new(sample_cases[i].fill);
		if (s->e.due_ms == 0) /* public 0 is null; nothing is due in 1970 */
			s->e.due_ms = ENVELOPE_NO_TIME;
		if (s->e.value_schema_id == 0)
			s->e.has_value_schema_id = false;
		struct stagger_bytes bytes = sample_write(&s->e);
		const struct stagger_envelope *e = read_ok(bytes);
		struct stagger_bytes again = write_ok(e, 0);

		assert_true(bytes_equal(bytes, again));
		assert_true(malloc_usable_size((void *)(uintptr_t)e) <= 40 * bytes.size);
		drop(e);
		sample_drop(bytes);
		sample_drop(again);
		sample_free(s);
	}
}

static void envelope__write_frames_with_the_registrys_id(void **state)
{
	struct stagger_envelope *e = new_ok();
	struct stagger_bytes bytes = write_ok(e, 70001);

	(void)state;
	assert_memory_equal(bytes.data, "\0\0\x01\x11\x71", 5);
	assert_true(stagger_envelope_is(bytes));
	sample_drop(bytes);
	bytes = write_ok(e, 0);
	assert_memory_equal(bytes.data, "\xc3\x01", 2);
	assert_true(stagger_envelope_is(bytes));
	sample_drop(bytes);
	drop(e);
	assert_false(stagger_envelope_is(bytes_text("{}")));
}

static void envelope__new_is_empty(void **state)
{
	struct stagger_envelope *e = new_ok();
	struct stagger_bytes bytes = write_ok(e, 0);
	const struct stagger_envelope *read = read_ok(bytes);

	(void)state;
	assert_string_equal(e->stage, "");
	assert_string_equal(e->last.error_class, "");
	assert_int_equal(e->visit, 1);
	assert_int_equal(e->original_timestamp_ms, -1);
	assert_int_equal(read->visit, 1);
	assert_int_equal(read->attempts, 0);
	assert_int_equal(read->due_ms, 0);
	assert_int_equal(read->original_timestamp_ms, -1);
	assert_null(read->key.data);
	drop(e);
	drop(read);
	sample_drop(bytes);
}

static void envelope__read_reports_what_the_codec_reports(void **state)
{
	const struct stagger_envelope *e = NULL;
	struct stagger_error err;

	(void)state;
	assert_int_equal(stagger_envelope_read(&e, bytes_text("{}"), &err), STAGGER_CORRUPT);
	assert_null(e);
	assert_int_equal(err.status, STAGGER_CORRUPT);
	stagger_envelope_free(&e);
	stagger_envelope_free(NULL);
}

static void envelope__schema_is_the_codecs(void **state)
{
	(void)state;
	assert_string_equal(stagger_envelope_schema(), envelope_schema_text());
	assert_non_null(strstr(stagger_envelope_schema(), "\"RetryEnvelope\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope__read_copies_every_field),
		cmocka_unit_test(envelope__read_copies_every_list),
		cmocka_unit_test(envelope__read_tells_null_from_empty),
		cmocka_unit_test(envelope__write_undoes_read),
		cmocka_unit_test(envelope__write_frames_with_the_registrys_id),
		cmocka_unit_test(envelope__new_is_empty),
		cmocka_unit_test(envelope__read_reports_what_the_codec_reports),
		cmocka_unit_test(envelope__schema_is_the_codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
