/* SPDX-License-Identifier: Apache-2.0
 *
 * The face for users' own tests: a world with one member, and its topics read as envelopes. An
 * envelope is read on demand and kept with its record, so that it is valid until free(). */
#define _GNU_SOURCE
#include <stagger/testing.h>

#include <stagger/envelope.h>

#include "base/bytes.h"
#include "base/error.h"
#include "testing/broker.h"

#define ONLY_MEMBER 0

/* What went wrong while the member joined, out of memory say. */
static enum stagger_status join_result(const struct stagger_world *w, struct stagger_error *err)
{
	enum stagger_status status = STAGGER_OK;
	if (world_ended(w, ONLY_MEMBER, &status, err))
		return status;
	if (world_violation(w) != NULL)
		return fail(err, STAGGER_NO_MEMORY, "%s", world_violation(w));
	return STAGGER_OK;
}

/* Settles once, so that the member is assigned and start_latest sees what is sent after this. */
enum stagger_status stagger_world_new(struct stagger_world **out,
				      struct stagger_consumer **take_consumer,
				      struct stagger_error *err)
{
	if (take_consumer == NULL || *take_consumer == NULL)
		return fail(err, STAGGER_INVALID, "a world needs a consumer");
	struct stagger_world *w = NULL;
	enum stagger_status status = world_new(&w, &(struct world_options){ .seed = 1 }, err);
	if (status != STAGGER_OK)
		return status;
	int32_t member = ONLY_MEMBER;
	status = world_join(w, take_consumer, &member, err);
	if (status != STAGGER_OK) {
		world_free(&w);
		return status;
	}
	world_settle(w);
	status = join_result(w, err);
	if (status != STAGGER_OK) {
		*take_consumer = world_part(w, member);
		world_free(&w);
		return status;
	}
	*out = w;
	return STAGGER_OK;
}

enum stagger_status stagger_world_send(struct stagger_world *w, const char *topic,
				       struct stagger_bytes key, struct stagger_bytes value,
				       struct stagger_error *err)
{
	const struct fake_topic *t = fake_topic_need(w, topic);
	if (t == NULL)
		return fail_memory(err);
	struct world_record record = { .timestamp_ms = world_wall_ms(w),
				       .key = key,
				       .value = value };
	int32_t partition = 0;
	if (key.data != NULL)
		partition = (int32_t)(bytes_hash(key) % (uint64_t)t->n_logs);
	return world_produce(w, topic, partition, &record, err);
}

void stagger_world_advance(struct stagger_world *w, int64_t ms)
{
	world_advance_until(w, NULL, NULL, ms);
}

void stagger_world_crash(struct stagger_world *w)
{
	struct stagger_error error;
	world_kill(w, ONLY_MEMBER);
	if (world_restart(w, ONLY_MEMBER, &error) != STAGGER_OK)
		fake_violation(w, ONLY_MEMBER, "restart after a crash: %s", error.text);
}

size_t stagger_world_count(const struct stagger_world *w, const char *topic)
{
	size_t n = 0;
	for (int32_t i = 0; i < world_partitions(w, topic); i++)
		n += world_size(w, topic, i);
	return n;
}

const struct stagger_envelope *stagger_world_envelope(const struct stagger_world *w,
						      const char *topic, size_t i)
{
	size_t at = i;
	int32_t partition = 0;
	for (; partition < world_partitions(w, topic); partition++) {
		size_t n = world_size(w, topic, partition);
		if (at < n)
			break;
		at -= n;
	}
	const struct fake_log *log = fake_log_find(w, topic, partition);
	if (log == NULL)
		return NULL;
	struct fake_record *r = log->records[at];
	struct stagger_error ignored;
	if (r->envelope == NULL
	    && stagger_envelope_read(&r->envelope, r->seen.value, &ignored) != STAGGER_OK)
		return NULL;
	return r->envelope;
}

struct stagger_consumer *stagger_world_consumer(const struct stagger_world *w)
{
	return world_member(w, ONLY_MEMBER);
}

void stagger_world_free(struct stagger_world **w)
{
	world_free(w);
}
