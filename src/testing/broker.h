/* SPDX-License-Identifier: Apache-2.0
 *
 * The broker's part of the fake world: topics, their logs, and what a group has committed there.
 * Records are kept for ever, also when retention trimmed them: checkers read them. */
#ifndef TESTING_BROKER_H
#define TESTING_BROKER_H

#include "testing/fake.h"

struct stagger_envelope;

struct fake_record {
	struct world_record seen;                /* points into this block */
	const struct stagger_envelope *envelope; /* public.c's, read on demand */
};
struct fake_log { /* one partition */
	struct fake_topic *topic;
	int32_t partition;
	int64_t start, end;
	int64_t fetch_us;             /* nothing is fetched before; 0: at once */
	int64_t produce_us;           /* nothing becomes durable before */
	int64_t last_due_us;          /* of what was produced to it: it keeps its order */
	struct fake_record **records; /* ascending offsets, with gaps */
	size_t n_records;
	struct list readers;          // fake_lane.by_log
	struct list claims;           // fake_claim.by_log
};
struct fake_topic {
	char *name;
	int32_t number;
	struct fake_log **logs;
	int32_t n_logs;
	size_t max_message;           /* 0: any */
	int64_t retention_ms;         /* what members are told; nothing is deleted by it */
	struct fake_fault produce_fault;
};

/* The topic of that name, made with the world's partition count if need be; NULL without memory. */
struct fake_topic *fake_topic_need(struct stagger_world *w, const char *name);
struct fake_topic *fake_topic_find(const struct stagger_world *w, const char *name);
void fake_topics_free(struct stagger_world *w);
/* NULL when there is none. */
struct fake_log *fake_log_find(const struct stagger_world *w, const char *topic, int32_t partition);
/* The place in records of the first one at or after the offset. */
size_t fake_log_from(const struct fake_log *log, int64_t offset);
/* Takes the record on success, gives it the next offset; false without memory. member -1: none. */
bool fake_log_append(struct stagger_world *w, struct fake_log *log,
		     struct fake_record **take_record, int32_t member);

/* Lets fetches through again that were held up until now. */
bool fake_logs_step(struct stagger_world *w);
int64_t fake_logs_next_us(const struct stagger_world *w); /* INT64_MAX when none is held up */

/* A copy in one block; NULL without memory. */
struct fake_record *fake_record_new(const struct world_record *from);
void fake_record_free(struct fake_record **record);
/* Bytes of key, value and the headers' texts with their NULs. */
size_t fake_record_size(const struct world_record *r);
/* Points *to at copies made in memory (of that size), its headers in the given array. */
void fake_record_copy(struct world_record *to, struct stagger_header *headers,
		      const struct world_record *from, char *memory);

#endif
