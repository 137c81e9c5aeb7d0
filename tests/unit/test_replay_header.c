/* SPDX-License-Identifier: Apache-2.0
 *
 * The header on records of main: what travels, what counts, and what anybody may put there. */
#include "codec/replay_header.h"

#include "mutants.h"

#define MUTANTS 20000

/* A message of topic "orders" with these headers; the last one is the header's place. */
static struct stagger_message message_of(struct stagger_header *headers, size_t n)
{
	return (struct stagger_message){
		.read_topic = "orders",
		.key = bytes_text("order-4711"),
		.value = bytes_text("{\"order\": 4711}"),
		.headers = headers,
		.n_headers = n,
	};
}

static struct stagger_header header_of(const struct envelope *e)
{
	void *bytes = NULL;
	size_t size = 0;

	assert_int_equal(replay_header_write(e, &bytes, &size, NULL), STAGGER_OK);
	assert_int_equal(size, replay_header_size(e));
	struct stagger_bytes exact = sample_copy((struct stagger_bytes){bytes, size});
	free(bytes);
	return (struct stagger_header){REPLAY_HEADER, exact};
}

static void replay_header__carries_all_but_the_payload(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct stagger_header headers[] = {{"trace", bytes_text("00-0af7")},
					   {"tag", EMPTY},
					   {"tag", NONE},
					   {"tag", {"\xff\0\x01", 3}},
					   header_of(&full->e)};
	struct stagger_message m = message_of(headers, 5);
	struct envelope *e = NULL;
	struct envelope *bare = NULL;

	(void)state;
	assert_true(replay_header_fits(&full->e, "orders"));
	assert_ptr_equal(replay_header_find(headers, 5), &headers[4]);
	assert_int_equal(replay_header_read(&e, &m, &headers[4], NULL), STAGGER_OK);
	assert_same_envelope(e, &full->e);
	assert_ptr_equal(e->value.data, m.value.data);
	assert_int_equal(envelope_read(&bare, headers[4].value, NULL), STAGGER_OK);
	assert_null(bare->key.data);
	assert_null(bare->value.data);
	assert_int_equal(bare->n_headers, 0);
	envelope_free(&bare);
	envelope_free(&e);
	sample_drop(headers[4].value);
	sample_free(full);
}

static void replay_header__keeps_null_and_empty_apart(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct stagger_header headers[] = {header_of(&full->e)};
	struct stagger_message m = message_of(headers, 1);
	struct envelope *e = NULL;

	(void)state;
	m.key = EMPTY;
	m.value = NONE;
	assert_int_equal(replay_header_read(&e, &m, &headers[0], NULL), STAGGER_OK);
	assert_non_null(e->key.data);
	assert_int_equal(e->key.size, 0);
	assert_null(e->value.data);
	assert_int_equal(e->n_headers, 0);
	envelope_free(&e);
	sample_drop(headers[0].value);
	sample_free(full);
}

/* What came with the original record is the original record's, whatever its name. */
static void replay_header__is_the_last_of_its_name(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct stagger_header headers[] = {{REPLAY_HEADER, bytes_text("older")},
					   header_of(&full->e),
					   {"trace", EMPTY}};
	struct stagger_message m = message_of(headers, 3);
	struct envelope *e = NULL;

	(void)state;
	assert_null(replay_header_find(headers, 0));
	assert_null(replay_header_find(&headers[2], 1));
	assert_ptr_equal(replay_header_find(headers, 3), &headers[1]);
	assert_int_equal(replay_header_read(&e, &m, &headers[1], NULL), STAGGER_OK);
	assert_int_equal(e->n_headers, 2);
	assert_true(bytes_is(e->headers[0].value, "older"));
	assert_true(bytes_is(e->headers[1].name, "trace"));
	envelope_free(&e);
	sample_drop(headers[1].value);
	sample_free(full);
}

static void replay_header__of_a_newer_version_keeps_its_tail(void **state)
{
	struct sample *newer = sample_new(sample_full);
	struct envelope *e = NULL;

	(void)state;
	newer->e.fingerprint = 42;
	newer->e.tail = bytes_text("tail");
	struct stagger_header headers[] = {header_of(&newer->e)};
	struct stagger_message m = message_of(headers, 1);
	assert_int_equal(replay_header_read(&e, &m, &headers[0], NULL), STAGGER_OK);
	assert_true(bytes_is(e->tail, "tail"));
	struct stagger_header again = header_of(e);
	assert_true(bytes_equal(again.value, headers[0].value));
	envelope_free(&e);
	sample_drop(again.value);
	sample_drop(headers[0].value);
	sample_free(newer);
}

