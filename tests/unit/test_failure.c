/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler may write into its scratch, and what is packed of it. */
#include "core/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct stagger_failure *make_scratch(void)
{
	struct stagger_failure *scratch = failure_scratch_new();

	assert_non_null(scratch);
	return scratch;
}

static struct failure *pack(const struct stagger_failure *scratch)
{
	struct failure *packed = failure_pack(scratch);

	assert_non_null(packed);
	return packed;
}

static void set(struct stagger_failure *scratch, int64_t retry_after_ms, const char *error_class,
		const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	failure_set(scratch, retry_after_ms, error_class, fmt, args);
	va_end(args);
}

static void failure__packs_all_that_was_set(void **state)
{
	struct stagger_failure *scratch = make_scratch();

	(void)state;
	set(scratch, 1500, "BankBusy", "pool %d of %s", 3, "orders");
	failure_set_code(scratch, "503");
	failure_set_detail(scratch, "at f()\nat g()", 13);
	assert_true(failure_set_attribute(scratch, "tenant", "a"));
	assert_true(failure_set_attribute(scratch, "old", NULL));
	assert_true(failure_set_attribute(scratch, "empty", ""));

	struct failure *packed = pack(scratch);
	failure_scratch_free(&scratch);
	assert_null(scratch);
	assert_string_equal(packed->error_class, "BankBusy");
	assert_string_equal(packed->error_message, "pool 3 of orders");
	assert_string_equal(packed->error_code, "503");
	assert_string_equal(packed->error_detail, "at f()\nat g()");
	assert_int_equal(packed->retry_after_ms, 1500);
	assert_int_equal(packed->n_attributes, 3);
	assert_string_equal(packed->attributes[0].name, "tenant");
	assert_string_equal(packed->attributes[0].value, "a");
	assert_string_equal(packed->attributes[1].name, "old");
	assert_null(packed->attributes[1].value);
	assert_string_equal(packed->attributes[2].name, "empty");
	assert_string_equal(packed->attributes[2].value, "");
	failure_free(&packed);
	assert_null(packed);
}

static void failure__packs_an_untouched_scratch_as_empty(void **state)
{
	struct stagger_failure *scratch = make_scratch();
	struct failure *packed = pack(scratch);

	(void)state;
	assert_false(failure_scratch_used(scratch));
	assert_string_equal(packed->error_class, "");
	assert_string_equal(packed->error_message, "");
	assert_null(packed->error_code);
	assert_null(packed->error_detail);
	assert_int_equal(packed->n_attributes, 0);
	failure_free(&packed);
	failure_scratch_free(&scratch);
}

static void failure__the_last_word_counts(void **state)
{
	struct stagger_failure *scratch = make_scratch();

	(void)state;
	set(scratch, 1500, "First", "one");
	failure_set_code(scratch, "1");
	failure_set_detail(scratch, "x", 1);
	set(scratch, -5, NULL, NULL);
	failure_set_code(scratch, NULL);
	failure_set_detail(scratch, NULL, 9);

	struct failure *packed = pack(scratch);
	assert_string_equal(packed->error_class, "");
	assert_string_equal(packed->error_message, "");
	assert_int_equal(packed->retry_after_ms, 0);
	assert_null(packed->error_code);
	assert_null(packed->error_detail);
	failure_free(&packed);
	failure_scratch_free(&scratch);
}

static void failure__knows_whether_anything_was_set_and_forgets_it(void **state)
{
	struct stagger_failure *scratch = make_scratch();

	(void)state;
	for (int what = 0; what < 4; what++) {
		assert_false(failure_scratch_used(scratch));
		if (what == 0)
			set(scratch, 0, "", "");
		else if (what == 1)
			failure_set_code(scratch, "");
		else if (what == 2)
			failure_set_detail(scratch, "", 0);
		else
			assert_true(failure_set_attribute(scratch, "a", NULL));
		assert_true(failure_scratch_used(scratch));
		failure_scratch_clear(scratch);
	}
	set(scratch, 1, "Class", "text");
	assert_true(failure_set_attribute(scratch, "a", "1"));
	failure_scratch_clear(scratch);
	struct failure *packed = pack(scratch);
	assert_string_equal(packed->error_class, "");
	assert_string_equal(packed->error_message, "");
	assert_int_equal(packed->retry_after_ms, 0);
	assert_int_equal(packed->n_attributes, 0);
	failure_free(&packed);
	failure_scratch_free(&scratch);
}

