/* SPDX-License-Identifier: Apache-2.0
 *
 * The face of the room: files, the group that wins, what C sets over a file, memory. */
#include "config_rig.h"

#include <unistd.h>

#include "config/arena.h"
#include "config/numbers.h"
#include "core/chain.h"

static void load__says_why_a_file_cannot_be_read(void **state)
{
	struct config *config = NULL;
	struct stagger_error err = {0};
	char *report = NULL;

	(void)state;
	assert_int_equal(config_load(&config, "no/such/file.yaml", NULL, &report, &err),
			 STAGGER_INVALID);
	assert_string_equal(report,
			    "no/such/file.yaml: error: cannot be read: No such file or directory\n");
	assert_string_equal(err.text,
			    "no/such/file.yaml: error: cannot be read: No such file or directory");
	assert_int_equal(err.line, 0);
	free(report);
	assert_int_equal(config_load(&config, "/", NULL, NULL, &err), STAGGER_INVALID);
	assert_string_equal(err.text, "/: error: cannot be read: not a regular file");
	assert_null(config);
	config_free(&config);
	config_free(NULL);
}

static void load__the_callers_group_wins(void **state)
{
	static const char with[] = HEAD "chains: {o: {}}\n";
	static const char without[] = "kafka: {bootstrap.servers: b}\nchains: {o: {}}\n";
	const char *const texts[] = {with, without};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct config_text text = {"t.yaml", {texts[i], strlen(texts[i])}, "mine"};
		struct config *config = NULL;
		assert_int_equal(config_read(&config, &text, NULL, NULL), STAGGER_OK);
		assert_string_equal(config->consumer.group, "mine");
		assert_string_equal(config->chains[0]->stages[1].topic, "o.mine.retry.1m");
		config_free(&config);
	}
}

static void load__fills_the_options_of_c(void **state)
{
	(void)state;
	struct config *config =
		must_read("kafka: {bootstrap.servers: b, consumer: {fetch.min.bytes: 1}}\n"
			  "group: g\nformerly: [old, older]\nstart_timeout: off\nleave: true\n"
			  "log: {level: debug, format: json}\nmax_waiting_bytes: 2MiB\n"
			  "chains: {b: {}, a: {}}\n");
	assert_int_equal(config->consumer.size, sizeof(config->consumer));
	assert_string_equal(config->consumer.formerly[1], "older");
	assert_null(config->consumer.formerly[2]);
	assert_int_equal(config->consumer.start_timeout_ms, STAGGER_OFF);
	assert_true(config->consumer.leave);
	assert_int_equal(config->consumer.log_level, STAGGER_LOG_DEBUG);
	assert_true(config->consumer.log_json);
	assert_int_equal(config->consumer.max_waiting_bytes, 2 * 1024 * 1024);
	assert_int_equal(config->consumer.max_waiting, 0);
	assert_int_equal(config->n_properties, 2);
	assert_string_equal(config->properties[1].name, "consumer.fetch.min.bytes");
	assert_int_equal(config->n_chains, 2);
	assert_string_equal(config->chains[0]->name, "b"); /* in the order of the file */
	config_free(&config);
}

static void on_log(enum stagger_level level, const char *line, void *user)
{
	(void)level;
	(void)line;
	(void)user;
}

static void load__what_c_sets_wins(void **state)
{
	struct stagger_consumer_options file = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer_options c = STAGGER_CONSUMER_OPTIONS_INIT;

	(void)state;
	file.group = "file";
	file.instance = "file";
	file.leave = true;
	file.drain_timeout_ms = 1000;
	file.max_in_flight = 10;
	file.log_level = STAGGER_LOG_DEBUG;
	c.group = "c";
	c.drain_timeout_ms = STAGGER_OFF;
	c.log = on_log;
	c.user = &file;
	config_overlay(&file, &c);
	assert_string_equal(file.group, "c");
	assert_string_equal(file.instance, "file");
	assert_true(file.leave);
	assert_int_equal(file.drain_timeout_ms, STAGGER_OFF);
	assert_int_equal(file.max_in_flight, 10);
	assert_int_equal(file.log_level, STAGGER_LOG_DEBUG);
	assert_true(file.log == on_log && file.user == &file && file.event == NULL);
}

static void load__takes_up_to_256_chains(void **state)
{
	char *yaml = malloc(16384);
	size_t used;

	(void)state;
	assert_non_null(yaml);
	for (int n = 256; n <= 257; n++) {
		used = (size_t)sprintf(yaml, "%schains:\n", HEAD);
		for (int i = 0; i < n; i++)
			used += (size_t)sprintf(yaml + used, "  c%d: {}\n", i);
		if (n == 257) {
			assert_mentions(yaml, used, "chains has 257 elements, at most 256");
			break;
		}
		struct config *config = must_read(yaml);
		assert_int_equal(config->n_chains, 256);
		config_free(&config);
	}
	free(yaml);
}

static void numbers__are_read_by_hand(void **state)
{
	static const struct {
		const char *text;
		bool good;
		double value;
	} rows[] = {
		{"0", true, 0},    {"10", true, 10},   {"1.5", true, 1.5}, {"0.25", true, 0.25},
		{"01", false, 0},  {"", false, 0},     {".5", false, 0},   {"1.", false, 0},
		{"-1", false, 0},  {" 1", false, 0},   {"+1", false, 0},   {"x", false, 0},
	};
	int64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].text;
		double value = -1;
		bool good = number_decimal(&at, &value);
		if (good != rows[i].good || (good && (value != rows[i].value || *at != '\0')))
			fail_msg("'%s' is %f", rows[i].text, value);
	}
	assert_true(number_size("3KiB", &bytes) && bytes == 3072);
	assert_true(number_size("99999999999999999999GiB", &bytes) && bytes == INT64_MAX);
	assert_true(number_size("0B", &bytes) && bytes == 0);
	assert_false(number_size("3KB", &bytes));
	assert_false(number_size("3", &bytes));
	assert_false(number_size("KiB", &bytes));
	assert_false(number_size("1.5MiB", &bytes));
}

static void arena__gives_room_and_takes_all_back(void **state)
{
	struct arena arena = {0};
	int *list = NULL;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		list = arena_more(&arena, list, n, sizeof(*list));
		assert_non_null(list);
		assert_int_equal(list[n], 0);
		list[n] = (int)n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(list[n], n);
	assert_string_equal(arena_text(&arena, (struct stagger_bytes){"abc", 2}), "ab");
	assert_false(arena.failed);
	assert_null(arena_take(&arena, SIZE_MAX));
	assert_true(arena.failed);
	arena_clear(&arena);
	assert_false(arena.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load__says_why_a_file_cannot_be_read),
		cmocka_unit_test(load__the_callers_group_wins),
		cmocka_unit_test(load__fills_the_options_of_c),
		cmocka_unit_test(load__what_c_sets_wins),
		cmocka_unit_test(load__takes_up_to_256_chains),
		cmocka_unit_test(numbers__are_read_by_hand),
		cmocka_unit_test(arena__gives_room_and_takes_all_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
