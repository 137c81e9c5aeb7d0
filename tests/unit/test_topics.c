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
		struct topic_make make;
		const char *line;
	} cases[] = {
		{"b1:9092,b2:9092",
		 {.partitions = 4},
		 "kafka-topics.sh --bootstrap-server b1:9092,b2:9092 --create --topic orders.dlt "
		 "--partitions 4"},
		{"b1:9092, b2:9092",
		 {.partitions = 4, .retention_ms = -1},
		 "kafka-topics.sh --bootstrap-server 'b1:9092, b2:9092' --create --topic "
		 "orders.dlt --partitions 4 --config retention.ms=-1"},
		{"b",
		 {.partitions = 4, .replication = 1, .min_insync_replicas = 1,
		  .retention_ms = 608400000},
		 "kafka-topics.sh --bootstrap-server b --create --topic orders.dlt --partitions 4 "
		 "--config retention.ms=608400000"},
		{"b",
		 {.partitions = 4, .replication = 3, .min_insync_replicas = 2,
		  .retention_ms = 608400000, .max_message = 1114124},
		 "kafka-topics.sh --bootstrap-server b --create --topic orders.dlt --partitions 4 "
		 "--replication-factor 3 --config retention.ms=608400000 --config "
		 "min.insync.replicas=2 --config max.message.bytes=1114124"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ptr_equal(topic_create_line(text, sizeof(text), cases[i].brokers,
						   "orders.dlt", &cases[i].make),
				 text);
		assert_string_equal(text, cases[i].line);
	}
	topic_create_line(text, 10, "b", "t", &cases[0].make);
	assert_string_equal(text, "kafka-top");
}

static void topic__matches_names_that_a_template_could_have_become(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.5m", true},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.1h30m", true},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.90s", true},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.250ms", true},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.", false},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry", false},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.soon", false},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.5m.dlt", false},
		{"{topic}.{group}.retry.{delay}", "orders.billing.retry.5", false},
		{"{topic}.{group}.retry.{delay}", "orders.others.retry.5m", false},
		{"{topic}.{group}.retry.{delay}", "reorders.billing.retry.5m", false},
		{"{topic}.{group}.retry.{delay}", "orders.billing.dlt", false},
		{"{topic}.{group}.retry.{delay}", "", false},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-3", true},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-12", true},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-10", true},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-9", true},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-x", false},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-/", false},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-:", false},
		{"{group}-{topic}-retry-{n}", "billing-orders-retry-3-old", false},
		{"{chain}.{n}.{delay}", "o.2.5m", true},
		{"{chain}.{n}.{delay}.r", "o.2.5m.r", true},
		{"{n}{delay}", "125m", true},
		{"{n}{delay}", "5m", false},
		{"{delay}{n}", "5m2", true},
		{"{n}{n}", "1", false},
		{"{n}{n}", "12", true},
		{"plain", "plain", true},
		{"plain", "plain2", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct topic_pattern of = {cases[i].pattern, all_words};
		if (topic_matches(&of, cases[i].name) != cases[i].matches)
			fail_msg("case %zu: %s %s", i, cases[i].pattern, cases[i].name);
	}
	const struct topic_pattern foreign = {"{topic}.{group}.{n}",
					      {.topic = "t", .group = "b\xC3\xBCro 1/a"}};
	assert_true(topic_matches(&foreign, "t.b--ro-1-a.7"));
	assert_false(topic_matches(&foreign, "t.b\xC3\xBCro 1/a.7"));
}

/* What would keep a matcher that tries one after the other busy for years. */
static void topic__matches_in_bounded_time(void **state)
{
	char pattern[3 * 80 + 2];
	char name[TOPIC_MAX + 2];
	const struct topic_pattern of = {pattern, all_words};

	(void)state;
	for (size_t i = 0; i < 80; i++)
		memcpy(pattern + 3 * i, "{n}", 3);
	memcpy(pattern + 3 * 80, "x", 2);
	memset(name, '1', sizeof(name));
	name[TOPIC_MAX] = '\0';
	assert_false(topic_matches(&of, name));
	name[TOPIC_MAX - 1] = 'x';
	assert_true(topic_matches(&of, name));
	name[TOPIC_MAX - 1] = '1';
	name[TOPIC_MAX] = '1';
	name[TOPIC_MAX + 1] = '\0';
	assert_false(topic_matches(&of, name));
}

/* Whatever the expansion makes is found again. */
static void topic__matches_what_it_expands(void **state)
{
	static const char *const delays[] = {"1ms", "5m", "1h30m", "365d", "90s"};
	static const char *const patterns[] = {"{topic}.{group}.retry.{delay}", "{chain}{n}",
					       "{n}-{delay}-{n}.{topic}", "{delay}.{group}"};
	(void)state;
	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
		for (size_t d = 0; d < sizeof(delays) / sizeof(delays[0]); d++) {
			struct topic_words words = all_words;
			struct stagger_error err;
			char *name = NULL;

			words.delay = delays[d];
			assert_int_equal(topic_expand(&name, patterns[p], &words, &err),
					 STAGGER_OK);
			const struct topic_pattern of = {patterns[p], all_words};
			if (!topic_matches(&of, name))
				fail_msg("%s", name);
			free(name);
		}
	}
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
		cmocka_unit_test(topic__matches_names_that_a_template_could_have_become),
		cmocka_unit_test(topic__matches_in_bounded_time),
		cmocka_unit_test(topic__matches_what_it_expands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
