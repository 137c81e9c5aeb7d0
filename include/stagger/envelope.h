/* SPDX-License-Identifier: Apache-2.0
 *
 * The Avro envelope, for programs downstream; needs no broker. Thread-safe on different objects.
 * Fields are those of the schema (stagger_envelope_schema()), in its order. */
#ifndef STAGGER_ENVELOPE_H
#define STAGGER_ENVELOPE_H

#include <stagger/message.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stagger_pair {
	const char *name, *value;
};
struct stagger_fault {
	/* code, detail: or NULL */
	const char *error_class, *error_code, *error_message, *error_detail;
};
struct stagger_attempt {
	const char *stage, *topic;
	int32_t partition, tries;
	int64_t offset, failed_ms, duration_ms; /* duration -1: not known */
	struct stagger_fault fault;             /* without detail */
	const char *host;                       /* or NULL */
};

/* Made by read() or new(). Text is NUL-terminated UTF-8. A writer may point fields of an envelope
 * made by new() at its own memory until write(). */
struct stagger_envelope {
	const char *stage;
	int64_t due_ms;                 /* 0: none (dead letters) */
	int32_t visit, attempts, replays;
	const char *disposition, *group, *chain;
	const char *client_id, *host;   /* or NULL */
	const char *original_topic;
	int32_t original_partition;
	int64_t original_offset, original_timestamp_ms; /* timestamp -1: Kafka had none */
	const char *original_timestamp_type;            /* "CreateTime", "LogAppendTime" or NULL */
	int64_t first_failed_ms, last_failed_ms;
	struct stagger_fault last;
	const struct stagger_fault *first;              /* NULL: none kept */
	const struct stagger_attempt *const *history;
	size_t n_history;
	int32_t history_dropped;
	const struct stagger_pair *attributes;
	size_t n_attributes;
	const char *key_content_type, *value_content_type; /* or NULL */
	int32_t value_schema_id;                        /* 0: none */
	bool payload_omitted;
	const struct stagger_header *headers;
	size_t n_headers;
	struct stagger_bytes key, value;
};

/* By the first bytes only: C3 01 (single object) or 00 (schema registry). */
STAGGER_API bool stagger_envelope_is(struct stagger_bytes bytes);
/* Copies what it needs. CORRUPT: not an envelope; the text says at which byte. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_envelope_read(const struct stagger_envelope **out, struct stagger_bytes bytes,
		      struct stagger_error *err);
/* An empty envelope to fill: texts "", visit 1, timestamp -1, all else 0 or NULL. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_envelope_new(struct stagger_envelope **out, struct stagger_error *err);
/* schema_id 0: Avro single object; else the schema registry's framing with that id. On STAGGER_OK
 * *out is yours: free(). */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_envelope_write(const struct stagger_envelope *e, int32_t schema_id, void **out,
		       size_t *size, struct stagger_error *err);
/* One JSON object, UTF-8, NUL-terminated; bytes that are no UTF-8 as {"base64":
 * "..."}. free(*out). */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_envelope_json(const struct stagger_envelope *e, char **out, struct stagger_error *err);
STAGGER_API void stagger_envelope_free(const struct stagger_envelope **e);
/* The .avsc text, byte for byte. */
STAGGER_API const char *stagger_envelope_schema(void);

#ifdef __cplusplus
}
#endif
#endif
