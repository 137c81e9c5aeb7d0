/* SPDX-License-Identifier: Apache-2.0
 *
 * footprint --brokers B --topic T --how ours|bare --lanes L [--in-flight N] [--waiting N]
 * [--set name=value,...]: what a consumer takes when all is quiet. ours: stagger on T and T.retry,
 * whose handler never returns; quiet when L partitions are assigned, N messages in flight, N waiting,
 * and malloc gives out no more. bare: librdkafka's clients alone, with the same settings on the same
 * topics. Prints resident KiB and the bytes that malloc has given out, of all threads. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "ours.h"

#define STAGE_MS 3600000
#define STEP_MS  100
#define STILL_MS 2000
#define LONGEST_S 60
#define SAME     4096 /* bytes: requests that come and go */

struct run {
	const char *brokers, *topic, *how, *set;
	int64_t lanes, in_flight, waiting;
	struct stagger_consumer *consumer;
	rd_kafka_t *bare;
};

static bool ours_is_there(const struct run *run)
{
	const struct stagger_stats *stats = NULL;
	struct stagger_error error;

	if (stagger_consumer_stats(run->consumer, &stats, &error) != STAGGER_OK)
		return false;
	bool there = (int64_t)stats->n_lanes == run->lanes && stats->in_flight == run->in_flight &&
		     stats->waiting == run->waiting;
	stagger_stats_free(&stats);
	return there;
}

static bool bare_is_there(const struct run *run)
{
	rd_kafka_topic_partition_list_t *list = NULL;

	rd_kafka_message_t *m = rd_kafka_consumer_poll(run->bare, 0);
	if (m != NULL)
		rd_kafka_message_destroy(m);
	if (rd_kafka_assignment(run->bare, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	bool there = list->cnt == run->lanes;
	rd_kafka_topic_partition_list_destroy(list);
	return there;
}

/* Prints when all is there and malloc gives out no more. */
static void wait_quiet(const struct run *run)
{
	int64_t ends_us = bench_boot_us() + LONGEST_S * INT64_C(1000000);
	size_t before = 0;
	int64_t still_ms = 0;

	while (still_ms < STILL_MS) {
		if (bench_boot_us() > ends_us)
			errx(1, "not quiet within %d s", LONGEST_S);
		nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
		bool there = run->bare != NULL ? bare_is_there(run) : ours_is_there(run);
		size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
		bool same = now < before + SAME && before < now + SAME;
		still_ms = there && same ? still_ms + STEP_MS : 0;
		if (!same)
			before = now;
	}
	struct mallinfo2 info = mallinfo2();
	printf("%s: %" PRId64 " KiB resident, %zu bytes given out\n", run->how, bench_memory_kib("VmRSS"),
	       info.uordblks + info.hblkhd);
	fflush(stdout);
}

/* -- stagger ------------------------------------------------------------------------------- */
static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	(void)m;
	(void)why;
	(void)user;
	while (pause() < 0) // until the end: a signal with a handler is not expected
		continue;
	return STAGGER_DONE;
}

static void *other_side(void *user)
{
	wait_quiet(user);
	_exit(0); // the handler never returns
}

static enum stagger_status prepare(struct run *run, struct stagger_error *err)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	char group[128];
	char stage[256];

	snprintf(stage, sizeof(stage), "%s.retry", run->topic);
	options.group = bench_fresh_name("footprint", group, sizeof(group));
	options.formerly = (const char *const[]){"memory", NULL}; // whose envelopes fill.c writes
	options.log_level = STAGGER_LOG_ERROR;
	options.max_in_flight = 65536;
	chain_options.topic = run->topic;
	chain_options.order = STAGGER_ORDER_NONE;
	chain_options.dead_letter_topic = "{topic}.dlt";
	enum stagger_status status = stagger_consumer_open(&run->consumer, NULL, &options, err);
	if (status == STAGGER_OK)
		status = ours_set_all(run->consumer, run->brokers, run->set, err);
	if (status == STAGGER_OK)
		status = ours_add_chain(run->consumer, "footprint", &chain_options,
					&(struct ours_stage){stage, STAGE_MS}, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(run->consumer, NULL, handle, run, err);
	return status;
}

static void run_ours(struct run *run)
{
	struct stagger_error error;
	pthread_t thread;

	if (prepare(run, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	if (pthread_create(&thread, NULL, other_side, run) != 0)
		errx(1, "threads");
	if (stagger_consumer_run(run->consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
}

/* -- librdkafka alone ------------------------------------------------------------------------ */
static rd_kafka_t *client(const struct run *run, rd_kafka_type_t type, const char *properties)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	bench_conf_set(conf, "bootstrap.servers", run->brokers);
	bench_conf_set(conf, "topic.metadata.propagation.max.ms", "5000");
	bench_conf_set_all(conf, properties);
	return bench_client(type, conf);
}

static void run_bare(struct run *run)
{
	char group[128];
	char properties[512];
	char stage[256];
	char dead[256];

	snprintf(stage, sizeof(stage), "%s.retry", run->topic);
	snprintf(dead, sizeof(dead), "%s.dlt", run->topic);
	snprintf(properties, sizeof(properties),
		 "group.id=%s,enable.auto.commit=false,enable.auto.offset.store=false,"
		 "partition.assignment.strategy=range,heartbeat.interval.ms=1000,"
		 "fetch.wait.max.ms=50,queued.max.messages.kbytes=4096,queued.min.messages=8192",
		 bench_fresh_name("footprint", group, sizeof(group)));
	rd_kafka_t *producer =
		client(run, RD_KAFKA_PRODUCER,
		       "enable.idempotence=true,acks=all,linger.ms=5,"
		       "queue.buffering.max.messages=1048576");
	rd_kafka_t *admin = client(run, RD_KAFKA_PRODUCER, NULL);
	(void)rd_kafka_topic_new(producer, run->topic, NULL); // lives as long as the process
	(void)rd_kafka_topic_new(producer, stage, NULL);
	(void)rd_kafka_topic_new(producer, dead, NULL);
	const struct rd_kafka_metadata *all;
	if (rd_kafka_metadata(admin, 1, NULL, &all, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(all);
	run->bare = client(run, RD_KAFKA_CONSUMER, properties);
	rd_kafka_poll_set_consumer(run->bare);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
	rd_kafka_topic_partition_list_add(list, run->topic, RD_KAFKA_PARTITION_UA);
	rd_kafka_topic_partition_list_add(list, stage, RD_KAFKA_PARTITION_UA);
	if (rd_kafka_subscribe(run->bare, list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "subscribe");
	rd_kafka_topic_partition_list_destroy(list);
	wait_quiet(run);
	_exit(0);
}

int main(int argc, char **argv)
{
	struct run run = {.how = "ours"};
	const struct bench_option options[] = {
		{"--brokers", &run.brokers, NULL, NULL},
		{"--topic", &run.topic, NULL, NULL},
		{"--how", &run.how, NULL, NULL},
		{"--set", &run.set, NULL, NULL},
		{"--lanes", NULL, &run.lanes, NULL},
		{"--in-flight", NULL, &run.in_flight, NULL},
		{"--waiting", NULL, &run.waiting, NULL},
	};

	if (!bench_options(options, 7, argc, argv) || run.brokers == NULL || run.topic == NULL)
		errx(2, "--brokers and --topic are needed");
	if (strcmp(run.how, "bare") == 0)
		run_bare(&run);
	else
		run_ours(&run);
	return 1; // both end on the spot
}
