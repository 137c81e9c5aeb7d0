/* SPDX-License-Identifier: Apache-2.0
 *
 * What stagger_envelope_write() takes and refuses of an envelope that an application made. */
#include <stagger/envelope.h>

#include "envelope_calls.h"

static void envelope__write_takes_null_texts_as_empty(void **state)
{
	struct stagger_envelope *empty = new_ok();
	struct stagger_envelope *null = new_ok();
	static const struct stagger_attempt attempt = {.duration_ms = -1};
	static const struct stagger_attempt *const history[] = {&attempt};
	static const struct stagger_pair pair = {NULL, NULL};
	static const struct stagger_header header = {NULL, {NULL, 0}};

	(void)state;
	null->stage = null->disposition = null->group = null->chain = null->original_topic = NULL;
	null->last = (struct stagger_fault){0};
	struct stagger_bytes a = write_ok(empty, 0);
	struct stagger_bytes b = write_ok(null, 0);
	assert_true(bytes_equal(a, b));
	sample_drop(a);
	sample_drop(b);
	null->history = history;
	null->attributes = &pair;
	null->headers = &header;
	null->n_history = null->n_attributes = null->n_headers = 1;
	a = write_ok(null, 0);
	const struct stagger_envelope *read = read_ok(a);
	assert_string_equal(read->history[0]->topic, "");
	assert_null(read->history[0]->host);
	assert_string_equal(read->attributes[0].name, "");
	assert_string_equal(read->headers[0].name, "");
	drop(read);
	sample_drop(a);
	drop(empty);
	drop(null);
}

static void refused(const struct stagger_envelope *e, const char *text)
{
	void *bytes = NULL;
	size_t size = 0;
	struct stagger_error err;

	assert_int_equal(stagger_envelope_write(e, 0, &bytes, &size, &err), STAGGER_INVALID);
	assert_null(bytes);
	assert_string_equal(err.text, text);
}

static void envelope__write_names_the_text_that_is_not_utf8(void **state)
{
	static const struct {
		size_t offset;
		const char *name;
	} cases[] = {
#define TEXT(member, name)                                                                         \
	{offsetof(struct stagger_envelope, member), "envelope: " name " is not UTF-8"}
		TEXT(stage, "stage"),
		TEXT(disposition, "disposition"),
		TEXT(group, "consumer_group"),
		TEXT(chain, "chain"),
		TEXT(client_id, "client_id"),
		TEXT(host, "host"),
		TEXT(original_topic, "original_topic"),
		TEXT(original_timestamp_type, "original_timestamp_type"),
		TEXT(last.error_class, "error_class"),
		TEXT(last.error_code, "error_code"),
		TEXT(last.error_message, "error_message"),
		TEXT(last.error_detail, "error_detail"),
		TEXT(key_content_type, "key_content_type"),
		TEXT(value_content_type, "value_content_type"),
#undef TEXT
	};
	static const char bad[] = "caf\xe9";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_envelope *e = new_ok();
		const char *text = bad;
		memcpy((char *)e + cases[i].offset, &text, sizeof(text));
		refused(e, cases[i].name);
		drop(e);
	}
}

static void envelope__write_names_the_entry_that_is_not_utf8(void **state)
{
	struct stagger_envelope *e = new_ok();
	struct stagger_attempt good = {.stage = "main", .duration_ms = -1};
	struct stagger_attempt bad = good;
	const struct stagger_attempt *history[] = {&good, &bad};
	struct stagger_pair attributes[] = {{"a", "b"}, {"c", "\xff"}};
	struct stagger_fault first = {.error_message = "\xc3"};

	(void)state;
	e->history = history;
	e->n_history = 2;
	bad.host = "\xff";
	refused(e, "envelope: history[1].host is not UTF-8");
	bad.fault.error_message = "\xff"; /* the first fault is named */
	refused(e, "envelope: history[1].error_message is not UTF-8");
	history[1] = &good;
	e->attributes = attributes;
	e->n_attributes = 2;
	refused(e, "envelope: attributes[1].value is not UTF-8");
	e->first = &first;
	refused(e, "envelope: first_error.error_message is not UTF-8");
	drop(e);
}

static void envelope__write_keeps_header_names_that_are_no_utf8(void **state)
{
	struct stagger_envelope *e = new_ok();
	struct stagger_header header = {"caf\xe9", {"x", 1}};

	(void)state;
	e->headers = &header;
	e->n_headers = 1;
	struct stagger_bytes bytes = write_ok(e, 0);
	const struct stagger_envelope *read = read_ok(bytes);
	assert_string_equal(read->headers[0].name, "caf\xe9");
	drop(read);
	drop(e);
	sample_drop(bytes);
}

static void envelope__write_refuses_lists_that_are_not_there(void **state)
{
	const struct stagger_attempt *history[] = {NULL};
	struct stagger_envelope *e = new_ok();

	(void)state;
	e->n_history = 1;
	refused(e, "envelope: history is NULL, but its count is not 0");
	e->history = history;
	refused(e, "envelope: history[0] is NULL");
	e->n_history = SIZE_MAX;
	refused(e, "envelope: history has more items than a record holds");
	e->n_history = 0;
	e->n_attributes = 1;
	refused(e, "envelope: attributes is NULL, but its count is not 0");
	e->n_attributes = 0;
	e->n_headers = 1;
	refused(e, "envelope: headers is NULL, but its count is not 0");
	drop(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope__write_takes_null_texts_as_empty),
		cmocka_unit_test(envelope__write_names_the_text_that_is_not_utf8),
		cmocka_unit_test(envelope__write_names_the_entry_that_is_not_utf8),
		cmocka_unit_test(envelope__write_keeps_header_names_that_are_no_utf8),
		cmocka_unit_test(envelope__write_refuses_lists_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
