/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler sees of a record that was read from a stage, or came back to main: the original
 * record, out of the envelope. The envelope's texts are views; the message wants them
 * NUL-terminated, so they are copied into one block per record. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

static size_t text_size(struct stagger_bytes text)
{
	return text.data != NULL ? text.size + 1 : 0;
}

static const char *text_put(char **at, struct stagger_bytes text)
{
	if (text.data == NULL)
		return NULL;
	char *put = *at;
	if (text.size > 0)
		memcpy(put, text.data, text.size);
	put[text.size] = '\0';
	*at += text.size + 1;
	return put;
}

static size_t block_size(const struct envelope *v)
{
	size_t size = v->n_attributes * sizeof(struct stagger_pair) +
		      v->n_headers * sizeof(struct stagger_header) + text_size(v->original_topic) +
		      text_size(v->stage) +
		      text_size(v->last.error_class) + text_size(v->last.error_code) +
		      text_size(v->last.error_message) + 3;
	for (size_t i = 0; i < v->n_attributes; i++)
		size += text_size(v->attributes[i].name) + text_size(v->attributes[i].value) + 2;
	for (size_t i = 0; i < v->n_headers; i++)
		size += text_size(v->headers[i].name) + 1;
	return size;
}

static struct stagger_bytes or_empty(struct stagger_bytes text)
{
	return text.data != NULL ? text : (struct stagger_bytes){ "", 0 };
}

bool message_fill(struct record *r)
{
	const struct envelope *v = r->envelope;
	struct stagger_message *m = &r->call.message;
	r->texts = malloc(block_size(v) + 1);
	if (r->texts == NULL)
		return false;
	struct stagger_pair *pairs = (struct stagger_pair *)(void *)r->texts;
	struct stagger_header *headers = (struct stagger_header *)(void *)&pairs[v->n_attributes];
	char *at = (char *)&headers[v->n_headers];
	for (size_t i = 0; i < v->n_attributes; i++) {
		pairs[i].name = text_put(&at, or_empty(v->attributes[i].name));
		pairs[i].value = text_put(&at, or_empty(v->attributes[i].value));
	}
	for (size_t i = 0; i < v->n_headers; i++) {
		headers[i].name = text_put(&at, or_empty(v->headers[i].name));
		headers[i].value = v->headers[i].value;
	}
	const char *main_topic = r->chain->chain->topic;
	m->topic = bytes_is(v->original_topic, main_topic)
			   ? main_topic
			   : text_put(&at, or_empty(v->original_topic));
	if (r->from == CHAIN_DLT)
		m->stage = text_put(&at, or_empty(v->stage));
	m->partition = v->original_partition;
	m->offset = v->original_offset;
	m->timestamp_ms = v->original_timestamp_ms == ENVELOPE_NO_TIME ? -1
								       : v->original_timestamp_ms;
	m->key = v->key;
	m->value = v->value;
	m->headers = v->n_headers > 0 ? headers : NULL;
	m->n_headers = v->n_headers;
	m->replays = v->replays;
	m->first_failed_ms = v->first_failed_ms;
	m->error_class = text_put(&at, or_empty(v->last.error_class));
	m->error_code = text_put(&at, v->last.error_code);
	m->error_message = text_put(&at, or_empty(v->last.error_message));
	r->first_failed_ms = v->first_failed_ms;
	r->base_attributes = v->n_attributes > 0 ? pairs : NULL;
	r->n_base_attributes = v->n_attributes;
	r->call.attributes = r->base_attributes;
	r->call.n_attributes = v->n_attributes;
	return true;
}
