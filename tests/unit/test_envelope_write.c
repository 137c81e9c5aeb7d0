/* SPDX-License-Identifier: Apache-2.0
 *
 * Our writer against avro-c: the same envelope built as avro-c's generic values is written to the
 * same bytes, and our bytes are read back by avro-c as equal values. */
#include "codec/envelope_codec.h"

#include <avro.h>

#include "envelope_samples.h"

struct oracle {
	avro_schema_t schema;
	avro_value_iface_t *iface;
};

static int oracle_open(void **state)
{
	static struct oracle oracle;
	const char *text = envelope_schema_text();

	if (avro_schema_from_json_length(text, strlen(text), &oracle.schema) != 0)
		return -1;
	oracle.iface = avro_generic_class_from_schema(oracle.schema);
	*state = &oracle;
	return oracle.iface == NULL ? -1 : 0;
}

static int oracle_close(void **state)
{
	struct oracle *oracle = *state;

	avro_value_iface_decref(oracle->iface);
	avro_schema_decref(oracle->schema);
	return 0;
}

static avro_value_t field(avro_value_t *record, const char *name)
{
	avro_value_t value = {0};

	assert_int_equal(avro_value_get_by_name(record, name, &value, NULL), 0);
	return value;
}

static void set_string(avro_value_t *value, struct stagger_bytes text)
{
	char *copy = bytes_dup(text);

	assert_non_null(copy);
	assert_int_equal(avro_value_set_string_len(value, copy, text.size + 1), 0);
	free(copy);
}

static void set_text(avro_value_t *record, const char *name, struct stagger_bytes text)
{
	avro_value_t value = field(record, name);
	set_string(&value, text);
}

static void set_maybe(avro_value_t *record, const char *name, struct stagger_bytes bytes)
{
	avro_value_t value = field(record, name);
	avro_value_t branch = {0};

	assert_int_equal(avro_value_set_branch(&value, bytes.data != NULL, &branch), 0);
	if (bytes.data == NULL)
		assert_int_equal(avro_value_set_null(&branch), 0);
	else if (avro_value_get_type(&branch) == AVRO_STRING)
		set_string(&branch, bytes);
	else
		assert_int_equal(avro_value_set_bytes(&branch, (void *)(uintptr_t)bytes.data,
						      bytes.size), 0);
}

static void set_int(avro_value_t *record, const char *name, int32_t n)
{
	avro_value_t value = field(record, name);
	assert_int_equal(avro_value_set_int(&value, n), 0);
}

static void set_long(avro_value_t *record, const char *name, int64_t n)
{
	avro_value_t value = field(record, name);
	assert_int_equal(avro_value_set_long(&value, n), 0);
}

static void set_maybe_long(avro_value_t *record, const char *name, int64_t n, int64_t null)
{
	avro_value_t value = field(record, name);
	avro_value_t branch = {0};

	assert_int_equal(avro_value_set_branch(&value, n != null, &branch), 0);
	if (n == null)
		assert_int_equal(avro_value_set_null(&branch), 0);
	else
		assert_int_equal(avro_value_set_long(&branch, n), 0);
}

static void set_fault(avro_value_t *record, const struct envelope_fault *fault)
{
	set_text(record, "error_class", fault->error_class);
	set_maybe(record, "error_code", fault->error_code);
	set_text(record, "error_message", fault->error_message);
}

static void set_attempt(avro_value_t *record, const struct envelope_attempt *a)
{
	set_text(record, "stage", a->stage);
	set_text(record, "topic", a->topic);
	set_int(record, "partition", a->partition);
	set_long(record, "offset", a->offset);
	set_long(record, "failed_at", a->failed_ms);
	set_maybe_long(record, "duration_ms", a->duration_ms, -1);
	set_int(record, "tries", a->tries);
	set_fault(record, &a->fault);
	set_maybe(record, "host", a->host);
}

static void set_lists(avro_value_t *record, const struct envelope *e)
{
	avro_value_t item = {0};
	avro_value_t history = field(record, "history");
	avro_value_t attributes = field(record, "attributes");
	avro_value_t headers = field(record, "headers");

	for (size_t i = 0; i < e->n_history; i++) {
		assert_int_equal(avro_value_append(&history, &item, NULL), 0);
		set_attempt(&item, &e->history[i]);
	}
	for (size_t i = 0; i < e->n_attributes; i++) {
		char *name = bytes_dup(e->attributes[i].name);
		assert_int_equal(avro_value_add(&attributes, name, &item, NULL, NULL), 0);
		set_string(&item, e->attributes[i].value);
		free(name);
	}
	for (size_t i = 0; i < e->n_headers; i++) {
		assert_int_equal(avro_value_append(&headers, &item, NULL), 0);
		set_text(&item, "key", e->headers[i].name);
		set_maybe(&item, "value", e->headers[i].value);
	}
}

