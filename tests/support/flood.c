/* SPDX-License-Identifier: Apache-2.0
 *
 * flood --brokers B --topic T --count N [--rate R] [--seed S] [--mix D=50,RD=20,RX..200=5]
 * [--partitions P] [--keys K] [--first ID] --out FILE: produces scripted messages and writes a
 * "produced" line for each that is acknowledged. A script may carry "..MS", a retry_after.
 * The ballast's length and bytes follow from the id alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "history.h"
#include "script.h"

#define MAX_MIX 64
#define MAX_BALLAST 200
#define VALUE_MAX 1024
#define FLUSH_MS 120000

struct flood {
	const char *brokers, *topic, *mix, *out;
	int64_t count, rate, seed, partitions, keys, first;
	struct {
		const char *letters;
		int64_t after_ms, up_to; /* up_to: weights summed so far */
	} scripts[MAX_MIX];
	size_t n_scripts;
	uint64_t random;
	int fd;
	int64_t acknowledged;
};

static uint64_t scramble(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t next_random(struct flood *f)
{
	f->random += UINT64_C(0x9e3779b97f4a7c15);
	return scramble(f->random);
}

static bool read_options(struct flood *f, int argc, char **argv)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *number;
	} options[] = {
		{"--brokers", &f->brokers, NULL}, {"--topic", &f->topic, NULL},
		{"--mix", &f->mix, NULL},         {"--out", &f->out, NULL},
		{"--count", NULL, &f->count},     {"--rate", NULL, &f->rate},
		{"--seed", NULL, &f->seed},       {"--partitions", NULL, &f->partitions},
		{"--keys", NULL, &f->keys},       {"--first", NULL, &f->first},
	};
	const size_t n = sizeof(options) / sizeof(options[0]);

	for (int i = 1; i + 1 < argc; i += 2) {
		size_t o = 0;
		while (o < n && strcmp(argv[i], options[o].name) != 0)
			o++;
		if (o == n)
			return false;
		if (options[o].text != NULL)
			*options[o].text = argv[i + 1];
		else
			*options[o].number = strtoll(argv[i + 1], NULL, 10);
	}
	return argc % 2 == 1 && f->brokers != NULL && f->topic != NULL && f->out != NULL;
}

static bool read_mix(struct flood *f, char *mix)
{
	char *rest = NULL;
	int64_t sum = 0;

	for (char *item = strtok_r(mix, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		char *weight = strchr(item, '=');
		char *after = strstr(item, "..");
		if (weight == NULL || f->n_scripts == MAX_MIX)
			return false;
		*weight = '\0';
		sum += strtoll(weight + 1, NULL, 10);
		f->scripts[f->n_scripts].letters = item;
		f->scripts[f->n_scripts].up_to = sum;
		if (after != NULL) {
			*after = '\0';
			f->scripts[f->n_scripts].after_ms = strtoll(after + 2, NULL, 10);
		}
		f->n_scripts++;
	}
	return sum > 0;
}

static size_t write_value(struct flood *f, char value[VALUE_MAX], int64_t id)
{
	int64_t sum = f->scripts[f->n_scripts - 1].up_to;
	int64_t drawn = (int64_t)(next_random(f) % (uint64_t)sum);
	size_t s = 0;
	uint64_t seed = scramble((uint64_t)id + 1);
	size_t ballast = seed % MAX_BALLAST;

	while (f->scripts[s].up_to <= drawn)
		s++;
	int n = snprintf(value, VALUE_MAX, "id=%" PRId64 ";script=%s", id, f->scripts[s].letters);
	if (f->scripts[s].after_ms > 0)
		n += snprintf(value + n, VALUE_MAX - (size_t)n, ";after=%" PRId64,
			      f->scripts[s].after_ms);
	n += snprintf(value + n, VALUE_MAX - (size_t)n, ";payload=");
	for (size_t i = 0; i < ballast; i++)
		value[n++] = (char)(scramble(seed + i) & 0xff);
	return (size_t)n;
}

static void acknowledged(rd_kafka_t *rk, const rd_kafka_message_t *m, void *user)
{
	struct flood *f = user;
	struct history_event line = {HISTORY_EVENT(HISTORY_PRODUCED)};
	struct stagger_bytes value = {m->payload, m->len};
	struct stagger_bytes key = {m->key_len == 0 ? NULL : m->key, m->key_len};
	struct script script = script_read(value);
	char key_text[32];
	char text[VALUE_MAX];

	(void)rk;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR || m->offset < 0) {
		fprintf(stderr, "flood: id %s: %s, offset %" PRId64 "\n", script.id,
			rd_kafka_err2str(m->err), m->offset);
		return;
	}
	snprintf(key_text, sizeof(key_text), "%.*s", (int)m->key_len, (const char *)m->key);
	line.id = script.id;
	line.script = script.letters;
	line.topic = f->topic;
	line.partition = m->partition;
	line.offset = m->offset;
	line.at_ms = script_wall_ms();
	line.key = key.data == NULL ? NULL : key_text;
	line.key_hash = script_bytes_hash(key);
	line.value_hash = script_bytes_hash(value);
	line.retry_after_ms = script.after_ms;
	script_line(f->fd, text, history_write(&line, text, sizeof(text)));
	f->acknowledged++;
}

