/* SPDX-License-Identifier: Apache-2.0
 *
 * Topic names: Kafka's alphabet, templates, the partition a copy goes to, what retention must be.
 */
#ifndef CORE_TOPICS_H
#define CORE_TOPICS_H

#include <stagger/error.h>

#define TOPIC_MAX 249 /* Kafka: org.apache.kafka.common.internals.Topic */

struct topic_words { /* what {word} stands for; NULL: not allowed in this template */
	const char *topic, *group, *chain, *delay, *n;
};

/* [A-Za-z0-9._-]{1,249}, not "." or "..". */
bool topic_valid(const char *name);
/* Expands {topic} {group} {chain} {delay} {n} into a malloc'd valid topic name. A bad brace is an
 * error with its 1-based column. Characters of the words outside Kafka's alphabet become '-'. */
STAGGER_MUST_USE enum stagger_status topic_expand(char **out, const char *pattern,
						  const struct topic_words *words,
						  struct stagger_error *err);
/* The partition of a hop: that of the record it leaves, modulo the target's count (>= 1). */
int32_t topic_partition(int32_t partition, int32_t count);
/* retention.ms of a stage: longest_wait + margin, saturated. */
int64_t topic_retention_ms(int64_t longest_wait_ms, int64_t margin_ms);
/* How a topic is made; 0: unsaid, the broker's default. */
struct topic_make {
	int32_t partitions, replication, min_insync_replicas;
	int64_t retention_ms; /* -1: for ever */
	int64_t max_message;
};
/* The line that creates a topic, for people: kafka-topics.sh --create ... Returns text. */
const char *topic_create_line(char *text, size_t size, const char *brokers, const char *topic,
			      const struct topic_make *make);

/* A template and what its words stand for: all topics that it could name. */
struct topic_pattern {
	const char *pattern;
	struct topic_words words; /* delay and n are not looked at */
};
/* Could the template have become this name, with some delay for {delay} and some number for {n}?
 * A word that stands there twice may differ. */
bool topic_matches(const struct topic_pattern *of, const char *name);

#endif
