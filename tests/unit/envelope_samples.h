/* SPDX-License-Identifier: Apache-2.0
 *
 * Envelopes to write and read, and what equal means, shared by the codec's tests. */
#ifndef UNIT_ENVELOPE_SAMPLES_H
#define UNIT_ENVELOPE_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "codec/envelope_codec.h"

#define SAMPLE_LIST 64
#define SAMPLE_BIG  ((size_t)1 << 20)

struct sample {
	struct envelope e;
	struct envelope_attempt history[SAMPLE_LIST];
	struct envelope_pair attributes[SAMPLE_LIST];
	struct envelope_header headers[SAMPLE_LIST];
	char names[SAMPLE_LIST][8];
	char *big;
};

#define EMPTY ((struct stagger_bytes){"", 0})
#define NONE  ((struct stagger_bytes){NULL, 0})

static inline void sample_minimal(struct sample *s)
{
	s->e.due_ms = ENVELOPE_NO_TIME;
	s->e.original_timestamp_ms = ENVELOPE_NO_TIME;
	s->e.history = s->history;
	s->e.attributes = s->attributes;
	s->e.headers = s->headers;
}

static inline struct envelope_attempt sample_attempt(int64_t i)
{
	return (struct envelope_attempt){
		.stage = bytes_text("retry.5m"),
		.topic = bytes_text("orders.billing.retry.5m"),
		.partition = (int32_t)i,
		.tries = 3,
		.offset = 64 + i,
		.failed_ms = INT64_C(1767225300789) + i,
		.duration_ms = i % 2 == 0 ? -1 : i - 1,
		.fault = {.error_class = bytes_text("BankBusy"),
			  .error_code = i % 3 == 0 ? NONE : bytes_text("503"),
			  .error_message = bytes_text("connection pool is full")},
		.host = i % 2 == 0 ? bytes_text("worker-7.example") : NONE,
	};
}

static inline void sample_origin(struct sample *s)
{
	s->e.stage = bytes_text("retry.30m");
	s->e.due_ms = INT64_C(1767227100789);
	s->e.visit = 2;
	s->e.attempts = 5;
	s->e.replays = 1;
	s->e.disposition = bytes_text("retry");
	s->e.group = bytes_text("billing");
	s->e.chain = bytes_text("orders");
	s->e.client_id = bytes_text("billing-7");
	s->e.host = bytes_text("worker-7.example");
	s->e.original_topic = bytes_text("orders");
	s->e.original_partition = 3;
	s->e.original_offset = INT64_C(9007199254740993);
	s->e.original_timestamp_ms = INT64_C(1767225300000);
	s->e.original_timestamp_type = bytes_text("CreateTime");
	s->e.first_failed_ms = INT64_C(1767225300789);
	s->e.last_failed_ms = INT64_C(1767225300790);
	s->e.key_content_type = bytes_text("text/plain");
	s->e.value_content_type = bytes_text("application/json");
	s->e.value_schema_id = 100001;
	s->e.has_value_schema_id = true;
}

static inline void sample_full(struct sample *s)
{
	sample_minimal(s);
	sample_origin(s);
	s->e.last = (struct envelope_fault){bytes_text("BankBusy"), bytes_text("503"),
					    bytes_text("connection pool is full"),
					    bytes_text("at charge (bank.c:42)\n\tat main")};
	s->e.first = (struct envelope_fault){bytes_text("Timeout"), NONE,
					     bytes_text("no answer in 2 s"), bytes_text("late")};
	s->e.has_first = true;
	s->e.n_history = 3;
	for (size_t i = 0; i < s->e.n_history; i++)
		s->history[i] = sample_attempt((int64_t)i);
	s->e.history_dropped = 4;
	s->attributes[0] = (struct envelope_pair){bytes_text("tenant"), bytes_text("acme")};
	s->attributes[1] = (struct envelope_pair){EMPTY, EMPTY};
	s->e.n_attributes = 2;
	s->headers[0] = (struct envelope_header){bytes_text("trace"), bytes_text("00-0af7")};
	s->headers[1] = (struct envelope_header){bytes_text("tag"), EMPTY};
	s->headers[2] = (struct envelope_header){bytes_text("tag"), NONE};
	s->headers[3] = (struct envelope_header){bytes_text("tag"), {"\xff\0\x01", 3}};
	s->e.n_headers = 4;
	s->e.key = bytes_text("order-4711");
	s->e.value = bytes_text("{\"order\": 4711}");
}

