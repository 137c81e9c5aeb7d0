/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of whole topics against librdkafka's mock cluster. What needs a real broker (times,
 * markers, compaction, permissions, that no group appears) is in tests/kafka/cli.sh. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

#include "kafka/reader.h"

#define WIDE "wide" /* more partitions than are read at a time */
#define N_WIDE 40
#define OTHER "other"
#define EMPTY "empty"
#define SILENT_MS 5000

struct rig {
	struct embedded *broker;
	rd_kafka_t *producer;
	struct tool *tool;
	struct reader *reader;
};

static void open_rig(struct rig *rig)
{
	static const struct embedded_topic topics[] = {{WIDE, N_WIDE}, {OTHER, 1}, {EMPTY, 3}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct stagger_error err;
	char text[512];

	assert_int_equal(embedded_new(&rig->broker, 0, 1, topics, 3, &err), STAGGER_OK);
	rd_kafka_conf_set(conf, "bootstrap.servers", embedded_servers(rig->broker), text,
			  sizeof(text));
	rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof(text));
	rig->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(rig->producer);
	const struct kafka_property properties[] = {
		{"bootstrap.servers", embedded_servers(rig->broker)}};
	const struct tool_options o = {.properties = properties,
				       .n_properties = 1,
				       .own = reader_properties,
				       .n_own = n_reader_properties};
	if (tool_new(&rig->tool, &o, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_int_equal(reader_new(&rig->reader, rig->tool, SILENT_MS, &err), STAGGER_OK);
}

static void close_rig(struct rig *rig)
{
	reader_free(&rig->reader);
	assert_null(rig->reader);
	reader_free(&rig->reader);
	tool_free(&rig->tool);
	rd_kafka_destroy(rig->producer);
	embedded_free(&rig->broker);
}

static void produce(const struct rig *rig, const char *topic, int32_t partition, const char *text)
{
	rd_kafka_resp_err_t code = rd_kafka_producev(
		rig->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
		RD_KAFKA_V_KEY((void *)(uintptr_t) "key", 3),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)text, strlen(text)),
		RD_KAFKA_V_HEADER("a", "1", 1), RD_KAFKA_V_HEADER("a", NULL, 0),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);

	assert_int_equal(code, RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_int_equal(rd_kafka_flush(rig->producer, LONG_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void topic(const struct rig *rig, const char *name)
{
	struct stagger_error err;

	if (reader_topic(rig->reader, name, READER_FROM_START, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
}

static const struct reader_record *next(const struct rig *rig)
{
	const struct reader_record *record = NULL;
	struct stagger_error err;

	if (reader_next(rig->reader, &record, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	return record;
}

static void reader__shows_records_as_they_lie_there(void **state)
{
	struct rig rig = {0};
	(void)state;

	open_rig(&rig);
	produce(&rig, OTHER, 0, "first");
	produce(&rig, OTHER, 0, "");
	topic(&rig, OTHER);
	const struct reader_record *record = next(&rig);
	assert_non_null(record);
	assert_string_equal(record->topic, OTHER);
	assert_int_equal(record->partition, 0);
	assert_int_equal(record->offset, 0);
	assert_true(record->timestamp_ms > INT64_C(1600000000000));
	assert_int_equal(record->key.size, 3);
	assert_memory_equal(record->value.data, "first", 5);
	assert_int_equal(record->n_headers, 2);
	assert_string_equal(record->headers[0].name, "a");
	assert_memory_equal(record->headers[0].value.data, "1", 1);
	assert_null(record->headers[1].value.data);
	record = next(&rig);
	assert_int_equal(record->offset, 1);
	assert_int_equal(record->value.size, 0);
	assert_null(next(&rig));
	assert_null(next(&rig));
	close_rig(&rig);
}

static void reader__ends_where_the_topic_ended_when_it_was_named(void **state)
{
	struct rig rig = {0};
	(void)state;

	open_rig(&rig);
	produce(&rig, OTHER, 0, "before");
	topic(&rig, OTHER);
	produce(&rig, OTHER, 0, "after");
	produce(&rig, OTHER, 0, "after");
	assert_memory_equal(next(&rig)->value.data, "before", 6);
	assert_null(next(&rig));
	close_rig(&rig);
}

static void reader__reads_more_partitions_than_at_a_time(void **state)
{
	bool seen[N_WIDE] = {false};
	const struct reader_record *record;
	struct rig rig = {0};
	int n = 0;
	char text[8];
	(void)state;

	open_rig(&rig);
	for (int i = 0; i < N_WIDE; i++) {
		snprintf(text, sizeof(text), "%d", i);
		produce(&rig, WIDE, i, text);
	}
	produce(&rig, OTHER, 0, "x");
	topic(&rig, EMPTY);
	topic(&rig, WIDE);
	topic(&rig, OTHER);
	for (; (record = next(&rig)) != NULL; n++) {
		if (strcmp(record->topic, WIDE) == 0) {
			assert_false(seen[record->partition]);
			seen[record->partition] = true;
		}
	}
	assert_int_equal(n, N_WIDE + 1);
	close_rig(&rig);
}

static void reader__does_not_make_the_topic_that_is_missing(void **state)
{
	const struct rd_kafka_metadata *found;
	struct rig rig = {0};
	struct stagger_error err = {0};
	(void)state;

	open_rig(&rig);
	assert_int_equal(reader_topic(rig.reader, "missing", READER_FROM_START, &err),
			 STAGGER_TOPICS);
	assert_non_null(strstr(err.text, "there is no topic 'missing'"));
	assert_int_equal(rd_kafka_metadata(rig.producer, 1, NULL, &found, LONG_MS),
			 RD_KAFKA_RESP_ERR_NO_ERROR);
	for (int i = 0; i < found->topic_cnt; i++)
		assert_string_not_equal(found->topics[i].topic, "missing");
	rd_kafka_metadata_destroy(found);
	topic(&rig, EMPTY);
	assert_null(next(&rig));
	close_rig(&rig);
}

/* The mock says END for every instant: all is read, or nothing would be. */
static void reader__does_not_trust_the_mocks_times(void **state)
{
	struct rig rig = {0};
	struct stagger_error err;
	(void)state;

	open_rig(&rig);
	produce(&rig, OTHER, 0, "x");
	assert_int_equal(reader_topic(rig.reader, OTHER, 1, &err), STAGGER_OK);
	assert_non_null(next(&rig));
	assert_null(next(&rig));
	close_rig(&rig);
}

static void reader__may_be_left_in_the_middle(void **state)
{
	struct rig rig = {0};
	(void)state;

	open_rig(&rig);
	for (int i = 0; i < 100; i++)
		produce(&rig, WIDE, i % N_WIDE, "x");
	topic(&rig, WIDE);
	assert_non_null(next(&rig));
	close_rig(&rig);
}

static void reader__gives_up_on_a_silent_broker(void **state)
{
	const struct reader_record *record = NULL;
	struct stagger_error err = {0};
	struct rig rig = {0};
	(void)state;

	open_rig(&rig);
	produce(&rig, OTHER, 0, "x");
	topic(&rig, OTHER);
	embedded_free(&rig.broker);
	int64_t begun_us = clock_boot_us();
	assert_int_equal(reader_next(rig.reader, &record, &err), STAGGER_UNREACHABLE);
	assert_non_null(strstr(err.text, "answered within 5000 ms"));
	assert_true(clock_boot_us() - begun_us < 4 * SILENT_MS * 1000);
	assert_null(record);
	close_rig(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader__shows_records_as_they_lie_there),
		cmocka_unit_test(reader__ends_where_the_topic_ended_when_it_was_named),
		cmocka_unit_test(reader__reads_more_partitions_than_at_a_time),
		cmocka_unit_test(reader__does_not_make_the_topic_that_is_missing),
		cmocka_unit_test(reader__does_not_trust_the_mocks_times),
		cmocka_unit_test(reader__may_be_left_in_the_middle),
		cmocka_unit_test(reader__gives_up_on_a_silent_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
