/* SPDX-License-Identifier: Apache-2.0
 *
 * The first bytes of an envelope, and that our fingerprint is that of the schema's text. */
#define _GNU_SOURCE
#include "codec/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/bytes.h"
#include "codec/crc64.h"

#ifndef SCHEMA_FILE
#define SCHEMA_FILE "src/codec/envelope.avsc"
#endif

static void framing__is_told_by_the_first_bytes(void **state)
{
	static const struct {
		struct stagger_bytes bytes;
		bool is;
	} cases[] = {
		{{NULL, 0}, false},      {{"", 0}, false},         {{"\0", 1}, true},
		{{"\xc3", 1}, false},    {{"\xc3\x01", 2}, true},  {{"\xc3\x02", 2}, false},
		{{"Obj\x01", 4}, false}, {{"{\"a\":1}", 7}, false}, {{"\x01", 1}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(framing_is(cases[i].bytes), cases[i].is);
}

static void framing__puts_the_fingerprint_little_endian(void **state)
{
	unsigned char to[ENVELOPE_FRAME_MAX];
	struct framing framing = {.kind = ENVELOPE_SINGLE_OBJECT,
				  .fingerprint = UINT64_C(0x0102030405060708)};

	(void)state;
	assert_ptr_equal(framing_put(to, &framing), to + framing_size(framing.kind));
	assert_memory_equal(to, "\xc3\x01\x08\x07\x06\x05\x04\x03\x02\x01", 10);
}

static void framing__puts_the_id_big_endian(void **state)
{
	unsigned char to[ENVELOPE_FRAME_MAX];
	struct framing framing = {.kind = ENVELOPE_REGISTRY, .schema_id = 0x01020304};

	(void)state;
	assert_ptr_equal(framing_put(to, &framing), to + framing_size(framing.kind));
	assert_memory_equal(to, "\0\x01\x02\x03\x04", 5);
}

static void framing__takes_what_was_put(void **state)
{
	static const struct framing cases[] = {
		{.kind = ENVELOPE_SINGLE_OBJECT, .fingerprint = ENVELOPE_FINGERPRINT},
		{.kind = ENVELOPE_SINGLE_OBJECT, .fingerprint = UINT64_MAX},
		{.kind = ENVELOPE_REGISTRY, .schema_id = 70001},
		{.kind = ENVELOPE_REGISTRY, .schema_id = -2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char bytes[ENVELOPE_FRAME_MAX + 2];
		size_t size = (size_t)(framing_put(bytes, &cases[i]) - bytes);
		struct framing out;
		struct stagger_bytes body;
		struct stagger_error err;
		struct stagger_bytes all = {bytes, size + 2};

		assert_int_equal(framing_take(&out, &body, all, &err), STAGGER_OK);
		assert_int_equal(out.kind, cases[i].kind);
		assert_true(out.fingerprint == cases[i].fingerprint);
		assert_int_equal(out.schema_id, cases[i].schema_id);
		assert_ptr_equal(body.data, bytes + size);
		assert_int_equal(body.size, 2);
	}
}

static void framing__refuses_what_ends_inside(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {{"\xc3\x01\x08\x07\x06\x05\x04\x03\x02\x01", 10}, {"\0\x01\x02\x03\x04", 5}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t size = 0; size < cases[i].size; size++) {
			struct framing out;
			struct stagger_bytes body;
			struct stagger_error err;
			struct stagger_bytes cut = {cases[i].bytes, size};

			assert_int_equal(framing_take(&out, &body, cut, &err), STAGGER_CORRUPT);
			assert_int_equal(err.status, STAGGER_CORRUPT);
		}
	}
}

static void put_canonical(FILE *to, const json_t *schema, const char *space);

static void put_record(FILE *to, const json_t *schema, const char *space)
{
	const json_t *fields = json_object_get(schema, "fields");

	fprintf(to, "{\"name\":\"%s.%s\",\"type\":\"record\",\"fields\":[", space,
		json_string_value(json_object_get(schema, "name")));
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);
		fprintf(to, "%s{\"name\":\"%s\",\"type\":", i == 0 ? "" : ",",
			json_string_value(json_object_get(field, "name")));
		put_canonical(to, json_object_get(field, "type"), space);
		fputc('}', to);
	}
	fputs("]}", to);
}

static void put_container(FILE *to, const json_t *schema, const char *items, const char *space)
{
	fprintf(to, "{\"type\":\"%s\",\"%s\":",
		json_string_value(json_object_get(schema, "type")), items);
	put_canonical(to, json_object_get(schema, items), space);
	fputc('}', to);
}

/* Avro's parsing canonical form, as far as our schema needs it. */
static void put_canonical(FILE *to, const json_t *schema, const char *space)
{
	if (json_is_string(schema)) {
		fprintf(to, "\"%s\"", json_string_value(schema));
		return;
	}
	if (json_is_array(schema)) {
		for (size_t i = 0; i < json_array_size(schema); i++) {
			fputc(i == 0 ? '[' : ',', to);
			put_canonical(to, json_array_get(schema, i), space);
		}
		fputc(']', to);
		return;
	}
	const char *type = json_string_value(json_object_get(schema, "type"));
	if (strcmp(type, "record") == 0)
		put_record(to, schema, space);
	else if (strcmp(type, "array") == 0)
		put_container(to, schema, "items", space);
	else if (strcmp(type, "map") == 0)
		put_container(to, schema, "values", space);
	else
		fprintf(to, "\"%s\"", type);
}

static void framing__fingerprint_is_that_of_the_schema(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_t *schema = json_loads(envelope_schema_text(), 0, NULL);

	(void)state;
	assert_non_null(to);
	assert_non_null(schema);
	put_canonical(to, schema, json_string_value(json_object_get(schema, "namespace")));
	fclose(to);
	assert_int_equal(size, 2327); /* as long as fastavro's */
	assert_true(crc64_avro((struct stagger_bytes){text, size}) == ENVELOPE_FINGERPRINT);
	json_decref(schema);
	free(text);
}

static void framing__schema_text_is_the_file_byte_for_byte(void **state)
{
	static char text[65536];
	FILE *file = fopen(SCHEMA_FILE, "rb");

	(void)state;
	assert_non_null(file);
	size_t size = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_int_equal(size, strlen(envelope_schema_text()));
	assert_memory_equal(text, envelope_schema_text(), size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing__is_told_by_the_first_bytes),
		cmocka_unit_test(framing__puts_the_fingerprint_little_endian),
		cmocka_unit_test(framing__puts_the_id_big_endian),
		cmocka_unit_test(framing__takes_what_was_put),
		cmocka_unit_test(framing__refuses_what_ends_inside),
		cmocka_unit_test(framing__fingerprint_is_that_of_the_schema),
		cmocka_unit_test(framing__schema_text_is_the_file_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