/* Whatever may be null is empty. */
static inline void sample_empties(struct sample *s)
{
	sample_minimal(s);
	s->e.client_id = EMPTY;
	s->e.host = EMPTY;
	s->e.original_timestamp_ms = 0;
	s->e.due_ms = 0;
	s->e.original_timestamp_type = EMPTY;
	s->e.last = (struct envelope_fault){EMPTY, EMPTY, EMPTY, EMPTY};
	s->e.first = s->e.last;
	s->e.has_first = true;
	s->e.key_content_type = EMPTY;
	s->e.value_content_type = EMPTY;
	s->e.has_value_schema_id = true;
	s->history[0] = (struct envelope_attempt){.fault = {.error_code = EMPTY}, .host = EMPTY};
	s->e.n_history = 1;
	s->headers[0] = (struct envelope_header){EMPTY, EMPTY};
	s->e.n_headers = 1;
	s->e.key = EMPTY;
	s->e.value = EMPTY;
}

/* n of everything that is a list, each n written with another number of bytes from 64 on. */
static inline void sample_lists(struct sample *s, size_t n)
{
	sample_full(s);
	for (size_t i = 0; i < n; i++) {
		s->history[i] = sample_attempt((int64_t)i);
		s->names[i][0] = 'a';
		s->names[i][1] = (char)('0' + i / 10);
		s->names[i][2] = (char)('0' + i % 10);
		s->attributes[i] = (struct envelope_pair){bytes_text(s->names[i]), EMPTY};
		s->headers[i] = (struct envelope_header){
			bytes_text("tag"), i % 3 == 0 ? NONE : bytes_text(s->names[i])};
	}
	s->e.n_history = n;
	s->e.n_attributes = n;
	s->e.n_headers = n;
}

static inline void sample_sixteen(struct sample *s)
{
	sample_lists(s, ENVELOPE_MAX_HISTORY);
}

static inline void sample_sixty_four(struct sample *s)
{
	sample_lists(s, SAMPLE_LIST);
}

static inline void sample_one(struct sample *s)
{
	sample_lists(s, 1);
}

static inline void sample_unicode(struct sample *s)
{
	sample_full(s);
	s->e.last.error_class = bytes_text("Zahlung.\xc3\x9c"
					   "berf\xc3\xa4llig");
	s->e.last.error_message = bytes_text("\xf0\x9f\x92\xb8 \xe6\xbc\xa2\xe5\xad\x97");
	s->attributes[0].name = bytes_text("\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87");
	s->headers[0].name = bytes_text("na\xc3\xafve");
}

static inline void sample_large(struct sample *s)
{
	sample_full(s);
	s->big = malloc(SAMPLE_BIG);
	assert_non_null(s->big);
	for (size_t i = 0; i < SAMPLE_BIG; i++)
		s->big[i] = (char)(i * 31 >> 3);
	s->e.value = (struct stagger_bytes){s->big, SAMPLE_BIG};
}

static inline void sample_extremes(struct sample *s)
{
	sample_full(s);
	s->e.due_ms = INT64_MAX;
	s->e.visit = INT32_MIN;
	s->e.attempts = INT32_MAX;
	s->e.replays = -1;
	s->e.original_partition = -64;
	s->e.original_offset = INT64_MIN;
	s->e.original_timestamp_ms = INT64_MIN + 1;
	s->e.first_failed_ms = 63;
	s->e.last_failed_ms = 64;
	s->e.value_schema_id = INT32_MIN;
	s->e.history_dropped = INT32_MAX;
	s->history[0].duration_ms = INT64_MIN;
	s->e.payload_omitted = true;
}

static const struct sample_case {
	const char *name;
	void (*fill)(struct sample *s);
} sample_cases[] = {
	{"minimal", sample_minimal},     {"full", sample_full},
	{"empties", sample_empties},     {"one of each list", sample_one},
	{"sixteen", sample_sixteen},     {"sixty-four", sample_sixty_four},
	{"unicode", sample_unicode},     {"1 MiB", sample_large},
	{"extremes", sample_extremes},
};

#define SAMPLE_CASES (sizeof(sample_cases) / sizeof(sample_cases[0]))

static inline struct sample *sample_new(void (*fill)(struct sample *s))
{
	struct sample *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	fill(s);
	return s;
}

static inline void sample_free(struct sample *s)
{
	free(s->big);
	free(s);
}

