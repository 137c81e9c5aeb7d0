/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 by the examples of the Unicode standard, chapter 3.9. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define BYTES(literal) ((struct stagger_bytes){(literal), sizeof(literal) - 1})
#define R "\xEF\xBF\xBD"

static void utf8_valid__follows_table_3_7(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{"", true},
		{"abc\x7F", true},
		{"\xC2\x80", true},
		{"\xDF\xBF", true},
		{"\xE0\xA0\x80", true},
		{"\xEC\xBF\xBF", true},
		{"\xED\x9F\xBF", true},
		{"\xEE\x80\x80", true},
		{"\xEF\xBF\xBF", true},
		{"\xF0\x90\x80\x80", true},
		{"\xF3\xBF\xBF\xBF", true},
		{"\xF4\x8F\xBF\xBF", true},
		{"\x80", false},
		{"a\xBF", false},
		{"\xC0\x80", false},         // overlong
		{"\xC1\xBF", false},         // overlong
		{"\xE0\x9F\xBF", false},     // overlong
		{"\xF0\x8F\xBF\xBF", false}, // overlong
		{"\xED\xA0\x80", false},     // surrogate
		{"\xED\xBF\xBF", false},     // surrogate
		{"\xF4\x90\x80\x80", false}, // past U+10FFFF
		{"\xF5\x80\x80\x80", false},
		{"\xFE", false},
		{"\xFF", false},
		{"\xC3", false}, // the end comes too early
		{"\xE2\x82", false},
		{"\xF0\x9F\x98", false},
		{"\xC3(", false},
		{"\xE2\x82(", false},
		{"\xE2\x28\xA1", false},
	};
	for (size_t i = 0; i < N(rows); i++) {
		struct stagger_bytes text = {rows[i].text, strlen(rows[i].text)};
		assert_int_equal(utf8_valid(text), rows[i].valid);
	}
	assert_true(utf8_valid((struct stagger_bytes){0}));
}

static void utf8_cut__never_ends_inside_a_character(void **state)
{
	(void)state;
	static const struct {
		struct stagger_bytes text;
		size_t max, length;
	} rows[] = {
		{{NULL, 0}, 5, 0},
		{{"abc", 3}, 5, 3},
		{{"abc", 3}, 2, 2},
		{{"abc", 3}, 0, 0},
		{{"a\xC3\xA9", 3}, 2, 1},
		{{"a\xC3\xA9", 3}, 3, 3},
		{{"\xE2\x82\xAC", 3}, 1, 0},
		{{"\xE2\x82\xAC", 3}, 2, 0},
		{{"a\xF0\x9F\x98\x80z", 6}, 1, 1},
		{{"a\xF0\x9F\x98\x80z", 6}, 2, 1},
		{{"a\xF0\x9F\x98\x80z", 6}, 3, 1},
		{{"a\xF0\x9F\x98\x80z", 6}, 4, 1},
		{{"a\xF0\x9F\x98\x80z", 6}, 5, 5},
		{{"\x80\x80\x80\x80\x80", 5}, 4, 4}, // no character, nothing to keep whole
		{{"a\xE2\x82z", 4}, 2, 2},
		{{"ab\xE2\x82", 4}, 3, 3},
	};
	for (size_t i = 0; i < N(rows); i++)
		assert_int_equal(utf8_cut(rows[i].text, rows[i].max), rows[i].length);
}

static void utf8_clean__replaces_maximal_invalid_sequences(void **state)
{
	(void)state;
	static const struct {
		struct stagger_bytes in;
		const char *out;
	} rows[] = {
		{{NULL, 0}, ""},
		{{"gr\xC3\xBC\xC3\x9F", 6}, "gr\xC3\xBC\xC3\x9F"},
		{{"a\0b", 3}, "a" R "b"},
		// Unicode 15, table 3-8 to 3-11
		{{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9}, R R R R R R R R "A"},
		{{"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 9}, R R R R R R R R "A"},
		{{"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 9}, R R R R R "A" R R "B"},
		{{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9}, R R R R "A"},
		{{"\xF0\x9F\x98", 3}, R},
		{{"\xE2\x82\xE2\x82\xAC", 5}, R "\xE2\x82\xAC"},
	};
	for (size_t i = 0; i < N(rows); i++) {
		char out[64];
		assert_int_equal(utf8_clean(out, sizeof(out), rows[i].in), strlen(rows[i].out));
		assert_string_equal(out, rows[i].out);
	}
}

static void utf8_clean__cuts_on_a_boundary(void **state)
{
	(void)state;
	static const struct {
		struct stagger_bytes in;
		size_t room;
		const char *out;
	} rows[] = {
		{{"abc", 3}, 4, "abc"},       {{"abc", 3}, 3, "ab"},
		{{"abc", 3}, 1, ""},          {{"a\xE2\x82\xAC", 4}, 4, "a"},
		{{"a\xE2\x82\xAC", 4}, 5, "a\xE2\x82\xAC"}, {{"ab\xFFz", 4}, 5, "ab"},
		{{"ab\xFFz", 4}, 6, "ab" R},
	};
	for (size_t i = 0; i < N(rows); i++) {
		char out[16];
		memset(out, '#', sizeof(out));
		assert_int_equal(utf8_clean(out, rows[i].room, rows[i].in), strlen(rows[i].out));
		assert_string_equal(out, rows[i].out);
		assert_int_equal(out[rows[i].room], '#');
	}
}

static void utf8_clean__output_is_always_valid(void **state)
{
	(void)state;
	static const unsigned char alphabet[] = {0x00, 'a',  0x80, 0xBF, 0xC2, 0xE0, 0xA0,
						 0xED, 0xF0, 0x90, 0xF4, 0x8F, 0xFF};
	unsigned char in[5];
	for (size_t n = 0; n < 13 * 13 * 13 * 13 * 13; n++) {
		size_t left = n;
		for (size_t i = 0; i < sizeof(in); i++, left /= 13)
			in[i] = alphabet[left % 13];
		struct stagger_bytes text = {in, sizeof(in)};
		char out[16];
		size_t size = utf8_clean(out, sizeof(out), text);
		assert_int_equal(size, strlen(out));
		assert_true(utf8_valid((struct stagger_bytes){out, size}));
		bool as_it_was = size == sizeof(in) && memcmp(in, out, size) == 0;
		bool has_nul = memchr(in, 0, sizeof(in)) != NULL;
		assert_int_equal(as_it_was, utf8_valid(text) && !has_nul);
	}
}

static void utf8_step__tells_character_from_junk(void **state)
{
	(void)state;
	bool valid;
	assert_int_equal(utf8_step(BYTES("\xE2\x82\xACz"), &valid), 3);
	assert_true(valid);
	assert_int_equal(utf8_step(BYTES("\xE2\x82z"), &valid), 2);
	assert_false(valid);
	assert_int_equal(utf8_step(BYTES("z"), &valid), 1);
	assert_true(valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_valid__follows_table_3_7),
		cmocka_unit_test(utf8_cut__never_ends_inside_a_character),
		cmocka_unit_test(utf8_clean__replaces_maximal_invalid_sequences),
		cmocka_unit_test(utf8_clean__cuts_on_a_boundary),
		cmocka_unit_test(utf8_clean__output_is_always_valid),
		cmocka_unit_test(utf8_step__tells_character_from_junk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
