/* SPDX-License-Identifier: Apache-2.0
 *
 * change_topic BROKERS delete NAME | partitions NAME COUNT | set NAME KEY=VALUE: what operators do
 * to a topic while members run. set drops what else was set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 30000

static int complain(const char *text)
{
	fprintf(stderr, "change_topic: %s\n", text);
	return 1;
}

static void start_delete(rd_kafka_t *rk, char **words, rd_kafka_queue_t *queue)
{
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(words[0]);

	rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
	rd_kafka_DeleteTopic_destroy(topic);
}

static void start_partitions(rd_kafka_t *rk, char **words, rd_kafka_queue_t *queue)
{
	char why[512];
	rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(
		words[0], (size_t)strtoul(words[1], NULL, 10), why, sizeof(why));

	rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
	rd_kafka_NewPartitions_destroy(more);
}

static void start_set(rd_kafka_t *rk, char **words, rd_kafka_queue_t *queue)
{
	rd_kafka_ConfigResource_t *topic =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, words[0]);
	char *value = strchr(words[1], '=');

	*value = '\0';
	rd_kafka_ConfigResource_set_config(topic, words[1], value + 1);
	rd_kafka_AlterConfigs(rk, &topic, 1, NULL, queue);
	rd_kafka_ConfigResource_destroy(topic);
}

static int report_topics(const rd_kafka_topic_result_t **results, size_t n)
{
	int code = 0;

	for (size_t i = 0; i < n; i++)
		if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
			code = complain(rd_kafka_topic_result_error_string(results[i]));
	return code;
}

static int report_configs(const rd_kafka_ConfigResource_t **results, size_t n)
{
	int code = 0;

	for (size_t i = 0; i < n; i++)
		if (rd_kafka_ConfigResource_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
			code = complain(rd_kafka_ConfigResource_error_string(results[i]));
	return code;
}

static int report(rd_kafka_event_t *event)
{
	const rd_kafka_topic_result_t **topics;
	const rd_kafka_ConfigResource_t **configs;
	size_t n = 0;

	if (event == NULL)
		return complain("no answer");
	if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return complain(rd_kafka_event_error_string(event));
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
		topics = rd_kafka_DeleteTopics_result_topics(
			rd_kafka_event_DeleteTopics_result(event), &n);
		return report_topics(topics, n);
	case RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT:
		topics = rd_kafka_CreatePartitions_result_topics(
			rd_kafka_event_CreatePartitions_result(event), &n);
		return report_topics(topics, n);
	case RD_KAFKA_EVENT_ALTERCONFIGS_RESULT:
		configs = rd_kafka_AlterConfigs_result_resources(
			rd_kafka_event_AlterConfigs_result(event), &n);
		return report_configs(configs, n);
	default:
		return complain("another event");
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int words;
		void (*start)(rd_kafka_t *rk, char **words, rd_kafka_queue_t *queue);
	} verbs[] = {
		{"delete", 4, start_delete},
		{"partitions", 5, start_partitions},
		{"set", 5, start_set},
	};
	char why[512];
	size_t v = 0;

	while (v < 3 && (argc < 3 || strcmp(argv[2], verbs[v].verb) != 0))
		v++;
	if (v == 3 || argc != verbs[v].words || (v == 2 && strchr(argv[4], '=') == NULL)) {
		fputs("usage: change_topic BROKERS delete NAME | partitions NAME COUNT | "
		      "set NAME KEY=VALUE\n", stderr);
		return 2;
	}
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return complain(why);
	}
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	verbs[v].start(rk, argv + 3, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
	int code = report(event);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return code;
}
