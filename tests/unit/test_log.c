/* SPDX-License-Identifier: Apache-2.0
 *
 * What a line looks like, its bounds, and the rate of a site. */
#define _GNU_SOURCE
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD (sizeof("at=2026-01-01T00:00:00.000Z ") - 1)
#define THREADS 4
#define PER_THREAD 500

/* What the callback saw. */
struct seen {
	char last[4096];
	enum stagger_level level;
	int lines, suppressed, inside, overlaps;
	struct log *again; /* logs into it from inside */
};

static void take(enum stagger_level level, const char *line, void *user)
{
	struct seen *seen = user;

	if (seen->inside++ != 0)
		seen->overlaps++;
	seen->lines++;
	seen->level = level;
	snprintf(seen->last, sizeof(seen->last), "%s", line);
	const char *left_out = strstr(line, " suppressed=");
	if (left_out != NULL)
		seen->suppressed += atoi(left_out + strlen(" suppressed="));
	if (seen->again != NULL)
		log_warn(seen->again, "from inside");
	seen->inside--;
}

static struct log *open_log(struct seen *seen, struct log_options options)
{
	struct log *log = NULL;

	*seen = (struct seen){0};
	options.write = take;
	options.user = seen;
	assert_int_equal(log_new(&log, &options, NULL), STAGGER_OK);
	return log;
}

static void log__writes_logfmt(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){0});

	log_warn(log, "topic '%s' partition %d", "a\"b", 3);
	assert_string_equal(seen.last + HEAD, "level=warn msg=\"topic 'a\\\"b' partition 3\"");
	assert_int_equal(seen.level, STAGGER_LOG_WARN);
	log_error(log, "two\nlines\x1B[0m \xFF");
	assert_string_equal(seen.last + HEAD,
			    "level=error msg=\"two\\nlines\\u001b[0m \xEF\xBF\xBD\"");
	log_info(log, "%s", "");
	assert_string_equal(seen.last + HEAD, "level=info msg=\"\"");
	log_free(&log);
	assert_null(log);
	log_free(&log);
}

static void log__writes_json(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){.json = true});

	log_info(log, "say \"%s\"", "hi");
	assert_memory_equal(seen.last, "{\"at\":\"2", 8);
	assert_string_equal(strstr(seen.last, "Z\""),
			    "Z\",\"level\":\"info\",\"msg\":\"say \\\"hi\\\"\"}");
	log_free(&log);
}

static void log__stamps_utc_milliseconds(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){0});
	struct tm utc = {0};
	int ms = -1;
	int length = 0;

	time_t before = time(NULL);
	log_info(log, "now");
	time_t after = time(NULL);
	assert_int_equal(sscanf(seen.last, "at=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &utc.tm_year,
				&utc.tm_mon, &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec,
				&ms, &length),
			 7);
	assert_int_equal(length, HEAD - 1);
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	assert_in_range(timegm(&utc), before - 1, after + 1);
	assert_in_range(ms, 0, 999);
	log_free(&log);
}

static void log__keeps_to_its_level(void **state)
{
	(void)state;
	static const struct {
		enum stagger_level set;
		int lines;
	} rows[] = {
		{STAGGER_LOG_DEFAULT, 3}, {STAGGER_LOG_ERROR, 1}, {STAGGER_LOG_WARN, 2},
		{STAGGER_LOG_INFO, 3},    {STAGGER_LOG_DEBUG, 4},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen;
		struct log *log = open_log(&seen, (struct log_options){.level = rows[i].set});
		log_error(log, "error");
		log_warn(log, "warn");
		log_info(log, "info");
		log_debug(log, "debug");
		assert_int_equal(seen.lines, rows[i].lines);
		assert_int_equal(log_wants(log, STAGGER_LOG_INFO), rows[i].lines >= 3);
		log_free(&log);
	}
}

static void log__names_every_level(void **state)
{
	(void)state;
	static const char *const names[] = {"info", "error", "warn", "info", "debug"};
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){.level = STAGGER_LOG_DEBUG});

	for (int level = STAGGER_LOG_DEFAULT; level <= STAGGER_LOG_DEBUG; level++) {
		char expected[32];
		snprintf(expected, sizeof(expected), "level=%s msg=\"x\"", names[level]);
		log_write(log, (enum stagger_level)level, "x");
		assert_string_equal(seen.last + HEAD, expected);
	}
	log_free(&log);
}

static void log__without_a_log_is_silent(void **state)
{
	(void)state;
	assert_false(log_wants(NULL, STAGGER_LOG_ERROR));
	log_error(NULL, "nobody hears");
}

