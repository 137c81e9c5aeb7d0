/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in columns, and that a long list is not kept in memory. */
#define _GNU_SOURCE
#include "cli/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static const struct column specs[] = {
	{"name", false, 5},
	{"n", true, 0},
	{"why", false, 0},
};

struct printed {
	char *text;
	size_t size;
	struct output out;
};

static void begin(struct printed *p)
{
	p->out = (struct output){.file = open_memstream(&p->text, &p->size)};
}

static void row(struct columns *c, const char *name, const char *n, const char *why)
{
	const struct stagger_bytes cells[] = {bytes_text(name), bytes_text(n), bytes_text(why)};
	assert_true(columns_row(c, cells));
}

static void columns__line_up(void **state)
{
	struct printed p;

	(void)state;
	begin(&p);
	struct columns *c = columns_new(&p.out, specs, 3);
	row(c, "a", "1", "x");
	row(c, "\xE6\x97\xA5", "12345", NULL);
	row(c, "too long", "-1", "\033[2J");
	columns_end(&c);
	fclose(p.out.file);
	assert_string_equal(p.text, "name       n  why\n"
				    "a          1  x\n"
				    "\xE6\x97\xA5     12345  -\n"
				    "too \xE2\x80\xA6     -1  \\u001b[2J\n");
	assert_null(c);
	free(p.text);
}

static void columns__without_rows_print_nothing(void **state)
{
	struct printed p;

	(void)state;
	begin(&p);
	struct columns *c = columns_new(&p.out, specs, 3);
	columns_end(&c);
	fclose(p.out.file);
	assert_string_equal(p.text, "");
	free(p.text);
}

static void columns__settle_after_the_first_rows(void **state)
{
	struct printed p;

	(void)state;
	begin(&p);
	struct columns *c = columns_new(&p.out, specs, 3);
	for (int i = 0; i < COLUMNS_AHEAD; i++)
		row(c, "a", "1", "x");
	fflush(p.out.file);
	assert_true(p.size > COLUMNS_AHEAD * 8);
	size_t before = p.size;
	row(c, "a", "1234", "wider than its column");
	fflush(p.out.file);
	assert_string_equal(p.text + before, "a     1234  wider than its column\n");
	columns_end(&c);
	fclose(p.out.file);
	free(p.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns__line_up),
		cmocka_unit_test(columns__without_rows_print_nothing),
		cmocka_unit_test(columns__settle_after_the_first_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
