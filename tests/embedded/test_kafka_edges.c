/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink port, first contact and properties against librdkafka's mock cluster. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <librdkafka/rdkafka.h>

#include "small_client.h"

static void kafka__too_large_and_no_such_partition_are_told_apart(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	bool full;
	(void)state;

	small_join(&c, broker, "large");
	small_await(&c, PORT_READY);
	char *large = calloc(1, 2 << 20);
	struct port_hop hop = {.topic = c.sink.topic(c.sink.self, DLT),
			       .value = {large, 2 << 20},
			       .opaque = &c};
	assert_int_equal(c.sink.produce(c.sink.self, &hop, &full), PORT_TOO_LARGE);
	assert_false(full);
	hop.value.size = 10;
	hop.partition = 7;
	assert_int_equal(c.sink.produce(c.sink.self, &hop, &full), PORT_NO_TOPIC);
	free(large);
	assert_int_equal(c.sink.partitions(c.sink.self, hop.topic), -1);
	int64_t until_us = clock_boot_us() + (int64_t)LONG_MS * 1000;
	while (c.sink.partitions(c.sink.self, hop.topic) < 0 && clock_boot_us() < until_us)
		(void)small_next(&c, 20);
	assert_int_equal(c.sink.partitions(c.sink.self, hop.topic), 1);

	// A new producer in the middle: reports of the old one do not come.
	struct stagger_error err;
	small_produce(&c, DLT, 0, 3, "old");
	assert_int_equal(c.sink.rebuild(c.sink.self, &err), STAGGER_OK);
	small_produce(&c, DLT, 0, 3, "new");
	assert_int_equal(small_report(&c).fault, PORT_FINE);
	struct port_report report;
	assert_int_equal(c.sink.reports(c.sink.self, &report, 1), 0);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

static void kafka__a_dead_producer_gives_back_every_hop(void **state)
{
	struct embedded *broker = broker_new();
	struct stagger_error err;
	struct client c;
	int fatal = 0;
	bool full;
	(void)state;

	small_join(&c, broker, "fatal");
	small_await(&c, PORT_READY);
	small_produce(&c, DLT, 0, 5, "first");
	assert_int_equal(small_report(&c).fault, PORT_FINE);
	for (int i = 0; i < 50; i++)
		small_produce(&c, DLT, 0, 4, "lost");
	rd_kafka_test_fatal_error(c.kafka->sink.producer,
				  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
	struct port_hop hop = {.topic = c.sink.topic(c.sink.self, DLT),
			       .value = {"mine", 4},
			       .opaque = &c};
	assert_int_equal(c.sink.produce(c.sink.self, &hop, &full), PORT_FATAL);
	for (int i = 0; i < 50; i++) // each has its report, durable or dead
		fatal += small_report(&c).fault == PORT_FATAL;
	assert_true(fatal > 0);
	assert_int_equal(c.sink.reports(c.sink.self, &(struct port_report){0}, 1), 0);
	assert_non_null(strstr(c.lines.text, "OUT_OF_ORDER_SEQUENCE_NUMBER"));
	assert_int_equal(c.sink.rebuild(c.sink.self, &err), STAGGER_OK);
	small_produce(&c, DLT, 0, 3, "new");
	assert_int_equal(small_report(&c).fault, PORT_FINE);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

static void kafka__a_fenced_member_fails_for_good_with_its_code(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	(void)state;

	small_join(&c, broker, "fenced");
	small_await(&c, PORT_READY);
	rd_kafka_test_fatal_error(c.kafka->consumer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
				  "planted");
	small_await(&c, PORT_FAILED);
	assert_int_equal(c.event.status, STAGGER_FATAL);
	assert_int_equal(c.event.kafka_code, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
	assert_false(small_next(&c, 50));
	small_close(&c);
	embedded_free(&broker);
}

static void kafka__oauthbearer_without_anybody_who_gets_tokens_is_refused(void **state)
{
	struct kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:1"},
					      {"sasl.mechanism", "OAUTHBEARER"},
					      {"enable.sasl.oauthbearer.unsecure.jwt", "false"}};
	struct kafka_options o = {.group = "own",
				  .session_timeout_ms = 10000,
				  .properties = properties,
				  .n_properties = 3};
	struct stagger_error err;
	struct client c;
	(void)state;

	assert_int_equal(small_open(&c, &o, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "nothing gets tokens"));
	small_close(&c);
	properties[2].value = "true"; // tokens without a signature, for tests
	assert_int_equal(small_open(&c, &o, &err), STAGGER_OK);
	small_close(&c);
}

static void kafka__the_embedded_broker_of_the_properties_has_the_topics(void **state)
{
	const struct kafka_property properties[] = {{"bootstrap.servers", "embedded"},
						    {"embedded.partitions", "3"}};
	struct kafka_options o = {.group = "own",
				  .session_timeout_ms = 10000,
				  .properties = properties,
				  .n_properties = 2};
	struct stagger_error err;
	struct client c;
	(void)state;

	assert_int_equal(small_open(&c, &o, &err), STAGGER_OK);
	assert_int_equal(c.source.start(c.source.self, &err), STAGGER_OK);
	small_await(&c, PORT_READY);
	int32_t topic = c.sink.topic(c.sink.self, DLT);
	assert_int_equal(c.sink.partitions(c.sink.self, topic), 3);
	c.source.leave(c.source.self, true); // before it has joined
	small_await(&c, PORT_LEFT);
	small_close(&c); // a fixed port is test_forward's
}

/* MAIN and RETRY, all led by the first of two brokers. */
static rd_kafka_mock_cluster_t *two_brokers(rd_kafka_t **host)
{
	static const char *const topics[] = {MAIN, RETRY, DLT};
	rd_kafka_mock_cluster_t *cluster = small_cluster(host, 2);

	for (size_t i = 0; i < 3; i++) {
		rd_kafka_mock_topic_create(cluster, topics[i], PARTITIONS, 2);
		for (int32_t p = 0; p < PARTITIONS; p++)
			rd_kafka_mock_partition_set_leader(cluster, topics[i], p, 1);
	}
	return cluster;
}

/* librdkafka 2.0.2 asks who led a partition when it first asked, for minutes: members of a group
 * whose brokers were restarted never got their partitions. */
static void kafka__asks_who_leads_a_partition_now(void **state)
{
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster = two_brokers(&host);
	struct client c;
	(void)state;

	small_join_at(&c, rd_kafka_mock_cluster_bootstraps(cluster), "moved");
	small_await(&c, PORT_READY);
	small_await(&c, PORT_ASSIGN);
	small_assign(&c, false);
	size_t lane = small_lane(&c, RETRY, 1);
	rd_kafka_mock_partition_set_leader(cluster, RETRY, 1, 2);
	c.source.ask_bounds(c.source.self, &c.starts[lane].handle, 1);
	small_await(&c, PORT_BOUNDS);
	assert_int_equal(c.event.n, 1);
	assert_ptr_equal(c.event.partitions[0].lane, &c.lanes[lane]);
	assert_int_equal(c.event.partitions[0].log_end, 0);
	small_leave(&c);
	small_close(&c);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

static void kafka__a_dead_broker_is_named_and_is_no_failure(void **state)
{
	const struct kafka_property properties[] = {{"bootstrap.servers", "127.0.0.1:9"},
						    {"sasl.password", "not-to-be-seen"}};
	struct kafka_options o = {.group = "g",
				  .session_timeout_ms = 6000,
				  .properties = properties,
				  .n_properties = 2};
	struct stagger_error err;
	struct client c;
	(void)state;

	assert_int_equal(small_open(&c, &o, &err), STAGGER_OK);
	assert_int_equal(c.source.start(c.source.self, &err), STAGGER_OK);
	assert_false(small_next(&c, 3500));
	assert_non_null(strstr(c.lines.text, "no broker of 127.0.0.1:9 answered"));
	assert_non_null(strstr(c.lines.text, "Connection refused"));
	assert_non_null(strstr(c.lines.text, "for ever"));
	assert_null(strstr(c.lines.text, "not-to-be-seen"));
	c.source.leave(c.source.self, false);
	small_await(&c, PORT_LEFT);
	small_close(&c);

	o.start_timeout_ms = 1000;
	assert_int_equal(small_open(&c, &o, &err), STAGGER_OK);
	assert_int_equal(c.source.start(c.source.self, &err), STAGGER_OK);
	small_await(&c, PORT_FAILED);
	assert_int_equal(c.event.status, STAGGER_UNREACHABLE);
	assert_non_null(strstr(c.event.text, "Connection refused"));
	assert_false(small_next(&c, 50));
	small_close(&c);
}

static void kafka__owned_and_unknown_properties_are_refused_with_what_to_use(void **state)
{
	static const struct {
		const char *name, *value, *text;
	} cases[] = {
		{"group.id", "g", "'group'"},
		{"consumer.session.timeout.ms", "1", "session_timeout"},
		{"acks", "1", "acks=all"},
		{"producer.message.timeout.ms", "1", "for ever"},
		{"auto.offset.reset", "latest", "start_at"},
		{"queued.max.messages.kbytes", "1", "prefetch_bytes"},
		{"rebalance_cb", "x", "callback"},
		{"no.such.key", "1", "No such configuration property"},
		{"linger.ms", "soon", "linger.ms"},
		{"ssl.key.password", "hunter22", NULL},
		{"consumer.bootstrap.servers", "b:1", "bootstrap.servers"},
		{"bootstrap.servers", "", "empty"},
		{"embedded.partitions", "0", "1..128"},
		{"embedded.port", "x", "0..65535"},
		{"embedded.ports", "1", "embedded.port"},
		{"linger.ms", "10", NULL},
		{"producer.compression.type", "lz4", NULL},
		{"embedded.partitions", "128", NULL},
		{"bootstrap.servers", "embedded", NULL},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err = {0};
		enum stagger_status status =
			kafka_check_property(cases[i].name, cases[i].value, &err);
		assert_int_equal(status, cases[i].text != NULL ? STAGGER_INVALID : STAGGER_OK);
		if (cases[i].text != NULL && strstr(err.text, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].name, err.text);
	}
	struct client c;
	struct stagger_error err = {0};
	struct kafka_options o = {.group = "g", .session_timeout_ms = 6000};
	assert_int_equal(small_open(&c, &o, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "bootstrap.servers"));
	log_free(&c.log);
	wake_free(&c.wake);
}

/* STAGGER_LIBRDKAFKA: the version that a layer of tests/layers.py is about. */
static void kafka__the_version_is_that_of_the_library_it_runs_on(void **state)
{
	const char *meant = getenv("STAGGER_LIBRDKAFKA");
	(void)state;

	assert_string_equal(kafka_version(), rd_kafka_version_str());
	if (meant != NULL)
		assert_string_equal(kafka_version(), meant);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafka__too_large_and_no_such_partition_are_told_apart),
		cmocka_unit_test(kafka__a_dead_producer_gives_back_every_hop),
		cmocka_unit_test(kafka__a_fenced_member_fails_for_good_with_its_code),
		cmocka_unit_test(kafka__oauthbearer_without_anybody_who_gets_tokens_is_refused),
		cmocka_unit_test(kafka__the_embedded_broker_of_the_properties_has_the_topics),
		cmocka_unit_test(kafka__asks_who_leads_a_partition_now),
		cmocka_unit_test(kafka__a_dead_broker_is_named_and_is_no_failure),
		cmocka_unit_test(kafka__owned_and_unknown_properties_are_refused_with_what_to_use),
		cmocka_unit_test(kafka__the_version_is_that_of_the_library_it_runs_on),
	};

	return cmocka_run_group_tests_name("kafka_edges", tests, NULL, NULL);
}
