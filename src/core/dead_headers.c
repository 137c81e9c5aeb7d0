/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader of the outer record sees without decoding it. Only headers that speak of the trace
 * or of the key are copied outside: the key is the original one, but the value is an envelope, and
 * a reader would take __value_schema_id, content-type or ce_* for the envelope's. */
#include "core/dead_headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define KEY_PREFIX "apicurio.key."

static bool is_copied(struct stagger_bytes name)
{
	if (bytes_is(name, "traceparent") || bytes_is(name, "tracestate") ||
	    bytes_is(name, "__key_schema_id"))
		return true;
	return name.size > strlen(KEY_PREFIX) &&
	       memcmp(name.data, KEY_PREFIX, strlen(KEY_PREFIX)) == 0;
}

static void put(struct dead_headers *out, const char *name, struct stagger_bytes value)
{
	out->headers[out->n++] = (struct stagger_header){.name = name, .value = value};
}

/* Null texts of an envelope are empty ones; a header's null is something else. */
static struct stagger_bytes text_of(struct stagger_bytes text)
{
	return text.data ? text : bytes_text("");
}

static void put_own(struct dead_headers *out, const struct envelope *e)
{
	snprintf(out->partition, sizeof(out->partition), "%" PRId32, e->original_partition);
	snprintf(out->offset, sizeof(out->offset), "%" PRId64, e->original_offset);
	snprintf(out->delivery_count, sizeof(out->delivery_count), "%" PRId32, e->attempts);
	put(out, "__dlq.errors.topic", text_of(e->original_topic));
	put(out, "__dlq.errors.partition", bytes_text(out->partition));
	put(out, "__dlq.errors.offset", bytes_text(out->offset));
	put(out, "__dlq.errors.group", text_of(e->group));
	put(out, "__dlq.errors.delivery.count", bytes_text(out->delivery_count));
	put(out, "__dlq.errors.message", text_of(e->last.error_message));
}

bool dead_headers_make(struct dead_headers *out, const struct envelope *e)
{
	const struct envelope_header *copied[DEAD_HEADERS_MAX_COPIED];
	size_t n_copied = 0;
	size_t size = 0;

	for (size_t i = 0; i < e->n_headers && n_copied < DEAD_HEADERS_MAX_COPIED; i++) {
		if (!is_copied(e->headers[i].name))
			continue;
		copied[n_copied++] = &e->headers[i];
		size += e->headers[i].name.size + 1;
	}
	out->n = 0;
	out->names = n_copied > 0 ? calloc(size, 1) : NULL;
	if (n_copied > 0 && !out->names)
		return false;
	put_own(out, e);

	char *name = out->names;

	for (size_t i = 0; i < n_copied; i++) {
		memcpy(name, copied[i]->name.data, copied[i]->name.size);
		put(out, name, copied[i]->value);
		name += copied[i]->name.size + 1;
	}
	return true;
}

void dead_headers_clear(struct dead_headers *h)
{
	free(h->names);
	h->names = NULL;
	h->n = 0;
}
