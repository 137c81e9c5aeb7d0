/* SPDX-License-Identifier: Apache-2.0
 *
 * What the JSON writer writes, byte for byte. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define R "\xEF\xBF\xBD"

static void json__puts_commas_where_they_belong(void **state)
{
	(void)state;
	struct json j = {0};

	json_open(&j, '{');
	json_name(&j, "a");
	json_number(&j, INT64_MIN);
	json_name(&j, "b");
	json_open(&j, '[');
	json_bool(&j, true);
	json_bool(&j, false);
	json_null(&j);
	json_open(&j, '[');
	json_close(&j, ']');
	json_open(&j, '{');
	json_close(&j, '}');
	json_text(&j, "x");
	json_close(&j, ']');
	json_name(&j, "c\"");
	json_text(&j, NULL);
	json_close(&j, '}');
	char *text = json_finish(&j);
	assert_string_equal(text, "{\"a\":-9223372036854775808,"
				  "\"b\":[true,false,null,[],{},\"x\"],\"c\\\"\":null}");
	assert_int_equal(j.size, strlen(text));
	free(text);
}

static void json_string__escapes(void **state)
{
	(void)state;
	static const struct {
		struct stagger_bytes in;
		const char *out;
	} rows[] = {
		{{NULL, 0}, "null"},
		{{"", 0}, "\"\""},
		{{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
		{{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
		{{"\0\x01\x1F", 3}, "\"\\u0000\\u0001\\u001f\""},
		{{"\x7F\xC2\x80\xC2\x9F\xC2\xA0", 7}, "\"\\u007f\\u0080\\u009f\xC2\xA0\""},
		{{"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9},
		 "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
		{{"a\xFF\xE2\x82z\xED\xA0\x80", 8}, "\"a" R R "z" R R R "\""},
	};
	for (size_t i = 0; i < N(rows); i++) {
		struct json j = {0};
		json_string(&j, rows[i].in);
		char *text = json_finish(&j);
		assert_string_equal(text, rows[i].out);
		free(text);
	}
}

static void json_bytes__falls_back_to_base64(void **state)
{
	(void)state;
	static const struct {
		struct stagger_bytes in;
		const char *out;
	} rows[] = {
		{{NULL, 0}, "null"},
		{{"", 0}, "\"\""},
		{{"text", 4}, "\"text\""},
		{{"\xFF", 1}, "{\"base64\":\"/w==\"}"},
		{{"\xFF\xFE", 2}, "{\"base64\":\"//4=\"}"},
		{{"\xFF\xFE\x00", 3}, "{\"base64\":\"//4A\"}"},
		{{"\xFB\xEF\xBE\x01", 4}, "{\"base64\":\"++++AQ==\"}"},
		{{"many hands\xFF", 11}, "{\"base64\":\"bWFueSBoYW5kc/8=\"}"},
	};
	for (size_t i = 0; i < N(rows); i++) {
		struct json j = {0};
		json_bytes(&j, rows[i].in);
		char *text = json_finish(&j);
		assert_string_equal(text, rows[i].out);
		free(text);
	}
}

static void json_bytes__takes_a_comma_after_it(void **state)
{
	(void)state;
	struct json j = {0};

	json_open(&j, '[');
	json_bytes(&j, (struct stagger_bytes){"\xFF", 1});
	json_number(&j, 7);
	json_close(&j, ']');
	char *text = json_finish(&j);
	assert_string_equal(text, "[{\"base64\":\"/w==\"},7]");
	free(text);
}

static void json__grows(void **state)
{
	(void)state;
	struct json j = {0};
	size_t size = 100000;
	char *big = malloc(size);

	memset(big, 'x', size);
	json_open(&j, '[');
	for (int i = 0; i < 100; i++)
		json_number(&j, 1);
	json_string(&j, (struct stagger_bytes){big, size});
	json_close(&j, ']');
	char *text = json_finish(&j);
	assert_int_equal(strlen(text), 1 + 200 + size + 2 + 1);
	free(text);
	free(big);
}

static void json_finish__of_nothing_is_an_empty_text(void **state)
{
	(void)state;
	struct json j = {0};
	char *text = json_finish(&j);
	assert_string_equal(text, "");
	free(text);
}

static void json__fails_at_its_limit_and_stays_failed(void **state)
{
	(void)state;
	struct json j = {.text = malloc(1), .size = JSON_MAX_TEXT - 2, .room = JSON_MAX_TEXT - 2};

	json_null(&j);
	assert_true(j.failed);
	json_open(&j, '[');
	json_name(&j, "a");
	json_text(&j, "b");
	json_bytes(&j, (struct stagger_bytes){"\xFF", 1});
	json_close(&j, ']');
	assert_true(j.size == JSON_MAX_TEXT - 2);
	assert_null(json_finish(&j));
	assert_null(j.text);
}

static void json_escape__moves_on_by_one_character(void **state)
{
	(void)state;
	struct stagger_bytes left = {"\xC3\xA9\n", 3};
	char to[JSON_ESCAPED];

	assert_int_equal(json_escape(to, &left), 2);
	assert_memory_equal(to, "\xC3\xA9", 2);
	assert_int_equal(left.size, 1);
	assert_int_equal(json_escape(to, &left), 2);
	assert_memory_equal(to, "\\n", 2);
	assert_int_equal(left.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__puts_commas_where_they_belong),
		cmocka_unit_test(json_string__escapes),
		cmocka_unit_test(json_bytes__falls_back_to_base64),
		cmocka_unit_test(json_bytes__takes_a_comma_after_it),
		cmocka_unit_test(json__grows),
		cmocka_unit_test(json_finish__of_nothing_is_an_empty_text),
		cmocka_unit_test(json__fails_at_its_limit_and_stays_failed),
		cmocka_unit_test(json_escape__moves_on_by_one_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
