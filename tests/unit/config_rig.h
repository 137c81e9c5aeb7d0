/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading chain files that a test has as texts. */
#ifndef TESTS_UNIT_CONFIG_RIG_H
#define TESTS_UNIT_CONFIG_RIG_H

#define _GNU_SOURCE
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "kafka: {bootstrap.servers: localhost}\ngroup: g\n"

static inline struct config *must_read(const char *yaml)
{
	struct config_text text = {"t.yaml", {yaml, strlen(yaml)}, NULL};
	struct config *config = NULL;
	struct stagger_error err = {0};

	if (config_read(&config, &text, NULL, &err) != STAGGER_OK)
		fail_msg("%s\n%s", yaml, err.text);
	return config;
}

/* The findings of a text of any bytes; yours to free. */
static inline char *findings_of(const void *yaml, size_t size)
{
	struct config_text text = {"t.yaml", {yaml, size}, NULL};
	struct config *config = NULL;
	struct stagger_error err = {0};
	char *report = NULL;

	assert_int_equal(config_read(&config, &text, &report, &err), STAGGER_INVALID);
	assert_null(config);
	assert_non_null(report);
	return report;
}

static inline void assert_finds(const char *yaml, const char *expected)
{
	char *report = findings_of(yaml, strlen(yaml));

	assert_string_equal(report, expected);
	free(report);
}

static inline void assert_mentions(const void *yaml, size_t size, const char *what)
{
	char *report = findings_of(yaml, size);

	if (strstr(report, what) == NULL)
		fail_msg("'%s' is not in\n%s", what, report);
	free(report);
}

#endif
