/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines: what they mean, and what is said of a wrong one. On a table that holds together. */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_WORDS 8

static const struct option_info options[] = {
	{OPTION_OUTPUT, 'o', "output", "FORMAT", "table json mermaid", "how"},
	{OPTION_PORT, 'p', "port", "PORT", NULL, "which"},
	{OPTION_HEX, 'x', "hex", NULL, NULL, "flag"},
	{OPTION_GROUP, 0, "group", "NAME", NULL, "group"},
};
static const struct command_info command = {
	.name = "try",
	.arguments = ARGUMENTS_FILE,
	.options = options,
	.n_options = N(options),
};
static const struct command_info no_file = {.name = "none"};

struct words {
	const char *words[MAX_WORDS]; /* NULL-ended */
};

static int count(const struct words *words)
{
	int n = 0;
	while (n < MAX_WORDS && words->words[n] != NULL)
		n++;
	return n;
}

static void options_read__takes_every_way_to_write_a_value(void **state)
{
	static const struct {
		struct words words;
		const char *output, *port, *hex, *file;
	} cases[] = {
		{{{"f"}}, NULL, NULL, NULL, "f"},
		{{{"-"}}, NULL, NULL, NULL, "-"},
		{{{"--output", "json", "f"}}, "json", NULL, NULL, "f"},
		{{{"--output=json", "f"}}, "json", NULL, NULL, "f"},
		{{{"f", "-o", "json"}}, "json", NULL, NULL, "f"},
		{{{"f", "-ojson"}}, "json", NULL, NULL, "f"},
		{{{"-xojson", "f"}}, "json", NULL, "", "f"},
		{{{"-x", "--port=", "f"}}, NULL, "", "", "f"},
		{{{"--port", "--hex", "f"}}, NULL, "--hex", NULL, "f"},
		{{{"-p", "1", "--port=2", "f"}}, NULL, "2", NULL, "f"},
		{{{"--", "--hex"}}, NULL, NULL, NULL, "--hex"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct arguments_given given;
		struct stagger_error err;
		if (options_read(&given, &command, count(&cases[i].words), cases[i].words.words,
				 &err) != STAGGER_OK)
			fail_msg("case %zu: %s", i, err.text);
		const char *const expected[] = {cases[i].output, cases[i].port, cases[i].hex,
						cases[i].file};
		const char *const found[] = {given.values[OPTION_OUTPUT], given.values[OPTION_PORT],
					     given.values[OPTION_HEX], given.file};
		for (size_t k = 0; k < N(expected); k++) {
			if ((expected[k] == NULL) != (found[k] == NULL) ||
			    (expected[k] != NULL && strcmp(expected[k], found[k]) != 0))
				fail_msg("case %zu, value %zu: %s", i, k, found[k]);
		}
	}
}

static void options_read__says_what_is_wrong_and_where_help_is(void **state)
{
	static const struct {
		struct words words;
		const char *says;
	} cases[] = {
		{{{"--ouput", "json", "f"}}, "unknown option '--ouput' (did you mean '--output'?)"},
		{{{"--zzzzzz", "f"}}, "unknown option '--zzzzzz';"},
		{{{"--out=json", "f"}}, "unknown option '--out'"},
		{{{"-q", "f"}}, "unknown option '-q';"},
		{{{"-xq", "f"}}, "unknown option '-q';"},
		{{{"--hex=1", "f"}}, "--hex takes no value"},
		{{{"f", "--port"}}, "--port needs a value: --port PORT"},
		{{{"f", "-p"}}, "--port needs a value: --port PORT"},
		{{{"-o", "jsn", "f"}}, "--output is 'jsn', not one of table, json, mermaid"},
		{{{"-o", "jso", "f"}}, "--output is 'jso', not one of"},
		{{{"-o", "", "f"}}, "--output is '', not one of"},
		{{{"f", "g"}}, "'g' is too much: one file is read"},
		{{{"-x"}}, "a chain file is missing"},
		{{{NULL}}, "a chain file is missing"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct arguments_given given = {.file = "untouched"};
		struct stagger_error err;
		assert_int_equal(options_read(&given, &command, count(&cases[i].words),
					      cases[i].words.words, &err),
				 STAGGER_INVALID);
		if (strstr(err.text, cases[i].says) == NULL ||
		    strstr(err.text, "; see 'stagger try --help'") == NULL ||
		    strncmp(err.text, "try: ", 5) != 0)
			fail_msg("case %zu: %s", i, err.text);
		assert_string_equal(given.file, "untouched");
	}
	const char *word[] = {"f"};
	struct arguments_given given;
	struct stagger_error err;
	assert_int_equal(options_read(&given, &no_file, 1, word, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "'f' is too much: no file is read"));
}

static void options_read__looks_at_nothing_else_when_help_is_asked_for(void **state)
{
	static const struct words cases[] = {
		{{"--help"}}, {{"-h"}}, {{"--wrong", "--help"}}, {{"a", "b", "-h"}},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct arguments_given given;
		struct stagger_error err;
		assert_int_equal(options_read(&given, &command, count(&cases[i]), cases[i].words,
					      &err),
				 STAGGER_OK);
		assert_non_null(given.values[OPTION_HELP]);
	}
	const char *behind[] = {"--", "--help"};
	struct arguments_given given;
	struct stagger_error err;
	assert_int_equal(options_read(&given, &command, 2, behind, &err), STAGGER_OK);
	assert_null(given.values[OPTION_HELP]);
	assert_string_equal(given.file, "--help");
}

static void option_is__knows_the_first_choice_as_the_default(void **state)
{
	struct arguments_given given = {.command = &command};

	(void)state;
	assert_true(option_is(&given, OPTION_OUTPUT, "table"));
	assert_false(option_is(&given, OPTION_OUTPUT, "json"));
	assert_false(option_is(&given, OPTION_OUTPUT, "tabl"));
	assert_false(option_is(&given, OPTION_PORT, ""));
	given.values[OPTION_OUTPUT] = "json";
	assert_true(option_is(&given, OPTION_OUTPUT, "json"));
	assert_false(option_is(&given, OPTION_OUTPUT, "table"));
}

static void option_number__keeps_to_its_bounds(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t number;
	} cases[] = {
		{NULL, true, -7},  {"0", true, 0},      {"65535", true, 65535}, {"65536", false, 0},
		{"-1", false, 0},  {"", false, 0},      {"12x", false, 0},      {"x", false, 0},
		{"1.5", false, 0}, {"0x10", false, 0},  {"99999999999999999999", false, 0},
	};
	const int64_t bounds[2] = {0, 65535};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct arguments_given given = {.command = &command};
		struct stagger_error err;
		int64_t number = -7;
		given.values[OPTION_PORT] = cases[i].text;
		bool good = option_number(&number, &given, OPTION_PORT, bounds, &err) == STAGGER_OK;
		if (good != cases[i].good || number != (good ? cases[i].number : -7))
			fail_msg("case %zu: %lld", i, (long long)number);
		if (!good)
			assert_non_null(strstr(err.text, "not a number of 0..65535"));
	}
}

