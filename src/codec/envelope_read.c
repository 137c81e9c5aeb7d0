/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the fields in the order of envelope.avsc. One block of the right size is allocated after
 * the last byte was found good; till then lists stand on the stack, and one that is longer than is
 * usual is walked again. An item takes at most 16 times its bytes, so a count buys no memory. */
#include "codec/envelope_codec.h"

#include <stdlib.h>

#include "base/error.h"
#include "codec/framing.h"
#include "codec/wire.h"

/* The fewest bytes of an item: one for each of its fields. */
#define ATTEMPT_LEAST 11
#define PAIR_LEAST    2
#define HEADER_LEAST  2

#define USUAL_HISTORY    ENVELOPE_MAX_HISTORY
#define USUAL_ATTRIBUTES 16
#define USUAL_HEADERS    32

/* The usual number of items, and where each list begins, for the second walk. */
struct lists {
	const unsigned char *history_at, *attributes_at, *headers_at;
	struct envelope_attempt history[USUAL_HISTORY];
	struct envelope_pair attributes[USUAL_ATTRIBUTES];
	struct envelope_header headers[USUAL_HEADERS];
};

static int64_t take_time(struct wire *w, const char *field)
{
	return wire_take_branch(w, field) ? wire_take_long(w, field) : ENVELOPE_NO_TIME;
}

static void take_attempt(struct wire *w, struct envelope_attempt *a)
{
	a->stage = wire_take_text(w, "history.stage");
	a->topic = wire_take_text(w, "history.topic");
	a->partition = wire_take_int(w, "history.partition");
	a->offset = wire_take_long(w, "history.offset");
	a->failed_ms = wire_take_long(w, "history.failed_at");
	a->duration_ms = wire_take_branch(w, "history.duration_ms")
				 ? wire_take_long(w, "history.duration_ms")
				 : -1;
	a->tries = wire_take_int(w, "history.tries");
	a->fault.error_class = wire_take_text(w, "history.error_class");
	a->fault.error_code = wire_take_maybe_text(w, "history.error_code");
	a->fault.error_message = wire_take_text(w, "history.error_message");
	a->fault.error_detail = (struct stagger_bytes){0};
	a->host = wire_take_maybe_text(w, "history.host");
}

static void take_pair(struct wire *w, struct envelope_pair *pair)
{
	pair->name = wire_take_text(w, "attributes");
	pair->value = wire_take_text(w, "attributes");
}

/* A header's name is the producer's bytes and has to come back as it was, even if it is no UTF-8;
 * it becomes a C string, so a NUL is refused. */
static void take_header(struct wire *w, struct envelope_header *header)
{
	const unsigned char *start = w->at;

	header->name = wire_take_bytes(w, "headers.key");
	if (header->name.size > 0 && memchr(header->name.data, 0, header->name.size) != NULL)
		wire_fail(w, "headers.key", start, "the name holds a NUL");
	header->value = wire_take_maybe_bytes(w, "headers.value");
}

/* The first `room` items are kept, all are checked and counted. */
static size_t take_history(struct wire *w, struct envelope_attempt *to, size_t room)
{
	struct wire_blocks blocks = {0};
	struct envelope_attempt beyond;
	size_t n = 0;

	for (; wire_next(w, &blocks, ATTEMPT_LEAST, "history"); n++)
		take_attempt(w, n < room ? &to[n] : &beyond);
	return n;
}

static size_t take_attributes(struct wire *w, struct envelope_pair *to, size_t room)
{
	struct wire_blocks blocks = {0};
	struct envelope_pair beyond;
	size_t n = 0;

	for (; wire_next(w, &blocks, PAIR_LEAST, "attributes"); n++)
		take_pair(w, n < room ? &to[n] : &beyond);
	return n;
}

static size_t take_headers(struct wire *w, struct envelope_header *to, size_t room)
{
	struct wire_blocks blocks = {0};
	struct envelope_header beyond;
	size_t n = 0;

	for (; wire_next(w, &blocks, HEADER_LEAST, "headers"); n++)
		take_header(w, n < room ? &to[n] : &beyond);
	return n;
}

/* Where it is, where it came from, and when. */
static void take_origin(struct wire *w, struct envelope *e)
{
	e->stage = wire_take_text(w, "stage");
	e->due_ms = take_time(w, "due_at");
	e->visit = wire_take_int(w, "visit");
	e->attempts = wire_take_int(w, "attempts");
	e->replays = wire_take_int(w, "replays");
	e->disposition = wire_take_text(w, "disposition");
	e->group = wire_take_text(w, "consumer_group");
	e->chain = wire_take_text(w, "chain");
	e->client_id = wire_take_maybe_text(w, "client_id");
	e->host = wire_take_maybe_text(w, "host");
	e->original_topic = wire_take_text(w, "original_topic");
	e->original_partition = wire_take_int(w, "original_partition");
	e->original_offset = wire_take_long(w, "original_offset");
	e->original_timestamp_ms = take_time(w, "original_timestamp");
	e->original_timestamp_type = wire_take_maybe_text(w, "original_timestamp_type");
	e->first_failed_ms = wire_take_long(w, "first_failed_at");
	e->last_failed_ms = wire_take_long(w, "last_failed_at");
}

