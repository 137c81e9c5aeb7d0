/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope for programs downstream: the codec's views become C strings in one block that is the
 * caller's. */
#include <stagger/envelope.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "codec/envelope_codec.h"
#include "codec/framing.h"

/* What is left of the block's last part, where the texts and bytes go. */
struct copier {
	char *at;
};

static const void *copy(struct copier *to, struct stagger_bytes from)
{
	char *start = to->at;

	if (from.size > 0)
		memcpy(start, from.data, from.size);
	to->at += from.size;
	return start;
}

static const char *copy_text(struct copier *to, struct stagger_bytes from)
{
	const char *text = copy(to, from);

	*to->at++ = '\0';
	return text;
}

static const char *copy_maybe(struct copier *to, struct stagger_bytes from)
{
	return from.data == NULL ? NULL : copy_text(to, from);
}

static struct stagger_bytes copy_bytes(struct copier *to, struct stagger_bytes from)
{
	if (from.data == NULL)
		return from;
	return (struct stagger_bytes){copy(to, from), from.size};
}

static struct stagger_fault copy_fault(struct copier *to, const struct envelope_fault *from)
{
	return (struct stagger_fault){
		.error_class = copy_text(to, from->error_class),
		.error_code = copy_maybe(to, from->error_code),
		.error_message = copy_text(to, from->error_message),
		.error_detail = copy_maybe(to, from->error_detail),
	};
}

static struct stagger_attempt copy_attempt(struct copier *to, const struct envelope_attempt *from)
{
	return (struct stagger_attempt){
		.stage = copy_text(to, from->stage),
		.topic = copy_text(to, from->topic),
		.partition = from->partition,
		.tries = from->tries,
		.offset = from->offset,
		.failed_ms = from->failed_ms,
		.duration_ms = from->duration_ms,
		.fault = {.error_class = copy_text(to, from->fault.error_class),
			  .error_code = copy_maybe(to, from->fault.error_code),
			  .error_message = copy_text(to, from->fault.error_message)},
		.host = copy_maybe(to, from->host),
	};
}

/* All but the lists. */
static struct stagger_envelope copy_fields(struct copier *to, const struct envelope *from)
{
	return (struct stagger_envelope){
		.stage = copy_text(to, from->stage),
		.due_ms = from->due_ms == ENVELOPE_NO_TIME ? 0 : from->due_ms,
		.visit = from->visit,
		.attempts = from->attempts,
		.replays = from->replays,
		.disposition = copy_text(to, from->disposition),
		.group = copy_text(to, from->group),
		.chain = copy_text(to, from->chain),
		.client_id = copy_maybe(to, from->client_id),
		.host = copy_maybe(to, from->host),
		.original_topic = copy_text(to, from->original_topic),
		.original_partition = from->original_partition,
		.original_offset = from->original_offset,
		.original_timestamp_ms = from->original_timestamp_ms == ENVELOPE_NO_TIME
						 ? -1
						 : from->original_timestamp_ms,
		.original_timestamp_type = copy_maybe(to, from->original_timestamp_type),
		.first_failed_ms = from->first_failed_ms,
		.last_failed_ms = from->last_failed_ms,
		.last = copy_fault(to, &from->last),
		.n_history = from->n_history,
		.history_dropped = from->history_dropped,
		.n_attributes = from->n_attributes,
		.key_content_type = copy_maybe(to, from->key_content_type),
		.value_content_type = copy_maybe(to, from->value_content_type),
		.value_schema_id = from->has_value_schema_id ? from->value_schema_id : 0,
		.payload_omitted = from->payload_omitted,
		.n_headers = from->n_headers,
		.key = copy_bytes(to, from->key),
		.value = copy_bytes(to, from->value),
	};
}

/* What stands behind the envelope in its block, all of pointer alignment, and last the texts. They
 * fit into as many bytes as were read, since each has at least one byte of length there. */
struct block {
	const struct stagger_attempt **pointers;
	struct stagger_attempt *history;
	struct stagger_pair *attributes;
	struct stagger_header *headers;
	struct stagger_fault *first;
	struct copier texts;
};

static struct stagger_envelope *block_new(struct block *block, const struct envelope *from,
					  size_t n_texts)
{
	struct stagger_envelope *e;
	size_t item = sizeof(*block->pointers) + sizeof(*block->history);

	e = malloc(sizeof(*e) + from->n_history * item
		   + from->n_attributes * sizeof(*block->attributes)
		   + from->n_headers * sizeof(*block->headers) + sizeof(*block->first) + n_texts);
	if (e == NULL)
		return NULL;
	block->pointers = (const struct stagger_attempt **)(e + 1);
	block->history = (struct stagger_attempt *)(block->pointers + from->n_history);
	block->attributes = (struct stagger_pair *)(block->history + from->n_history);
	block->headers = (struct stagger_header *)(block->attributes + from->n_attributes);
	block->first = (struct stagger_fault *)(block->headers + from->n_headers);
	block->texts.at = (char *)(block->first + 1);
	return e;
}

static void copy_lists(struct stagger_envelope *e, struct block *to, const struct envelope *from)
{
	for (size_t i = 0; i < from->n_history; i++) {
		to->history[i] = copy_attempt(&to->texts, &from->history[i]);
		to->pointers[i] = &to->history[i];
	}
	for (size_t i = 0; i < from->n_attributes; i++) {
		to->attributes[i].name = copy_text(&to->texts, from->attributes[i].name);
		to->attributes[i].value = copy_text(&to->texts, from->attributes[i].value);
	}
	for (size_t i = 0; i < from->n_headers; i++) {
		to->headers[i].name = copy_text(&to->texts, from->headers[i].name);
		to->headers[i].value = copy_bytes(&to->texts, from->headers[i].value);
	}
	e->history = from->n_history == 0 ? NULL : to->pointers;
	e->attributes = from->n_attributes == 0 ? NULL : to->attributes;
	e->headers = from->n_headers == 0 ? NULL : to->headers;
	if (from->has_first) {
		*to->first = copy_fault(&to->texts, &from->first);
		e->first = to->first;
	}
}

bool stagger_envelope_is(struct stagger_bytes bytes)
{
	return framing_is(bytes);
}

enum stagger_status stagger_envelope_read(const struct stagger_envelope **out,
					  struct stagger_bytes bytes, struct stagger_error *err)
{
	struct envelope *from;
	enum stagger_status status = envelope_read(&from, bytes, err);

	if (status != STAGGER_OK)
		return status;
	struct block block;
	struct stagger_envelope *e = block_new(&block, from, bytes.size);
	if (e == NULL) {
		status = fail_memory(err);
		goto out;
	}
	*e = copy_fields(&block.texts, from);
	copy_lists(e, &block, from);
	*out = e;
out:
	envelope_free(&from);
	return status;
}

enum stagger_status stagger_envelope_new(struct stagger_envelope **out, struct stagger_error *err)
{
	struct stagger_envelope *e = malloc(sizeof(*e));

	if (e == NULL)
		return fail_memory(err);
	*e = (struct stagger_envelope){
		.stage = "",
		.visit = 1,
		.disposition = "",
		.group = "",
		.chain = "",
		.original_topic = "",
		.original_timestamp_ms = -1,
		.last = {.error_class = "", .error_message = ""},
	};
	*out = e;
	return STAGGER_OK;
}

void stagger_envelope_free(const struct stagger_envelope **e)
{
	if (e == NULL)
		return;
	free((void *)(uintptr_t)*e); /* const is for the reader; the block is ours */
	*e = NULL;
}

const char *stagger_envelope_schema(void)
{
	return envelope_schema_text();
}
