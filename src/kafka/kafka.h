/* SPDX-License-Identifier: Apache-2.0
 *
 * The kafka room's face: one client = one group consumer and one producer on librdkafka, behind
 * core/port.h; and the embedded broker. No librdkafka type leaves this room. */
#ifndef KAFKA_KAFKA_H
#define KAFKA_KAFKA_H

#include "core/port.h"
#include "core/topics.h"
#include "core/wish.h"

struct log;
struct wake;

struct kafka_property {
	const char *name, *value; /* name may begin with "consumer." or "producer." */
};
/* Borrowed during the call only. */
struct kafka_options {
	const char *group, *instance; /* instance NULL: dynamic */
	int64_t session_timeout_ms, start_timeout_ms; /* start_timeout 0: try for ever */
	int64_t prefetch_bytes;
	int32_t expected_partitions;
	const struct kafka_property *properties;
	size_t n_properties;
	/* every topic of every chain, each once; main and stages are subscribed to */
	const struct wish_rule *topics;
	size_t n_topics;
	/* how the chains name their stages: other topics of these names may hold their messages */
	const struct topic_pattern *patterns;
	size_t n_patterns;
	const char *file;       /* the chains' file, for advice; NULL: declared in C */
	bool create_topics, allow_stranded;
	struct log *log;        /* must outlive the client */
	struct wake *wake;      /* must outlive the client */
};

struct kafka;
/* Makes configuration and handles; connects in the background. INVALID for a property librdkafka
 * refuses. With bootstrap.servers=embedded the embedded broker is started first. */
STAGGER_MUST_USE enum stagger_status kafka_new(struct kafka **out, const struct kafka_options *o,
					       struct stagger_error *err);
struct port_source kafka_source(struct kafka *k);
struct port_sink kafka_sink(struct kafka *k);
/* Every pin must have been released. Bounded: what hangs in librdkafka for 5 s is left behind. */
void kafka_free(struct kafka **k);

/* Checks one property at set() time: owned keys are refused with the option to use instead, unknown
 * ones with librdkafka's text. */
STAGGER_MUST_USE enum stagger_status kafka_check_property(const char *name, const char *value,
							  struct stagger_error *err);
/* Whether the property's name says that its value must never be shown. */
bool kafka_secret(const char *name);
/* librdkafka's own: "2.0.2" */
const char *kafka_version(void);

/* The embedded broker: librdkafka's mock cluster, loopback only, nothing persists. */
struct embedded;
struct embedded_topic {
	const char *name;
	int32_t partitions;
};
/* port 0: a free one. Another is for first connections: then clients go where the metadata say, to
 * a port that the broker chooses. INVALID: the port is taken. partitions: of topics that are not
 * listed. */
STAGGER_MUST_USE enum stagger_status embedded_new(struct embedded **out, int32_t port,
						  int32_t partitions,
						  const struct embedded_topic *topics, size_t n,
						  struct stagger_error *err);
const char *embedded_servers(const struct embedded *b); /* "127.0.0.1:12345" */
void embedded_free(struct embedded **b);

#endif