/* What failed, and the original record. */
static void take_record(struct wire *w, struct envelope *e, struct lists *lists)
{
	e->last.error_class = wire_take_text(w, "error_class");
	e->last.error_code = wire_take_maybe_text(w, "error_code");
	e->last.error_message = wire_take_text(w, "error_message");
	e->last.error_detail = wire_take_maybe_text(w, "error_detail");
	e->has_first = wire_take_branch(w, "first_error");
	if (e->has_first) {
		e->first.error_class = wire_take_text(w, "first_error.error_class");
		e->first.error_code = wire_take_maybe_text(w, "first_error.error_code");
		e->first.error_message = wire_take_text(w, "first_error.error_message");
		e->first.error_detail = wire_take_maybe_text(w, "first_error.error_detail");
	}
	lists->history_at = w->at;
	e->n_history = take_history(w, lists->history, USUAL_HISTORY);
	e->history_dropped = wire_take_int(w, "history_dropped");
	lists->attributes_at = w->at;
	e->n_attributes = take_attributes(w, lists->attributes, USUAL_ATTRIBUTES);
	e->key_content_type = wire_take_maybe_text(w, "key_content_type");
	e->value_content_type = wire_take_maybe_text(w, "value_content_type");
	e->has_value_schema_id = wire_take_branch(w, "value_schema_id");
	if (e->has_value_schema_id)
		e->value_schema_id = wire_take_int(w, "value_schema_id");
	e->payload_omitted = wire_take_bool(w, "payload_omitted");
	lists->headers_at = w->at;
	e->n_headers = take_headers(w, lists->headers, USUAL_HEADERS);
	e->key = wire_take_maybe_bytes(w, "key");
	e->value = wire_take_maybe_bytes(w, "value");
}

/* A newer writer's fields may follow, but never in our own version. Bytes that merely begin like an
 * envelope (a run of zeros does) name no group and no topic. */
static void take_tail(struct wire *w, struct envelope *e, const struct framing *framing)
{
	bool ours = framing->kind == ENVELOPE_SINGLE_OBJECT
		    && (framing->fingerprint == ENVELOPE_FINGERPRINT || framing->fingerprint == 0);

	if (w->at != w->end) {
		e->tail = (struct stagger_bytes){w->at, (size_t)(w->end - w->at)};
		if (ours)
			wire_fail(w, "value", w->at, "more bytes follow the last field");
		else if (e->group.size == 0 || e->original_topic.size == 0)
			wire_fail(w, "value", w->at,
				  "more bytes follow, but no group or no topic is named");
	}
	e->framing = framing->kind;
	e->fingerprint = ours ? 0 : framing->fingerprint;
	e->schema_id = framing->schema_id;
}

/* One block: the envelope, then its lists, all of pointer alignment. */
static struct envelope *build(const struct envelope *e, const struct lists *lists,
			      const unsigned char *end)
{
	size_t history = e->n_history * sizeof(struct envelope_attempt);
	size_t attributes = e->n_attributes * sizeof(struct envelope_pair);
	size_t headers = e->n_headers * sizeof(struct envelope_header);
	struct envelope *built = malloc(sizeof(*built) + history + attributes + headers);

	if (built == NULL)
		return NULL;
	struct envelope_attempt *to_history = (struct envelope_attempt *)(built + 1);
	struct envelope_pair *to_attributes = (struct envelope_pair *)(to_history + e->n_history);
	struct envelope_header *to_headers =
		(struct envelope_header *)(to_attributes + e->n_attributes);
	*built = *e;
	built->history = to_history;
	built->attributes = to_attributes;
	built->headers = to_headers;
	if (e->n_history <= USUAL_HISTORY)
		memcpy(to_history, lists->history, history);
	else
		take_history(&(struct wire){.at = lists->history_at, .end = end}, to_history,
			     e->n_history);
	if (e->n_attributes <= USUAL_ATTRIBUTES)
		memcpy(to_attributes, lists->attributes, attributes);
	else
		take_attributes(&(struct wire){.at = lists->attributes_at, .end = end},
				to_attributes, e->n_attributes);
	if (e->n_headers <= USUAL_HEADERS)
		memcpy(to_headers, lists->headers, headers);
	else
		take_headers(&(struct wire){.at = lists->headers_at, .end = end}, to_headers,
			     e->n_headers);
	return built;
}

enum stagger_status envelope_read(struct envelope **out, struct stagger_bytes bytes,
				  struct stagger_error *err)
{
	struct framing framing;
	struct stagger_bytes body;
	enum stagger_status status = framing_take(&framing, &body, bytes, err);

	if (status != STAGGER_OK)
		return status;
	struct envelope e = {0};
	struct lists lists;
	const unsigned char *start = bytes.data;
	struct wire w = {.at = body.data, .end = start + bytes.size};
	take_origin(&w, &e);
	take_record(&w, &e, &lists);
	take_tail(&w, &e, &framing);
	if (w.failed != NULL)
		return fail(err, STAGGER_CORRUPT, "envelope: field '%s' at byte %zu: %s", w.field,
			    (size_t)(w.failed - start), w.why);
	struct envelope *built = build(&e, &lists, w.end);
	if (built == NULL)
		return fail_memory(err);
	*out = built;
	return STAGGER_OK;
}

void envelope_free(struct envelope **e)
{
	if (e == NULL)
		return;
	free(*e);
	*e = NULL;
}
