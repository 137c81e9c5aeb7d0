/* SPDX-License-Identifier: Apache-2.0
 *
 * fail() and the status names. */
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#undef fail // cmocka has a macro of that name

static void fail__fills_the_error_and_returns_the_status(void **state)
{
	(void)state;
	struct stagger_error err = {.line = 7, .column = 8, .kafka_code = 9};

	assert_int_equal(fail(&err, STAGGER_TOPICS, "topic '%s' is missing", "a.retry.1m"),
			 STAGGER_TOPICS);
	assert_int_equal(err.status, STAGGER_TOPICS);
	assert_int_equal(err.kafka_code, 0);
	assert_int_equal(err.line, 0);
	assert_int_equal(err.column, 0);
	assert_string_equal(err.text, "topic 'a.retry.1m' is missing");
}

static void fail__needs_no_error_object(void **state)
{
	(void)state;
	assert_int_equal(fail(NULL, STAGGER_STATE, "%d", 1), STAGGER_STATE);
	assert_int_equal(fail_code(NULL, STAGGER_FATAL, 3, "%d", 1), STAGGER_FATAL);
	assert_int_equal(fail_memory(NULL), STAGGER_NO_MEMORY);
}

static void fail__may_quote_the_error_it_replaces(void **state)
{
	(void)state;
	struct stagger_error err = {.text = "broker says no"};

	assert_int_equal(fail(&err, STAGGER_DENIED, "topic 'a': %s", err.text), STAGGER_DENIED);
	assert_string_equal(err.text, "topic 'a': broker says no");
}

static void fail__cuts_a_long_text_and_final_newlines(void **state)
{
	(void)state;
	struct stagger_error err;

	(void)fail(&err, STAGGER_INVALID, "%0*d", (int)sizeof(err.text) + 100, 0);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	(void)fail(&err, STAGGER_INVALID, "one\ntwo\n\n");
	assert_string_equal(err.text, "one\ntwo");
	(void)fail(&err, STAGGER_INVALID, "%s", "\n");
	assert_string_equal(err.text, "");
}

static void fail_code__keeps_the_kafka_code(void **state)
{
	(void)state;
	struct stagger_error err;

	assert_int_equal(fail_code(&err, STAGGER_DENIED, 29, "no"), STAGGER_DENIED);
	assert_int_equal(err.status, STAGGER_DENIED);
	assert_int_equal(err.kafka_code, 29);
}

static void fail_memory__says_so(void **state)
{
	(void)state;
	struct stagger_error err;

	assert_int_equal(fail_memory(&err), STAGGER_NO_MEMORY);
	assert_int_equal(err.status, STAGGER_NO_MEMORY);
	assert_string_equal(err.text, "out of memory");
}

static void fail_system__says_what_to_do_about_a_limit(void **state)
{
	struct stagger_error err;

	(void)state;
	assert_int_equal(fail_system(&err, EMFILE, "the pipe"), STAGGER_NO_MEMORY);
	assert_int_equal(err.status, STAGGER_NO_MEMORY);
	assert_string_equal(err.text, "the pipe: Too many open files; raise this process's limit of "
				      "open files (ulimit -n, LimitNOFILE=)");
	(void)fail_system(&err, ENFILE, "the pipe");
	assert_non_null(strstr(err.text, "fs.file-max"));
	(void)fail_system(&err, EAGAIN, "the thread");
	assert_non_null(strstr(err.text, "ulimit -u"));
	(void)fail_system(&err, EIO, "the disk");
	assert_string_equal(err.text, "the disk: Input/output error");
}

static void status_name__names_every_status(void **state)
{
	(void)state;
	assert_string_equal(stagger_status_name(STAGGER_OK), "STAGGER_OK");
	assert_string_equal(stagger_status_name(STAGGER_NO_MEMORY), "STAGGER_NO_MEMORY");
	assert_string_equal(stagger_status_name(STAGGER_STOPPED), "STAGGER_STOPPED");
	for (int a = STAGGER_OK; a <= STAGGER_STOPPED; a++) {
		const char *name = stagger_status_name((enum stagger_status)a);
		assert_string_not_equal(name, "STAGGER_UNKNOWN");
		for (int b = STAGGER_OK; b < a; b++)
			assert_string_not_equal(name, stagger_status_name((enum stagger_status)b));
	}
}

static void status_name__is_never_null(void **state)
{
	(void)state;
	assert_string_equal(stagger_status_name((enum stagger_status)(STAGGER_STOPPED + 1)),
			    "STAGGER_UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail__fills_the_error_and_returns_the_status),
		cmocka_unit_test(fail__needs_no_error_object),
		cmocka_unit_test(fail__may_quote_the_error_it_replaces),
		cmocka_unit_test(fail__cuts_a_long_text_and_final_newlines),
		cmocka_unit_test(fail_code__keeps_the_kafka_code),
		cmocka_unit_test(fail_memory__says_so),
		cmocka_unit_test(fail_system__says_what_to_do_about_a_limit),
		cmocka_unit_test(status_name__names_every_status),
		cmocka_unit_test(status_name__is_never_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