static void set_errors(avro_value_t *record, const struct envelope *e)
{
	avro_value_t first = field(record, "first_error");
	avro_value_t branch = {0};

	set_fault(record, &e->last);
	set_maybe(record, "error_detail", e->last.error_detail);
	assert_int_equal(avro_value_set_branch(&first, e->has_first, &branch), 0);
	if (!e->has_first) {
		assert_int_equal(avro_value_set_null(&branch), 0);
		return;
	}
	set_fault(&branch, &e->first);
	set_maybe(&branch, "error_detail", e->first.error_detail);
}

static void set_envelope(avro_value_t *record, const struct envelope *e)
{
	avro_value_t value;
	avro_value_t branch = {0};

	set_text(record, "stage", e->stage);
	set_maybe_long(record, "due_at", e->due_ms, ENVELOPE_NO_TIME);
	set_int(record, "visit", e->visit);
	set_int(record, "attempts", e->attempts);
	set_int(record, "replays", e->replays);
	set_text(record, "disposition", e->disposition);
	set_text(record, "consumer_group", e->group);
	set_text(record, "chain", e->chain);
	set_maybe(record, "client_id", e->client_id);
	set_maybe(record, "host", e->host);
	set_text(record, "original_topic", e->original_topic);
	set_int(record, "original_partition", e->original_partition);
	set_long(record, "original_offset", e->original_offset);
	set_maybe_long(record, "original_timestamp", e->original_timestamp_ms, ENVELOPE_NO_TIME);
	set_maybe(record, "original_timestamp_type", e->original_timestamp_type);
	set_long(record, "first_failed_at", e->first_failed_ms);
	set_long(record, "last_failed_at", e->last_failed_ms);
	set_errors(record, e);
	set_int(record, "history_dropped", e->history_dropped);
	set_maybe(record, "key_content_type", e->key_content_type);
	set_maybe(record, "value_content_type", e->value_content_type);
	value = field(record, "value_schema_id");
	assert_int_equal(avro_value_set_branch(&value, e->has_value_schema_id, &branch), 0);
	if (e->has_value_schema_id)
		assert_int_equal(avro_value_set_int(&branch, e->value_schema_id), 0);
	else
		assert_int_equal(avro_value_set_null(&branch), 0);
	value = field(record, "payload_omitted");
	assert_int_equal(avro_value_set_boolean(&value, e->payload_omitted), 0);
	set_maybe(record, "key", e->key);
	set_maybe(record, "value", e->value);
	set_lists(record, e);
}

static void check_against_oracle(const struct oracle *oracle, const struct envelope *e)
{
	avro_value_t built;
	avro_value_t read;
	size_t size;
	struct stagger_bytes ours = sample_write(e);
	const char *body = (const char *)ours.data + ENVELOPE_FRAME_MAX;
	size_t body_size = ours.size - ENVELOPE_FRAME_MAX;

	assert_int_equal(avro_generic_value_new(oracle->iface, &built), 0);
	set_envelope(&built, e);
	assert_int_equal(avro_value_sizeof(&built, &size), 0);
	assert_int_equal(size, body_size);
	char *theirs = malloc(size);
	assert_non_null(theirs);
	avro_writer_t writer = avro_writer_memory(theirs, (int64_t)size);
	assert_int_equal(avro_value_write(writer, &built), 0);
	assert_memory_equal(theirs, body, size);

	avro_reader_t reader = avro_reader_memory(body, (int64_t)body_size);
	assert_int_equal(avro_generic_value_new(oracle->iface, &read), 0);
	assert_int_equal(avro_value_read(reader, &read), 0);
	assert_true(avro_value_equal(&built, &read));

	avro_reader_free(reader);
	avro_writer_free(writer);
	avro_value_decref(&built);
	avro_value_decref(&read);
	free(theirs);
	sample_drop(ours);
}

static void envelope_write__writes_the_bytes_that_avro_c_writes(void **state)
{
	for (size_t i = 0; i < SAMPLE_CASES; i++) {
		struct sample *s = sample_new(sample_cases[i].fill);
		check_against_oracle(*state, &s->e);
		sample_free(s);
	}
}

