/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader: what was written comes back, what a newer writer appended is kept, and what is
 * no envelope is refused. */
#define _GNU_SOURCE
#include "codec/envelope_codec.h"

#include <malloc.h>

#include "codec/wire.h"

#include "envelope_samples.h"

#define MOST_MEMORY 40 /* times the input */

static struct stagger_bytes joined(struct stagger_bytes a, struct stagger_bytes b)
{
	char *both = malloc(a.size + b.size);

	assert_non_null(both);
	memcpy(both, a.data, a.size);
	memcpy(both + a.size, b.data, b.size);
	return (struct stagger_bytes){both, a.size + b.size};
}

static struct envelope *read_ok(struct stagger_bytes bytes)
{
	struct envelope *e = NULL;
	struct stagger_error err;

	assert_int_equal(envelope_read(&e, bytes, &err), STAGGER_OK);
	return e;
}

static void read_corrupt(struct stagger_bytes bytes, const char *text)
{
	struct envelope *e = NULL;
	struct stagger_error err;

	assert_int_equal(envelope_read(&e, bytes, &err), STAGGER_CORRUPT);
	assert_null(e);
	assert_non_null(strstr(err.text, text));
}

static void envelope_read__gives_back_what_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_CASES; i++) {
		struct sample *s = sample_new(sample_cases[i].fill);
		struct stagger_bytes bytes = sample_write(&s->e);
		struct envelope *e = read_ok(bytes);

		assert_same_envelope(&s->e, e);
		assert_int_equal(e->framing, ENVELOPE_SINGLE_OBJECT);
		assert_true(e->fingerprint == 0);
		assert_null(e->tail.data);
		assert_true(malloc_usable_size(e) <= MOST_MEMORY * bytes.size);
		envelope_free(&e);
		assert_null(e);
		sample_drop(bytes);
		sample_free(s);
	}
}

static void envelope_read__keeps_the_registrys_id(void **state)
{
	struct sample *s = sample_new(sample_full);

	(void)state;
	s->e.framing = ENVELOPE_REGISTRY;
	s->e.schema_id = 70001;
	struct stagger_bytes bytes = sample_write(&s->e);
	struct envelope *e = read_ok(bytes);
	assert_same_envelope(&s->e, e);
	assert_int_equal(e->framing, ENVELOPE_REGISTRY);
	assert_int_equal(e->schema_id, 70001);
	assert_null(e->tail.data);
	envelope_free(&e);
	sample_drop(bytes);
	sample_free(s);
}

static void envelope_read__keeps_a_newer_writers_tail_from_hop_to_hop(void **state)
{
	static const struct {
		enum envelope_framing framing;
		uint64_t fingerprint;
		int32_t schema_id;
	} cases[] = {
		{ENVELOPE_SINGLE_OBJECT, UINT64_C(0xfedcba9876543210), 0},
		{ENVELOPE_REGISTRY, 0, 70002},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample *s = sample_new(sample_full);
		s->e.framing = cases[i].framing;
		s->e.fingerprint = cases[i].fingerprint;
		s->e.schema_id = cases[i].schema_id;
		struct stagger_bytes older = sample_write(&s->e);
		struct stagger_bytes appended = bytes_text("\x02\x08"
							   "late");
		struct stagger_bytes newer = joined(older, appended);

		struct envelope *e = read_ok(newer);
		assert_same_envelope(&s->e, e);
		assert_true(bytes_equal(e->tail, appended));
		struct stagger_bytes again = sample_write(e);
		assert_true(bytes_equal(again, newer));

		envelope_free(&e);
		sample_drop(older);
		sample_drop(newer);
		sample_drop(again);
		sample_free(s);
	}
}

static void envelope_read__wants_the_exact_length_of_its_own_version(void **state)
{
	(void)state;
	for (int zero = 0; zero < 2; zero++) {
		struct sample *s = sample_new(sample_full);
		struct stagger_bytes bytes = sample_write(&s->e);
		struct stagger_bytes longer = joined(bytes, bytes_text("x"));

		if (zero) /* it stands for our own in struct envelope */
			memset((char *)(uintptr_t)longer.data + 2, 0, 8);
		read_corrupt(longer, "more bytes follow the last field");
		sample_drop(bytes);
		sample_drop(longer);
		sample_free(s);
	}
}

static void envelope_read__refuses_every_prefix_of_an_envelope(void **state)
{
	struct sample *s = sample_new(sample_full);

	(void)state;
	for (int framing = 0; framing < 2; framing++) {
		s->e.framing = framing == 0 ? ENVELOPE_SINGLE_OBJECT : ENVELOPE_REGISTRY;
		struct stagger_bytes whole = sample_write(&s->e);
		for (size_t size = 0; size < whole.size; size++) {
			struct stagger_bytes cut = {whole.data, size};
			cut = sample_copy(cut);
			read_corrupt(cut, "envelope: ");
			sample_drop(cut);
		}
		sample_drop(whole);
	}
	sample_free(s);
}

