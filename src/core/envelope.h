/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope as the engine handles it: views of bytes somebody else owns, and what happens to it
 * from hop to hop. The codec turns it into bytes and back. Limits and truncation of design: error
 * texts are cut by failure.c, history here. */
#ifndef CORE_ENVELOPE_H
#define CORE_ENVELOPE_H

#include <stagger/envelope.h>

#include "core/failure.h"

#define ENVELOPE_MAX_HISTORY         16
#define ENVELOPE_MAX_HISTORY_MESSAGE 256
#define ENVELOPE_NO_TIME             INT64_MIN /* a null due_at or original_timestamp */

struct envelope_fault { /* NULL data: null (code, detail) or empty (class, message) */
	struct stagger_bytes error_class, error_code, error_message, error_detail;
};
struct envelope_attempt {
	struct stagger_bytes stage, topic;
	int32_t partition, tries;
	int64_t offset, failed_ms;
	int64_t duration_ms; /* -1: null */
	struct envelope_fault fault; /* error_detail unused */
	struct stagger_bytes host;   /* NULL data: null */
};
struct envelope_pair {
	struct stagger_bytes name, value;
};
struct envelope_header {
	struct stagger_bytes name, value; /* value NULL data: null */
};

enum envelope_framing { ENVELOPE_SINGLE_OBJECT, ENVELOPE_REGISTRY };

/* Texts: NULL data is null where the schema has [null, X], else the same as empty. */
struct envelope {
	struct stagger_bytes stage;
	int64_t due_ms; /* ENVELOPE_NO_TIME: null */
	int32_t visit, attempts, replays;
	struct stagger_bytes disposition, group, chain, client_id, host;
	struct stagger_bytes original_topic;
	int32_t original_partition;
	int64_t original_offset, original_timestamp_ms; /* ENVELOPE_NO_TIME: null */
	struct stagger_bytes original_timestamp_type;
	int64_t first_failed_ms, last_failed_ms;
	struct envelope_fault last, first;
	bool has_first;
	const struct envelope_attempt *history;
	size_t n_history;
	int32_t history_dropped;
	const struct envelope_pair *attributes;
	size_t n_attributes;
	struct stagger_bytes key_content_type, value_content_type;
	int32_t value_schema_id;
	bool has_value_schema_id;
	bool payload_omitted;
	const struct envelope_header *headers;
	size_t n_headers;
	struct stagger_bytes key, value; /* NULL data: null */
	/* Framing: which writer's schema the bytes are of. tail: fields that a newer writer
	 * appended, copied unchanged; only with another writer's fingerprint or id. */
	enum envelope_framing framing;
	uint64_t fingerprint; /* SINGLE_OBJECT; 0 = our own */
	int32_t schema_id;    /* REGISTRY */
	struct stagger_bytes tail;
};

/* Everything a hop adds to what is known. */
struct envelope_facts {
	struct stagger_bytes stage;       /* where it goes: "retry.5m", "dlt" */
	int64_t due_ms;                   /* ENVELOPE_NO_TIME for the DLT */
	int32_t visit;
	struct stagger_bytes disposition, group, chain, client_id, host;
	struct stagger_bytes key_content_type, value_content_type;
	/* The visit that ends now; tries 0: no call was made (expired, undecodable, foreign). */
	struct stagger_bytes left_stage, left_topic;
	int32_t left_partition, tries;
	int64_t left_offset, failed_ms, duration_ms;
	const struct failure *failure;    /* NULL only with tries 0: last error of *old stays */
};
/* The original record of a first hop. */
struct envelope_origin {
	struct stagger_bytes topic;
	int32_t partition;
	int64_t offset, timestamp_ms; /* -1: none */
	bool log_append_time;
	struct stagger_bytes key, value;
	const struct stagger_header *headers;
	size_t n_headers;
};
/* Room for the arrays of one envelope that is being made; on the maker's stack. */
struct envelope_room {
	struct envelope_attempt history[ENVELOPE_MAX_HISTORY];
	struct envelope_pair attributes[FAILURE_MAX_ATTRIBUTES];
	struct envelope_header *headers; /* malloc'd by envelope_fresh() when there are any */
};

/* The first envelope of a record from main (or of one that is no envelope). Everything borrows from
 * the arguments and *room. False without memory. Free with envelope_room_clear(). */
STAGGER_MUST_USE bool envelope_fresh(struct envelope *out, struct envelope_room *room,
				     const struct envelope_origin *origin,
				     const struct envelope_facts *facts);
/* The next envelope of one that was read. Attempts grow by tries; history gets an entry (first and
 * newest kept, the rest counted); attributes are merged: a handler's beat what was there; those
 * that would exceed 32 names or 4 KiB are left out, oldest kept. */
void envelope_advance(struct envelope *out, struct envelope_room *room, const struct envelope *old,
		      const struct envelope_facts *facts);
void envelope_room_clear(struct envelope_room *room);

/* Views of its texts. */
struct envelope_fault envelope_fault_of(const struct failure *failure);
/* What an operator or the next attempt finds under that name, or NULL data. */
struct stagger_bytes envelope_attribute(const struct envelope *e, struct stagger_bytes name);

#endif
