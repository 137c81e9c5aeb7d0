/* SPDX-License-Identifier: Apache-2.0
 *
 * Which errors a pattern fits, and which patterns are refused. */
#include "core/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void match__fits_class_and_code(void **state)
{
	static const struct {
		const char *pattern, *error_class, *code;
		bool fits;
	} cases[] = {
		{"Name", "Name", NULL, true},      {"Name", "Name", "503", true},
		{"Name", "Names", NULL, false},    {"Name", "Nam", NULL, false},
		{"Name", "name", NULL, false},     {"Name", "", NULL, false},
		{"Name", NULL, NULL, false},       {"Pre*", "Pre", NULL, true},
		{"Pre*", "Prefix", "1", true},     {"Pre*", "Pr", NULL, false},
		{"Pre*", "xPre", NULL, false},     {"*", "", NULL, true},
		{"*", NULL, NULL, true},           {"*", "Any", "x", true},
		{"Http/503", "Http", "503", true}, {"Http/503", "Http", "5031", false},
		{"Http/503", "Http", NULL, false}, {"Http/503", "Other", "503", false},
		{"Http/5*", "Http", "5", true},    {"Http/5*", "Http", "503", true},
		{"Http/5*", "Http", "404", false}, {"Http/*", "Http", "", true},
		{"Http/*", "Http", NULL, false},   {"Ht*/4*", "Https", "404", true},
		{"*/404", "Https", "404", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err;
		struct match match;

		assert_int_equal(match_parse(&match, cases[i].pattern, &err), STAGGER_OK);
		if (match_fits(&match, cases[i].error_class, cases[i].code) != cases[i].fits)
			fail_msg("case %zu: '%s'", i, cases[i].pattern);
		match_clear(&match);
		assert_null(match.error_class);
	}
}

static void match__refuses_what_it_cannot_mean(void **state)
{
	static const struct {
		const char *pattern, *says;
	} cases[] = {
		{NULL, "empty"},
		{"", "empty"},
		{"/503", "empty part"},
		{"Http/", "empty part"},
		{"*Http", "only end"},
		{"H*p/503", "only end"},
		{"Http**", "only end"},
		{"Http/5*3", "only end"},
		{"Http/5/3", "more than one '/'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err = {0};
		struct match match = {.class_prefix = true};

		assert_int_equal(match_parse(&match, cases[i].pattern, &err), STAGGER_INVALID);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, err.text);
		assert_null(match.error_class);
		assert_true(match.class_prefix);
	}
}

static void match__bounds_its_parts(void **state)
{
	static const struct {
		size_t class_size, code_size;
		bool star;
		enum stagger_status status;
	} cases[] = {
		{127, 0, false, STAGGER_OK},  {128, 0, false, STAGGER_INVALID},
		{127, 63, false, STAGGER_OK}, {127, 64, false, STAGGER_INVALID},
		{127, 63, true, STAGGER_OK},  {127, 64, true, STAGGER_INVALID},
		{127, 0, true, STAGGER_OK},   {128, 0, true, STAGGER_INVALID},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char pattern[256] = "";
		struct stagger_error err;
		struct match match = {0};

		memset(pattern, 'c', cases[i].class_size);
		if (cases[i].code_size > 0) {
			strcat(pattern, "/");
			memset(pattern + strlen(pattern), '5', cases[i].code_size);
		}
		if (cases[i].star)
			strcat(pattern, "*");
		assert_int_equal(match_parse(&match, pattern, &err), cases[i].status);
		match_clear(&match);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(match__fits_class_and_code),
		cmocka_unit_test(match__refuses_what_it_cannot_mean),
		cmocka_unit_test(match__bounds_its_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
