/* SPDX-License-Identifier: Apache-2.0
 *
 * idle --brokers B --topic T [--partitions P] [--seconds S]: what waiting costs. A stagger consumer
 * whose handler fails once for a message in each of P partitions; when all wait in the stage of 1 h
 * (topics T, T.retry, T.dlt, new ones) its CPU is measured for S seconds. Prints that, and the memory
 * before the lanes came and while they wait. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "ours.h"

#define STAGE_MS 3600000
#define SETTLE_S 3 /* reading what was produced, the last commits */

struct run {
	const char *brokers, *topic;
	int64_t partitions, seconds;
	struct stagger_consumer *consumer;
	int64_t base_kb, idle_kb, cpu_us;
	_Atomic int64_t hopped;
};

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	(void)m;
	(void)user;
	return stagger_retry(why, "Later", "it waits");
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct run *run = user;

	run->hopped += event->kind == STAGGER_HOPPED;
}

/* One message for each partition, then the measurement, then the end. */
static void *other_side(void *user)
{
	struct run *run = user;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const struct timespec tenth = {.tv_nsec = 100000000};
	char value[] = "x";

	bench_conf_set(conf, "bootstrap.servers", run->brokers);
	rd_kafka_t *rk = bench_client(RD_KAFKA_PRODUCER, conf);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, run->topic, NULL);
	for (int32_t i = 0; i < (int32_t)run->partitions; i++)
		if (rd_kafka_produce(topic, i, RD_KAFKA_MSG_F_COPY, value, 1, NULL, 0, NULL) != 0)
			errx(1, "produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
	rd_kafka_flush(rk, 10000);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	while (run->hopped < run->partitions)
		nanosleep(&tenth, NULL);
	nanosleep(&(struct timespec){.tv_sec = SETTLE_S}, NULL);
	run->cpu_us = bench_cpu_us();
	nanosleep(&(struct timespec){.tv_sec = run->seconds}, NULL);
	run->cpu_us = bench_cpu_us() - run->cpu_us;
	run->idle_kb = bench_memory_kib("VmRSS");
	stagger_consumer_stop(run->consumer);
	return NULL;
}

static enum stagger_status prepare(struct run *run, struct stagger_error *err)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	char group[128];
	char stage[256];

	snprintf(stage, sizeof(stage), "%s.retry", run->topic);
	options.group = bench_fresh_name("idle", group, sizeof(group));
	options.event = on_event;
	options.user = run;
	options.log_level = STAGGER_LOG_ERROR;
	chain_options.topic = run->topic;
	chain_options.dead_letter_topic = "{topic}.dlt";
	enum stagger_status status = stagger_consumer_open(&run->consumer, NULL, &options, err);
	if (status == STAGGER_OK)
		status = ours_set_all(run->consumer, run->brokers, NULL, err);
	if (status == STAGGER_OK)
		status = ours_add_chain(run->consumer, "idle", &chain_options,
					&(struct ours_stage){stage, STAGE_MS}, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(run->consumer, NULL, handle, run, err);
	return status;
}

int main(int argc, char **argv)
{
	struct run run = {.topic = "idle", .partitions = 1000, .seconds = 10};
	struct stagger_error error;
	pthread_t thread;
	const struct bench_option options[] = {
		{"--brokers", &run.brokers, NULL, NULL},
		{"--topic", &run.topic, NULL, NULL},
		{"--partitions", NULL, &run.partitions, NULL},
		{"--seconds", NULL, &run.seconds, NULL},
	};

	if (!bench_options(options, 4, argc, argv) || run.brokers == NULL || run.seconds < 1)
		errx(2, "--brokers is needed; --seconds is at least 1");
	run.base_kb = bench_memory_kib("VmRSS");
	if (prepare(&run, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	if (pthread_create(&thread, NULL, other_side, &run) != 0)
		errx(1, "threads");
	if (stagger_consumer_run(run.consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	pthread_join(thread, NULL);
	stagger_consumer_free(&run.consumer);
	printf("idle: %.2f %% of a core, %" PRId64 " lanes wait, %" PRId64 " KiB at first, %" PRId64
	       " KiB while they wait\n",
	       (double)run.cpu_us / (double)run.seconds / 1e4, run.partitions, run.base_kb,
	       run.idle_kb);
	return 0;
}
