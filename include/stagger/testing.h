/* SPDX-License-Identifier: Apache-2.0
 *
 * Your chain and handlers with no broker and no waiting: 30 minutes pass in a microsecond. Link
 * libstagger-testing.a INSTEAD of libstagger: it holds the whole library. Not thread-safe; handlers
 * run inline, whatever `workers` says. */
#ifndef STAGGER_TESTING_H
#define STAGGER_TESTING_H

#include <stagger/stagger.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stagger_world;

/* A world with an in-memory broker (4 partitions a topic) and one member: the consumer, which is
 * taken on STAGGER_OK. Its Kafka properties are ignored. The clock starts at 2026-01-01T00:00:00Z.
 */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_world_new(struct stagger_world **out, struct stagger_consumer **take_consumer,
		  struct stagger_error *err);
/* Produces one record; its partition is chosen by the key's hash, 0 without a key. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_world_send(struct stagger_world *w, const char *topic, struct stagger_bytes key,
		   struct stagger_bytes value, struct stagger_error *err);
/* Moves the clock and runs all that becomes due, in due order. 0 runs what is due now. When memory
 * is short the member may stand still until stagger_world_crash(). */
STAGGER_API void stagger_world_advance(struct stagger_world *w, int64_t ms);
/* kill -9 and restart: what was not committed comes again. */
STAGGER_API void stagger_world_crash(struct stagger_world *w);
/* Records ever produced to the topic; 0 for an unknown one. */
STAGGER_API size_t stagger_world_count(const struct stagger_world *w, const char *topic);
/* The i-th record of the topic (partition by partition, in offset order) read as an envelope, or
 * NULL when there is none. Valid until free(). */
STAGGER_API const struct stagger_envelope *
stagger_world_envelope(const struct stagger_world *w, const char *topic, size_t i);
/* The member, for stagger_settle() and stagger_consumer_stats(); the same for life. */
STAGGER_API struct stagger_consumer *stagger_world_consumer(const struct stagger_world *w);
STAGGER_API void stagger_world_free(struct stagger_world **w);

#ifdef __cplusplus
}
#endif
#endif
