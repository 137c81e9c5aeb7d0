/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded broker: librdkafka's mock cluster with one broker, on a client of its own that
 * does nothing else. It chooses its port itself (forward.c puts a fixed one before it), and gives
 * topics that nobody listed four partitions: librdkafka has no call for either. */
#include "kafka/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka_mock.h>

#include "base/error.h"
#include "kafka/forward.h"

struct embedded {
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster;
	struct forward *forward; /* NULL: no fixed port */
	char servers[32];
};

static enum stagger_status make_topics(struct embedded *b, int32_t partitions,
				       const struct embedded_topic *topics, size_t n,
				       struct stagger_error *err)
{
	for (size_t i = 0; i < n; i++) {
		int32_t count = topics[i].partitions > 0 ? topics[i].partitions : partitions;
		rd_kafka_resp_err_t code =
			rd_kafka_mock_topic_create(b->cluster, topics[i].name, count, 1);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			return fail_code(err, STAGGER_INVALID, code,
					 "embedded broker: topic '%s' with %d partitions: %s",
					 topics[i].name, (int)count, rd_kafka_err2str(code));
	}
	return STAGGER_OK;
}

static enum stagger_status start(struct embedded *b, struct stagger_error *err)
{
	char text[512];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_log_cb(conf, NULL); // it would warn of having no bootstrap.servers
	b->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (b->host == NULL) {
		rd_kafka_conf_destroy(conf);
		return fail(err, STAGGER_INVALID, "embedded broker: %s", text);
	}
	b->cluster = rd_kafka_mock_cluster_new(b->host, 1);
	if (b->cluster == NULL)
		return fail(err, STAGGER_UNREACHABLE, "embedded broker: no port to listen on");
	snprintf(b->servers, sizeof(b->servers), "%s",
		 rd_kafka_mock_cluster_bootstraps(b->cluster));
	return STAGGER_OK;
}

static enum stagger_status begin_forward(struct embedded *b, int32_t port,
					 struct stagger_error *err)
{
	const char *colon = strrchr(b->servers, ':');
	enum stagger_status status = forward_begin(
		b->forward, colon != NULL ? (int32_t)strtol(colon + 1, NULL, 10) : 0, err);

	if (status == STAGGER_OK)
		snprintf(b->servers, sizeof(b->servers), "127.0.0.1:%d", (int)port);
	return status;
}

enum stagger_status embedded_new(struct embedded **out, int32_t port, int32_t partitions,
				 const struct embedded_topic *topics, size_t n,
				 struct stagger_error *err)
{
	struct embedded *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return fail_memory(err);
	enum stagger_status status = STAGGER_OK;

	if (port != 0) // first, or the mock might choose that very port
		status = forward_new(&b->forward, port, err);
	if (status == STAGGER_OK)
		status = start(b, err);
	if (status == STAGGER_OK)
		status = make_topics(b, partitions > 0 ? partitions : EMBEDDED_PARTITIONS, topics,
				     n, err);
	if (status == STAGGER_OK && port != 0)
		status = begin_forward(b, port, err);
	if (status == STAGGER_OK)
		*out = b;
	else
		embedded_free(&b);
	return status;
}

const char *embedded_servers(const struct embedded *b)
{
	return b->servers;
}

void embedded_free(struct embedded **b)
{
	if (*b == NULL)
		return;
	forward_free(&(*b)->forward);
	if ((*b)->cluster != NULL)
		rd_kafka_mock_cluster_destroy((*b)->cluster);
	if ((*b)->host != NULL)
		rd_kafka_destroy((*b)->host);
	free(*b);
	*b = NULL;
}
