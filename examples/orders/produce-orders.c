/* SPDX-License-Identifier: Apache-2.0
 *
 * Produces orders for the demo with plain librdkafka: stagger asks nothing special of a producer.
 *   produce-orders BROKERS COUNT [FIRST [KIND]]
 * Ids count from FIRST (1). KIND: good, invalid, transient, poison; without it all four in turn. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define TOPIC "orders"
#define FLUSH_MS 10000

static const char *const kinds[] = { "good", "invalid", "transient", "poison" };

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *m, void *opaque)
{
	int *delivered = opaque;

	(void)producer;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		++*delivered;
	else
		warnx("%.*s: %s", (int)m->key_len, (char *)m->key, rd_kafka_err2str(m->err));
}

static rd_kafka_t *producer_new(const char *brokers, int *delivered)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[512];

	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	rd_kafka_conf_set_opaque(conf, delivered);
	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text)) !=
	    RD_KAFKA_CONF_OK)
		errx(2, "%s", text);
	rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (producer == NULL)
		errx(1, "%s", text);
	return producer;
}

static void produce(rd_kafka_t *producer, int id, const char *kind)
{
	char key[32], amount[32], trace[32], value[128];

	snprintf(key, sizeof(key), "order-%d", id);
	snprintf(trace, sizeof(trace), "t-%06d", id);
	snprintf(amount, sizeof(amount), ", \"cents\": %d", 500 + 100 * id);
	snprintf(value, sizeof(value), "{\"order\": %d, \"kind\": \"%s\"%s}", id, kind,
		 strcmp(kind, "invalid") == 0 ? "" : amount);
	rd_kafka_resp_err_t code = rd_kafka_producev(
		producer, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_KEY(key, strlen(key)),
		RD_KAFKA_V_VALUE(value, strlen(value)), RD_KAFKA_V_HEADER("trace-id", trace, -1),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		errx(1, "%s: %s", key, rd_kafka_err2str(code));
	rd_kafka_poll(producer, 0);
}

int main(int argc, char **argv)
{
	int delivered = 0;

	if (argc < 3)
		errx(2, "usage: produce-orders BROKERS COUNT [FIRST [KIND]]");
	int count = (int)strtol(argv[2], NULL, 10);
	int first = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 1;
	rd_kafka_t *producer = producer_new(argv[1], &delivered);
	for (int i = 0; i < count; i++)
		produce(producer, first + i, argc > 4 ? argv[4] : kinds[i % 4]);
	rd_kafka_flush(producer, FLUSH_MS);
	rd_kafka_destroy(producer);
	printf("produced %d of %d orders to '%s'\n", delivered, count, TOPIC);
	return delivered == count ? 0 : 1;
}
