/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded broker: librdkafka's mock cluster with one broker, on a client of its own that
 * does nothing else. It chooses its port itself, and gives topics that nobody listed four
 * partitions: librdkafka has no call for either. */
#include "kafka/internal.h"

#include <stdlib.h>

#include <librdkafka/rdkafka_mock.h>

#include "base/error.h"

struct embedded {
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster;
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

enum stagger_status embedded_new(struct embedded **out, int32_t port, int32_t partitions,
				 const struct embedded_topic *topics, size_t n,
				 struct stagger_error *err)
{
	char text[512];

	if (port != 0)
		return fail(err, STAGGER_INVALID,
			    "embedded broker: port %d: it can only choose a free one, leave "
			    "embedded.port out",
			    (int)port);
	struct embedded *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return fail_memory(err);
	enum stagger_status status = STAGGER_OK;

	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, NULL); // it would warn of having no bootstrap.servers
	b->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (b->host == NULL) {
		rd_kafka_conf_destroy(conf);
		status = fail(err, STAGGER_INVALID, "embedded broker: %s", text);
		goto done;
	}
	b->cluster = rd_kafka_mock_cluster_new(b->host, 1);
	if (b->cluster == NULL) {
		status = fail(err, STAGGER_UNREACHABLE, "embedded broker: no port to listen on");
		goto done;
	}
	status = make_topics(b, partitions > 0 ? partitions : EMBEDDED_PARTITIONS, topics, n, err);
done:
	if (status == STAGGER_OK)
		*out = b;
	else
		embedded_free(&b);
	return status;
}

const char *embedded_servers(const struct embedded *b)
{
	return rd_kafka_mock_cluster_bootstraps(b->cluster);
}

void embedded_free(struct embedded **b)
{
	if (*b == NULL)
		return;
	if ((*b)->cluster != NULL)
		rd_kafka_mock_cluster_destroy((*b)->cluster);
	if ((*b)->host != NULL)
		rd_kafka_destroy((*b)->host);
	free(*b);
	*b = NULL;
}
