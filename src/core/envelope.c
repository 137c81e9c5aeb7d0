/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hop does to an envelope. Nothing is copied: views go from what was read into what will be
 * written, only the arrays that change are made in the room. An envelope that was read may come
 * from anybody, so its counts are not trusted to keep our limits. */
#include "core/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define FRAMED_CONTENT "application/vnd.confluent." /* 0, schema id, payload */

static int32_t add_int32(int32_t a, int32_t b)
{
	int64_t sum = (int64_t)a + b;

	return sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

struct envelope_fault envelope_fault_of(const struct failure *failure)
{
	return (struct envelope_fault){
		.error_class = bytes_text(failure->error_class),
		.error_code = bytes_text(failure->error_code),
		.error_message = bytes_text(failure->error_message),
		.error_detail = bytes_text(failure->error_detail),
	};
}

/* What every hop says anew. */
static void put_facts(struct envelope *out, const struct envelope_facts *facts)
{
	out->stage = facts->stage;
	out->due_ms = facts->due_ms;
	out->visit = facts->visit;
	out->attempts = add_int32(out->attempts, facts->tries);
	out->disposition = facts->disposition;
	out->group = facts->group;
	out->chain = facts->chain;
	out->client_id = facts->client_id;
	out->host = facts->host;
}

static void put_failure(struct envelope *out, const struct envelope_fault *fault, int64_t failed_ms)
{
	/* Another writer may have left the first error out: the last it knew is nearer. */
	if (!out->has_first)
		out->first = out->last.error_class.size > 0 ? out->last : *fault;
	out->has_first = true;
	out->last = *fault;
	out->last_failed_ms = failed_ms;
}

/* Content types as configured now, where nobody said before. */
static void put_content_types(struct envelope *out, const struct envelope_facts *facts)
{
	const unsigned char *value = out->value.data;

	if (!out->key_content_type.data)
		out->key_content_type = facts->key_content_type;
	if (!out->value_content_type.data)
		out->value_content_type = facts->value_content_type;
	if (out->has_value_schema_id || out->value.size < 5 || value[0] != 0 ||
	    out->value_content_type.size < strlen(FRAMED_CONTENT) ||
	    memcmp(out->value_content_type.data, FRAMED_CONTENT, strlen(FRAMED_CONTENT)) != 0)
		return;
	out->has_value_schema_id = true;
	out->value_schema_id = (int32_t)((uint32_t)value[1] << 24 | (uint32_t)value[2] << 16 |
					 (uint32_t)value[3] << 8 | value[4]);
}

/* The entry of the visit that ends now. */
static struct envelope_attempt attempt_of(const struct envelope_facts *facts,
					  const struct envelope_fault *fault)
{
	struct envelope_attempt attempt = {
		.stage = facts->left_stage,
		.topic = facts->left_topic,
		.partition = facts->left_partition,
		.tries = facts->tries,
		.offset = facts->left_offset,
		.failed_ms = facts->failed_ms,
		.duration_ms = facts->duration_ms,
		.fault = *fault,
		.host = facts->host,
	};

	attempt.fault.error_detail = (struct stagger_bytes){0};
	attempt.fault.error_message.size =
		utf8_cut(attempt.fault.error_message, ENVELOPE_MAX_HISTORY_MESSAGE);
	return attempt;
}

/* The first entry and the newest: of old history first, then the visit that ends now. */
static void put_history(struct envelope *out, struct envelope_room *room,
			const struct envelope_facts *facts, const struct envelope_fault *fault)
{
	size_t n_new = facts->tries > 0 ? 1 : 0;
	size_t n_old = out->n_history;
	size_t n_dropped = 0;

	if (n_old + n_new > ENVELOPE_MAX_HISTORY)
		n_dropped = n_old + n_new - ENVELOPE_MAX_HISTORY;
	out->n_history = 0;
	for (size_t i = 0; i < n_old; i++)
		if (i == 0 || i > n_dropped)
			room->history[out->n_history++] = out->history[i];
	if (n_new > 0)
		room->history[out->n_history++] = attempt_of(facts, fault);
	out->history = room->history;
	out->history_dropped = add_int32(out->history_dropped,
					 n_dropped < INT32_MAX ? (int32_t)n_dropped : INT32_MAX);
}

struct merge { /* attributes so far, and their bytes */
	struct envelope_pair *pairs;
	size_t n, bytes;
};

static struct envelope_pair *find_pair(const struct merge *m, struct stagger_bytes name)
{
	for (size_t i = 0; i < m->n; i++)
		if (bytes_equal(m->pairs[i].name, name))
			return &m->pairs[i];
	return NULL;
}

/* Adds the pair, or replaces the one of its name; not if a limit would be exceeded. */
static void merge_pair(struct merge *m, struct envelope_pair pair)
{
	struct envelope_pair *same = find_pair(m, pair.name);
	size_t others = m->bytes - (same ? same->name.size + same->value.size : 0);
	size_t left = FAILURE_MAX_ATTRIBUTE_BYTES - others;

	if (pair.name.size > left || pair.value.size > left - pair.name.size)
		return;
	if (!same && m->n == FAILURE_MAX_ATTRIBUTES)
		return;
	if (!same)
		same = &m->pairs[m->n++];
	*same = pair;
	m->bytes = others + pair.name.size + pair.value.size;
}

static bool removes(const struct failure *failure, struct stagger_bytes name)
{
	for (size_t i = 0; failure && i < failure->n_attributes; i++)
		if (!failure->attributes[i].value && bytes_is(name, failure->attributes[i].name))
			return true;
	return false;
}

static void put_attributes(struct envelope *out, struct envelope_room *room,
			   const struct failure *failure)
{
	struct merge m = {.pairs = room->attributes};

	for (size_t i = 0; i < out->n_attributes; i++)
		if (!removes(failure, out->attributes[i].name))
			merge_pair(&m, out->attributes[i]);
	for (size_t i = 0; failure && i < failure->n_attributes; i++)
		if (failure->attributes[i].value)
			merge_pair(&m, (struct envelope_pair){
					       .name = bytes_text(failure->attributes[i].name),
					       .value = bytes_text(failure->attributes[i].value)});
	out->attributes = room->attributes;
	out->n_attributes = m.n;
}

static void put_all(struct envelope *out, struct envelope_room *room,
		    const struct envelope_facts *facts)
{
	struct envelope_fault fault = {0};

	put_facts(out, facts);
	if (facts->failure) {
		fault = envelope_fault_of(facts->failure);
		put_failure(out, &fault, facts->failed_ms);
	}
	put_content_types(out, facts);
	put_history(out, room, facts, &fault);
	put_attributes(out, room, facts->failure);
}

static bool put_headers(struct envelope *out, struct envelope_room *room,
			const struct envelope_origin *origin)
{
	room->headers = NULL;
	if (origin->n_headers == 0)
		return true;
	room->headers = calloc(origin->n_headers, sizeof(*room->headers));
	if (!room->headers)
		return false;
	for (size_t i = 0; i < origin->n_headers; i++)
		room->headers[i] =
			(struct envelope_header){.name = bytes_text(origin->headers[i].name),
						  .value = origin->headers[i].value};
	out->headers = room->headers;
	out->n_headers = origin->n_headers;
	return true;
}

bool envelope_fresh(struct envelope *out, struct envelope_room *room,
		    const struct envelope_origin *origin, const struct envelope_facts *facts)
{
	bool timed = origin->timestamp_ms >= 0;
	const char *type = origin->log_append_time ? "LogAppendTime" : "CreateTime";

	*out = (struct envelope){
		.original_topic = origin->topic,
		.original_partition = origin->partition,
		.original_offset = origin->offset,
		.original_timestamp_ms = timed ? origin->timestamp_ms : ENVELOPE_NO_TIME,
		.original_timestamp_type = bytes_text(timed ? type : NULL),
		.first_failed_ms = facts->failed_ms,
		.last_failed_ms = facts->failed_ms,
		.key = origin->key,
		.value = origin->value,
	};
	if (!put_headers(out, room, origin))
		return false;
	put_all(out, room, facts);
	return true;
}

void envelope_advance(struct envelope *out, struct envelope_room *room, const struct envelope *old,
		      const struct envelope_facts *facts)
{
	*out = *old;
	room->headers = NULL;
	put_all(out, room, facts);
}

void envelope_room_clear(struct envelope_room *room)
{
	free(room->headers);
	room->headers = NULL;
}

struct stagger_bytes envelope_attribute(const struct envelope *e, struct stagger_bytes name)
{
	for (size_t i = 0; i < e->n_attributes; i++)
		if (bytes_equal(e->attributes[i].name, name))
			return e->attributes[i].value;
	return (struct stagger_bytes){0};
}
