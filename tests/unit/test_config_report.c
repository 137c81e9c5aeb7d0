/* SPDX-License-Identifier: Apache-2.0
 *
 * What people see of a finding: order, line, caret, and what fits into an error. */
#include "config_rig.h"

#include "config/report.h"

struct rig {
	struct arena arena;
	struct secrets secrets;
	struct report r;
};

static struct report *rig_of(struct rig *rig, const char *source)
{
	*rig = (struct rig){0};
	rig->r = (struct report){.arena = &rig->arena,
				 .secrets = &rig->secrets,
				 .name = "f.yaml",
				 .source = {source, strlen(source)}};
	return &rig->r;
}

static void assert_shows(struct rig *rig, const char *expected)
{
	struct stagger_error err = {0};
	char *text = NULL;

	secrets_sort(&rig->secrets);
	assert_int_equal(report_finish(&rig->r, &text, &err), STAGGER_INVALID);
	assert_string_equal(text, expected);
	free(text);
	arena_clear(&rig->arena);
}

static void report__is_ok_without_findings(void **state)
{
	struct rig rig;
	char *text = NULL;

	(void)state;
	assert_int_equal(report_finish(rig_of(&rig, "a: 1\n"), &text, NULL), STAGGER_OK);
	assert_null(text);
}

static void report__has_the_order_of_the_file_and_no_doubles(void **state)
{
	struct rig rig;
	struct report *r = rig_of(&rig, "one: 1\ntwo: 2\n");

	(void)state;
	report_add(r, (struct place){7, 3}, "second");
	report_add(r, (struct place){0, 3}, "first, %d", 1);
	report_add(r, (struct place){7, 3}, "second");
	report_add(r, (struct place){7, 3}, "third");
	report_add(r, PLACE_NONE, "of the whole");
	assert_shows(&rig, "f.yaml:1:1: error: first, 1\none: 1\n^~~\n"
			   "f.yaml:2:1: error: second\ntwo: 2\n^~~\n"
			   "f.yaml:2:1: error: third\ntwo: 2\n^~~\n"
			   "f.yaml: error: of the whole\n");
}

static void report__puts_the_caret_below_its_place(void **state)
{
	struct rig rig;

	(void)state;
	/* tabs stay tabs, a character is one column however many bytes it has */
	report_add(rig_of(&rig, "\tk\xc3\xa9: \xf0\x9f\x98\x80x\n"), (struct place){10, 1}, "x");
	assert_shows(&rig, "f.yaml:1:7: error: x\n\tk\xc3\xa9: \xf0\x9f\x98\x80x\n\t     ^\n");
	/* over the end of the line, at the end of the file, without a size, behind a CR */
	report_add(rig_of(&rig, "ab\ncd\n"), (struct place){1, 4}, "x");
	assert_shows(&rig, "f.yaml:1:2: error: x\nab\n ^\n");
	report_add(rig_of(&rig, "ab\r\ncd\n"), (struct place){8, 0}, "x");
	assert_shows(&rig, "f.yaml:2:4: error: x\ncd\n  ^\n");
	report_add(rig_of(&rig, "abc"), (struct place){1, 0}, "x");
	assert_shows(&rig, "f.yaml:1:2: error: x\nabc\n ^\n");
	report_add(rig_of(&rig, ""), (struct place){0, 0}, "x");
	assert_shows(&rig, "f.yaml:1:1: error: x\n\n^\n");
	/* bytes that are no text */
	report_add(rig_of(&rig, "a\xff\x01z"), (struct place){1, 1}, "x\ny\xff");
	assert_shows(&rig, "f.yaml:1:2: error: x y\xef\xbf\xbd\na\xef\xbf\xbd\xef\xbf\xbdz\n ^\n");
}

static void report__shows_a_part_of_a_long_line(void **state)
{
	char source[400];
	struct rig rig;
	struct stagger_error err = {0};
	char *text = NULL;

	(void)state;
	memset(source, 'x', sizeof(source) - 1);
	source[sizeof(source) - 1] = '\0';
	memcpy(source + 150, "\xc3\xa9", 2); /* where the window would cut it */
	report_add(rig_of(&rig, source), (struct place){211, 2}, "here");
	assert_int_equal(report_finish(&rig.r, &text, &err), STAGGER_INVALID);
	assert_int_equal(err.column, 211);
	const char *line = strchr(text, '\n') + 1;
	const char *carets = strchr(line, '\n') + 1;
	assert_true(strncmp(line, "...xx", 5) == 0);
	assert_true(strncmp(carets - 4, "...", 3) == 0);
	assert_true(carets - line < 180);
	assert_int_equal(strcspn(carets, "^"), 3 + 59);
	free(text);
	arena_clear(&rig.arena);
}

