/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of keys against the options in C: the same defaults, the same ranges. What a chain file
 * takes C takes, and the other way round. */
#include "config_rig.h"

#include <stagger/chain.h>

#include "base/text.h"
#include "config/keys.h"
#include "consumer/state.h"
#include "core/chain.h"

static void keys__are_found_by_their_paths(void **state)
{
	char names[KEYS_MAX][KEYS_MAX_NAME];

	(void)state;
	for (size_t i = 0; i < config_n_keys; i++)
		assert_int_equal(key_find(config_keys[i].scope, key_local_path(&config_keys[i])), i);
	assert_int_equal(key_find(KEY_TOP, "retry"), config_n_keys);
	assert_int_equal(key_find(KEY_STAGE, "retry.stages[].delay"), config_n_keys);
	assert_true(key_is_map(KEY_CHAIN, "retry.in_place"));
	assert_false(key_is_map(KEY_CHAIN, "retry.in"));
	assert_false(key_is_map(KEY_TOP, "retry"));
	size_t n = key_children(KEY_CHAIN, "dead_letter", names, KEYS_MAX);
	assert_int_equal(n, 5);
	assert_string_equal(names[0], "topic");
	assert_string_equal(names[4], "retention");
	assert_int_equal(key_children(KEY_CHAIN, "", names, 2), 2);
	assert_int_equal(key_children(KEY_CHAIN, "nothing", names, KEYS_MAX), 0);
}

static void keys__say_their_ranges(void **state)
{
	static const struct {
		enum key_scope scope;
		const char *path, *range;
	} rows[] = {
		{KEY_TOP, "commit_interval", "10ms..1m"},
		{KEY_TOP, "max_in_flight_bytes", "1MiB..64GiB"},
		{KEY_TOP, "max_in_flight", "1..1048576"},
		{KEY_TOP, "group", "1..255 bytes"},
		{KEY_TOP, "formerly", "at most 16"},
		{KEY_TOP, "leave", ""},
		{KEY_CHAIN, "retry.jitter", "0%..50%"},
		{KEY_CHAIN, "retry.in_place.multiplier", "1..10"},
		{KEY_CHAIN, "order", ""},
		{KEY_CHAIN, "topic", ""},
	};
	char text[KEYS_RANGE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			key_range(&config_keys[key_find(rows[i].scope, rows[i].path)], text),
			rows[i].range);
	assert_string_equal(key_size_format(1536, text), "1536B");
	assert_string_equal(key_size_format(2048, text), "2KiB");
	assert_string_equal(key_size_format(0, text), "0B");
}

static void keys__secrets_are_known_by_name(void **state)
{
	(void)state;
	assert_true(config_secret("sasl.password"));
	assert_true(config_secret("producer.ssl.key.pem"));
	assert_true(config_secret("token"));
	assert_false(config_secret("sasl.oauthbearer.token.endpoint.url"));
	assert_false(config_secret("bootstrap.servers"));
}

/* Every default of a scope, as a chain file writes it. */
static void write_defaults(enum key_scope scope, const char *indent, char *text, size_t room)
{
	size_t used = strlen(text);
	char map[64] = "";

	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		const char *dot = strrchr(key->path, '.');
		if (key->scope != scope || key->width == 0 || key->otherwise == NULL)
			continue;
		size_t size = dot != NULL ? (size_t)(dot - key->path) : 0;
		if (strcmp(key->path, "retry.in_place.attempts") == 0)
			text_add(text, room, &used, "%sretry:\n%s  in_place:\n", indent, indent);
		else if (size > 0 && (strncmp(map, key->path, size) != 0 || map[size] != '\0') &&
			 strncmp(key->path, "retry.", 6) != 0)
			text_add(text, room, &used, "%s%.*s:\n", indent, (int)size, key->path);
		snprintf(map, sizeof(map), "%.*s", (int)size, key->path);
		bool deep = strncmp(key->path, "retry.in_place.", 15) == 0;
		bool quoted = key->type == KEY_TOPIC;
		text_add(text, room, &used, "%s%s%s: %s%s%s\n", indent,
			 deep       ? "    "
			 : size > 0 ? "  "
				    : "",
			 dot != NULL ? dot + 1 : key->path, quoted ? "\"" : "", key->otherwise,
			 quoted ? "\"" : "");
	}
}

static void keys__have_the_defaults_of_c(void **state)
{
	struct stagger_consumer_options c = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer_options from_c;
	struct stagger_consumer_options from_file;
	struct stagger_error err;
	char text[8192] = HEAD;

	(void)state;
	write_defaults(KEY_TOP, "", text, sizeof(text));
	strcat(text, "chains: {o: {}}\n");
	struct config *config = must_read(text);
	c.group = "g";
	assert_int_equal(options_take(&from_c, &c, "h", &err), STAGGER_OK);
	assert_int_equal(options_take(&from_file, &config->consumer, "h", &err), STAGGER_OK);
	assert_int_equal(from_file.max_in_flight, 4096);
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		if (key->scope != KEY_TOP || key->width == 0 || key->type == KEY_TEXT ||
		    key->type == KEY_LIST || strcmp(key->path, "log.level") == 0)
			continue;
		if (memcmp((char *)&from_c + key->at, (char *)&from_file + key->at, key->width) !=
		    0)
			fail_msg("'%s' has another default in C", key->path);
	}
	options_clear(&from_c);
	options_clear(&from_file);
	config_free(&config);
}

