/* SPDX-License-Identifier: Apache-2.0
 *
 * The small loop. Every wait has a bound of LONG_MS, so that a test fails and never hangs. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

static void keep_line(enum stagger_level level, const char *line, void *user)
{
	struct lines *lines = user;
	size_t size = strlen(line);

	(void)level;
	if (lines->used + size + 2 > sizeof(lines->text))
		return;
	memcpy(lines->text + lines->used, line, size);
	lines->used += size;
	lines->text[lines->used++] = '\n';
}

struct embedded *broker_new(void)
{
	const struct embedded_topic topics[] = {{MAIN, PARTITIONS}, {RETRY, 0}, {DLT, 1}};
	struct embedded *broker = NULL;
	struct stagger_error err;

	assert_int_equal(embedded_new(&broker, 0, PARTITIONS, topics, 3, &err), STAGGER_OK);
	return broker;
}

rd_kafka_mock_cluster_t *small_cluster(rd_kafka_t **host, int n_brokers)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_log_cb(conf, NULL);
	*host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	assert_non_null(*host);
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(*host, n_brokers);
	assert_non_null(cluster);
	return cluster;
}

static const struct wish_rule CHAIN[] = {
	{.topic = MAIN, .main_topic = MAIN, .role = WISH_MAIN},
	{.topic = RETRY,
	 .main_topic = MAIN,
	 .role = WISH_STAGE,
	 .longest_wait_ms = 3600000,
	 .retention_ms = 608400000},
	{.topic = DLT, .main_topic = MAIN, .role = WISH_DEAD, .retention_ms = -1},
};

enum stagger_status small_open(struct client *c, const struct kafka_options *options,
				       struct stagger_error *err)
{
	struct kafka_options o = *options;

	memset(c, 0, sizeof(*c));
	assert_int_equal(wake_new(&c->wake, err), STAGGER_OK);
	assert_int_equal(log_new(&c->log,
				 &(struct log_options){.level = STAGGER_LOG_INFO,
						       .rate = 100,
						       .write = keep_line,
						       .user = &c->lines},
				 err),
			 STAGGER_OK);
	o.log = c->log;
	o.wake = c->wake;
	if (o.topics == NULL) {
		o.topics = CHAIN;
		o.n_topics = 3;
	}
	enum stagger_status status = kafka_new(&c->kafka, &o, err);
	if (status == STAGGER_OK) {
		c->source = kafka_source(c->kafka);
		c->sink = kafka_sink(c->kafka);
	}
	return status;
}

void small_close(struct client *c)
{
	int64_t begun_us = clock_boot_us();

	kafka_free(&c->kafka);
	assert_true(clock_boot_us() - begun_us < 4900000);
	assert_null(strstr(c->lines.text, "left behind"));
	log_free(&c->log);
	wake_free(&c->wake);
}

static const struct kafka_property *against(const char *servers, struct kafka_property at[3])
{
	at[0] = (struct kafka_property){"bootstrap.servers", servers};
	at[1] = (struct kafka_property){"fetch.wait.max.ms", "10"};
	at[2] = (struct kafka_property){"heartbeat.interval.ms", "300"};
	return at;
}

void small_join(struct client *c, const struct embedded *broker, const char *group)
{
	small_join_at(c, embedded_servers(broker), group);
}

void small_join_at(struct client *c, const char *servers, const char *group)
{
	struct kafka_property properties[3];
	struct stagger_error err = {0};
	struct kafka_options o = {.group = group,
				  .session_timeout_ms = 6000,
				  .prefetch_bytes = 1 << 20,
				  .expected_partitions = 4,
				  .properties = against(servers, properties),
				  .n_properties = 3};

	if (small_open(c, &o, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_int_equal(c->source.start(c->source.self, &err), STAGGER_OK);
}

bool small_next(struct client *c, int64_t ms)
{
	int64_t until_us = clock_boot_us() + ms * 1000;

	for (;;) {
		wake_clear(c->wake);
		if (c->source.next_event(c->source.self, &c->event))
			return true;
		if (clock_boot_us() >= until_us)
			return false;
		wake_wait(c->wake, until_us);
	}
}

const struct port_event *small_await(struct client *c, enum port_event_kind kind)
{
	if (!small_next(c, LONG_MS))
		fail_msg("no event of kind %d; log:\n%s", (int)kind, c->lines.text);
	if (c->event.kind != kind)
		fail_msg("event %d, not %d: %s", (int)c->event.kind, (int)kind,
			 c->event.text != NULL ? c->event.text : "");
	return &c->event;
}

void small_assign(struct client *c, bool paused)
{
	struct stagger_error err;

	c->n = c->event.n;
	assert_true(c->n <= 16);
	for (size_t i = 0; i < c->n; i++) {
		const struct port_partition *p = &c->event.partitions[i];
		snprintf(c->topics[i], sizeof(c->topics[i]), "%s", p->topic);
		c->starts[i] = (struct port_start){
			.topic = c->topics[i],
			.partition = p->partition,
			.offset = p->committed >= 0 ? p->committed : p->log_start,
			.paused = paused,
			.lane = &c->lanes[i]};
	}
	assert_int_equal(c->source.assign(c->source.self, c->starts, c->n, &err), STAGGER_OK);
}

void small_leave(struct client *c)
{
	c->source.leave(c->source.self, false);
	small_await(c, PORT_LEFT);
}

void small_produce(struct client *c, const char *topic, int32_t partition, size_t size,
		    const char *text)
{
	bool full;
	char *payload = calloc(1, size + 1);
	struct stagger_header headers[2] = {{"a", {"1", 1}}, {"b", {NULL, 0}}};

	memcpy(payload, text, strlen(text) < size ? strlen(text) : size);
	struct port_hop hop = {.topic = c->sink.topic(c->sink.self, topic),
			       .partition = partition,
			       .key = {"key", 3},
			       .value = {payload, size},
			       .headers = headers,
			       .n_headers = 2,
			       .opaque = c};
	assert_true(hop.topic >= 0);
	assert_int_equal(c->sink.produce(c->sink.self, &hop, &full), PORT_FINE);
	free(payload);
}

struct port_report small_report(struct client *c)
{
	struct port_report report = {0};
	int64_t until_us = clock_boot_us() + (int64_t)LONG_MS * 1000;

	for (;;) {
		wake_clear(c->wake);
		if (c->sink.reports(c->sink.self, &report, 1) == 1)
			return report;
		if (clock_boot_us() >= until_us)
			fail_msg("no report; log:\n%s", c->lines.text);
		wake_wait(c->wake, until_us);
	}
}

void small_take(struct client *c, size_t lane, size_t n, int64_t first_offset)
{
	int64_t until_us = clock_boot_us() + (int64_t)LONG_MS * 1000;
	struct port_record records[7];
	size_t taken = 0;
	void *ready[16];

	while (taken < n) {
		wake_clear(c->wake);
		size_t n_ready = c->source.ready(c->source.self, ready, 16);
		for (size_t i = 0; i < n_ready; i++) {
			size_t got;
			if (ready[i] != &c->lanes[lane])
				continue;
			do {
				got = c->source.fetch(c->source.self, c->starts[lane].handle,
						      records, 7);
				for (size_t r = 0; r < got; r++) {
					assert_int_equal(records[r].offset,
							 first_offset + (int64_t)taken++);
					free(records[r].headers);
					c->source.release(c->source.self, records[r].pin);
				}
			} while (got == 7);
		}
		if (taken < n && clock_boot_us() > until_us)
			fail_msg("%zu of %zu records", taken, n);
		if (taken < n)
			wake_wait(c->wake, until_us);
	}
	assert_int_equal(taken, n);
}

size_t small_lane(const struct client *c, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->starts[i].topic, topic) == 0 && c->starts[i].partition == partition)
			return i;
	fail_msg("topic %s partition %d is not assigned", topic, (int)partition);
	return 0;
}