/* Bytes that begin like an envelope but name neither group nor topic have no tail. */
static void envelope_read__believes_in_a_tail_only_after_a_group_and_a_topic(void **state)
{
	static const struct {
		const char *group, *topic;
		bool is;
	} cases[] = {
		{"", "", false}, {"billing", "", false}, {"", "orders", false},
		{"billing", "orders", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample *s = sample_new(sample_full);
		s->e.framing = ENVELOPE_REGISTRY;
		s->e.group = bytes_text(cases[i].group);
		s->e.original_topic = bytes_text(cases[i].topic);
		s->e.tail = bytes_text("more");
		struct stagger_bytes bytes = sample_write(&s->e);
		if (cases[i].is) {
			struct envelope *e = read_ok(bytes);
			assert_true(bytes_is(e->tail, "more"));
			envelope_free(&e);
		} else {
			read_corrupt(bytes, "no group or no topic");
		}
		sample_drop(bytes);
		sample_free(s);
	}
}

static void envelope_read__keeps_header_names_that_are_no_utf8(void **state)
{
	struct sample *s = sample_new(sample_full);

	(void)state;
	s->headers[1].name = bytes_text("caf\xe9");
	struct stagger_bytes bytes = sample_write(&s->e);
	struct envelope *e = read_ok(bytes);
	assert_same_envelope(&s->e, e);
	envelope_free(&e);
	sample_drop(bytes);
	sample_free(s);
}

static void envelope_read__refuses_texts_that_are_no_utf8_or_hold_a_nul(void **state)
{
	static const struct stagger_bytes bad[] = {
		{"\xff", 1},
		{"long enough for a word \xc3", 24},
		{"\xed\xa0\x80", 3},
		{"12345678\0", 9},
		{"1234\0" "678", 8},
		{"caf\xc3\xa9\0", 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct sample *s = sample_new(sample_full);
		s->e.last.error_detail = bad[i];
		struct stagger_bytes bytes = sample_write(&s->e);
		read_corrupt(bytes, "field 'error_detail' at byte ");
		sample_drop(bytes);
		sample_free(s);
	}
}

/* Lists of n items in blocks of one, each with its size in bytes. */
static void envelope_read__takes_lists_of_any_number_of_sized_blocks(void **state)
{
	struct sample *s = sample_new(sample_sixty_four);
	size_t n = s->e.n_headers;

	(void)state;
	struct stagger_bytes whole = sample_write(&s->e);
	/* What follows the headers: their end, key and value. */
	size_t rest = 1 + wire_maybe_size(s->e.key) + wire_maybe_size(s->e.value);
	size_t headers = 0;
	for (size_t i = 0; i < n; i++)
		headers += wire_bytes_size(s->headers[i].name)
			   + wire_maybe_size(s->headers[i].value);
	size_t before = whole.size - rest - headers - wire_long_size((int64_t)n);
	unsigned char *bytes = malloc(whole.size + 2 * n);
	unsigned char *to = bytes;
	to = wire_put_raw(to, (struct stagger_bytes){whole.data, before});
	for (size_t i = 0; i < n; i++) {
		to = wire_put_long(to, -1);
		to = wire_put_long(to, (int64_t)(wire_bytes_size(s->headers[i].name)
						 + wire_maybe_size(s->headers[i].value)));
		to = wire_put_bytes(to, s->headers[i].name);
		to = wire_put_maybe(to, s->headers[i].value);
	}
	const char *end = (const char *)whole.data + whole.size - rest;
	to = wire_put_raw(to, (struct stagger_bytes){end, rest});
	struct envelope *e = read_ok((struct stagger_bytes){bytes, (size_t)(to - bytes)});
	assert_same_envelope(&s->e, e);
	envelope_free(&e);
	free(bytes);
	sample_drop(whole);
	sample_free(s);
}

/* The most memory that bytes can ask for: items of the fewest bytes, nothing else. */
static void envelope_read__takes_at_most_a_multiple_of_its_bytes(void **state)
{
	enum { ITEMS = 100000 };
	struct envelope e = {.due_ms = ENVELOPE_NO_TIME,
			     .original_timestamp_ms = ENVELOPE_NO_TIME};
	struct envelope_header *headers = calloc(ITEMS, sizeof(*headers));
	struct envelope_attempt *history = calloc(ITEMS, sizeof(*history));
	struct envelope_pair *attributes = calloc(ITEMS, sizeof(*attributes));

	(void)state;
	e.headers = headers;
	e.history = history;
	e.attributes = attributes;
	for (int list = 0; list < 3; list++) {
		for (size_t i = 0; i < ITEMS; i++)
			history[i].duration_ms = -1;
		e.n_headers = list == 0 ? ITEMS : 0;
		e.n_history = list == 1 ? ITEMS : 0;
		e.n_attributes = list == 2 ? ITEMS : 0;
		struct stagger_bytes bytes = sample_write(&e);
		struct envelope *read = read_ok(bytes);
		assert_true(malloc_usable_size(read) <= MOST_MEMORY / 2 * bytes.size);
		assert_same_lists(&e, read);
		envelope_free(&read);
		sample_drop(bytes);
	}
	free(headers);
	free(history);
	free(attributes);
}

static void envelope_free__takes_nothing(void **state)
{
	struct envelope *none = NULL;

	(void)state;
	envelope_free(&none);
	envelope_free(NULL);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_read__gives_back_what_was_written),
		cmocka_unit_test(envelope_read__keeps_the_registrys_id),
		cmocka_unit_test(envelope_read__keeps_a_newer_writers_tail_from_hop_to_hop),
		cmocka_unit_test(envelope_read__wants_the_exact_length_of_its_own_version),
		cmocka_unit_test(envelope_read__refuses_every_prefix_of_an_envelope),
		cmocka_unit_test(envelope_read__believes_in_a_tail_only_after_a_group_and_a_topic),
		cmocka_unit_test(envelope_read__keeps_header_names_that_are_no_utf8),
		cmocka_unit_test(envelope_read__refuses_texts_that_are_no_utf8_or_hold_a_nul),
		cmocka_unit_test(envelope_read__takes_lists_of_any_number_of_sized_blocks),
		cmocka_unit_test(envelope_read__takes_at_most_a_multiple_of_its_bytes),
		cmocka_unit_test(envelope_free__takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
