/* SPDX-License-Identifier: Apache-2.0
 *
 * The message as a handler sees it: the ORIGINAL record, plus where this copy was read and what
 * failed before. */
#ifndef STAGGER_MESSAGE_H
#define STAGGER_MESSAGE_H

#include <stagger/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* data == NULL is Kafka's null (a tombstone); size 0 with data is empty. Not NUL-terminated. */
struct stagger_bytes {
	const void *data;
	size_t size;
};

struct stagger_header {
	const char *name;
	struct stagger_bytes value;
};

/* Made by the library; valid until the handler returns, see stagger_defer(). All times are
 * milliseconds since the epoch, UTC, but first_seen_boot_ms (CLOCK_BOOTTIME). */
struct stagger_message {
	/* "orders"; "main" or "retry.5m", which is where it waited when it came back to main */
	const char *chain, *stage;
	const char *topic;                      /* of the ORIGINAL record, as the next three */
	int32_t partition;
	int64_t offset, timestamp_ms;           /* timestamp -1: Kafka had none */
	struct stagger_bytes key, value;
	const struct stagger_header *headers;   /* order and duplicates as produced */
	size_t n_headers;
	const char *read_topic;                 /* where this copy was read */
	int64_t read_offset;
	int32_t read_partition;                 /* may differ from partition */
	/* this call is the n-th since main or replay, from 1 */
	int32_t attempt;
	int32_t visit;                          /* n-th visit of this stage, from 1 */
	int32_t replays;                        /* how often it was replayed from the DLT */
	int64_t due_ms, first_failed_ms;        /* 0 before it failed */
	const char *error_class, *error_code, *error_message; /* of the attempt before, or NULL */
	int64_t first_seen_ms, first_seen_boot_ms; /* when this process first read this copy */
};

/* The last header of that name, or NULL. Any thread that may use m. */
STAGGER_API const struct stagger_header *stagger_message_header(const struct stagger_message *m,
								 const char *name);
/* What an earlier attempt left with stagger_failure_attribute(), or NULL. Valid as long as m. */
STAGGER_API const char *stagger_message_attribute(const struct stagger_message *m,
						  const char *name);
/* Writes the idempotence key "group/topic/partition/offset" of the original record, the same at
 * every stage and after a replay. Returns the length as snprintf() does. */
STAGGER_API size_t stagger_message_id(const struct stagger_message *m, char *text, size_t size);
/* What worker_start made for the thread that runs this handler (its database connection, say).
 * NULL without the hook, and for a message got from stagger_defer(). */
STAGGER_API void *stagger_message_local(const struct stagger_message *m);

#ifdef __cplusplus
}
#endif
#endif