static void report__shows_what_to_add(void **state)
{
	struct rig rig;

	(void)state;
	report_missing(rig_of(&rig, "a: 1\n"), (struct place){0, 1}, "b:\n  c: 2\n", "b is missing");
	assert_shows(&rig, "f.yaml:1:1: error: b is missing\na: 1\n^\n  + b:\n  +   c: 2\n");
}

static void report__masks_parts_of_the_source(void **state)
{
	struct rig rig;
	struct report *r = rig_of(&rig, "p: secret, q: 2\nnext\n");

	(void)state;
	report_mask(r, (struct place){5, 4});
	report_mask(r, (struct place){3, 6});
	report_add(r, (struct place){11, 1}, "q");
	report_add(r, (struct place){3, 6}, "p");
	assert_shows(&rig, "f.yaml:1:4: error: p\np: ***, q: 2\n   ^~~\n"
			   "f.yaml:1:12: error: q\np: ***, q: 2\n        ^\n");
	/* over several lines: a line of it is masked as a whole */
	r = rig_of(&rig, "p: |\n  sec\n  ret\nq: 1\n");
	report_mask(r, (struct place){5, 11});
	report_add(r, (struct place){13, 3}, "within");
	assert_shows(&rig, "f.yaml:3:3: error: within\n***\n^~~\n");
}

static void report__takes_secrets_out_of_texts(void **state)
{
	struct rig rig;
	struct report *r = rig_of(&rig, "a\n");

	(void)state;
	report_secret(r, "abc");
	report_secret(r, "long-secret");
	report_secret(r, "long-secret-and-more");
	report_secret(r, "two\nlines");
	report_secret(r, "");
	report_add(r, (struct place){0, 1},
		   "abc, xabc, 'abc' and xlong-secret-and-morex, long-secret; two\nlines");
	assert_shows(&rig, "f.yaml:1:1: error: ***, xabc, '***' and x***x, ***; ***\na\n^\n");
}

static void report__an_error_has_whole_findings_and_the_number_of_others(void **state)
{
	struct rig rig;
	struct report *r = rig_of(&rig, "one: 1\ntwo: 2\n");
	struct stagger_error err = {0};
	char *text = NULL;

	(void)state;
	for (int i = 0; i < 300; i++)
		report_add(r, (struct place){7, 3}, "finding %d", i);
	assert_int_equal(report_finish(r, &text, &err), STAGGER_INVALID);
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 1);
	const char *more = strstr(err.text, "and ");
	assert_non_null(more);
	size_t whole = 0;
	for (const char *at = err.text; (at = strstr(at, "^~~\n")) != NULL; at++)
		whole++;
	assert_int_equal(atoi(more + 4), 300 - (int)whole);
	assert_true(strlen(err.text) > 4000);
	assert_memory_equal(err.text, text, (size_t)(more - err.text));
	assert_non_null(strstr(text, "finding 299\n"));
	free(text);
	arena_clear(&rig.arena);
	/* nobody wants either */
	report_add(rig_of(&rig, "a"), (struct place){0, 1}, "x");
	assert_int_equal(report_finish(&rig.r, NULL, NULL), STAGGER_INVALID);
	arena_clear(&rig.arena);
}

static void report__has_a_limit_of_findings(void **state)
{
	struct rig rig;
	struct report *r = rig_of(&rig, "a\n");
	char *text = NULL;

	(void)state;
	for (int i = 0; i < 10010; i++)
		report_add(r, (struct place){0, 1}, "finding %d", i);
	assert_int_equal(report_finish(r, &text, NULL), STAGGER_INVALID);
	assert_non_null(strstr(text, "finding 9999\n"));
	assert_null(strstr(text, "finding 10000\n"));
	assert_string_equal(text + strlen(text) - 12, "and 10 more\n");
	free(text);
	arena_clear(&rig.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report__is_ok_without_findings),
		cmocka_unit_test(report__has_the_order_of_the_file_and_no_doubles),
		cmocka_unit_test(report__puts_the_caret_below_its_place),
		cmocka_unit_test(report__shows_a_part_of_a_long_line),
		cmocka_unit_test(report__shows_what_to_add),
		cmocka_unit_test(report__masks_parts_of_the_source),
		cmocka_unit_test(report__takes_secrets_out_of_texts),
		cmocka_unit_test(report__an_error_has_whole_findings_and_the_number_of_others),
		cmocka_unit_test(report__has_a_limit_of_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