static void assert_same_numbers(const struct stagger_chain *a, const struct stagger_chain *b)
{
#define SAME(field) assert_true(a->field == b->field)
	SAME(order);
	SAME(workers);
	SAME(start_latest);
	SAME(stop_instead_of_dead_letter);
	SAME(republish);
	SAME(shared_topics);
	SAME(in_place_attempts);
	SAME(in_place_backoff);
	SAME(in_place_delay_ms);
	SAME(in_place_max_delay_ms);
	SAME(in_place_multiplier);
	SAME(in_place_jitter);
	SAME(jitter);
	SAME(jitter_max_ms);
	SAME(deadline_ms);
	SAME(expire_ms);
	SAME(handler_timeout_ms);
	SAME(longest_wait_ms);
	SAME(dead_letter_headers);
	SAME(dead_letter_retention_ms);
	SAME(retention_margin_ms);
	SAME(replication);
	SAME(min_insync_replicas);
	SAME(n_stages);
#undef SAME
}

static void keys__have_the_defaults_of_a_chain_in_c(void **state)
{
	struct stagger_chain *chain = NULL;
	char text[8192] = HEAD "chains:\n  o:\n";

	(void)state;
	write_defaults(KEY_CHAIN, "    ", text, sizeof(text));
	assert_non_null(strstr(text, "      in_place:\n        attempts: 1\n"));
	struct config *config = must_read(text);
	assert_int_equal(stagger_chain_new(&chain, "o", NULL, NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "g", NULL), STAGGER_OK);
	assert_same_numbers(config->chains[0], chain);
	for (int32_t s = 0; s < chain->n_stages; s++) {
		assert_string_equal(config->chains[0]->stages[s].name, chain->stages[s].name);
		assert_string_equal(config->chains[0]->stages[s].topic, chain->stages[s].topic);
		assert_int_equal(config->chains[0]->stages[s].in_place, chain->stages[s].in_place);
	}
	assert_string_equal(config->chains[0]->dead_letter_topic, chain->dead_letter_topic);
	stagger_chain_free(&chain);
	config_free(&config);
}

static void put(const struct config_key *key, void *options, int64_t value)
{
	double decimal = key->type == KEY_SHARE ? (double)value / 100 : (double)value;
	int32_t narrow = (int32_t)value;
	char *at = (char *)options + key->at;

	if (key->type == KEY_SHARE || key->type == KEY_NUMBER)
		memcpy(at, &decimal, sizeof(decimal));
	else if (key->width == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else
		memcpy(at, &value, sizeof(value));
}

/* C takes the value: as the options of a consumer, of a chain or of a stage. */
static bool c_takes(const struct config_key *key, int64_t value)
{
	struct stagger_consumer_options top = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_stage_options stage = STAGGER_STAGE_OPTIONS_INIT;
	struct stagger_consumer_options taken;
	struct stagger_chain *chain = NULL;

	if (key->scope == KEY_TOP) {
		top.group = "g";
		put(key, &top, value);
		if (options_take(&taken, &top, "h", NULL) != STAGGER_OK)
			return false;
		options_clear(&taken);
		return true;
	}
	if (key->scope == KEY_CHAIN)
		put(key, &chain_options, value);
	enum stagger_status status = stagger_chain_new(&chain, "o", &chain_options, NULL);
	stage.delay_ms = 1000;
	if (key->scope == KEY_STAGE)
		put(key, &stage, value);
	if (status == STAGGER_OK)
		status = stagger_chain_stage_with(chain, &stage, NULL);
	stagger_chain_free(&chain);
	return status == STAGGER_OK;
}

static void keys__have_the_ranges_of_c(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		bool number = key->type == KEY_DURATION || key->type == KEY_SHARE ||
			      key->type == KEY_SIZE || key->type == KEY_INTEGER ||
			      key->type == KEY_NUMBER;
		if (!number || key->width == 0)
			continue;
		n++;
		if (key->min > 0 && !c_takes(key, key->min))
			fail_msg("C refuses the least '%s'", key->path);
		if (!c_takes(key, key->max))
			fail_msg("C refuses the largest '%s'", key->path);
		if (c_takes(key, key->max + 1))
			fail_msg("C takes more '%s' than a file", key->path);
		/* 0 is the default in C, and -1 may be "off" or "inline" */
		if (key->min > 1 && c_takes(key, key->min - 1))
			fail_msg("C takes less '%s' than a file", key->path);
		if (key->off != c_takes(key, STAGGER_OFF) && key->words == NULL &&
		    key->type == KEY_DURATION && strcmp(key->path, "retry.stages[].delay") != 0)
			fail_msg("'off' of '%s' is not as in C", key->path);
	}
	assert_true(n > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys__are_found_by_their_paths),
		cmocka_unit_test(keys__say_their_ranges),
		cmocka_unit_test(keys__secrets_are_known_by_name),
		cmocka_unit_test(keys__have_the_defaults_of_c),
		cmocka_unit_test(keys__have_the_defaults_of_a_chain_in_c),
		cmocka_unit_test(keys__have_the_ranges_of_c),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
