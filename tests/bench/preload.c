/* SPDX-License-Identifier: Apache-2.0
 *
 * preload --brokers B --topic T [--count N] [--size S]: fills a topic for the benches, all
 * partitions alike, lz4, values of S bytes that half compress, keys of 8 bytes. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define FLUSH_MS 120000
#define MAX_SIZE (960 * 1024) /* what brokers take by default, less than 1 MB */

static int64_t failed;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *user)
{
	(void)rk;
	(void)user;
	failed += m->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void fill(char *value, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		value[i] = i % 2 == 0 ? 'x' : (char)('a' + (seed >> 33) % 26);
	}
}

int main(int argc, char **argv)
{
	const char *brokers = NULL;
	const char *topic = "bench";
	int64_t count = 1000000;
	int64_t size = 100;
	static char value[MAX_SIZE];
	const struct bench_option options[] = {
		{"--brokers", &brokers, NULL, NULL},
		{"--topic", &topic, NULL, NULL},
		{"--count", NULL, &count, NULL},
		{"--size", NULL, &size, NULL},
	};

	if (!bench_options(options, 4, argc, argv) || brokers == NULL || size < 0 ||
	    size > MAX_SIZE)
		errx(2, "--brokers is needed; --size is 0..%d", MAX_SIZE);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bench_conf_set(conf, "bootstrap.servers", brokers);
	bench_conf_set(conf, "compression.type", "lz4");
	bench_conf_set(conf, "enable.idempotence", "true");
	bench_conf_set(conf, "linger.ms", "100"); // batches, however many partitions
	bench_conf_set(conf, "queue.buffering.max.messages", "500000");
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_t *rk = bench_client(RD_KAFKA_PRODUCER, conf);
	int32_t partitions = bench_partitions(rk, topic);
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	for (int64_t i = 0; i < count; i++) {
		int32_t partition = (int32_t)(i % partitions);
		fill(value, (size_t)size, (uint64_t)i);
		bench_produce(rk, handle, partition,
			      &(struct bench_record){value, (size_t)size, i});
		if (i % 1024 == 0)
			rd_kafka_poll(rk, 0);
	}
	rd_kafka_resp_err_t code = rd_kafka_flush(rk, FLUSH_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR || failed > 0)
		errx(1, "%" PRId64 " failed, flush: %s", failed, rd_kafka_err2str(code));
	printf("preloaded %" PRId64 " messages of %" PRId64 " bytes into '%s'\n", count, size,
	       topic);
	rd_kafka_topic_destroy(handle);
	rd_kafka_destroy(rk);
	return 0;
}
