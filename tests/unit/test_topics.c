/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that Kafka takes, templates and the columns of their errors, targets of hops. */
#include "core/topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct topic_words all_words = {
	.topic = "orders",
	.group = "billing",
	.chain = "o",
	.delay = "5m",
	.n = "2",
};

static void topic__knows_kafkas_alphabet(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
		{"a", true},         {"A-Z_0.9", true},  {"...", true},  {"", false},
		{".", false},        {"..", false},      {"a b", false}, {"a/b", false},
		{"\xC3\xA4", false}, {"{topic}", false}, {"a\n", false}, {"@", false},
		{"[", false},        {"`", false},
	};
	char name[TOPIC_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (topic_valid(cases[i].name) != cases[i].valid)
			fail_msg("case %zu: '%s'", i, cases[i].name);
	}
	memset(name, 'a', sizeof(name));
	name[TOPIC_MAX + 1] = '\0';
	assert_false(topic_valid(name));
	name[TOPIC_MAX] = '\0';
	assert_true(topic_valid(name));
}

static void topic__expands_templates(void **state)
{
	static const struct {
		const char *pattern, *name;
	} cases[] = {
		{"plain", "plain"},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.5m"},
		{"{chain}-{n}", "o-2"},
		{"{n}{n}", "22"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err;
		char *name = NULL;

		assert_int_equal(topic_expand(&name, cases[i].pattern, &all_words, &err),
				 STAGGER_OK);
		assert_string_equal(name, cases[i].name);
		free(name);
	}
}

static void topic__puts_dashes_for_foreign_characters_of_words(void **state)
{
	const struct topic_words words = {.topic = "t", .group = "b\xC3\xBCro 1/a"};
	struct stagger_error err;
	char *name = NULL;

	(void)state;
	assert_int_equal(topic_expand(&name, "{topic}.{group}", &words, &err), STAGGER_OK);
	assert_string_equal(name, "t.b--ro-1-a");
	free(name);
}

static void topic__names_the_column_of_a_bad_template(void **state)
{
	static const struct {
		const char *pattern;
		uint32_t column;
		const char *says;
	} cases[] = {
		{"{topic", 1, "not closed"},
		{"a.{gro{up}}", 3, "not closed"},
		{"a.{", 3, "not closed"},
		{"a}", 2, "'}' without '{'"},
		{"{topic}.{}", 9, "unknown word"},
		{"{topic}.{gruop}", 9, "unknown word"},
		{"{Topic}", 1, "unknown word"},
		{"{topi}", 1, "unknown word"},
		{"{topic}.{delay}", 9, "means nothing here"},
		{"a b", 2, "not a letter"},
		{"", 0, "Kafka refuses"},
		{".", 0, "Kafka refuses"},
	};
	const struct topic_words words = {.topic = "orders", .group = "billing"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err = {0};
		char *name = NULL;

		assert_int_equal(topic_expand(&name, cases[i].pattern, &words, &err),
				 STAGGER_INVALID);
		if (strstr(err.text, cases[i].says) == NULL || err.column != cases[i].column)
			fail_msg("case %zu: %u: %s", i, err.column, err.text);
		assert_null(name);
		assert_int_equal(topic_expand(&name, cases[i].pattern, &words, NULL),
				 STAGGER_INVALID);
	}
}

static void topic__bounds_the_expanded_name(void **state)
{
	char group[TOPIC_MAX + 2];
	struct topic_words words = {.group = group};
	struct stagger_error err = {0};
	char *name = NULL;

	(void)state;
	memset(group, 'g', sizeof(group));
	group[TOPIC_MAX + 1] = '\0';
	assert_int_equal(topic_expand(&name, "{group}", &words, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "250 characters, at most 249"));
	group[TOPIC_MAX] = '\0';
	assert_int_equal(topic_expand(&name, "{group}", &words, &err), STAGGER_OK);
	assert_int_equal(strlen(name), TOPIC_MAX);
	free(name);
}

static void topic__keeps_the_partition_number_of_a_hop(void **state)
{
	(void)state;
	assert_int_equal(topic_partition(0, 1), 0);
	assert_int_equal(topic_partition(5, 6), 5);
	assert_int_equal(topic_partition(6, 6), 0);
	assert_int_equal(topic_partition(7, 3), 1);
}

static void topic__saturates_retention(void **state)
{
	(void)state;
	assert_int_equal(topic_retention_ms(3600000, 604800000), 608400000);
	assert_int_equal(topic_retention_ms(INT64_MAX - 1, 5), INT64_MAX);
}

static void topic__writes_the_line_that_creates_it(void **state)
{
	static const struct {
		const char *brokers;
		int64_t retention_ms;
		const char *line;
	} cases[] = {
		{"b1:9092,b2:9092", 0,
		 "kafka-topics.sh --bootstrap-server b1:9092,b2:9092 --create --topic orders.dlt "
		 "--partitions 4"},
		{"b1:9092, b2:9092", -1,
		 "kafka-topics.sh --bootstrap-server 'b1:9092, b2:9092' --create --topic "
		 "orders.dlt "
		 "--partitions 4 --config retention.ms=-1"},
		{"b", 608400000,
		 "kafka-topics.sh --bootstrap-server b --create --topic orders.dlt --partitions 4 "
		 "--config retention.ms=608400000"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ptr_equal(topic_create_line(text, sizeof(text), cases[i].brokers,
						   "orders.dlt", 4, cases[i].retention_ms),
				 text);
		assert_string_equal(text, cases[i].line);
	}
	topic_create_line(text, 10, "b", "t", 1, 0);
	assert_string_equal(text, "kafka-top");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topic__knows_kafkas_alphabet),
		cmocka_unit_test(topic__expands_templates),
		cmocka_unit_test(topic__puts_dashes_for_foreign_characters_of_words),
		cmocka_unit_test(topic__names_the_column_of_a_bad_template),
		cmocka_unit_test(topic__bounds_the_expanded_name),
		cmocka_unit_test(topic__keeps_the_partition_number_of_a_hop),
		cmocka_unit_test(topic__saturates_retention),
		cmocka_unit_test(topic__writes_the_line_that_creates_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
