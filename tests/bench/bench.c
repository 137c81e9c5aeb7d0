/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches share. */
#define _GNU_SOURCE
#include "bench.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define METADATA_MS 10000
#define BATCHES_SINCE 0x020100ff
#define IDLE_MS 100

static bool take_option(const struct bench_option *options, size_t n, const char *name,
			const char *value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(options[i].name, name) != 0)
			continue;
		if (options[i].text != NULL)
			*options[i].text = value;
		else if (options[i].number != NULL)
			*options[i].number = strtoll(value, NULL, 10);
		else
			*options[i].real = strtod(value, NULL);
		return true;
	}
	return false;
}

bool bench_options(const struct bench_option *options, size_t n, int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && take_option(options, n, argv[i], argv[i + 1]))
			continue;
		fprintf(stderr, "%s: no option '%s', or it has no value; there are", argv[0],
			argv[i]);
		for (size_t o = 0; o < n; o++)
			fprintf(stderr, " %s", options[o].name);
		fputc('\n', stderr);
		return false;
	}
	return true;
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t bench_wall_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t bench_boot_us(void)
{
	return clock_us(CLOCK_BOOTTIME);
}

int64_t bench_cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

int64_t bench_memory_kib(const char *what)
{
	char line[256];
	int64_t kib = 0;
	size_t length = strlen(what);
	FILE *file = fopen("/proc/self/status", "re");

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, what, length) == 0 && line[length] == ':')
			kib = strtoll(line + length + 1, NULL, 10);
	if (file != NULL)
		fclose(file);
	return kib;
}

const char *bench_fresh_name(const char *prefix, char *text, size_t size)
{
	snprintf(text, size, "%s-%" PRId64 "-%d", prefix, bench_wall_us(), (int)getpid());
	return text;
}

void bench_span_begin(struct bench_span *span)
{
	span->first_us = bench_boot_us();
	span->first_cpu_us = bench_cpu_us();
}

void bench_span_end(struct bench_span *span)
{
	span->last_us = bench_boot_us();
	span->last_cpu_us = bench_cpu_us();
}

void bench_span_print(const struct bench_span *span, const char *what, int64_t n)
{
	double took_us = (double)(span->last_us - span->first_us);
	double cpu_us = (double)(span->last_cpu_us - span->first_cpu_us);

	printf("%s: %.3f M msg/s, %.2f us CPU, %" PRId64 " messages in %.2f s, the first at %.3f s\n",
	       what, (double)n / took_us, cpu_us / (double)n, n, took_us / 1e6,
	       (double)span->first_us / 1e6);
	fflush(stdout);
}

void bench_produce(rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition,
		   const struct bench_record *record)
{
	void *value = (void *)(uintptr_t)record->value; // copied, whatever the type says

	while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value, record->size,
				&record->key, sizeof(record->key), NULL) != 0) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			errx(1, "produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_poll(rk, 10);
	}
}

void bench_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[512];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		errx(1, "%s", why);
}

