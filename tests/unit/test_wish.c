/* SPDX-License-Identifier: Apache-2.0
 *
 * What topics should be, what differs, how bad that is, and what mends it. */
#include "core/wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/chain.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static const struct wish_rule stage = {
	.topic = "o.g.retry.1m",
	.main_topic = "o",
	.role = WISH_STAGE,
	.longest_wait_ms = HOUR,
	.retention_ms = HOUR + 7 * DAY,
};
static const struct wish_rule dead = {
	.topic = "o.g.dlt", .main_topic = "o", .role = WISH_DEAD, .retention_ms = -1};
static const struct wish_rule main_rule = {
	.topic = "o", .main_topic = "o", .role = WISH_MAIN};
static const struct wish_rule republished = {
	.topic = "o", .main_topic = "o", .role = WISH_MAIN, .republish = true};
static const struct wish_topic main_topic = {
	.partitions = 3,
	.replication = 3,
	.known = true,
	.min_insync_replicas = 2,
	.retention_ms = DAY,
	.retention_bytes = -1,
	.max_message = 1048588,
};
static const struct wish_help by_tools = {.servers = "b:9092"};
static const struct wish_help by_file = {.servers = "b:9092", .file = "o.yaml"};

static struct stagger_chain *sealed(const struct stagger_chain_options *o, const char *route)
{
	struct stagger_chain *chain = NULL;
	struct stagger_error err = {0};

