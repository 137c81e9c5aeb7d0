/* SPDX-License-Identifier: Apache-2.0
 *
 * Histories as JSON lines: what is written is read back, what is no line is named, files merge. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "history.h"
#include "history_fields.h"

static void history_write__is_read_back(void **state)
{
	const struct history_counters counters = {.handled = 7, .waiting_bytes = 9};
	struct history_event event = {HISTORY_EVENT(HISTORY_STOPPED)};
	struct history h = {.n = 0};
	char line[4096];
	char again[4096];
	char why[256];

	(void)state;
	event.at_ms = 1795364729159;
	event.attempt = 3;
	event.partition = 0;
	event.offset = 117;
	event.due_ms = -5;
	event.id = "42";
	event.key = "quote \" back \\ line \n";
	event.value_hash = UINT64_C(0xfedcba9876543210);
	event.lost = true;
	event.counters = &counters;
	assert_true(history_write(&event, line, sizeof(line)) > 0);
	assert_true(history_read_line(&h, line, why, sizeof(why)));
	assert_int_equal(h.events[0].offset, 117);
	assert_int_equal(h.events[0].original_offset, -1);
	assert_string_equal(h.events[0].key, event.key);
	assert_int_equal(h.events[0].counters->handled, 7);
	assert_int_equal(h.events[0].counters->waiting_bytes, 9);
	history_write(&h.events[0], again, sizeof(again));
	assert_string_equal(again, line);
	history_clear(&h);
}

static void history_write__makes_nothing_of_a_line_that_does_not_fit(void **state)
{
	struct history_event event = {HISTORY_EVENT(HISTORY_STARTED)};
	char line[64];

	(void)state;
	event.key = "01234567890123456789012345678901234567890123456789";
	assert_int_equal(history_write(&event, line, sizeof(line)), 0);
	assert_string_equal(line, "");
}

static void history_write_config__is_read_back(void **state)
{
	const struct history_config config = {
		.group = "g", .topic = "t", .dlt = "t.g.dlt", .order = "key", .jitter = 0.2,
		.stages = {{"retry.1m", "t.g.retry.1m", 60000, 2, true}}, .n_stages = 1,
		.republish = true,
		.in_place_attempts = 3, .max_uncommitted = 64, .revoke_is_fault = true,
	};
	struct history h = {.n = 0};
	char line[4096];
	char again[4096];
	char why[256];

	(void)state;
	history_write_config(&config, line, sizeof(line));
	assert_true(history_read_line(&h, line, why, sizeof(why)));
	assert_int_equal(h.config.stages[0].visits, 2);
	assert_true(h.config.stages[0].retired);
	assert_true(h.config.republish);
	assert_true(h.config.revoke_is_fault);
	history_write_config(&h.config, again, sizeof(again));
	assert_string_equal(again, line);
	assert_true(history_read_line(&h, "{\"event\":\"config\",\"progress_ms\":5}", why,
				      sizeof(why)));
	assert_string_equal(h.config.order, "key");
	assert_int_equal(h.config.progress_ms, 5);
	history_clear(&h);
}

static void history_read_line__names_what_is_no_line(void **state)
{
	static const char *const lines[][2] = {
		{"{\"event\":\"eaten\"}", "no such event: 'eaten'"},
		{"{\"at_ms\":1}", "no such event: ''"},
		{"{\"event\":", "column 9: "},
	};
	struct history h = {.n = 0};
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_false(history_read_line(&h, lines[i][0], why, sizeof(why)));
		assert_memory_equal(why, lines[i][1], strlen(lines[i][1]));
	}
	assert_int_equal(h.n, 0);
	history_clear(&h);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void history_merge__sorts_files_and_keeps_the_order_of_each(void **state)
{
	char paths[2][64];
	size_t starts[2];
	struct history h = {.n = 0};
	char why[256];
	char ids[8] = "";

	(void)state;
	for (int i = 0; i < 2; i++)
		snprintf(paths[i], sizeof(paths[i]), "history-%d-%d.jsonl", (int)getpid(), i);
	/* the clock of the first steps back at b; its last line was cut by a kill */
	write_file(paths[0], "{\"event\":\"handling\",\"id\":\"a\",\"at_ms\":5}\n"
			     "{\"event\":\"handling\",\"id\":\"b\",\"at_ms\":1}\n"
			     "{\"event\":\"handling\",\"id\":\"c\",\"at_ms\":7}\n"
			     "{\"event\":\"hand");
	write_file(paths[1], "{\"event\":\"handling\",\"id\":\"d\",\"at_ms\":4}\n"
			     "{\"event\":\"handling\",\"id\":\"e\",\"at_ms\":6}\n");
	for (size_t i = 0; i < 2; i++) {
		starts[i] = h.n;
		assert_true(history_read_file(&h, paths[i], why, sizeof(why)));
		unlink(paths[i]);
	}
	history_merge(&h, starts, 2);
	for (size_t i = 0; i < h.n; i++)
		ids[i] = h.events[i].id[0];
	assert_string_equal(ids, "dabec");
	history_clear(&h);
}

static void history_read_file__says_where_it_is_wrong(void **state)
{
	struct history h = {.n = 0};
	char path[64];
	char why[256];
	char wanted[128];

	(void)state;
	snprintf(path, sizeof(path), "history-%d.jsonl", (int)getpid());
	assert_false(history_read_file(&h, path, why, sizeof(why)));
	write_file(path, "{\"event\":\"started\"}\n{\"event\":\"x\"}\n");
	assert_false(history_read_file(&h, path, why, sizeof(why)));
	unlink(path);
	snprintf(wanted, sizeof(wanted), "%s: line 2: no such event: 'x'", path);
	assert_string_equal(why, wanted);
	history_clear(&h);
}

static void history_field__finds_every_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < history_n_fields; i++)
		assert_ptr_equal(history_field(history_fields[i].name), &history_fields[i]);
	assert_null(history_field("nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_write__is_read_back),
		cmocka_unit_test(history_write__makes_nothing_of_a_line_that_does_not_fit),
		cmocka_unit_test(history_write_config__is_read_back),
		cmocka_unit_test(history_read_line__names_what_is_no_line),
		cmocka_unit_test(history_merge__sorts_files_and_keeps_the_order_of_each),
		cmocka_unit_test(history_read_file__says_where_it_is_wrong),
		cmocka_unit_test(history_field__finds_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