static void log__bounds_its_lines_on_a_character(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){0});
	char big[10000];

	for (size_t shift = 0; shift < 3; shift++) {
		memset(big, 'a', shift);
		for (size_t i = shift; i + 3 < sizeof(big); i += 3)
			memcpy(big + i, "\xE2\x82\xAC", 4);
		log_warn(log, "%s", big);
		size_t size = strlen(seen.last);
		assert_in_range(size, 1900, 2047);
		assert_string_equal(seen.last + size - 7, "\xE2\x82\xAC...\"");
		assert_null(strstr(seen.last, "\xEF\xBF\xBD"));
	}
	memset(big, '\x01', sizeof(big) - 1); // six bytes each
	big[sizeof(big) - 1] = '\0';
	log_warn(log, "%s", big);
	assert_in_range(strlen(seen.last), 1900, 2047);
	assert_string_equal(seen.last + strlen(seen.last) - 10, "\\u0001...\"");
	log_free(&log);
}

static void log__limits_a_site_and_counts_what_it_left_out(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){.rate = 2});
	int calls = 0;

	// Until a line says how many were left out; then every call is accounted for.
	while (seen.suppressed == 0 && calls < 100000) {
		log_warn(log, "site %d", calls++);
		poll(NULL, 0, calls > 10 ? 20 : 0);
	}
	assert_true(seen.suppressed > 0);
	assert_int_equal(seen.lines + seen.suppressed, calls);
	int suppressed = seen.suppressed;
	log_warn(log, "other site");
	assert_non_null(strstr(seen.last, "other site"));
	assert_int_equal(seen.suppressed, suppressed);
	log_free(&log);
}

static void log__forgets_the_oldest_site_when_there_are_too_many(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){.rate = 1});
	char sites[1000][2];

	for (size_t i = 0; i < 1000; i++) {
		strcpy(sites[i], "s");
		const char *site = sites[i];
		log_write(log, STAGGER_LOG_INFO, site, NULL);
	}
	assert_int_equal(seen.lines, 1000);
	log_free(&log);
}

static void log__refuses_a_negative_rate(void **state)
{
	(void)state;
	struct stagger_error err;
	struct log *log = NULL;

	assert_int_equal(log_new(&log, &(struct log_options){.rate = -1}, &err), STAGGER_INVALID);
	assert_string_equal(err.text, "log: rate -1 is below 0");
	assert_null(log);
}

static void log__drops_a_line_from_inside_its_callback(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){0});

	seen.again = log;
	log_warn(log, "outer");
	assert_int_equal(seen.lines, 1);
	log_free(&log);
}

static void log__leaves_errno(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){0});

	errno = ENOTTY;
	seen.again = log;
	log_warn(log, "x");
	assert_int_equal(errno, ENOTTY);
	log_free(&log);
}

static void *write_many(void *arg)
{
	for (int i = 0; i < PER_THREAD; i++)
		log_info((struct log *)arg, "line");
	return NULL;
}

static void log__never_calls_back_twice_at_once(void **state)
{
	(void)state;
	struct seen seen;
	struct log *log = open_log(&seen, (struct log_options){.rate = INT32_MAX});
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, log), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(seen.lines, THREADS * PER_THREAD);
	assert_int_equal(seen.overlaps, 0);
	log_free(&log);
}

static void log__goes_to_stderr_by_default(void **state)
{
	(void)state;
	struct log *log = NULL;
	char text[256] = "";
	int ends[2];

	assert_int_equal(log_new(&log, &(struct log_options){0}, NULL), STAGGER_OK);
	assert_int_equal(pipe(ends), 0);
	int kept = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	log_warn(log, "hello");
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(n > 0);
	assert_string_equal(text + HEAD, "level=warn msg=\"hello\"\n");
	log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log__writes_logfmt),
		cmocka_unit_test(log__writes_json),
		cmocka_unit_test(log__stamps_utc_milliseconds),
		cmocka_unit_test(log__keeps_to_its_level),
		cmocka_unit_test(log__names_every_level),
		cmocka_unit_test(log__without_a_log_is_silent),
		cmocka_unit_test(log__bounds_its_lines_on_a_character),
		cmocka_unit_test(log__limits_a_site_and_counts_what_it_left_out),
		cmocka_unit_test(log__forgets_the_oldest_site_when_there_are_too_many),
		cmocka_unit_test(log__refuses_a_negative_rate),
		cmocka_unit_test(log__drops_a_line_from_inside_its_callback),
		cmocka_unit_test(log__leaves_errno),
		cmocka_unit_test(log__never_calls_back_twice_at_once),
		cmocka_unit_test(log__goes_to_stderr_by_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
