/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads whole topics as they are now: every partition from its start, or from an instant, to the
 * end it had when the reader was told of it. On a tool's client, which is in no group: nothing is
 * joined, nothing committed, no group appears on the broker. Transactions that were aborted are not
 * shown (isolation.level, as the user's properties say). One thread. */
#ifndef KAFKA_READER_H
#define KAFKA_READER_H

#include <stagger/message.h>

#include "kafka/tool.h"

#define READER_AT_ONCE 16          /* partitions that are fetched at a time */
#define READER_FROM_START INT64_MIN

/* What a reader's tool needs: .own of its options. */
extern const struct kafka_property reader_properties[];
extern const size_t n_reader_properties;

struct reader_record {
	const char *topic;
	int32_t partition;
	int64_t offset, timestamp_ms; /* timestamp -1: none */
	struct stagger_bytes key, value;
	const struct stagger_header *headers;
	size_t n_headers;
};

struct reader;
/* The tool must outlive it. silent_ms: how long a broker may say nothing; 0 = 10000. */
STAGGER_MUST_USE enum stagger_status reader_new(struct reader **out, struct tool *tool,
						int64_t silent_ms, struct stagger_error *err);
/* Adds a topic's records that were appended at since_ms or later. TOPICS: there is no such topic;
 * DENIED: it may not be read; UNREACHABLE. The reader goes on without it. */
STAGGER_MUST_USE enum stagger_status reader_topic(struct reader *r, const char *topic,
						  int64_t since_ms, struct stagger_error *err);
/* The next record in *out, valid until the next call; partitions come in any order. *out NULL: all
 * was read. DENIED and TOPICS are about one topic (kafka_code says why): call again for the others.
 * UNREACHABLE: silence. */
STAGGER_MUST_USE enum stagger_status reader_next(struct reader *r,
						 const struct reader_record **out,
						 struct stagger_error *err);
void reader_free(struct reader **r);

#endif
