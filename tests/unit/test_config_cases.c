/* SPDX-License-Identifier: Apache-2.0
 *
 * Chain files, one folder each: chain.yaml is read, and expect.txt is what is in force, or all that
 * is wrong, byte for byte. A new case is a folder; tests/data/config/README says how. */
#define _GNU_SOURCE
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/file.h"
#include "config/keys.h"
#include "config/tree.h"

#define LEAST_CASES 60
#define MOST_CASES  512
#define MOST_TEXT   (1 << 20)

/* What the cases' `${NAME}` stand for; none of these may be seen in what is shown. */
static const struct {
	const char *name, *value;
	bool hidden;
} variables[] = {
	{"KAFKA_USER", "lieutenant", true},
	{"KAFKA_PASSWORD", "p4ssw0rd-of-the-case", true},
	{"STAGGER_CASE_USER", "scotty", true},
	{"STAGGER_CASE_SECRET", "s3cr3t-of-the-case", true},
	{"STAGGER_CASE_BLANKS", "not a topic", true},
	{"STAGGER_CASE_EMPTY", "", false},
	{"STAGGER_CASE_NUMBER", "0", false},
	{"STAGGER_CASE_COUNT", "7", false},
};
static const char *const never_seen[] = {"hunter2", "nobody-sees-this", "nor-this", "bm90IGEg"};

static char folder[4096];
static char *cases[MOST_CASES];
static size_t n_cases;

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_cases(void **state)
{
	const char *data = getenv("STAGGER_TEST_DATA");
	struct dirent *entry;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/config", data != NULL ? data : "tests/data");
	DIR *all = opendir(folder);
	assert_non_null(all);
	while ((entry = readdir(all)) != NULL && n_cases < MOST_CASES)
		if (strchr(entry->d_name, '.') == NULL && strcmp(entry->d_name, "README") != 0)
			cases[n_cases++] = strdup(entry->d_name);
	closedir(all);
	qsort(cases, n_cases, sizeof(*cases), by_name);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		setenv(variables[i].name, variables[i].value, 1);
	unsetenv("STAGGER_CASE_UNSET");
	return n_cases >= LEAST_CASES ? 0 : -1;
}

/* The case's own folder is where its files are, and its chain file's name is short. */
static void enter(const char *name)
{
	char path[sizeof(folder) + 300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(chdir(path), 0);
}

static char *result_of(struct config **config)
{
	struct stagger_error err = {0};
	char *report = NULL;
	enum stagger_status status = config_load(config, "chain.yaml", NULL, &report, &err);

	if (status == STAGGER_OK)
		return config_show(*config);
	assert_int_equal(status, STAGGER_INVALID);
	assert_non_null(report);
	/* the error has the same, as far as it goes */
	size_t size = strcspn(err.text, "");
	size_t common = 0;
	while (common < size && err.text[common] == report[common])
		common++;
	assert_true(common == size || strncmp(err.text + common, "and ", 4) == 0);
	return report;
}

static void assert_keeps_secrets(const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (variables[i].hidden && strstr(text, variables[i].value) != NULL)
			fail_msg("%s shows %s", name, variables[i].name);
	for (size_t i = 0; i < sizeof(never_seen) / sizeof(never_seen[0]); i++)
		if (strstr(text, never_seen[i]) != NULL)
			fail_msg("%s shows '%s'", name, never_seen[i]);
}

static void config__cases_are_as_expected(void **state)
{
	size_t bad = 0;

	(void)state;
	for (size_t i = 0; i < n_cases; i++) {
		struct config *config = NULL;
		char *expected = NULL;
		size_t size;
		bool no_memory;
		enter(cases[i]);
		char *text = result_of(&config);
		const char *why =
			file_read(&expected, &size, "expect.txt", MOST_TEXT, &no_memory);
		if (why != NULL)
			fail_msg("%s/expect.txt: %s", cases[i], why);
		if (strcmp(text, expected) != 0) {
			print_error("%s:\n-- expected\n%s-- got\n%s", cases[i], expected, text);
			bad++;
		}
		assert_keeps_secrets(cases[i], text);
		free(expected);
		free(text);
		config_free(&config);
	}
	assert_int_equal(bad, 0);
}

/* What config_show() writes is a chain file that says the same. */
static void config__what_is_shown_can_be_read_back(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < n_cases; i++) {
		struct config *config = NULL;
		struct config *again = NULL;
		struct stagger_error err;
		enter(cases[i]);
		char *text = result_of(&config);
		struct config_text from = {"shown.yaml", {text, strlen(text)}, NULL};
		if (config != NULL && strstr(text, "***") == NULL) {
			if (config_read(&again, &from, NULL, &err) != STAGGER_OK)
				fail_msg("%s: %s", cases[i], err.text);
			char *second = config_show(again);
			/* the defaults are the file's now */
			for (char *at; (at = strstr(text, "  # default")) != NULL;)
				memmove(at, at + 11, strlen(at + 11) + 1);
			for (char *at; (at = strstr(second, "  # default")) != NULL;)
				memmove(at, at + 11, strlen(at + 11) + 1);
			assert_string_equal(second, text);
			free(second);
			n++;
		}
		free(text);
		config_free(&config);
		config_free(&again);
	}
	assert_true(n >= 10);
}

static bool used[KEYS_MAX];

static void mark(enum key_scope scope, const struct node *map, const char *path)
{
	char full[256];

	for (size_t i = 0; map != NULL && i < map->n_pairs; i++) {
		const struct pair *pair = &map->pairs[i];
		snprintf(full, sizeof(full), "%s%s%s", path, path[0] != '\0' ? "." : "",
			 pair->key->text);
		size_t row = key_find(scope, full);
		if (row < config_n_keys)
			used[row] = true;
		if (pair->value->kind == NODE_MAP)
			mark(scope, pair->value, full);
		for (size_t k = 0; pair->value->kind == NODE_LIST && k < pair->value->n_items; k++)
			if (strcmp(full, "retry.stages") == 0)
				mark(KEY_STAGE, pair->value->items[k], "");
	}
}

static void mark_file(const char *text, size_t size)
{
	struct arena arena = {0};
	struct secrets secrets = {0};
	struct tree tree = {0};
	struct report report = {
		.arena = &arena, .secrets = &secrets, .name = "", .source = {text, size}};

	tree_parse(&tree, &arena, &report);
	mark(KEY_TOP, tree.root, "");
	mark(KEY_CHAIN, tree_get(tree.root, "defaults"), "");
	const struct node *chains = tree_get(tree.root, "chains");
	for (size_t i = 0; chains != NULL && i < chains->n_pairs; i++)
		mark(KEY_CHAIN, chains->pairs[i].value, "");
	arena_clear(&arena);
}

static void config__every_key_of_the_table_is_in_a_case(void **state)
{
	size_t missing = 0;

	(void)state;
	for (size_t i = 0; i < n_cases; i++) {
		char *text;
		size_t size;
		bool no_memory;
		enter(cases[i]);
		assert_null(file_read(&text, &size, "chain.yaml", CONFIG_MAX_FILE, &no_memory));
		mark_file(text, size);
		free(text);
	}
	for (size_t i = 0; i < config_n_keys; i++) {
		if (used[i])
			continue;
		print_error("no case uses '%s'\n", config_keys[i].path);
		missing++;
	}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config__cases_are_as_expected),
		cmocka_unit_test(config__what_is_shown_can_be_read_back),
		cmocka_unit_test(config__every_key_of_the_table_is_in_a_case),
	};

	return cmocka_run_group_tests(tests, find_cases, NULL);
}