static bool produce(struct flood *f, rd_kafka_t *rk, rd_kafka_topic_t *topic, int64_t id)
{
	char value[VALUE_MAX];
	char key[32];
	size_t size = write_value(f, value, id);
	int64_t k = f->keys > 0 ? (int64_t)(next_random(f) % (uint64_t)f->keys) : id;
	int key_size = snprintf(key, sizeof(key), "k%" PRId64, k);
	int32_t partition = (int32_t)(scramble((uint64_t)k) % (uint64_t)f->partitions);

	while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value, size, key,
				(size_t)key_size, NULL) != 0) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
			fprintf(stderr, "flood: %s\n", rd_kafka_err2str(rd_kafka_last_error()));
			return false;
		}
		rd_kafka_poll(rk, 100);
	}
	return true;
}

static void flood(struct flood *f, rd_kafka_t *rk)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, f->topic, NULL);
	int64_t start_ms = script_boot_ms();

	for (int64_t i = 0; i < f->count && produce(f, rk, topic, f->first + i); i++) {
		int64_t due_ms = f->rate > 0 ? start_ms + i * 1000 / f->rate : 0;
		do
			rd_kafka_poll(rk, due_ms > script_boot_ms() ? 1 : 0);
		while (due_ms > script_boot_ms());
	}
	rd_kafka_flush(rk, FLUSH_MS);
	rd_kafka_topic_destroy(topic);
}

/* One request in flight: on a partition that was only just made the broker may take the second one
 * first and then call the repeated first one a duplicate, which librdkafka 2.0.2 reports as
 * success, without an offset, although it was never stored. */
static rd_kafka_t *connect_to(struct flood *f)
{
	static const char *const settings[][2] = {{"enable.idempotence", "true"},
						  {"linger.ms", "20"},
						  {"max.in.flight", "1"},
						  {"message.timeout.ms", "0"}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];

	rd_kafka_conf_set(conf, "bootstrap.servers", f->brokers, why, sizeof(why));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why));
	rd_kafka_conf_set_dr_msg_cb(conf, acknowledged);
	rd_kafka_conf_set_opaque(conf, f);
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (rk == NULL) {
		fprintf(stderr, "flood: %s\n", why);
		rd_kafka_conf_destroy(conf);
	}
	return rk;
}

int main(int argc, char **argv)
{
	struct flood f = {.count = 1000, .partitions = 4, .mix = "D=1", .first = 1};
	char mix[1024];

	if (!read_options(&f, argc, argv) ||
	    snprintf(mix, sizeof(mix), "%s", f.mix) >= (int)sizeof(mix) || !read_mix(&f, mix)) {
		fputs("flood: wrong options, see the head of flood.c\n", stderr);
		return 2;
	}
	f.random = (uint64_t)f.seed;
	f.fd = open(f.out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (f.fd < 0) {
		perror(f.out);
		return 1;
	}
	rd_kafka_t *rk = connect_to(&f);
	if (rk == NULL)
		return 1;
	flood(&f, rk);
	rd_kafka_destroy(rk);
	close(f.fd);
	printf("flood: %" PRId64 " of %" PRId64 " acknowledged\n", f.acknowledged, f.count);
	return f.acknowledged == f.count ? 0 : 1;
}
