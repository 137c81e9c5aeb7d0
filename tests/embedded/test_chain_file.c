/* SPDX-License-Identifier: Apache-2.0
 *
 * A consumer opened from a chain file, through the public API: the brokers (from a variable), the
 * chain, the log are the file's; what C sets wins over it. */
#define _GNU_SOURCE
#include <stagger/stagger.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>

#include "kafka/kafka.h"

#define PARTITIONS 2
#define STAGES 2 /* main and one retry stage */

static const char FILE_TEXT[] = "kafka:\n"
				"  bootstrap.servers: ${STAGGER_TEST_SERVERS:-embedded}\n"
				"  producer: {linger.ms: 1}\n"
				"group: of-the-file\n"
				"session_timeout: 6s\n"
				"log: {level: error}\n"
				"chains:\n"
				"  orders:\n"
				"    workers: 2\n"
				"    retry: {stages: [50ms]}\n"
				"    value_content_type: text/plain\n"
				"    dead_letter: {stop: true}\n";

struct story {
	struct stagger_consumer *consumer;
	const char *servers;
	int assigned;
	char read_topics[256]; /* where the handler was called from, in order */
};

static void write_file(char *path, const char *text)
{
	int fd = mkstemps(path, 5);

	assert_true(fd >= 0);
	assert_true(write(fd, text, strlen(text)) > 0);
	close(fd);
}

static void produce(const char *servers)
{
	char text[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", servers, text, sizeof(text)),
			 RD_KAFKA_CONF_OK);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(rk);
	assert_int_equal(rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("orders"),
					   RD_KAFKA_V_PARTITION(1),
					   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					   RD_KAFKA_V_VALUE((void *)(uintptr_t) "v", 1),
					   RD_KAFKA_V_END),
			 RD_KAFKA_RESP_ERR_NO_ERROR);
	assert_int_equal(rd_kafka_flush(rk, 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
	rd_kafka_destroy(rk);
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct story *s = user;

	if (event->kind == STAGGER_ASSIGNED && ++s->assigned == STAGES * PARTITIONS)
		produce(s->servers);
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct story *s = user;
	size_t used = strlen(s->read_topics);

	snprintf(s->read_topics + used, sizeof(s->read_topics) - used, "%s ", m->read_topic);
	if (strcmp(m->stage, "main") == 0)
		return stagger_retry(why, "Again", "not yet");
	stagger_consumer_stop(s->consumer);
	return STAGGER_DONE;
}

static void chain_file__handles_a_message_through_a_stage(void **state)
{
	char path[] = "/tmp/stagger-XXXXXX.yaml";
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	const struct embedded_topic topics[] = {{"orders", PARTITIONS},
						{"orders.of-c.retry.50ms", PARTITIONS}};
	struct embedded *broker = NULL;
	struct story s = {0};
	struct stagger_error err;

	(void)state;
	assert_int_equal(embedded_new(&broker, 0, PARTITIONS, topics, 2, &err), STAGGER_OK);
	s.servers = embedded_servers(broker);
	setenv("STAGGER_TEST_SERVERS", s.servers, 1);
	write_file(path, FILE_TEXT);
	o.group = "of-c"; /* wins over the file's, in the stages' names, too */
	o.event = on_event;
	o.user = &s;
	enum stagger_status status = stagger_consumer_open(&s.consumer, path, &o, &err);
	unlink(path);
	if (status != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_int_equal(stagger_consumer_on(s.consumer, "orders", handle, &s, &err), STAGGER_OK);
	if (stagger_consumer_run(s.consumer, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	stagger_consumer_free(&s.consumer);
	embedded_free(&broker);
	assert_string_equal(s.read_topics, "orders orders.of-c.retry.50ms ");
}

static void chain_file__alone_makes_a_consumer_and_c_adds_to_it(void **state)
{
	char path[] = "/tmp/stagger-XXXXXX.yaml";
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_consumer *c = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_error err = {0};

	(void)state;
	unsetenv("STAGGER_TEST_SERVERS");
	write_file(path, FILE_TEXT);
	assert_int_equal(stagger_consumer_open(&c, path, NULL, &err), STAGGER_OK);
	unlink(path);
	o.topic = "orders.of-the-file.retry.50ms"; /* a stage of the file's */
	assert_int_equal(stagger_chain_new(&chain, "more", &o, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_INVALID);
	assert_string_equal(err.text, "chains 'orders' and 'more' share the topic "
				      "'orders.of-the-file.retry.50ms'");
	stagger_chain_free(&chain);
	assert_int_equal(stagger_chain_new(&chain, "refunds", NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_on(c, "orders", handle, NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_on(c, "refunds", handle, NULL, &err), STAGGER_OK);
	stagger_consumer_free(&c);
}

static void chain_file__that_is_wrong_says_where(void **state)
{
	char path[] = "/tmp/stagger-XXXXXX.yaml";
	struct stagger_consumer *c = NULL;
	struct stagger_error err = {0};
	char expected[512];

	(void)state;
	write_file(path,
		   "kafka: {bootstrap.servers: embedded, embedded.port: 0}\n"
		   "group: g\n"
		   "chains: {orders: {workers: many}}\n");
	assert_int_equal(stagger_consumer_open(&c, path, NULL, &err), STAGGER_INVALID);
	unlink(path);
	assert_null(c);
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 28);
	snprintf(expected, sizeof(expected),
		 "%s:3:28: error: workers: 'many' is not a whole number, nor inline\n"
		 "chains: {orders: {workers: many}}\n"
		 "                           ^~~~",
		 path);
	assert_string_equal(err.text, expected);
	assert_int_equal(stagger_consumer_open(&c, path, NULL, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "error: cannot be read: No such file or directory"));
	assert_int_equal(err.line, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_file__handles_a_message_through_a_stage),
		cmocka_unit_test(chain_file__alone_makes_a_consumer_and_c_adds_to_it),
		cmocka_unit_test(chain_file__that_is_wrong_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
