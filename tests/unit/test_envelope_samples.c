/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden envelopes, one folder each: input.hex is read, and expect.txt is its JSON or the error's
 * text. A new case is a folder. The good inputs and their texts were written by fastavro. */
#define _GNU_SOURCE
#include <stagger/envelope.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#include "envelope_samples.h"

#ifndef TEST_DATA
#define TEST_DATA "tests/data"
#endif
#define LEAST_SAMPLES 8
#define MOST_TEXT     65536

static char *file_read(const char *folder, const char *sample, const char *name)
{
	char path[4096];
	char *text = malloc(MOST_TEXT);

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/%s/%s", folder, sample, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is missing", path);
	size_t size = fread(text, 1, MOST_TEXT - 1, file);
	fclose(file);
	while (size > 0 && text[size - 1] == '\n')
		size--;
	text[size] = '\0';
	return text;
}

/* A block of just that size. */
static struct stagger_bytes bytes_of(const char *hex)
{
	size_t n = 0;
	unsigned char *bytes = malloc(strlen(hex) / 2 + 1);

	assert_non_null(bytes);
	for (const char *at = hex; *at != '\0'; at++) {
		unsigned byte;
		if (isspace((unsigned char)*at))
			continue;
		assert_int_equal(sscanf(at, "%2x", &byte), 1);
		bytes[n++] = (unsigned char)byte;
		at++;
	}
	unsigned char *exact = realloc(bytes, n == 0 ? 1 : n);
	assert_non_null(exact);
	return (struct stagger_bytes){exact, n};
}

static char *text_of(struct stagger_bytes bytes)
{
	const struct stagger_envelope *e = NULL;
	char *text = NULL;
	struct stagger_error err;

	if (stagger_envelope_read(&e, bytes, &err) != STAGGER_OK)
		return bytes_dup(bytes_text(err.text));
	assert_int_equal(stagger_envelope_json(e, &text, &err), STAGGER_OK);
	stagger_envelope_free(&e);
	return text;
}

static bool sample_holds(const char *folder, const char *sample)
{
	char *hex = file_read(folder, sample, "input.hex");
	char *expected = file_read(folder, sample, "expect.txt");
	struct stagger_bytes bytes = bytes_of(hex);
	char *text = text_of(bytes);
	bool same = strcmp(text, expected) == 0;

	if (!same)
		print_error("%s:\n  expected %s\n  got      %s\n", sample, expected, text);
	free(hex);
	free(expected);
	free(text);
	sample_drop(bytes);
	return same;
}

static void envelope_samples__are_read_as_ever(void **state)
{
	const char *data = getenv("STAGGER_TEST_DATA");
	char folder[4096];
	size_t n = 0;
	size_t n_wrong = 0;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/envelope", data == NULL ? TEST_DATA : data);
	DIR *dir = opendir(folder);
	if (dir == NULL)
		fail_msg("no folder %s: set STAGGER_TEST_DATA", folder);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		n_wrong += !sample_holds(folder, entry->d_name);
	}
	closedir(dir);
	assert_int_equal(n_wrong, 0);
	assert_true(n >= LEAST_SAMPLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(envelope_samples__are_read_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