/* Numbers on both sides of each length of a varint. */
static void envelope_write__writes_numbers_of_every_length_as_avro_c(void **state)
{
	for (int bits = 0; bits < 63; bits++) {
		struct sample *s = sample_new(sample_full);
		int64_t n = INT64_C(1) << bits;

		s->e.original_offset = n;
		s->e.due_ms = n - 1;
		s->e.first_failed_ms = -n;
		s->e.last_failed_ms = -n - 1;
		s->history[1].offset = n + 1;
		s->e.visit = (int32_t)(n & INT32_MAX);
		check_against_oracle(*state, &s->e);
		sample_free(s);
	}
}

/* Short texts are copied in place, by their length. */
static void envelope_write__writes_texts_of_every_length_as_avro_c(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";

	for (size_t n = 0; n < sizeof(text); n++) {
		struct sample *s = sample_new(sample_full);

		s->e.stage = (struct stagger_bytes){text, n};
		s->e.host = (struct stagger_bytes){text + sizeof(text) - 1 - n, n};
		check_against_oracle(*state, &s->e);
		sample_free(s);
	}
}

static void envelope_write__takes_null_texts_as_empty_where_the_schema_has_no_null(void **state)
{
	struct sample *nulls = sample_new(sample_minimal);
	struct sample *empties = sample_new(sample_minimal);

	(void)state;
	empties->e.stage = EMPTY;
	empties->e.disposition = EMPTY;
	empties->e.group = EMPTY;
	empties->e.chain = EMPTY;
	empties->e.original_topic = EMPTY;
	empties->e.last.error_class = EMPTY;
	empties->e.last.error_message = EMPTY;
	struct stagger_bytes a = sample_write(&nulls->e);
	struct stagger_bytes b = sample_write(&empties->e);
	assert_true(bytes_equal(a, b));
	sample_drop(a);
	sample_drop(b);
	sample_free(nulls);
	sample_free(empties);
}

static void envelope_write__frames_as_the_envelope_says(void **state)
{
	static const struct {
		enum envelope_framing framing;
		uint64_t fingerprint;
		int32_t schema_id;
		const char *frame;
		size_t size;
	} cases[] = {
		{ENVELOPE_SINGLE_OBJECT, 0, 9, "\xc3\x01\x14\x16\xce\x6f\x8c\x6b\xda\x4c", 10},
		{ENVELOPE_SINGLE_OBJECT, 1, 9, "\xc3\x01\x01\0\0\0\0\0\0\0", 10},
		{ENVELOPE_REGISTRY, 1, 256, "\0\0\0\x01\0", 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample *s = sample_new(sample_full);
		s->e.framing = cases[i].framing;
		s->e.fingerprint = cases[i].fingerprint;
		s->e.schema_id = cases[i].schema_id;
		struct stagger_bytes bytes = sample_write(&s->e);
		assert_int_equal(bytes.size, envelope_size(&s->e));
		assert_memory_equal(bytes.data, cases[i].frame, cases[i].size);
		sample_drop(bytes);
		sample_free(s);
	}
}

static void envelope_write__appends_the_tail(void **state)
{
	struct sample *s = sample_new(sample_full);

	(void)state;
	s->e.fingerprint = 1;
	struct stagger_bytes without = sample_write(&s->e);
	s->e.tail = bytes_text("\x02newer");
	struct stagger_bytes with = sample_write(&s->e);
	assert_int_equal(with.size, without.size + s->e.tail.size);
	assert_memory_equal(with.data, without.data, without.size);
	assert_memory_equal((const char *)with.data + without.size, s->e.tail.data,
			    s->e.tail.size);
	sample_drop(without);
	sample_drop(with);
	sample_free(s);
}

static void envelope_write__refuses_2_gib_before_it_looks_at_the_bytes(void **state)
{
	struct sample *s = sample_new(sample_full);
	void *out = NULL;
	size_t size = 0;
	struct stagger_error err;

	(void)state;
	s->e.value.size = (size_t)INT32_MAX;
	assert_int_equal(envelope_write(&s->e, &out, &size, &err), STAGGER_INVALID);
	assert_null(out);
	assert_non_null(strstr(err.text, "2 GiB"));
	sample_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_write__writes_the_bytes_that_avro_c_writes),
		cmocka_unit_test(envelope_write__writes_numbers_of_every_length_as_avro_c),
		cmocka_unit_test(envelope_write__writes_texts_of_every_length_as_avro_c),
		cmocka_unit_test(
			envelope_write__takes_null_texts_as_empty_where_the_schema_has_no_null),
		cmocka_unit_test(envelope_write__frames_as_the_envelope_says),
		cmocka_unit_test(envelope_write__appends_the_tail),
		cmocka_unit_test(envelope_write__refuses_2_gib_before_it_looks_at_the_bytes),
	};

	return cmocka_run_group_tests(tests, oracle_open, oracle_close);
}
