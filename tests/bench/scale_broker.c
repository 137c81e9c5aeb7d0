/* SPDX-License-Identifier: Apache-2.0
 *
 * What the broker says when the members of scale.c have left. */
#define _GNU_SOURCE
#include "scale.h"

#include <err.h>
#include <stdio.h>

#include "bench.h"

#define TIMEOUT_MS 30000

void scale_topic(const struct scale_run *run, int place, char *name, size_t size)
{
	if (place == 0)
		snprintf(name, size, "%s", run->topic);
	else if (place <= run->n_stages)
		snprintf(name, size, "%s.retry.%d", run->topic, place);
	else
		snprintf(name, size, "%s.dlt", run->topic);
}

/* A client that asks only; it never joins the group. */
static rd_kafka_t *asker(const struct scale_run *run)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	bench_conf_set(conf, "bootstrap.servers", run->brokers);
	bench_conf_set(conf, "group.id", run->group);
	return bench_client(RD_KAFKA_CONSUMER, conf);
}

static void watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low,
		       int64_t *high)
{
	rd_kafka_resp_err_t code =
		rd_kafka_query_watermark_offsets(rk, topic, partition, low, high, TIMEOUT_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "'%s' partition %d: %s", topic, partition, rd_kafka_err2str(code));
}

static int64_t uncommitted_of(rd_kafka_t *rk, const char *topic)
{
	int32_t n = bench_partitions(rk, topic);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	int64_t low, high;
	int64_t behind = 0;

	for (int32_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, i);
	rd_kafka_resp_err_t code = rd_kafka_committed(rk, list, TIMEOUT_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "offsets of '%s': %s", topic, rd_kafka_err2str(code));
	for (int32_t i = 0; i < n; i++) {
		watermarks(rk, topic, i, &low, &high);
		behind += high - (list->elems[i].offset >= low ? list->elems[i].offset : low);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return behind;
}

int64_t scale_uncommitted(const struct scale_run *run)
{
	rd_kafka_t *rk = asker(run);
	char topic[256];
	int64_t behind = 0;

	for (int place = 0; place <= run->n_stages; place++) {
		scale_topic(run, place, topic, sizeof(topic));
		behind += uncommitted_of(rk, topic);
	}
	rd_kafka_destroy(rk);
	return behind;
}

int64_t scale_dead_letters(const struct scale_run *run)
{
	rd_kafka_t *rk = asker(run);
	char topic[256];
	int64_t low, high;
	int64_t n = 0;

	scale_topic(run, run->n_stages + 1, topic, sizeof(topic));
	int32_t partitions = bench_partitions(rk, topic);
	for (int32_t i = 0; i < partitions; i++) {
		watermarks(rk, topic, i, &low, &high);
		n += high - low;
	}
	rd_kafka_destroy(rk);
	return n;
}