static inline struct stagger_bytes sample_write(const struct envelope *e)
{
	void *bytes;
	size_t size;
	struct stagger_error err;

	assert_int_equal(envelope_write(e, &bytes, &size, &err), STAGGER_OK);
	return (struct stagger_bytes){bytes, size};
}

static inline void sample_drop(struct stagger_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

/* A copy of just that size, so that the sanitizer sees a read beyond it. */
static inline struct stagger_bytes sample_copy(struct stagger_bytes bytes)
{
	char *copy = malloc(bytes.size == 0 ? 1 : bytes.size);

	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.size);
	return (struct stagger_bytes){copy, bytes.size};
}

/* NULL and empty differ where the schema has null, else they are the same. */
static inline bool same_text(struct stagger_bytes a, struct stagger_bytes b)
{
	return bytes_equal(a.data == NULL ? EMPTY : a, b.data == NULL ? EMPTY : b);
}

static inline bool same_fault(const struct envelope_fault *a, const struct envelope_fault *b)
{
	return same_text(a->error_class, b->error_class)
	       && bytes_equal(a->error_code, b->error_code)
	       && same_text(a->error_message, b->error_message)
	       && bytes_equal(a->error_detail, b->error_detail);
}

static inline bool same_attempt(const struct envelope_attempt *a, const struct envelope_attempt *b)
{
	return same_text(a->stage, b->stage) && same_text(a->topic, b->topic)
	       && a->partition == b->partition && a->tries == b->tries && a->offset == b->offset
	       && a->failed_ms == b->failed_ms && a->duration_ms == b->duration_ms
	       && same_fault(&a->fault, &b->fault) && bytes_equal(a->host, b->host);
}

static inline void assert_same_lists(const struct envelope *a, const struct envelope *b)
{
	assert_int_equal(a->n_history, b->n_history);
	for (size_t i = 0; i < a->n_history; i++)
		assert_true(same_attempt(&a->history[i], &b->history[i]));
	assert_int_equal(a->n_attributes, b->n_attributes);
	for (size_t i = 0; i < a->n_attributes; i++) {
		assert_true(same_text(a->attributes[i].name, b->attributes[i].name));
		assert_true(same_text(a->attributes[i].value, b->attributes[i].value));
	}
	assert_int_equal(a->n_headers, b->n_headers);
	for (size_t i = 0; i < a->n_headers; i++) {
		assert_true(same_text(a->headers[i].name, b->headers[i].name));
		assert_true(bytes_equal(a->headers[i].value, b->headers[i].value));
	}
}

static inline void assert_same_envelope(const struct envelope *a, const struct envelope *b)
{
	assert_true(same_text(a->stage, b->stage));
	assert_int_equal(a->due_ms, b->due_ms);
	assert_int_equal(a->visit, b->visit);
	assert_int_equal(a->attempts, b->attempts);
	assert_int_equal(a->replays, b->replays);
	assert_true(same_text(a->disposition, b->disposition));
	assert_true(same_text(a->group, b->group));
	assert_true(same_text(a->chain, b->chain));
	assert_true(bytes_equal(a->client_id, b->client_id));
	assert_true(bytes_equal(a->host, b->host));
	assert_true(same_text(a->original_topic, b->original_topic));
	assert_int_equal(a->original_partition, b->original_partition);
	assert_int_equal(a->original_offset, b->original_offset);
	assert_int_equal(a->original_timestamp_ms, b->original_timestamp_ms);
	assert_true(bytes_equal(a->original_timestamp_type, b->original_timestamp_type));
	assert_int_equal(a->first_failed_ms, b->first_failed_ms);
	assert_int_equal(a->last_failed_ms, b->last_failed_ms);
	assert_true(same_fault(&a->last, &b->last));
	assert_int_equal(a->has_first, b->has_first);
	assert_true(!a->has_first || same_fault(&a->first, &b->first));
	assert_int_equal(a->history_dropped, b->history_dropped);
	assert_true(bytes_equal(a->key_content_type, b->key_content_type));
	assert_true(bytes_equal(a->value_content_type, b->value_content_type));
	assert_int_equal(a->has_value_schema_id, b->has_value_schema_id);
	assert_int_equal(a->value_schema_id, b->value_schema_id);
	assert_int_equal(a->payload_omitted, b->payload_omitted);
	assert_true(bytes_equal(a->key, b->key));
	assert_true(bytes_equal(a->value, b->value));
	assert_same_lists(a, b);
}

#endif
