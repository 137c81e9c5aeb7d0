/* SPDX-License-Identifier: Apache-2.0
 *
 * bare --brokers B --topic T[,T...] --count N [--how queues|poll] [--rest S] [--set name=value,...]
 * What a consumer costs without stagger. queues: the fastest safe way, partition queues on one
 * thread. poll: rd_kafka_consumer_poll() of one topic, what most programs are written with. Empty
 * topics beside the full one are what a chain's idle stages are to librdkafka. With --rest it
 * is idle for S seconds afterwards; prints that CPU, and the memory. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"

static int64_t over_queues(rd_kafka_t *rk, const char *topic, int64_t count,
			   struct bench_span *span)
{
	static rd_kafka_message_t *batch[BENCH_BATCH];
	struct bench_queues queues;
	int64_t done = 0;

	bench_queues_open(&queues, rk, topic);
	while (done < count) {
		size_t n = bench_queues_take(&queues, batch);
		if (done == 0)
			bench_span_begin(span);
		for (size_t i = 0; i < n; i++) {
			done += batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
			rd_kafka_message_destroy(batch[i]);
		}
	}
	bench_span_end(span);
	bench_queues_close(&queues);
	return done;
}

static int64_t by_poll(rd_kafka_t *rk, const char *topic, int64_t count, struct bench_span *span)
{
	int32_t n = bench_partitions(rk, topic);
	int64_t done = 0;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

	for (int32_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_poll_set_consumer(rk);
	rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (done < count) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, 1000);
		if (m == NULL)
			continue;
		if (done == 0)
			bench_span_begin(span);
		done += m->err == RD_KAFKA_RESP_ERR_NO_ERROR;
		rd_kafka_message_destroy(m);
	}
	bench_span_end(span);
	return done;
}

#define SETTLE_S 2

/* What it costs when there is nothing to read. */
static void rest(int64_t seconds)
{
	nanosleep(&(struct timespec){.tv_sec = SETTLE_S}, NULL);
	int64_t cpu_us = bench_cpu_us();
	nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
	cpu_us = bench_cpu_us() - cpu_us;
	printf("at rest: %.2f %% of a core, %" PRId64 " KiB\n",
	       (double)cpu_us / (double)seconds / 1e4, bench_memory_kib("VmRSS"));
}

int main(int argc, char **argv)
{
	const char *brokers = NULL;
	const char *topic = "bench";
	const char *how = "queues";
	const char *set = NULL;
	int64_t count = 1000000;
	int64_t rest_s = 0;
	char group[128];
	struct bench_span span = {0};
	const struct bench_option options[] = {
		{"--brokers", &brokers, NULL, NULL}, {"--topic", &topic, NULL, NULL},
		{"--count", NULL, &count, NULL},     {"--how", &how, NULL, NULL},
		{"--set", &set, NULL, NULL},         {"--rest", NULL, &rest_s, NULL},
	};

	if (!bench_options(options, 6, argc, argv) || brokers == NULL)
		errx(2, "--brokers is needed");
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bench_conf_set(conf, "bootstrap.servers", brokers);
	bench_conf_set(conf, "group.id", bench_fresh_name("bare", group, sizeof(group)));
	bench_conf_set(conf, "enable.auto.commit", "false");
	bench_conf_set(conf, "enable.auto.offset.store", "false");
	if (rd_kafka_version() >= 0x020200ff)
		bench_conf_set(conf, "fetch.queue.backoff.ms", "5");
	bench_conf_set_all(conf, set);
	rd_kafka_t *rk = bench_client(RD_KAFKA_CONSUMER, conf);
	count = strcmp(how, "poll") == 0 ? by_poll(rk, topic, count, &span)
					 : over_queues(rk, topic, count, &span);
	bench_span_print(&span, "bare", count);
	if (rest_s > 0)
		rest(rest_s);
	printf("at most %" PRId64 " KiB\n", bench_memory_kib("VmHWM"));
	rd_kafka_destroy(rk);
	return 0;
}
