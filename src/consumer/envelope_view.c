/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes an envelope that an application made. Its texts are checked, since one that is no UTF-8
 * would make readers refuse the whole record. */
#include <stagger/envelope.h>

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "codec/envelope_codec.h"

#define NO_ITEM SIZE_MAX

/* The codec's view of an envelope that an application made; the first fault is kept. */
struct viewer {
	enum stagger_status status;
	struct stagger_error *err;
	const char *place; /* the list or record that the field is in; NULL: the envelope itself */
	size_t item;       /* of the list; NO_ITEM in a record */
};

static void refuse(struct viewer *v, const char *field, const char *why)
{
	if (v->status != STAGGER_OK)
		return;
	if (v->place == NULL)
		v->status = fail(v->err, STAGGER_INVALID, "envelope: %s %s", field, why);
	else if (v->item == NO_ITEM)
		v->status = fail(v->err, STAGGER_INVALID, "envelope: %s.%s %s", v->place, field,
				 why);
	else
		v->status = fail(v->err, STAGGER_INVALID, "envelope: %s[%zu]%s%s %s", v->place,
				 v->item, field[0] == '\0' ? "" : ".", field, why);
}

static struct stagger_bytes view(struct viewer *v, const char *text, const char *field)
{
	struct stagger_bytes bytes = bytes_text(text);

	if (bytes.size > 0 && !utf8_valid(bytes))
		refuse(v, field, "is not UTF-8");
	return bytes;
}

static struct envelope_fault view_fault(struct viewer *v, const struct stagger_fault *from)
{
	return (struct envelope_fault){
		.error_class = view(v, from->error_class, "error_class"),
		.error_code = view(v, from->error_code, "error_code"),
		.error_message = view(v, from->error_message, "error_message"),
		.error_detail = view(v, from->error_detail, "error_detail"),
	};
}

static struct envelope_attempt view_attempt(struct viewer *v, const struct stagger_attempt *from)
{
	return (struct envelope_attempt){
		.stage = view(v, from->stage, "stage"),
		.topic = view(v, from->topic, "topic"),
		.partition = from->partition,
		.tries = from->tries,
		.offset = from->offset,
		.failed_ms = from->failed_ms,
		.duration_ms = from->duration_ms,
		.fault = {.error_class = view(v, from->fault.error_class, "error_class"),
			  .error_code = view(v, from->fault.error_code, "error_code"),
			  .error_message = view(v, from->fault.error_message, "error_message")},
		.host = view(v, from->host, "host"),
	};
}

/* All but the lists and the first error. */
static struct envelope view_fields(struct viewer *v, const struct stagger_envelope *from)
{
	return (struct envelope){
		.stage = view(v, from->stage, "stage"),
		.due_ms = from->due_ms == 0 ? ENVELOPE_NO_TIME : from->due_ms,
		.visit = from->visit,
		.attempts = from->attempts,
		.replays = from->replays,
		.disposition = view(v, from->disposition, "disposition"),
		.group = view(v, from->group, "consumer_group"),
		.chain = view(v, from->chain, "chain"),
		.client_id = view(v, from->client_id, "client_id"),
		.host = view(v, from->host, "host"),
		.original_topic = view(v, from->original_topic, "original_topic"),
		.original_partition = from->original_partition,
		.original_offset = from->original_offset,
		.original_timestamp_ms = from->original_timestamp_ms == -1
						 ? ENVELOPE_NO_TIME
						 : from->original_timestamp_ms,
		.original_timestamp_type =
			view(v, from->original_timestamp_type, "original_timestamp_type"),
		.first_failed_ms = from->first_failed_ms,
		.last_failed_ms = from->last_failed_ms,
		.last = view_fault(v, &from->last),
		.n_history = from->n_history,
		.history_dropped = from->history_dropped,
		.n_attributes = from->n_attributes,
		.key_content_type = view(v, from->key_content_type, "key_content_type"),
		.value_content_type = view(v, from->value_content_type, "value_content_type"),
		.value_schema_id = from->value_schema_id,
		.has_value_schema_id = from->value_schema_id != 0,
		.payload_omitted = from->payload_omitted,
		.n_headers = from->n_headers,
		.key = from->key,
		.value = from->value,
	};
}

/* The items are in one block with e, see stagger_envelope_write(). */
static void view_lists(struct viewer *v, struct envelope *e, const struct stagger_envelope *from)
{
	struct envelope_attempt *history = (struct envelope_attempt *)(e + 1);
	struct envelope_pair *attributes = (struct envelope_pair *)(history + from->n_history);
	struct envelope_header *headers =
		(struct envelope_header *)(attributes + from->n_attributes);

	v->place = "history";
	for (v->item = 0; v->item < from->n_history; v->item++) {
		if (from->history[v->item] == NULL)
			refuse(v, "", "is NULL");
		else
			history[v->item] = view_attempt(v, from->history[v->item]);
	}
	v->place = "attributes";
	for (v->item = 0; v->item < from->n_attributes; v->item++) {
		const struct stagger_pair *pair = &from->attributes[v->item];
		attributes[v->item].name = view(v, pair->name, "name");
		attributes[v->item].value = view(v, pair->value, "value");
	}
	/* A header's name is the producer's: any bytes, as when it was read. */
	for (size_t i = 0; i < from->n_headers; i++) {
		headers[i].name = bytes_text(from->headers[i].name);
		headers[i].value = from->headers[i].value;
	}
	e->history = history;
	e->attributes = attributes;
	e->headers = headers;
}

/* An item takes at least two of the 2^31 bytes that a record can have. */
static void view_count(struct viewer *v, const char *list, const void *items, size_t n)
{
	if (n > 0 && items == NULL)
		refuse(v, list, "is NULL, but its count is not 0");
	if (n > INT32_MAX / 2)
		refuse(v, list, "has more items than a record holds");
}

enum stagger_status stagger_envelope_write(const struct stagger_envelope *from, int32_t schema_id,
					   void **out, size_t *size, struct stagger_error *err)
{
	struct viewer v = {.status = STAGGER_OK, .err = err};

	view_count(&v, "history", from->history, from->n_history);
	view_count(&v, "attributes", from->attributes, from->n_attributes);
	view_count(&v, "headers", from->headers, from->n_headers);
	if (v.status != STAGGER_OK)
		return v.status;
	struct envelope *e = malloc(sizeof(*e) + from->n_history * sizeof(*e->history)
				    + from->n_attributes * sizeof(*e->attributes)
				    + from->n_headers * sizeof(*e->headers));
	if (e == NULL)
		return fail_memory(err);
	*e = view_fields(&v, from);
	e->framing = schema_id == 0 ? ENVELOPE_SINGLE_OBJECT : ENVELOPE_REGISTRY;
	e->schema_id = schema_id;
	if (from->first != NULL) {
		v.place = "first_error";
		v.item = NO_ITEM;
		e->first = view_fault(&v, from->first);
		e->has_first = true;
	}
	view_lists(&v, e, from);
	if (v.status == STAGGER_OK)
		v.status = envelope_write(e, out, size, err);
	envelope_free(&e);
	return v.status;
}
