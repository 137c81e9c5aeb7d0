/* SPDX-License-Identifier: Apache-2.0
 *
 * An envelope as one JSON object: the schema's names in the schema's order, times as milliseconds,
 * null where the schema has null, so that it can be held against any other Avro reader. */
#include <stagger/envelope.h>

#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"

static void put_text(struct json *j, const char *name, const char *text)
{
	json_put_text(j, name, text == NULL ? "" : text);
}

static void put_bytes(struct json *j, const char *name, struct stagger_bytes bytes)
{
	json_name(j, name);
	if (bytes.data == NULL)
		json_null(j);
	else
		json_bytes(j, bytes);
}

static void put_fault(struct json *j, const struct stagger_fault *fault)
{
	put_text(j, "error_class", fault->error_class);
	json_put_text(j, "error_code", fault->error_code);
	put_text(j, "error_message", fault->error_message);
	json_put_text(j, "error_detail", fault->error_detail);
}

static void put_first(struct json *j, const struct stagger_fault *first)
{
	json_name(j, "first_error");
	if (first == NULL) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	put_fault(j, first);
	json_close(j, '}');
}

static void put_attempt(struct json *j, const struct stagger_attempt *a)
{
	json_open(j, '{');
	put_text(j, "stage", a->stage);
	put_text(j, "topic", a->topic);
	json_put_number(j, "partition", a->partition);
	json_put_number(j, "offset", a->offset);
	json_put_number(j, "failed_at", a->failed_ms);
	json_put_number_unless(j, "duration_ms", a->duration_ms, -1);
	json_put_number(j, "tries", a->tries);
	put_text(j, "error_class", a->fault.error_class);
	json_put_text(j, "error_code", a->fault.error_code);
	put_text(j, "error_message", a->fault.error_message);
	json_put_text(j, "host", a->host);
	json_close(j, '}');
}

static void put_history(struct json *j, const struct stagger_envelope *e)
{
	json_name(j, "history");
	json_open(j, '[');
	for (size_t i = 0; i < e->n_history; i++)
		put_attempt(j, e->history[i]);
	json_close(j, ']');
	json_put_number(j, "history_dropped", e->history_dropped);
}

static void put_attributes(struct json *j, const struct stagger_envelope *e)
{
	json_name(j, "attributes");
	json_open(j, '{');
	for (size_t i = 0; i < e->n_attributes; i++) {
		const struct stagger_pair *pair = &e->attributes[i];
		put_text(j, pair->name == NULL ? "" : pair->name, pair->value);
	}
	json_close(j, '}');
}

static void put_headers(struct json *j, const struct stagger_envelope *e)
{
	json_name(j, "headers");
	json_open(j, '[');
	for (size_t i = 0; i < e->n_headers; i++) {
		json_open(j, '{');
		put_text(j, "key", e->headers[i].name);
		put_bytes(j, "value", e->headers[i].value);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Where it is, where it came from, and when. */
static void put_origin(struct json *j, const struct stagger_envelope *e)
{
	put_text(j, "stage", e->stage);
	json_put_number_unless(j, "due_at", e->due_ms, 0);
	json_put_number(j, "visit", e->visit);
	json_put_number(j, "attempts", e->attempts);
	json_put_number(j, "replays", e->replays);
	put_text(j, "disposition", e->disposition);
	put_text(j, "consumer_group", e->group);
	put_text(j, "chain", e->chain);
	json_put_text(j, "client_id", e->client_id);
	json_put_text(j, "host", e->host);
	put_text(j, "original_topic", e->original_topic);
	json_put_number(j, "original_partition", e->original_partition);
	json_put_number(j, "original_offset", e->original_offset);
	json_put_number_unless(j, "original_timestamp", e->original_timestamp_ms, -1);
	json_put_text(j, "original_timestamp_type", e->original_timestamp_type);
	json_put_number(j, "first_failed_at", e->first_failed_ms);
	json_put_number(j, "last_failed_at", e->last_failed_ms);
}

static bool has_lists(const struct stagger_envelope *e)
{
	for (size_t i = 0; i < e->n_history; i++)
		if (e->history == NULL || e->history[i] == NULL)
			return false;
	return (e->n_attributes == 0 || e->attributes != NULL)
	       && (e->n_headers == 0 || e->headers != NULL);
}

enum stagger_status stagger_envelope_json(const struct stagger_envelope *e, char **out,
					  struct stagger_error *err)
{
	struct json j = {0};

	if (!has_lists(e))
		return fail(err, STAGGER_INVALID,
			    "envelope: a list or an entry is NULL, but its count is not 0");
	json_open(&j, '{');
	put_origin(&j, e);
	put_fault(&j, &e->last);
	put_first(&j, e->first);
	put_history(&j, e);
	put_attributes(&j, e);
	json_put_text(&j, "key_content_type", e->key_content_type);
	json_put_text(&j, "value_content_type", e->value_content_type);
	json_put_number_unless(&j, "value_schema_id", e->value_schema_id, 0);
	json_name(&j, "payload_omitted");
	json_bool(&j, e->payload_omitted);
	put_headers(&j, e);
	put_bytes(&j, "key", e->key);
	put_bytes(&j, "value", e->value);
	json_close(&j, '}');
	char *text = json_finish(&j);
	if (text == NULL)
		return fail_memory(err);
	*out = text;
	return STAGGER_OK;
}
