/* SPDX-License-Identifier: Apache-2.0
 *
 * bare_hops --brokers B --topic T --count N [--size S] [--set name=value,...]
 * What moving records costs without stagger: partition queues on one thread, a copy of S bytes
 * (those of an envelope) of each record to a topic made for it by an idempotent producer, reports
 * on the same thread, and a commit of what is durable each 100 ms. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define COMMIT_US 100000
#define MAX_SIZE 10000

struct run {
	const char *brokers, *topic, *set;
	int64_t count, size, read, durable;
	rd_kafka_t *consumer, *producer;
	rd_kafka_topic_t *target;
	int64_t next[1024]; /* by partition: reports come in order there */
	struct bench_queues queues;
	struct bench_span span;
	int64_t committed_us;
};

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *user)
{
	struct run *run = user;

	(void)rk;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "delivery: %s", rd_kafka_err2str(m->err));
	run->next[m->partition]++;
	run->durable++;
}

static void commit(struct run *run)
{
	int64_t now_us = bench_boot_us();

	if (now_us - run->committed_us < COMMIT_US)
		return;
	run->committed_us = now_us;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(run->queues.n);
	for (int32_t i = 0; i < run->queues.n; i++)
		rd_kafka_topic_partition_list_add(list, run->topic, i)->offset = run->next[i];
	(void)rd_kafka_commit(run->consumer, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}

static void copy(struct run *run, const rd_kafka_message_t *m)
{
	static char value[MAX_SIZE];
	size_t n = m->len < sizeof(value) ? m->len : sizeof(value);

	memcpy(value, m->payload, n); // the rest is what it was before: an envelope's own fields
	while (rd_kafka_produce(run->target, m->partition, RD_KAFKA_MSG_F_COPY, value,
				(size_t)run->size, m->key, m->key_len, NULL) != 0) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			errx(1, "produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_poll(run->producer, 1);
	}
}

static void move(struct run *run)
{
	static rd_kafka_message_t *batch[BENCH_BATCH];

	while (run->read < run->count) {
		size_t n = bench_queues_take(&run->queues, batch);
		if (run->read == 0)
			bench_span_begin(&run->span);
		for (size_t i = 0; i < n; i++) {
			if (batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
				copy(run, batch[i]);
				run->read++;
			}
			rd_kafka_message_destroy(batch[i]);
		}
		rd_kafka_poll(run->producer, 0);
		commit(run);
	}
	while (run->durable < run->read)
		rd_kafka_poll(run->producer, 10);
	bench_span_end(&run->span);
}

int main(int argc, char **argv)
{
	static struct run run = {.topic = "bench", .count = 1000000, .size = 385};
	char name[256];
	const struct bench_option options[] = {
		{"--brokers", &run.brokers, NULL, NULL}, {"--topic", &run.topic, NULL, NULL},
		{"--count", NULL, &run.count, NULL},     {"--size", NULL, &run.size, NULL},
		{"--set", &run.set, NULL, NULL},
	};

	if (!bench_options(options, 5, argc, argv) || run.brokers == NULL || run.size < 0 ||
	    run.size > MAX_SIZE)
		errx(2, "--brokers is needed; --size is 0..%d", MAX_SIZE);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bench_conf_set(conf, "bootstrap.servers", run.brokers);
	bench_conf_set(conf, "enable.idempotence", "true");
	bench_conf_set(conf, "linger.ms", "5");
	bench_conf_set(conf, "queue.buffering.max.messages", "1048576");
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_conf_set_opaque(conf, &run);
	run.producer = bench_client(RD_KAFKA_PRODUCER, conf);
	bench_fresh_topic(run.brokers, run.topic, name, sizeof(name));
	run.target = rd_kafka_topic_new(run.producer, name, NULL);
	(void)bench_partitions(run.producer, name);
	conf = rd_kafka_conf_new();
	bench_conf_set(conf, "bootstrap.servers", run.brokers);
	bench_conf_set(conf, "group.id", bench_fresh_name("bare", name, sizeof(name)));
	bench_conf_set(conf, "enable.auto.commit", "false");
	bench_conf_set_all(conf, run.set);
	run.consumer = bench_client(RD_KAFKA_CONSUMER, conf);
	bench_queues_open(&run.queues, run.consumer, run.topic);
	if (run.queues.n > 1024)
		errx(2, "at most 1024 partitions");
	move(&run);
	bench_span_print(&run.span, "bare hops", run.count);
	bench_queues_close(&run.queues);
	rd_kafka_topic_destroy(run.target);
	rd_kafka_destroy(run.producer);
	rd_kafka_destroy(run.consumer);
	return 0;
}
