/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches share: options, clocks, a bare consumer over partition queues, a result line.
 * Their numbers are printed and never judged. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/* "--name value"; one of text, number and real is where the value goes. */
struct bench_option {
	const char *name;
	const char **text;
	int64_t *number;
	double *real;
};

/* False, with a line on stderr, when argv has anything else. */
bool bench_options(const struct bench_option *options, size_t n, int argc, char **argv);
int64_t bench_wall_us(void);
int64_t bench_boot_us(void);
/* CPU of this process so far, all threads. */
int64_t bench_cpu_us(void);
/* A line of /proc/self/status: "VmRSS", or "VmHWM", the most it ever was. */
int64_t bench_memory_kib(const char *what);
struct bench_record {
	const void *value;
	size_t size;
	int64_t key; /* its 8 bytes */
};
/* Copies it; waits while the queue is full. */
void bench_produce(rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition,
		   const struct bench_record *record);
/* A group or topic name that was never used before. */
const char *bench_fresh_name(const char *prefix, char *text, size_t size);

/* When the first and the last of the counted messages were seen. */
struct bench_span {
	int64_t first_us, last_us, first_cpu_us, last_cpu_us;
};
void bench_span_begin(struct bench_span *span);
void bench_span_end(struct bench_span *span);
/* "<what>: 1.234 M msg/s, 0.45 us CPU, 1000000 messages in 0.81 s, the first at 12.345 s", of the
 * boot-time clock */
void bench_span_print(const struct bench_span *span, const char *what, int64_t n);

/* Ends the process when librdkafka refuses; a bench has nothing to clean up. */
void bench_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
/* "a=b,c=d" or NULL. */
void bench_conf_set_all(rd_kafka_conf_t *conf, const char *properties);
rd_kafka_t *bench_client(rd_kafka_type_t type, rd_kafka_conf_t *take_conf);
int32_t bench_partitions(rd_kafka_t *rk, const char *topic);
/* Makes a topic with as many partitions as like; its name begins so. */
const char *bench_fresh_topic(const char *brokers, const char *like, char *name, size_t size);

/* Partition queues of topics ("a,b"), from their start, read in turn: one message a call before
 * librdkafka 2.1 (batches lose messages there), in batches from then on. */
#define BENCH_BATCH 1000
struct bench_queues {
	rd_kafka_t *rk;
	rd_kafka_queue_t **queues;
	int32_t n, next;
	int wake[2];
	bool batches;
};
void bench_queues_open(struct bench_queues *q, rd_kafka_t *rk, const char *topics);
/* At least one and at most BENCH_BATCH messages of one partition; waits for them. */
size_t bench_queues_take(struct bench_queues *q, rd_kafka_message_t **out);
void bench_queues_close(struct bench_queues *q);

#endif