static void command_find__finds_or_says_what_was_meant(void **state)
{
	static const struct {
		struct words words;
		const char *name, *says;
		int n_words;
	} cases[] = {
		{{{"stagger", "decode", "--hex"}}, "decode", NULL, 1},
		{{{"stagger"}}, NULL, "say what to do", 0},
		{{{"stagger", "decoed"}}, NULL, "unknown command 'decoed' (did you mean 'decode'?)",
		 0},
		{{{"stagger", "decode2zz"}}, NULL, "(did you mean 'decode'?)", 0},
		{{{"stagger", "xyzzy"}}, NULL, "unknown command 'xyzzy';", 0},
		{{{"stagger", ""}}, NULL, "unknown command ''", 0},
		{{{"stagger", "--hlep"}}, NULL, "unknown option '--hlep'", 0},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const struct command_info *found = NULL;
		struct stagger_error err = {0};
		int n_words = 0;
		enum stagger_status status = command_find(
			&found, &n_words, count(&cases[i].words), cases[i].words.words, &err);
		assert_int_equal(status, cases[i].name != NULL ? STAGGER_OK : STAGGER_INVALID);
		if (cases[i].name != NULL) {
			assert_string_equal(found->name, cases[i].name);
			assert_int_equal(n_words, cases[i].n_words);
		} else if (strstr(err.text, cases[i].says) == NULL ||
			   strstr(err.text, "see 'stagger --help'") == NULL) {
			fail_msg("case %zu: %s", i, err.text);
		}
	}
}

/* What the parser and the generated texts rely on. */
static void table__holds_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *c = &command_table[i];
		assert_non_null(c->run);
		assert_true(strlen(c->meaning) < 72 &&
			    c->meaning[strlen(c->meaning) - 1] != '.');
		size_t family = c->family != NULL ? strlen(c->family) : 0;
		if (c->family == NULL)
			assert_null(strchr(c->name, ' '));
		else
			assert_true(strncmp(c->name, c->family, family) == 0 &&
				    c->name[family] == ' ' && c->name[family + 1] != '\0');
		for (size_t k = 0; k < c->n_options; k++) {
			const struct option_info *o = &c->options[k];
			assert_ptr_equal(command_option(c, o->name, strlen(o->name)), o);
			if (o->letter != 0)
				assert_ptr_equal(command_letter(c, o->letter), o);
			assert_true(o->choices == NULL || o->value != NULL);
			assert_true(o->letter != 'h' && strcmp(o->name, "help") != 0);
			assert_true(o->meaning[strlen(o->meaning) - 1] != '.');
		}
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(command_table[k].name, c->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_read__takes_every_way_to_write_a_value),
		cmocka_unit_test(options_read__says_what_is_wrong_and_where_help_is),
		cmocka_unit_test(options_read__looks_at_nothing_else_when_help_is_asked_for),
		cmocka_unit_test(option_is__knows_the_first_choice_as_the_default),
		cmocka_unit_test(option_number__keeps_to_its_bounds),
		cmocka_unit_test(command_find__finds_or_says_what_was_meant),
		cmocka_unit_test(table__holds_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
