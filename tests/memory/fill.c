/* SPDX-License-Identifier: Apache-2.0
 *
 * fill --brokers B --topic T --each N --size S [--group G --chain C --stage NAME] [--batch N]: N
 * messages of S bytes into each partition of T, uncompressed, at most --batch in a record set. With
 * --stage they are envelopes of that stage, group and chain, due in an hour. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/load.h"

#define FLUSH_MS 120000

struct fill {
	const char *brokers, *topic, *group, *chain, *stage, *batch;
	int64_t each, size;
};
static int64_t failed;

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *m, void *user)
{
	(void)rk;
	(void)user;
	failed += m->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* What all messages carry: the payload itself, or an envelope around it. */
static struct bench_record record_of(const struct fill *fill, const char *payload)
{
	struct load_waiting waiting = {.group = fill->group,
				       .chain = fill->chain,
				       .stage = fill->stage,
				       .topic = fill->topic,
				       .value = {payload, (size_t)fill->size}};
	struct stagger_bytes bytes = fill->stage != NULL ? load_hour_long(&waiting) : waiting.value;

	return (struct bench_record){bytes.data, bytes.size, 0};
}

int main(int argc, char **argv)
{
	struct fill fill = {.batch = "1", .group = "memory", .chain = "memory", .each = 1};
	const struct bench_option options[] = {
		{"--brokers", &fill.brokers, NULL, NULL}, {"--topic", &fill.topic, NULL, NULL},
		{"--group", &fill.group, NULL, NULL},     {"--chain", &fill.chain, NULL, NULL},
		{"--stage", &fill.stage, NULL, NULL},     {"--batch", &fill.batch, NULL, NULL},
		{"--each", NULL, &fill.each, NULL},       {"--size", NULL, &fill.size, NULL},
	};

	if (!bench_options(options, 8, argc, argv) || fill.brokers == NULL || fill.topic == NULL)
		errx(2, "--brokers and --topic are needed");
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	bench_conf_set(conf, "bootstrap.servers", fill.brokers);
	bench_conf_set(conf, "batch.num.messages", fill.batch);
	bench_conf_set(conf, "message.max.bytes", "1048588");
	bench_conf_set(conf, "linger.ms", "1");
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_t *rk = bench_client(RD_KAFKA_PRODUCER, conf);
	int32_t partitions = bench_partitions(rk, fill.topic);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, fill.topic, NULL);
	char *payload = malloc((size_t)fill.size + 1);
	if (payload == NULL)
		errx(1, "out of memory");
	memset(payload, 'x', (size_t)fill.size);
	struct bench_record record = record_of(&fill, payload);
	for (int64_t i = 0; i < fill.each; i++) {
		for (int32_t p = 0; p < partitions; p++) {
			record.key = i;
			bench_produce(rk, topic, p, &record);
		}
		rd_kafka_poll(rk, 0);
	}
	rd_kafka_resp_err_t code = rd_kafka_flush(rk, FLUSH_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR || failed > 0)
		errx(1, "%" PRId64 " failed, flush: %s", failed, rd_kafka_err2str(code));
	printf("%" PRId64 " messages, each of %zu bytes\n", fill.each * partitions,
	       record.size + sizeof(record.key));
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return 0;
}
