/* SPDX-License-Identifier: Apache-2.0
 *
 * transact BROKERS TOPIC FILE COUNT commit|abort|leave: in one transaction as many records with the
 * file's bytes, which then is committed, aborted, or left open. */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 30000
#define MAX_BYTES 65536

static void need(rd_kafka_error_t *error)
{
	if (error != NULL)
		errx(1, "%s", rd_kafka_error_string(error));
}

static rd_kafka_t *producer_new(const char *brokers)
{
	const char *const settings[][2] = {
		{"bootstrap.servers", brokers},
		{"transactional.id", "transact"},
		{"transaction.timeout.ms", "600000"}, /* longer than a test: open stays open */
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof(why)) !=
		    RD_KAFKA_CONF_OK)
			errx(1, "%s", why);
	rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (producer == NULL)
		errx(1, "%s", why);
	need(rd_kafka_init_transactions(producer, TIMEOUT_MS));
	need(rd_kafka_begin_transaction(producer));
	return producer;
}

static size_t read_file(const char *path, char bytes[MAX_BYTES])
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		err(1, "%s", path);
	size_t size = fread(bytes, 1, MAX_BYTES, file);
	fclose(file);
	return size;
}

int main(int argc, char **argv)
{
	static char bytes[MAX_BYTES];

	if (argc != 6)
		errx(2, "usage: transact BROKERS TOPIC FILE COUNT commit|abort|leave");
	rd_kafka_t *producer = producer_new(argv[1]);
	size_t size = read_file(argv[3], bytes);
	for (long left = strtol(argv[4], NULL, 10); left > 0; left--) {
		rd_kafka_resp_err_t code = rd_kafka_producev(
			producer, RD_KAFKA_V_TOPIC(argv[2]), RD_KAFKA_V_VALUE(bytes, size),
			RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
			RD_KAFKA_V_END);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			errx(1, "%s: %s", argv[2], rd_kafka_err2str(code));
	}
	if (rd_kafka_flush(producer, TIMEOUT_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "%s: not all was produced", argv[2]);
	if (strcmp(argv[5], "leave") == 0)
		_exit(0); /* as a producer that dies */
	if (strcmp(argv[5], "abort") == 0)
		need(rd_kafka_abort_transaction(producer, TIMEOUT_MS));
	else
		need(rd_kafka_commit_transaction(producer, TIMEOUT_MS));
	rd_kafka_destroy(producer);
	return 0;
}
