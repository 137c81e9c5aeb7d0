/* SPDX-License-Identifier: Apache-2.0
 *
 * The header is written and read by the envelope's own codec: what it carries, how it may grow and
 * what hostile bytes may do to it is said and tested once. */
#include "codec/replay_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/envelope_codec.h"

static struct envelope without_payload(const struct envelope *e)
{
	struct envelope bare = *e;

	bare.key = (struct stagger_bytes){0};
	bare.value = (struct stagger_bytes){0};
	bare.headers = NULL;
	bare.n_headers = 0;
	return bare;
}

size_t replay_header_size(const struct envelope *e)
{
	struct envelope bare = without_payload(e);

	return envelope_size(&bare);
}

enum stagger_status replay_header_write(const struct envelope *e, void **out, size_t *size,
					struct stagger_error *err)
{
	struct envelope bare = without_payload(e);

	return envelope_write(&bare, out, size, err);
}

const struct stagger_header *replay_header_find(const struct stagger_header *headers, size_t n)
{
	while (n-- > 0)
		if (strcmp(headers[n].name, REPLAY_HEADER) == 0)
			return &headers[n];
	return NULL;
}

/* What makes it no header of ours, or NULL. */
static const char *objection(const struct envelope *e, const char *read_topic)
{
	if (e->key.data != NULL || e->value.data != NULL || e->n_headers > 0 || e->payload_omitted)
		return "it has a payload of its own";
	if (e->group.size == 0)
		return "it names no group";
	if (e->original_partition < 0 || e->original_offset < 0 || e->attempts < 0)
		return "a number in it is negative";
	if (!bytes_is(e->original_topic, read_topic))
		return "it speaks of another topic";
	return NULL;
}

bool replay_header_fits(const struct envelope *e, const char *topic)
{
	struct envelope bare = without_payload(e);

	return objection(&bare, topic) == NULL && envelope_size(&bare) <= REPLAY_HEADER_MAX;
}

/* One block as envelope_read() makes one, with the headers that are not ours. */
static struct envelope *join(const struct envelope *e, const struct stagger_message *m,
			     const struct stagger_header *ours)
{
	size_t history = e->n_history * sizeof(struct envelope_attempt);
	size_t attributes = e->n_attributes * sizeof(struct envelope_pair);
	size_t headers = (m->n_headers - 1) * sizeof(struct envelope_header);
	struct envelope *joined = malloc(sizeof(*joined) + history + attributes + headers);

	if (joined == NULL)
		return NULL;
	struct envelope_attempt *to_history = (struct envelope_attempt *)(joined + 1);
	struct envelope_pair *to_attributes = (struct envelope_pair *)(to_history + e->n_history);
	struct envelope_header *to_headers =
		(struct envelope_header *)(to_attributes + e->n_attributes);
	*joined = *e;
	memcpy(to_history, e->history, history);
	memcpy(to_attributes, e->attributes, attributes);
	joined->history = to_history;
	joined->attributes = to_attributes;
	joined->headers = to_headers;
	joined->n_headers = 0;
	for (size_t i = 0; i < m->n_headers; i++)
		if (&m->headers[i] != ours)
			to_headers[joined->n_headers++] = (struct envelope_header){
				.name = bytes_text(m->headers[i].name),
				.value = m->headers[i].value};
	joined->key = m->key;
	joined->value = m->value;
	return joined;
}

enum stagger_status replay_header_read(struct envelope **out, const struct stagger_message *m,
				       const struct stagger_header *header,
				       struct stagger_error *err)
{
	struct envelope *bare;

	if (header->value.size > REPLAY_HEADER_MAX)
		return fail(err, STAGGER_CORRUPT, "header: %zu bytes are more than %d",
			    header->value.size, REPLAY_HEADER_MAX);
	enum stagger_status status = envelope_read(&bare, header->value, err);
	if (status != STAGGER_OK)
		return status;
	const char *why = objection(bare, m->read_topic);
	struct envelope *joined = why == NULL ? join(bare, m, header) : NULL;
	envelope_free(&bare);
	if (why != NULL)
		return fail(err, STAGGER_CORRUPT, "header: %s", why);
	if (joined == NULL)
		return fail_memory(err);
	*out = joined;
	return STAGGER_OK;
}
