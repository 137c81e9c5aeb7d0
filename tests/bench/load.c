/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "load.h"

#include <err.h>
#include <errno.h>
#include <time.h>

#include <stagger/envelope.h>

#include "bench.h"

void load_pause_until(int64_t boot_us)
{
	struct timespec at = {.tv_sec = (time_t)(boot_us / 1000000),
			      .tv_nsec = (long)(boot_us % 1000000) * 1000};

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

static void send_all(const struct load *load, const _Atomic bool *enough, rd_kafka_t *rk,
		     rd_kafka_topic_t *topic)
{
	int64_t begin_us = bench_boot_us();
	struct bench_record record = {load->value.data, load->value.size, 0};

	for (int64_t i = 0; i < load->n && !*enough; i++) {
		record.key = i % load->keys;
		if (load->per_s > 0)
			load_pause_until(begin_us + (int64_t)((double)i * 1e6 / load->per_s));
		bench_produce(rk, topic, (int32_t)(load->first + i % load->partitions), &record);
		rd_kafka_poll(rk, 0);
	}
	rd_kafka_flush(rk, 60000);
}

void load_send(const struct load *load, const _Atomic bool *enough)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	bench_conf_set(conf, "bootstrap.servers", load->brokers);
	bench_conf_set(conf, "linger.ms", "5");
	bench_conf_set(conf, "compression.type", "lz4");
	rd_kafka_t *rk = bench_client(RD_KAFKA_PRODUCER, conf);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, load->topic, NULL);
	send_all(load, enough, rk, topic);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
}

struct stagger_bytes load_hour_long(const struct load_waiting *waiting)
{
	struct stagger_envelope *e = NULL;
	struct stagger_error error;
	int64_t now_ms = bench_wall_us() / 1000;
	void *bytes = NULL;
	size_t size = 0;

	if (stagger_envelope_new(&e, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	e->stage = waiting->stage;
	e->due_ms = now_ms + LOAD_HOUR_MS;
	e->attempts = 1;
	e->disposition = "retry";
	e->group = waiting->group;
	e->chain = waiting->chain;
	e->original_topic = waiting->topic;
	e->original_timestamp_ms = e->first_failed_ms = e->last_failed_ms = now_ms;
	e->last.error_class = "Later";
	e->value = waiting->value;
	if (stagger_envelope_write(e, 0, &bytes, &size, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	const struct stagger_envelope *made = e;
	stagger_envelope_free(&made);
	return (struct stagger_bytes){bytes, size};
}
