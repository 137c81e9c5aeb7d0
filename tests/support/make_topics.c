/* SPDX-License-Identifier: Apache-2.0
 *
 * make_topics BROKERS name:partitions[:key=value...]...: creates topics and waits until they are
 * there. A topic that exists is fine. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 30000

static rd_kafka_NewTopic_t *read_topic(char *text)
{
	char why[512];
	char *rest = NULL;
	const char *name = strtok_r(text, ":", &rest);
	const char *partitions = strtok_r(NULL, ":", &rest);
	rd_kafka_NewTopic_t *topic = NULL;

	if (name != NULL && partitions != NULL)
		topic = rd_kafka_NewTopic_new(name, atoi(partitions), -1, why, sizeof(why));
	for (char *item; topic != NULL && (item = strtok_r(NULL, ":", &rest)) != NULL;) {
		char *value = strchr(item, '=');
		if (value == NULL)
			return NULL;
		*value = '\0';
		rd_kafka_NewTopic_set_config(topic, item, value + 1);
	}
	return topic;
}

static int report(rd_kafka_event_t *event)
{
	size_t n = 0;
	int code = 0;

	if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
		fprintf(stderr, "make_topics: %s\n",
			event == NULL ? "no answer" : rd_kafka_event_error_string(event));
		return 1;
	}
	const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
		rd_kafka_event_CreateTopics_result(event), &n);
	for (size_t i = 0; i < n; i++) {
		rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
		if (error == RD_KAFKA_RESP_ERR_NO_ERROR ||
		    error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			continue;
		fprintf(stderr, "make_topics: %s: %s\n", rd_kafka_topic_result_name(results[i]),
			rd_kafka_topic_result_error_string(results[i]));
		code = 1;
	}
	return code;
}

static int create(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t n)
{
	char why[512];
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);

	rd_kafka_AdminOptions_set_operation_timeout(options, TIMEOUT_MS, why, sizeof(why));
	rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, why, sizeof(why));
	rd_kafka_CreateTopics(rk, topics, n, options, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TIMEOUT_MS + 5000);
	int code = report(event);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	return code;
}

int main(int argc, char **argv)
{
	char why[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	size_t n = 0;
	int code = 2;

	if (argc < 3) {
		fputs("usage: make_topics BROKERS name:partitions[:key=value...]...\n", stderr);
		rd_kafka_conf_destroy(conf);
		return 2;
	}
	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL) {
		fprintf(stderr, "make_topics: %s\n", why);
		rd_kafka_conf_destroy(conf);
		return 1;
	}
	rd_kafka_NewTopic_t **topics = calloc((size_t)argc, sizeof(*topics));
	for (int i = 2; topics != NULL && i < argc; i++) {
		topics[n] = read_topic(argv[i]);
		if (topics[n] == NULL)
			break;
		n++;
	}
	if (n == (size_t)argc - 2)
		code = create(rk, topics, n);
	else
		fputs("make_topics: a topic is name:partitions[:key=value...]\n", stderr);
	rd_kafka_NewTopic_destroy_array(topics, n);
	free(topics);
	rd_kafka_destroy(rk);
	return code;
}
