/* SPDX-License-Identifier: Apache-2.0
 *
 * drain --brokers B --main T --stages T,T --dlts T,T --out FILE [--hex FILE]: reads the topics to
 * their end, without a group, and writes what they hold: "remains" for main and stages, "dead" for
 * DLTs, "drained" for each topic. --hex: the values of the DLTs, one a line. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include <stagger/envelope.h>

#include "history.h"
#include "script.h"
#include "tell.h"

#define TIMEOUT_MS 30000
#define LINE_SIZE 8192

enum holding { HOLDS_RECORDS, HOLDS_COPIES, HOLDS_DEAD };

struct drain {
	rd_kafka_t *rk;
	int fd;
	FILE *hex;
	int64_t read, unreadable;
};

static void write_line(const struct drain *d, struct history_event *line)
{
	char text[LINE_SIZE];

	line->at_ms = script_wall_ms();
	script_line(d->fd, text, history_write(line, text, sizeof(text)));
}

static void write_hex(const struct drain *d, const rd_kafka_message_t *m)
{
	const unsigned char *bytes = m->payload;

	for (size_t i = 0; i < m->len; i++)
		fprintf(d->hex, "%02x", bytes[i]);
	fputc('\n', d->hex);
}

static void take(struct drain *d, const char *topic, enum holding holding,
		 const rd_kafka_message_t *m)
{
	enum history_kind kind = holding == HOLDS_DEAD ? HISTORY_DEAD : HISTORY_REMAINS;
	struct history_event line = {HISTORY_EVENT(kind)};
	const struct stagger_envelope *envelope = NULL;
	struct stagger_bytes value = {m->payload, m->len};
	struct stagger_error err;

	line.topic = topic;
	line.partition = m->partition;
	line.offset = m->offset;
	line.stage = "main";
	if (holding != HOLDS_RECORDS) {
		if (stagger_envelope_read(&envelope, value, &err) != STAGGER_OK) {
			fprintf(stderr, "drain: %s, partition %d offset %" PRId64 ": %s\n", topic,
				(int)m->partition, m->offset, err.text);
			d->unreadable++;
			return;
		}
		tell_envelope(&line, envelope);
		value = envelope->value;
	}
	struct script script = script_read(value);
	line.id = script.id;
	write_line(d, &line);
	stagger_envelope_free(&envelope);
	if (holding == HOLDS_DEAD && d->hex != NULL)
		write_hex(d, m);
	d->read++;
}

/* The topic's partitions, at their begin; NULL when it cannot be asked. */
static rd_kafka_topic_partition_list_t *partitions_of(struct drain *d, const char *topic)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(d->rk, topic, NULL);
	rd_kafka_resp_err_t error = rd_kafka_metadata(d->rk, 0, handle, &metadata, TIMEOUT_MS);

	rd_kafka_topic_destroy(handle);
	if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
		fprintf(stderr, "drain: %s: %s\n", topic, rd_kafka_err2str(error));
		return NULL;
	}
	int n = metadata->topics[0].partition_cnt;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	for (int p = 0; p < n; p++)
		rd_kafka_topic_partition_list_add(list, topic, p)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_metadata_destroy(metadata);
	return list;
}

static bool drain(struct drain *d, const char *topic, enum holding holding)
{
	struct history_event drained = {HISTORY_EVENT(HISTORY_DRAINED)};
	rd_kafka_topic_partition_list_t *list = partitions_of(d, topic);
	int open = list == NULL ? -1 : list->cnt;
	bool stuck = false;

	if (list == NULL)
		return false;
	rd_kafka_assign(d->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (open > 0 && !stuck) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(d->rk, TIMEOUT_MS);
		if (m == NULL)
			stuck = true;
		else if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			take(d, topic, holding, m);
		else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			open--;
		else
			fprintf(stderr, "drain: %s: %s\n", topic, rd_kafka_message_errstr(m));
		if (m != NULL)
			rd_kafka_message_destroy(m);
	}
	rd_kafka_assign(d->rk, NULL);
	drained.topic = topic;
	if (!stuck)
		write_line(d, &drained);
	else
		fprintf(stderr, "drain: %s: no end after %d ms\n", topic, TIMEOUT_MS);
	return !stuck;
}

static bool drain_all(struct drain *d, char *topics, enum holding holding)
{
	char *rest = NULL;
	bool good = true;

	for (char *topic = topics == NULL ? NULL : strtok_r(topics, ",", &rest); topic != NULL;
	     topic = strtok_r(NULL, ",", &rest))
		good = drain(d, topic, holding) && good;
	return good;
}

static rd_kafka_t *connect_to(const char *brokers)
{
	const char *const settings[][2] = {
		{"bootstrap.servers", brokers},   {"group.id", "drain"},
		{"enable.auto.commit", "false"},  {"enable.partition.eof", "true"},
		{"auto.offset.reset", "earliest"}, {"fetch.wait.max.ms", "10"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why));
	rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (rk == NULL) {
		fprintf(stderr, "drain: %s\n", why);
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_poll_set_consumer(rk);
	return rk;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"--brokers", "--main", "--stages", "--dlts", "--out",
					    "--hex"};
	char *values[6] = {NULL};
	struct drain d = {.fd = -1};

	for (int i = 1; i + 1 < argc; i += 2)
		for (size_t n = 0; n < 6; n++)
			if (strcmp(argv[i], names[n]) == 0)
				values[n] = argv[i + 1];
	if (argc % 2 == 0 || values[0] == NULL || values[4] == NULL) {
		fputs("usage: drain --brokers B --out FILE [--main T] [--stages T,T] [--dlts T,T] "
		      "[--hex FILE]\n", stderr);
		return 2;
	}
	d.fd = open(values[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	d.hex = values[5] == NULL ? NULL : fopen(values[5], "we");
	d.rk = connect_to(values[0]);
	if (d.fd < 0 || d.rk == NULL || (values[5] != NULL && d.hex == NULL))
		return 1;
	bool good = drain_all(&d, values[1], HOLDS_RECORDS);
	good = drain_all(&d, values[2], HOLDS_COPIES) && good;
	good = drain_all(&d, values[3], HOLDS_DEAD) && good;
	if (d.hex != NULL)
		good = fclose(d.hex) == 0 && good;
	rd_kafka_consumer_close(d.rk);
	rd_kafka_destroy(d.rk);
	printf("drain: %" PRId64 " records, %" PRId64 " unreadable\n", d.read, d.unreadable);
	return good && d.unreadable == 0 ? 0 : 1;
}
