/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded building and did-you-mean. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

static void text_add__appends_until_it_is_full(void **state)
{
	(void)state;
	char text[9] = "########";
	size_t used = 0;

	assert_true(text_add(text, 8, &used, "%s", "abc"));
	assert_int_equal(used, 3);
	assert_true(text_add(text, 8, &used, "%d", 4567));
	assert_string_equal(text, "abc4567");
	assert_int_equal(used, 7);
	assert_true(text_add(text, 8, &used, "%s", ""));
	assert_false(text_add(text, 8, &used, "x"));
	assert_string_equal(text, "abc4567");
	assert_int_equal(used, 7);
}

static void text_add__cuts_what_does_not_fit(void **state)
{
	(void)state;
	char text[5] = "####";
	size_t used = 0;

	assert_false(text_add(text, 4, &used, "%s", "abcdef"));
	assert_string_equal(text, "abc");
	assert_int_equal(used, 3);
}

static void text_add__writes_nothing_without_room(void **state)
{
	(void)state;
	char text[2] = "#";
	size_t used = 0;

	assert_false(text_add(text, 0, &used, "a"));
	assert_int_equal(text[0], '#');
	assert_int_equal(used, 0);
}

static void text_nearest__knows_typing_errors(void **state)
{
	(void)state;
	static const char *const names[] = {"delay",   "attempts", "jitter",
					    "workers", "order",    "to"};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"delay", "delay"},
		{"dealy", "delay"},      // swapped
		{"dela", "delay"},       // one too few
		{"dellay", "delay"},     // one too many
		{"dekay", "delay"},      // replaced
		{"atemtps", "attempts"}, // two errors in seven
		{"worker", "workers"},
		{"rodeer", "order"},
		{"t", "to"},
		{"zz", NULL},
		{"ordinal", NULL},
		{"djxay", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < N(rows); i++) {
		const char *found = text_nearest(rows[i].word, names, N(names));
		if (rows[i].nearest == NULL)
			assert_null(found);
		else
			assert_string_equal(found, rows[i].nearest);
	}
}

static void text_nearest__prefers_the_nearer_then_the_first(void **state)
{
	(void)state;
	static const char *const names[] = {"abcxyz", "abcdex", "abcdey", "abcdef"};

	assert_ptr_equal(text_nearest("abcdef", names, 4), names[3]);
	assert_ptr_equal(text_nearest("abcdef", names, 3), names[1]);
	assert_null(text_nearest("abcdef", names, 0));
}

static void text_nearest__leaves_long_words_alone(void **state)
{
	(void)state;
	char word[TEXT_MAX_WORD + 2];
	memset(word, 'a', sizeof(word));
	word[TEXT_MAX_WORD + 1] = '\0';
	const char *names[] = {word, word + 1}; // one too long, one just right

	assert_null(text_nearest(word, names, 2));
	assert_ptr_equal(text_nearest(word + 1, names, 2), word + 1);
}

static void text_pack__puts_copies_one_behind_the_other(void **state)
{
	(void)state;
	char block[32];
	char *at = block;
	const char *first = text_pack(&at, "ab");
	const char *none = text_pack(&at, NULL);
	struct stagger_bytes bytes = bytes_pack(&at, (struct stagger_bytes){"c\0d", 3});
	struct stagger_bytes empty = bytes_pack(&at, (struct stagger_bytes){"", 0});

	assert_string_equal(first, "ab");
	assert_null(none);
	assert_memory_equal(bytes.data, "c\0d", 3);
	assert_ptr_equal(bytes.data, block + 3);
	assert_non_null(empty.data); // empty is not null
	assert_ptr_equal(at, block + 6);
	assert_int_equal(text_packed("ab"), 3);
	assert_int_equal(text_packed(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_add__appends_until_it_is_full),
		cmocka_unit_test(text_add__cuts_what_does_not_fit),
		cmocka_unit_test(text_add__writes_nothing_without_room),
		cmocka_unit_test(text_nearest__knows_typing_errors),
		cmocka_unit_test(text_nearest__prefers_the_nearer_then_the_first),
		cmocka_unit_test(text_nearest__leaves_long_words_alone),
		cmocka_unit_test(text_pack__puts_copies_one_behind_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