	assert_int_equal(stagger_chain_new(&chain, "o", o, &err), STAGGER_OK);
	if (route != NULL)
		assert_int_equal(stagger_chain_route(chain, "Bad", route, &err), STAGGER_OK);
	if (chain_seal(chain, "g", &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	return chain;
}

static void wish__lists_the_topics_of_a_chain_each_once(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct wish_rule list[2 * WISH_MAX_TOPICS];
	size_t n = 0;
	(void)state;

	o.republish = true;
	o.replication = 2;
	o.min_insync_replicas = 1;
	o.retention_margin_ms = DAY;
	o.dead_letter_retention_ms = 30 * DAY;
	o.dead_letter_topic = "all.dlt";
	struct stagger_chain *chain = sealed(&o, "bad.dlt");
	wish_add(list, &n, chain);
	assert_int_equal(n, 6);
	assert_string_equal(list[0].topic, "o");
	assert_int_equal(list[0].role, WISH_MAIN);
	assert_true(list[0].republish);
	assert_int_equal(list[0].retention_ms, 0);
	assert_string_equal(list[3].topic, "o.g.retry.30m");
	assert_string_equal(list[3].main_topic, "o");
	assert_int_equal(list[3].role, WISH_STAGE);
	assert_false(list[3].republish);
	assert_int_equal(list[3].longest_wait_ms, HOUR);
	assert_int_equal(list[3].retention_ms, HOUR + DAY);
	assert_int_equal(list[3].replication, 2);
	assert_int_equal(list[3].min_insync_replicas, 1);
	assert_string_equal(list[4].topic, "all.dlt");
	assert_int_equal(list[4].role, WISH_DEAD);
	assert_int_equal(list[4].retention_ms, 30 * DAY);
	assert_string_equal(list[5].topic, "bad.dlt");

	struct stagger_chain_options second = STAGGER_CHAIN_OPTIONS_INIT;
	second.topic = "p";
	second.dead_letter_topic = "all.dlt";
	struct stagger_chain *other = sealed(&second, NULL);
	wish_add(list, &n, other);
	assert_int_equal(n, 10); // the DLT is shared, and for ever is longer than 30 d
	assert_string_equal(list[4].topic, "all.dlt");
	assert_int_equal(list[4].retention_ms, -1);
	wish_add(list, &n, chain);
	assert_int_equal(n, 10);
	assert_int_equal(list[4].retention_ms, -1);
	stagger_chain_free(&other);
	stagger_chain_free(&chain);

	o.stop_instead_of_dead_letter = true;
	o.dead_letter_topic = NULL;
	o.dead_letter_retention_ms = 0;
	n = 0;
	chain = sealed(&o, NULL);
	wish_add(list, &n, chain);
	assert_int_equal(n, 4);
	stagger_chain_free(&chain);
}

static void wish__is_mains_but_what_the_chain_says(void **state)
{
	struct wish_rule rule = stage;
	(void)state;

	struct wish_topic wish = wish_of(&rule, &main_topic);
	assert_int_equal(wish.partitions, 3);
	assert_int_equal(wish.replication, 3);
	assert_int_equal(wish.min_insync_replicas, 2);
	assert_false(wish.compacted);
	assert_int_equal(wish.retention_ms, HOUR + 7 * DAY);
	assert_int_equal(wish.retention_bytes, -1);
	assert_int_equal(wish.max_message, 1048588 + 65536);

	rule.replication = 1;
	wish = wish_of(&rule, &main_topic);
	assert_int_equal(wish.replication, 1);
	assert_int_equal(wish.min_insync_replicas, 1); // 2 of 1 could never be written
	rule.replication = 5;
	rule.min_insync_replicas = 4;
	wish = wish_of(&rule, &main_topic);
	assert_int_equal(wish.replication, 5);
	assert_int_equal(wish.min_insync_replicas, 4);

	struct wish_topic large = main_topic;
	large.max_message = INT32_MAX - 5;
	assert_int_equal(wish_of(&stage, &large).max_message, INT32_MAX);
	const struct wish_topic unread = {.partitions = 2, .replication = 3, .max_message = 5};
	wish = wish_of(&stage, &unread);
	assert_int_equal(wish.partitions, 2);
	assert_int_equal(wish.min_insync_replicas, 0);
	assert_int_equal(wish.max_message, 0);
	assert_int_equal(wish_of(&dead, &main_topic).retention_ms, -1);
	assert_int_equal(wish_of(&dead, &(struct wish_topic){0}).partitions, 0);
}

#define KEEP (HOUR + 7 * DAY)
#define BIG (1048588 + 65536)
/* A topic whose settings were read. */
#define READ(n, of, is_compacted, least, ms, bytes, largest)                                       \
	{                                                                                          \
		.partitions = (n), .replication = (of), .known = true,                             \
		.compacted = (is_compacted), .min_insync_replicas = (least), .retention_ms = (ms), \
		.retention_bytes = (bytes), .max_message = (largest)                               \
	}

static void wish__tells_what_differs_and_how_bad_it_is(void **state)
{
	static const struct {
		const struct wish_rule *rule;
		struct wish_topic found;
		const char *findings; /* name:severity, in order */
	} cases[] = {
		{&stage, READ(3, 3, false, 2, KEEP, -1, BIG), ""},
		{&stage, {0}, "missing:2"},
		{&dead, {0}, "missing:2"},
		{&main_rule, {0}, "missing:2"},
		// settings that could not be read are not judged
		{&stage, {.partitions = 3, .replication = 3}, ""},
		{&stage, {.partitions = 3, .compacted = true}, ""},
		{&stage, READ(3, 3, true, 2, KEEP, -1, BIG), "compacted:2"},
		{&dead, READ(3, 3, true, 2, -1, -1, BIG), "compacted:2"},
		{&main_rule, READ(3, 3, true, 2, KEEP, -1, BIG), ""},
		{&main_rule, READ(3, 3, false, 2, 1, 1, BIG), ""},
		{&republished, READ(3, 3, false, 2, KEEP, -1, BIG), ""},
		{&republished, READ(3, 3, true, 2, KEEP, -1, BIG), "compacted:2"},
		{&republished, {.partitions = 1, .compacted = true}, ""},
		{&stage, READ(3, 3, false, 2, -1, -1, BIG), ""},
		{&stage, READ(3, 3, false, 2, 30 * DAY, -1, BIG), ""},
		{&stage, READ(3, 0, false, 2, KEEP, -1, BIG), ""}, // replicas unknown
		{&stage, READ(3, 3, false, 2, HOUR - 1, -1, BIG), "retention:2"},
		{&stage, READ(3, 3, false, 2, HOUR, -1, BIG), "retention:1"},
		{&stage, READ(3, 3, false, 2, HOUR + 84 * HOUR - 1, -1, BIG), "retention:1"},
		{&stage, READ(3, 3, false, 2, HOUR + 84 * HOUR, -1, BIG), "retention:0"},
		{&stage, READ(3, 3, false, 2, 7 * DAY, -1, BIG), "retention:0"}, // Kafka's default
		{&dead, READ(3, 3, false, 2, 7 * DAY, -1, BIG), "retention:0"},
		{&dead, READ(3, 3, false, 2, -1, -1, BIG), ""},
		{&stage, READ(3, 3, false, 2, KEEP, 5, BIG), "retention_bytes:1"},
		{&dead, READ(3, 3, false, 2, -1, 5, BIG), "retention_bytes:0"},
		{&stage, READ(3, 3, false, 1, KEEP, -1, BIG), "min_insync_replicas:1"},
		{&stage,
		 READ(3, 2, false, 1, KEEP, -1, BIG),
		 "replication:0 min_insync_replicas:0"},
		{&stage,
		 READ(3, 1, false, 1, KEEP, -1, BIG),
		 "replication:1"},
		{&stage,
		 READ(3, 1, false, 2, KEEP, -1, BIG),
		 "replication:1 min_insync_replicas:1"}, // nothing can be written
		{&stage, READ(3, 4, false, 3, KEEP, -1, BIG), ""},
		{&stage, READ(2, 3, false, 2, KEEP, -1, BIG), "partitions:1"},
		{&stage, READ(4, 3, false, 2, KEEP, -1, BIG), "partitions:1"},
		{&dead, READ(1, 3, false, 2, -1, -1, BIG), ""},
		{&stage, READ(3, 3, false, 2, KEEP, -1, 1048587), "max_message_bytes:1"},
		{&stage, READ(3, 3, false, 2, KEEP, -1, 1048588), "max_message_bytes:0"},
		{&dead, READ(3, 3, false, 2, -1, -1, 9), "max_message_bytes:1"},
		{&stage,
		 {.partitions = 1, .replication = 1, .known = true, .compacted = true,
		  .min_insync_replicas = 2, .retention_ms = 5, .retention_bytes = 5,
		  .max_message = 5},
		 "compacted:2 retention_bytes:1 retention:2 replication:1 min_insync_replicas:1 "
		 "partitions:1 max_message_bytes:1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wish_findings findings =
			wish_compare(cases[i].rule, &cases[i].found, &main_topic);
		enum wish_severity worst = WISH_NOTE;
		char text[512] = "";
		size_t used = 0;

		for (size_t f = 0; f < findings.n; f++) {
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%d",
						 f > 0 ? " " : "",
						 wish_difference_name(findings.list[f].what),
						 (int)findings.list[f].severity);
			if (findings.list[f].severity > worst)
				worst = findings.list[f].severity;
		}
		if (strcmp(text, cases[i].findings) != 0 || findings.worst != worst)
			fail_msg("case %zu: '%s', not '%s'", i, text, cases[i].findings);
	}
	// main is not known: no comparison with it
	struct wish_findings alone =
		wish_compare(&stage, &(struct wish_topic)READ(3, 3, false, 2, KEEP, -1, 9), &(struct wish_topic){0});
	assert_int_equal(alone.n, 0);
}

static void check_line(const struct wish_case *of, enum wish_severity least,
		       const struct wish_help *help, const char *line)
{
	struct wish_findings findings = wish_compare(of->rule, of->found, of->main_topic);
	char text[4096];

	for (size_t i = findings.n; i < WISH_DIFFERENCES; i++) // what is beyond n is none
		findings.list[i] = (struct wish_finding){WISH_COMPACTED, WISH_REFUSED};
	assert_ptr_equal(wish_line(text, sizeof(text), of, &findings, least, help), text);
	if (strcmp(text, line) != 0)
		fail_msg("'%s'\nnot\n'%s'", text, line);
}

static void wish__says_it_with_the_command_that_mends_it(void **state)
{
	static const struct wish_topic none = {0};
	const struct {
		const struct wish_rule *rule;
		struct wish_topic found;
		const struct wish_help *help;
		const char *line;
	} cases[] = {
		{&stage, none, &by_tools,
		 "'o.g.retry.1m' is missing: it should be kept for 7d1h and have 3 partitions: "
		 "kafka-topics.sh --bootstrap-server b:9092 --create --topic o.g.retry.1m "
		 "--partitions 3 --replication-factor 3 --config retention.ms=608400000 --config "
		 "min.insync.replicas=2 --config max.message.bytes=1114124"},
		{&stage, none, &by_file,
		 "'o.g.retry.1m' is missing: it should be kept for 7d1h and have 3 partitions"},
		{&dead, none, &by_file,
		 "'o.g.dlt' is missing: it should be kept for ever and have 3 partitions"},
		{&stage, READ(3, 3, true, 2, 60000, 9, BIG),
		 &by_file,
		 "'o.g.retry.1m' is compacted: newer messages of a key would delete those that wait; "
		 "has retention.bytes 9: a burst would delete messages that wait; is kept for 1m and "
		 "messages may wait for 1h: they would be deleted while they wait: kafka-configs.sh "
		 "--bootstrap-server b:9092 --alter --entity-type topics --entity-name o.g.retry.1m "
		 "--add-config cleanup.policy=delete,retention.bytes=-1,retention.ms=608400000"},
		{&dead, READ(3, 3, false, 2, DAY, -1, BIG), &by_file,
		 "'o.g.dlt' is kept for 1d and dead letters are deleted after that; it should be "
		 "for ever: kafka-configs.sh --bootstrap-server b:9092 --alter --entity-type topics "
		 "--entity-name o.g.dlt --add-config retention.ms=-1"},
		{&stage, READ(2, 3, false, 2, KEEP, -1, 9), &by_tools,
		 "'o.g.retry.1m' has 2 partitions and 'o' 3: their messages may be handled by "
		 "different members; has max.message.bytes 9 and 'o' 1048588: a message that does "
		 "not fit with its envelope goes to the dead letters: kafka-configs.sh "
		 "--bootstrap-server b:9092 --alter --entity-type topics --entity-name o.g.retry.1m "
		 "--add-config max.message.bytes=1114124 && kafka-topics.sh --bootstrap-server "
		 "b:9092 --alter --topic o.g.retry.1m --partitions 3"},
		{&stage, READ(4, 3, false, 2, KEEP, -1, BIG), &by_tools,
		 "'o.g.retry.1m' has 4 partitions and 'o' 3: their messages may be handled by "
		 "different members"},
		{&stage, READ(3, 3, false, 1, KEEP, -1, BIG), &by_tools,
		 "'o.g.retry.1m' has min.insync.replicas 1 of 3 replicas: a copy may be lost with "
		 "one broker: kafka-configs.sh --bootstrap-server b:9092 --alter --entity-type "
		 "topics --entity-name o.g.retry.1m --add-config min.insync.replicas=2"},
		{&stage, READ(3, 1, false, 2, KEEP, -1, BIG), &by_tools,
		 "'o.g.retry.1m' has replication factor 1; it should be 3: a copy may be lost with "
		 "one broker; has min.insync.replicas 2 and 1 replica: nothing can be written to "
		 "it: kafka-configs.sh --bootstrap-server b:9092 --alter --entity-type topics "
		 "--entity-name o.g.retry.1m --add-config min.insync.replicas=1"},
		{&republished, READ(3, 3, true, 2, KEEP, -1, BIG), &by_file,
		 "'o' is compacted: an older message that is produced back to it would take the "
		 "place of newer ones of its key; let the stages handle what is due (mode: handle)"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_line(&(struct wish_case){cases[i].rule, &cases[i].found, &main_topic},
			   WISH_NOTE, cases[i].help, cases[i].line);
	check_line(&(struct wish_case){&main_rule, &none, &none}, WISH_NOTE, &by_file,
		   "'o' is missing: make it with as many partitions as you need, for one: "
		   "kafka-topics.sh --bootstrap-server b:9092 --create --topic o --partitions 1");
	check_line(&(struct wish_case){&stage, &none, &none}, WISH_NOTE, &by_file,
		   "'o.g.retry.1m' is missing: it should be kept for 7d1h and have as many "
		   "partitions as 'o'");
	check_line(&(struct wish_case){&stage, &none, &none}, WISH_NOTE, &by_tools,
		   "'o.g.retry.1m' is missing: it should be kept for 7d1h and have as many "
		   "partitions as 'o', for one: kafka-topics.sh --bootstrap-server b:9092 --create "
		   "--topic o.g.retry.1m --partitions 1 --config retention.ms=608400000");
}

static void wish__leaves_out_what_is_less_severe(void **state)
{
	const struct wish_topic found = READ(2, 3, false, 2, 5, 9, BIG);
	const struct wish_topic small = READ(3, 3, false, 2, KEEP, -1, 1048588);
	const struct wish_help spaced = {.servers = "b1:9092, b2:9092"};
	(void)state;

	check_line(&(struct wish_case){&stage, &found, &main_topic}, WISH_REFUSED, &spaced,
		   "'o.g.retry.1m' is kept for 5ms and messages may wait for 1h: they would be "
		   "deleted while they wait: kafka-configs.sh --bootstrap-server 'b1:9092, b2:9092' "
		   "--alter --entity-type topics --entity-name o.g.retry.1m --add-config "
		   "retention.ms=608400000");
	check_line(&(struct wish_case){&stage, &small, &main_topic}, WISH_WARNING, &by_tools,
		   "'o.g.retry.1m'");
}

static void wish__mends_a_missing_topic_of_a_file_by_one_command(void **state)
{
	const struct wish_topic none = {0};
	const struct wish_case of = {&stage, &none, &main_topic};
	struct wish_findings findings = wish_compare(&stage, &none, &main_topic);
	char text[512];
	(void)state;

	wish_mend(text, sizeof(text), &of, &findings, WISH_NOTE, &by_file);
	assert_string_equal(text, "stagger topics create o.yaml");
	assert_string_equal(wish_role_name(WISH_DEAD), "dead letters");
}

static void wish__names_what_no_stage_reads(void **state)
{
	struct stagger_chain *chain = sealed(NULL, NULL);
	const struct topic_pattern naming = wish_pattern(chain, "g");
	char text[512];
	(void)state;

	assert_true(topic_matches(&naming, "o.g.retry.7m"));
	assert_false(topic_matches(&naming, "o.h.retry.7m"));
	assert_false(topic_matches(&naming, "o.g.dlt"));
	stagger_chain_free(&chain);
	assert_ptr_equal(wish_stranded(text, sizeof(text), "t", 1, "g", true), text);
	assert_string_equal(text, "'t' holds 1 unread message of group 'g' and no stage reads it");
	wish_stranded(text, sizeof(text), "t", 2, "g", false);
	assert_string_equal(text,
			    "'t' holds 2 unread messages of group 'g' and no stage reads it: "
			    "declare its stage with `retired: true` until it is empty, or set "
			    "`allow_stranded: true` to leave them there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wish__lists_the_topics_of_a_chain_each_once),
		cmocka_unit_test(wish__is_mains_but_what_the_chain_says),
		cmocka_unit_test(wish__tells_what_differs_and_how_bad_it_is),
		cmocka_unit_test(wish__says_it_with_the_command_that_mends_it),
		cmocka_unit_test(wish__leaves_out_what_is_less_severe),
		cmocka_unit_test(wish__mends_a_missing_topic_of_a_file_by_one_command),
		cmocka_unit_test(wish__names_what_no_stage_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
