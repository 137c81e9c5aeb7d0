/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON form: names and order are those of the schema's text, whatever that says. */
#include <stagger/envelope.h>

#include <jansson.h>

#include "envelope_samples.h"

static char *json_ok(const struct stagger_envelope *e)
{
	char *text = NULL;
	struct stagger_error err;

	assert_int_equal(stagger_envelope_json(e, &text, &err), STAGGER_OK);
	return text;
}

static struct stagger_envelope blank(void)
{
	return (struct stagger_envelope){.visit = 1, .original_timestamp_ms = -1};
}

/* Every key of the object is the name of the field at the same place. */
static void assert_names(json_t *object, const json_t *fields)
{
	size_t i = 0;

	assert_int_equal(json_object_size(object), json_array_size(fields));
	for (void *at = json_object_iter(object); at != NULL;
	     at = json_object_iter_next(object, at), i++) {
		const json_t *name = json_object_get(json_array_get(fields, i), "name");
		assert_string_equal(json_object_iter_key(at), json_string_value(name));
	}
}

static const json_t *type_of(const json_t *fields, const char *name)
{
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);
		if (strcmp(json_string_value(json_object_get(field, "name")), name) == 0)
			return json_object_get(field, "type");
	}
	fail_msg("the schema has no field '%s'", name);
	return NULL;
}

static void envelope_json__has_the_schemas_names_in_its_order(void **state)
{
	static const struct stagger_attempt attempt = {.duration_ms = -1};
	static const struct stagger_attempt *const history[] = {&attempt};
	static const struct stagger_header header = {"trace", {"x", 1}};
	static const struct stagger_fault first = {.error_class = "Timeout"};
	struct stagger_envelope e = blank();
	json_t *schema = json_loads(stagger_envelope_schema(), 0, NULL);
	const json_t *fields = json_object_get(schema, "fields");

	(void)state;
	e.history = history;
	e.headers = &header;
	e.first = &first;
	e.n_history = e.n_headers = 1;
	char *text = json_ok(&e);
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	assert_names(object, fields);
	assert_names(json_array_get(json_object_get(object, "history"), 0),
		     json_object_get(json_object_get(type_of(fields, "history"), "items"),
				     "fields"));
	assert_names(json_array_get(json_object_get(object, "headers"), 0),
		     json_object_get(json_object_get(type_of(fields, "headers"), "items"),
				     "fields"));
	assert_names(json_object_get(object, "first_error"),
		     json_object_get(json_array_get(type_of(fields, "first_error"), 1), "fields"));
	json_decref(object);
	json_decref(schema);
	free(text);
}

static void has(const struct stagger_envelope *e, const char *part)
{
	char *text = json_ok(e);

	if (strstr(text, part) == NULL)
		fail_msg("%s is not in %s", part, text);
	free(text);
}

static void envelope_json__says_null_where_the_schema_has_null(void **state)
{
	struct stagger_envelope e = blank();

	(void)state;
	has(&e, "\"stage\":\"\",\"due_at\":null,\"visit\":1,");
	has(&e, "\"chain\":\"\",\"client_id\":null,\"host\":null,\"original_topic\":\"\",");
	has(&e, "\"original_timestamp\":null,\"original_timestamp_type\":null,");
	has(&e, "\"error_class\":\"\",\"error_code\":null,\"error_message\":\"\","
		"\"error_detail\":null,\"first_error\":null,\"history\":[],");
	has(&e, "\"attributes\":{},\"key_content_type\":null,\"value_content_type\":null,"
		"\"value_schema_id\":null,\"payload_omitted\":false,\"headers\":[],"
		"\"key\":null,\"value\":null}");
}

static void envelope_json__prints_times_as_milliseconds(void **state)
{
	struct stagger_envelope e = blank();

	(void)state;
	e.due_ms = INT64_C(1767225300789);
	e.original_timestamp_ms = 0;
	e.first_failed_ms = INT64_MIN;
	e.last_failed_ms = INT64_MAX;
	has(&e, "\"due_at\":1767225300789,");
	has(&e, "\"original_timestamp\":0,");
	has(&e, "\"first_failed_at\":-9223372036854775808,\"last_failed_at\":9223372036854775807,");
}

static void envelope_json__prints_bytes_as_text_or_base64(void **state)
{
	static const struct stagger_header headers[] = {
		{"tag", {"a\"b", 3}},   {"tag", {"", 0}}, {"tag", {NULL, 0}},
		{"tag", {"\xff\0", 2}}, {NULL, {"\xfb\xff\xbf", 3}},
	};
	struct stagger_envelope e = blank();

	(void)state;
	e.headers = headers;
	e.n_headers = 5;
	e.key = (struct stagger_bytes){"", 0};
	e.value = (struct stagger_bytes){"\x80", 1};
	has(&e, "\"headers\":[{\"key\":\"tag\",\"value\":\"a\\\"b\"},"
		"{\"key\":\"tag\",\"value\":\"\"},{\"key\":\"tag\",\"value\":null},"
		"{\"key\":\"tag\",\"value\":{\"base64\":\"/wA=\"}},"
		"{\"key\":\"\",\"value\":{\"base64\":\"+/+/\"}}],"
		"\"key\":\"\",\"value\":{\"base64\":\"gA==\"}}");
}

static void envelope_json__prints_attributes_as_an_object(void **state)
{
	static const struct stagger_pair attributes[] = {
		{"tenant", "acme"}, {"a\nb", NULL}, {NULL, ""}};
	struct stagger_envelope e = blank();

	(void)state;
	e.attributes = attributes;
	e.n_attributes = 3;
	has(&e, "\"attributes\":{\"tenant\":\"acme\",\"a\\nb\":\"\",\"\":\"\"},");
}

static void envelope_json__refuses_lists_that_are_not_there(void **state)
{
	const struct stagger_attempt *hole[] = {NULL};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct stagger_envelope e = blank();
		char *text = NULL;
		struct stagger_error err;

		e.history = i == 3 ? hole : NULL;
		e.n_history = i == 0 || i == 3;
		e.n_attributes = i == 1;
		e.n_headers = i == 2;
		assert_int_equal(stagger_envelope_json(&e, &text, &err), STAGGER_INVALID);
		assert_null(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_json__has_the_schemas_names_in_its_order),
		cmocka_unit_test(envelope_json__says_null_where_the_schema_has_null),
		cmocka_unit_test(envelope_json__prints_times_as_milliseconds),
		cmocka_unit_test(envelope_json__prints_bytes_as_text_or_base64),
		cmocka_unit_test(envelope_json__prints_attributes_as_an_object),
		cmocka_unit_test(envelope_json__refuses_lists_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