static void assert_refused(struct stagger_bytes value, const char *why)
{
	struct stagger_header headers[] = {{REPLAY_HEADER, value}};
	struct stagger_message m = message_of(headers, 1);
	struct envelope *e = NULL;
	struct stagger_error err = {.text = ""};

	assert_int_equal(replay_header_read(&e, &m, &headers[0], &err), STAGGER_CORRUPT);
	assert_null(e);
	if (strstr(err.text, why) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void refuse(const struct envelope *e, const char *why)
{
	struct stagger_header header = header_of(e);

	assert_false(replay_header_fits(e, "orders"));
	assert_refused(header.value, why);
	sample_drop(header.value);
}

static void replay_header__counts_only_in_its_own_topic(void **state)
{
	static const char *const others[] = {"order", "orders2", "ORDERS", ""};
	struct sample *full = sample_new(sample_full);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		full->e.original_topic = bytes_text(others[i]);
		refuse(&full->e, "another topic");
	}
	sample_free(full);
}

static void replay_header__refuses_what_is_none(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct envelope e = full->e;

	(void)state;
	e.group = EMPTY;
	refuse(&e, "no group");
	e = full->e;
	e.original_partition = -1;
	refuse(&e, "negative");
	e = full->e;
	e.original_offset = -1;
	refuse(&e, "negative");
	e = full->e;
	e.attempts = -1;
	refuse(&e, "negative");
	e = full->e;
	e.payload_omitted = true;
	refuse(&e, "payload");
	assert_refused(NONE, "neither");
	assert_refused(EMPTY, "neither");
	assert_refused(bytes_text("hello"), "neither");
	/* a whole envelope is a record of a stage, not a header */
	struct stagger_bytes whole = sample_write(&full->e);
	assert_refused(whole, "payload");
	sample_drop(whole);
	sample_free(full);
}

static void replay_header__has_a_limit(void **state)
{
	struct sample *full = sample_new(sample_full);
	char *text = calloc(1, REPLAY_HEADER_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', REPLAY_HEADER_MAX);
	full->e.last.error_message = bytes_text(text);
	assert_true(replay_header_size(&full->e) > REPLAY_HEADER_MAX);
	refuse(&full->e, "more than 65536");
	free(text);
	sample_free(full);
}

static void replay_header__survives_mutants(void **state)
{
	struct sample *full = sample_new(sample_full);
	struct sample *newer = sample_new(sample_unicode);
	uint64_t seed = 20261018;
	size_t n_read = 0;

	(void)state;
	newer->e.fingerprint = 42;
	newer->e.tail = bytes_text("tail");
	struct stagger_header bases[] = {header_of(&full->e), header_of(&newer->e)};
	for (size_t i = 0; i < MUTANTS; i++) {
		struct stagger_bytes bytes = mutant(bases[i % 2].value, &seed);
		struct stagger_header headers[] = {{"trace", EMPTY}, {REPLAY_HEADER, bytes}};
		struct stagger_message m = message_of(headers, 2);
		struct envelope *e = NULL;
		if (replay_header_read(&e, &m, &headers[1], NULL) == STAGGER_OK) {
			n_read++;
			assert_true(bytes_is(e->original_topic, "orders"));
			assert_int_equal(e->n_headers, 1);
			assert_true(bytes_equal(e->value, m.value));
			envelope_free(&e);
		}
		sample_drop(bytes);
	}
	assert_in_range(n_read, MUTANTS / 20, MUTANTS * 3 / 4);
	sample_drop(bases[0].value);
	sample_drop(bases[1].value);
	sample_free(full);
	sample_free(newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_header__carries_all_but_the_payload),
		cmocka_unit_test(replay_header__keeps_null_and_empty_apart),
		cmocka_unit_test(replay_header__is_the_last_of_its_name),
		cmocka_unit_test(replay_header__of_a_newer_version_keeps_its_tail),
		cmocka_unit_test(replay_header__counts_only_in_its_own_topic),
		cmocka_unit_test(replay_header__refuses_what_is_none),
		cmocka_unit_test(replay_header__has_a_limit),
		cmocka_unit_test(replay_header__survives_mutants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
