/* SPDX-License-Identifier: Apache-2.0
 *
 * What reaches a terminal: escaped, cut, measured; and what becomes of a write that fails. */
#define _GNU_SOURCE
#include "cli/output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))

static void output_bytes__lets_no_control_byte_through(void **state)
{
	static const struct {
		struct stagger_bytes in;
		const char *out;
	} cases[] = {
		{{NULL, 0}, "null"},
		{{"", 0}, ""},
		{{"say \"hi\"", 8}, "say \"hi\""},
		{{"a\\b", 3}, "a\\\\b"},
		{{"\033[31mred\a\r\n\0", 12}, "\\u001b[31mred\\u0007\\r\\n\\u0000"},
		{{"\x7F\xC2\x9B" "1m", 5}, "\\u007f\\u009b1m"}, /* C1: a CSI of one character */
		{{"\xC3\xA9\xFF", 3}, "\xC3\xA9\xEF\xBF\xBD"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char *text = NULL;
		size_t size;
		struct output out = {.file = open_memstream(&text, &size)};
		output_bytes(&out, cases[i].in);
		fclose(out.file);
		if (strcmp(text, cases[i].out) != 0)
			fail_msg("case %zu: %s", i, text);
		free(text);
	}
}

static void output_width__counts_columns(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{"", 0},
		{"abc", 3},
		{"\xC3\xA9", 1},                 /* é */
		{"e\xCC\x81", 1},                /* e and a combining accent */
		{"\xE6\x97\xA5\xE6\x9C\xAC", 4}, /* 日本 */
		{"\xED\x95\x9C", 2},             /* 한 */
		{"\xF0\x9F\x98\x80", 2},         /* a face */
		{"\xE2\x94\x80\xE2\x96\xB6", 2}, /* a line and an arrow */
		{"\xFF\xFE", 2},                 /* two U+FFFD */
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++)
		if (output_width(bytes_text(cases[i].text)) != cases[i].width)
			fail_msg("case %zu: %zu", i, output_width(bytes_text(cases[i].text)));
}

static void output_escaped__cuts_at_a_width(void **state)
{
	static const struct {
		const char *in;
		size_t width;
		const char *out;
	} cases[] = {
		{"abc", SIZE_MAX, "abc"},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab\xE2\x80\xA6"},
		{"", 3, ""},
		{"\033\033", 6, "\xE2\x80\xA6"},         /* no half of an escape */
		{"\033\033", 7, "\\u001b\xE2\x80\xA6"},
		{"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 5,
		 "\xE6\x97\xA5\xE6\x9C\xAC\xE2\x80\xA6"},
		{"\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E", 4, "\xE6\x97\xA5\xE2\x80\xA6"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char *text = output_escaped(bytes_text(cases[i].in), cases[i].width);
		assert_non_null(text);
		if (strcmp(text, cases[i].out) != 0)
			fail_msg("case %zu: '%s'", i, text);
		assert_true(output_width(bytes_text(text)) <= cases[i].width);
		free(text);
	}
}

/* Combining characters take no column: they must not take all memory either. */
static void output_escaped__bounds_text_without_width(void **state)
{
	char text[3 * 3000 + 1] = "";

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		memcpy(text + 3 * i, "a\xCC\x81", 3);
	char *cut = output_escaped(bytes_text(text), 10);
	assert_non_null(cut);
	assert_int_equal(strlen(cut), 9 * 3 + 3);
	free(cut);
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < 3000; i++)
		memcpy(text + 2 * i, "\xCC\x81", 2);
	cut = output_escaped(bytes_text(text), 10);
	assert_non_null(cut);
	assert_true(strlen(cut) < 300);
	free(cut);
}

static void output_open__colours_only_a_terminal(void **state)
{
	struct output out;
	FILE *file = tmpfile();

	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_non_null(file);
	output_open(&out, file);
	assert_false(out.color);
	fclose(file);

	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	file = fopen(ptsname(terminal), "w");
	assert_non_null(file);
	output_open(&out, file);
	assert_true(out.color);
	setenv("TERM", "dumb", 1);
	output_open(&out, file);
	assert_false(out.color);
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	output_open(&out, file);
	assert_false(out.color);
	setenv("NO_COLOR", "", 1); /* no-color.org: when present and not empty */
	output_open(&out, file);
	assert_true(out.color);
	fclose(file);
	close(terminal);
}

static void output_close__takes_a_reader_that_left_for_no_failure(void **state)
{
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	struct output out = {.file = fdopen(ends[1], "w")};
	output_print(&out, "line\n");
	assert_true(output_close(&out));
	assert_true(out.gone);
	output_text(&out, "more"); /* goes nowhere */
	assert_true(output_close(&out));
	fclose(out.file);
}

static void output_close__says_that_the_disk_is_full(void **state)
{
	struct output out = {.file = fopen("/dev/full", "w")};

	(void)state;
	assert_non_null(out.file);
	output_print(&out, "line\n");
	assert_false(output_close(&out));
	fclose(out.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_bytes__lets_no_control_byte_through),
		cmocka_unit_test(output_width__counts_columns),
		cmocka_unit_test(output_escaped__cuts_at_a_width),
		cmocka_unit_test(output_escaped__bounds_text_without_width),
		cmocka_unit_test(output_open__colours_only_a_terminal),
		cmocka_unit_test(output_close__takes_a_reader_that_left_for_no_failure),
		cmocka_unit_test(output_close__says_that_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