static void failure__cuts_and_cleans_texts(void **state)
{
	enum { LONG = 20000 };
	char *text = malloc(LONG + 1);
	struct stagger_failure *scratch = make_scratch();

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < LONG; i++)
		text[i] = i % 2 == 0 ? '\xC3'
				     : '\xA4'; /* two bytes each: odd limits cut one byte earlier */
	text[LONG] = '\0';
	set(scratch, 0, text, "x%s", text);
	failure_set_code(scratch, text);
	failure_set_detail(scratch, text, LONG);
	struct failure *packed = pack(scratch);
	assert_int_equal(strlen(packed->error_class), FAILURE_MAX_CLASS - 1);
	assert_int_equal(strlen(packed->error_message), FAILURE_MAX_MESSAGE - 1);
	assert_int_equal(strlen(packed->error_code), FAILURE_MAX_CODE - 1);
	assert_int_equal(strlen(packed->error_detail), FAILURE_MAX_DETAIL);
	failure_free(&packed);

	set(scratch, 0, "a\xFF", "b\xC3");
	failure_set_code(scratch, "\xED\xA0\x80");
	failure_set_detail(scratch, "c\0d", 3);
	packed = pack(scratch);
	assert_string_equal(packed->error_class, "a\xEF\xBF\xBD");
	assert_string_equal(packed->error_message, "b\xEF\xBF\xBD");
	assert_null(strchr(packed->error_code, '\xED'));
	assert_string_equal(packed->error_detail, "c\xEF\xBF\xBD"
						  "d");
	failure_free(&packed);
	failure_scratch_free(&scratch);
	free(text);
}

static void failure__never_lets_a_torn_character_through(void **state)
{
	struct stagger_failure *scratch = make_scratch();
	char text[FAILURE_MAX_MESSAGE + 64];

	(void)state;
	for (size_t before = FAILURE_MAX_MESSAGE - 8; before < FAILURE_MAX_MESSAGE + 12; before++) {
		memset(text, 'a', before);
		strcpy(text + before, "\xF0\x9F\x98\x80");
		set(scratch, 0, "C", "%s", text);
		struct failure *packed = pack(scratch);
		size_t size = strlen(packed->error_message);
		if (before + 4 <= FAILURE_MAX_MESSAGE)
			assert_string_equal(packed->error_message, text);
		else
			assert_int_equal(size, before < FAILURE_MAX_MESSAGE ? before
									    : FAILURE_MAX_MESSAGE);
		assert_null(strchr(packed->error_message, '\xEF'));
		failure_free(&packed);
	}
	failure_scratch_free(&scratch);
}

static void failure__replaces_attributes_wherever_they_are(void **state)
{
	struct stagger_failure *scratch = make_scratch();

	(void)state;
	assert_true(failure_set_attribute(scratch, "a", "first"));
	assert_true(failure_set_attribute(scratch, "b", NULL));
	assert_true(failure_set_attribute(scratch, "c", "third"));
	for (int i = 0; i < 10000; i++) /* the room of what was there before is used again */
		assert_true(failure_set_attribute(scratch, "a", "changed, and longer"));
	assert_true(failure_set_attribute(scratch, "b", "set again"));
	assert_true(failure_set_attribute(scratch, "c", NULL));
	struct failure *packed = pack(scratch);
	assert_int_equal(packed->n_attributes, 3);
	assert_string_equal(packed->attributes[0].name, "a");
	assert_string_equal(packed->attributes[0].value, "changed, and longer");
	assert_string_equal(packed->attributes[1].name, "b");
	assert_string_equal(packed->attributes[1].value, "set again");
	assert_string_equal(packed->attributes[2].name, "c");
	assert_null(packed->attributes[2].value);
	failure_free(&packed);
	failure_scratch_free(&scratch);
}

static void failure__bounds_the_number_of_attributes(void **state)
{
	struct stagger_failure *scratch = make_scratch();
	char name[16];

	(void)state;
	for (int i = 0; i < FAILURE_MAX_ATTRIBUTES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_true(failure_set_attribute(scratch, name, i % 2 == 0 ? "v" : NULL));
	}
	assert_false(failure_set_attribute(scratch, "one more", "v"));
	assert_false(failure_set_attribute(scratch, "one more", NULL));
	assert_false(failure_set_attribute(scratch, NULL, "v"));
	assert_true(failure_set_attribute(scratch, "n7", "replaced"));
	struct failure *packed = pack(scratch);
	assert_int_equal(packed->n_attributes, FAILURE_MAX_ATTRIBUTES);
	assert_string_equal(packed->attributes[31].value, "replaced");
	failure_free(&packed);
	failure_scratch_free(&scratch);
}