void bench_conf_set_all(rd_kafka_conf_t *conf, const char *properties)
{
	char *copy = strdup(properties != NULL ? properties : "");
	char *rest = NULL;

	if (copy == NULL)
		errx(1, "out of memory");
	for (char *item = strtok_r(copy, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(item, '=');
		if (value == NULL)
			errx(1, "a property is name=value, not '%s'", item);
		*value = '\0';
		bench_conf_set(conf, item, value + 1);
	}
	free(copy);
}

rd_kafka_t *bench_client(rd_kafka_type_t type, rd_kafka_conf_t *take_conf)
{
	char why[512];
	rd_kafka_t *rk = rd_kafka_new(type, take_conf, why, sizeof(why));

	if (rk == NULL)
		errx(1, "%s", why);
	return rk;
}

/* 0, and why, when it has none. */
static int32_t ask_partitions(rd_kafka_t *rk, rd_kafka_topic_t *topic, rd_kafka_resp_err_t *why)
{
	const struct rd_kafka_metadata *found;

	*why = rd_kafka_metadata(rk, 0, topic, &found, METADATA_MS);
	if (*why != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	int32_t n = found->topic_cnt == 1 ? found->topics[0].partition_cnt : 0;
	if (n == 0 && found->topic_cnt == 1)
		*why = found->topics[0].err;
	rd_kafka_metadata_destroy(found);
	return n;
}

/* A broker that is busy with others, deleting them, say, knows a new topic a little later. */
int32_t bench_partitions(rd_kafka_t *rk, const char *topic)
{
	rd_kafka_resp_err_t why;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
	int64_t ends_us = bench_boot_us() + METADATA_MS * INT64_C(1000);
	int32_t n;

	while ((n = ask_partitions(rk, handle, &why)) == 0) {
		if (bench_boot_us() > ends_us)
			errx(1, "topic '%s': %s", topic, rd_kafka_err2str(why));
		(void)poll(NULL, 0, IDLE_MS);
	}
	rd_kafka_topic_destroy(handle);
	return n;
}

const char *bench_fresh_topic(const char *brokers, const char *like, char *name, size_t size)
{
	char why[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	bench_conf_set(conf, "bootstrap.servers", brokers);
	rd_kafka_t *rk = bench_client(RD_KAFKA_PRODUCER, conf);
	bench_fresh_name(like, name, size);
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(name, bench_partitions(rk, like), 1, why, sizeof(why));
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_AdminOptions_set_operation_timeout(options, METADATA_MS, why, sizeof(why));
	rd_kafka_CreateTopics(rk, &topic, 1, options, queue);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 2 * METADATA_MS);
	if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "topic '%s' cannot be made", name);
	rd_kafka_event_destroy(event);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_NewTopic_destroy(topic);
	rd_kafka_destroy(rk);
	return name;
}

static void add_topic(struct bench_queues *q, rd_kafka_topic_partition_list_t *list,
		      const char *topic)
{
	int32_t n = bench_partitions(q->rk, topic);
	rd_kafka_queue_t **queues =
		realloc(q->queues, (size_t)(q->n + n) * sizeof(rd_kafka_queue_t *));

	if (queues == NULL)
		errx(1, "out of memory");
	q->queues = queues;
	for (int32_t i = 0; i < n; i++) {
		rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(q->rk, topic, i);
		rd_kafka_queue_forward(queue, NULL);
		rd_kafka_queue_io_event_enable(queue, q->wake[1], "1", 1);
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
		q->queues[q->n++] = queue;
	}
}

void bench_queues_open(struct bench_queues *q, rd_kafka_t *rk, const char *topics)
{
	char *copy = strdup(topics);
	char *rest = NULL;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

	*q = (struct bench_queues){.rk = rk, .batches = rd_kafka_version() >= BATCHES_SINCE};
	if (copy == NULL || pipe2(q->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		err(1, "queues");
	for (char *topic = strtok_r(copy, ",", &rest); topic != NULL;
	     topic = strtok_r(NULL, ",", &rest))
		add_topic(q, list, topic);
	rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	free(copy);
}

/* One partition's turn. */
static size_t take(struct bench_queues *q, rd_kafka_queue_t *queue, rd_kafka_message_t **out)
{
	size_t n = 0;

	if (q->batches) {
		ssize_t got = rd_kafka_consume_batch_queue(queue, 0, out, BENCH_BATCH);
		return got > 0 ? (size_t)got : 0;
	}
	while (n < BENCH_BATCH && (out[n] = rd_kafka_consume_queue(queue, 0)) != NULL)
		n++;
	return n;
}

size_t bench_queues_take(struct bench_queues *q, rd_kafka_message_t **out)
{
	struct pollfd ready = {.fd = q->wake[0], .events = POLLIN};
	char drained[256];

	for (;;) {
		for (int32_t tried = 0; tried < q->n; tried++) {
			size_t n = take(q, q->queues[q->next], out);
			q->next = (q->next + 1) % q->n;
			if (n > 0)
				return n;
		}
		(void)poll(&ready, 1, IDLE_MS);
		while (read(q->wake[0], drained, sizeof(drained)) > 0)
			continue;
	}
}

void bench_queues_close(struct bench_queues *q)
{
	for (int32_t i = 0; i < q->n; i++) {
		rd_kafka_queue_io_event_enable(q->queues[i], -1, NULL, 0);
		rd_kafka_queue_destroy(q->queues[i]);
	}
	free(q->queues);
	close(q->wake[0]);
	close(q->wake[1]);
}