static void failure__bounds_the_bytes_of_attributes(void **state)
{
	struct stagger_failure *scratch = make_scratch();
	char value[FAILURE_MAX_ATTRIBUTE_BYTES + 64];

	(void)state;
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_false(failure_set_attribute(scratch, "a", value));
	assert_false(failure_set_attribute(scratch, value, NULL));
	value[FAILURE_MAX_ATTRIBUTE_BYTES] = '\0';
	assert_false(failure_set_attribute(scratch, "a", value));
	value[FAILURE_MAX_ATTRIBUTE_BYTES - 1] = '\0';
	assert_true(failure_set_attribute(scratch, "a", value));
	assert_false(failure_set_attribute(scratch, "b", NULL));
	/* Refused: what was there stays. */
	value[FAILURE_MAX_ATTRIBUTE_BYTES - 1] = 'v';
	assert_false(failure_set_attribute(scratch, "a", value));
	struct failure *packed = pack(scratch);
	assert_int_equal(packed->n_attributes, 1);
	assert_int_equal(strlen(packed->attributes[0].value), FAILURE_MAX_ATTRIBUTE_BYTES - 1);
	failure_free(&packed);
	assert_true(failure_set_attribute(scratch, "a", "short"));
	assert_true(failure_set_attribute(scratch, "b", NULL));
	/* Cleaning makes bytes more: 1,400 times three of them are too many. */
	memset(value, '\xFF', 1400);
	value[1400] = '\0';
	assert_false(failure_set_attribute(scratch, "c", value));
	value[1300] = '\0';
	assert_true(failure_set_attribute(scratch, "c", value));
	failure_scratch_free(&scratch);
}

static void failure__of_takes_texts_and_carries_attributes(void **state)
{
	struct stagger_failure *scratch = make_scratch();
	struct failure *carried;
	struct failure *made;

	(void)state;
	assert_true(failure_set_attribute(scratch, "a", "1"));
	assert_true(failure_set_attribute(scratch, "b", NULL));
	carried = pack(scratch);
	failure_scratch_free(&scratch);
	made = failure_of("Class\xFF", "7", "100 %s", "detail", 90, carried);
	failure_free(&carried);
	assert_non_null(made);
	assert_string_equal(made->error_class, "Class\xEF\xBF\xBD");
	assert_string_equal(made->error_code, "7");
	assert_string_equal(made->error_message, "100 %s");
	assert_string_equal(made->error_detail, "detail");
	assert_int_equal(made->retry_after_ms, 90);
	assert_int_equal(made->n_attributes, 2);
	assert_string_equal(made->attributes[0].value, "1");
	assert_null(made->attributes[1].value);
	failure_free(&made);

	made = failure_of(NULL, NULL, NULL, NULL, -1, NULL);
	assert_non_null(made);
	assert_string_equal(made->error_class, "");
	assert_string_equal(made->error_message, "");
	assert_null(made->error_code);
	assert_null(made->error_detail);
	assert_int_equal(made->retry_after_ms, 0);
	assert_int_equal(made->n_attributes, 0);
	failure_free(&made);
}

static void failure__frees_nothing_twice(void **state)
{
	struct failure *none = NULL;
	struct stagger_failure *no_scratch = NULL;

	(void)state;
	failure_free(&none);
	failure_free(NULL);
	failure_scratch_free(&no_scratch);
	failure_scratch_free(NULL);
	assert_null(none);
	assert_null(no_scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure__packs_all_that_was_set),
		cmocka_unit_test(failure__packs_an_untouched_scratch_as_empty),
		cmocka_unit_test(failure__the_last_word_counts),
		cmocka_unit_test(failure__knows_whether_anything_was_set_and_forgets_it),
		cmocka_unit_test(failure__cuts_and_cleans_texts),
		cmocka_unit_test(failure__never_lets_a_torn_character_through),
		cmocka_unit_test(failure__replaces_attributes_wherever_they_are),
		cmocka_unit_test(failure__bounds_the_number_of_attributes),
		cmocka_unit_test(failure__bounds_the_bytes_of_attributes),
		cmocka_unit_test(failure__of_takes_texts_and_carries_attributes),
		cmocka_unit_test(failure__frees_nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
