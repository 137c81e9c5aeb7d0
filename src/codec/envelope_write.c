/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures an envelope exactly and puts the fields in the order of envelope.avsc.
 * Every size_x() has its put_x(): change both or none. */
#include "codec/envelope_codec.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "codec/framing.h"
#include "codec/wire.h"

static size_t size_time(int64_t ms)
{
	return ms == ENVELOPE_NO_TIME ? 1 : 1 + wire_long_size(ms);
}

static unsigned char *put_time(unsigned char *to, int64_t ms)
{
	*to++ = ms == ENVELOPE_NO_TIME ? 0 : 2;
	return ms == ENVELOPE_NO_TIME ? to : wire_put_long(to, ms);
}

static size_t size_fault(const struct envelope_fault *fault)
{
	return wire_bytes_size(fault->error_class) + wire_maybe_size(fault->error_code)
	       + wire_bytes_size(fault->error_message) + wire_maybe_size(fault->error_detail);
}

static unsigned char *put_fault(unsigned char *to, const struct envelope_fault *fault)
{
	to = wire_put_bytes(to, fault->error_class);
	to = wire_put_maybe(to, fault->error_code);
	to = wire_put_bytes(to, fault->error_message);
	return wire_put_maybe(to, fault->error_detail);
}

/* One block of n items and the empty block that ends an array or map. */
static size_t size_blocks(size_t n)
{
	return n == 0 ? 1 : wire_long_size((int64_t)n) + 1;
}

static size_t size_history(const struct envelope *e)
{
	size_t size = size_blocks(e->n_history);

	for (size_t i = 0; i < e->n_history; i++) {
		const struct envelope_attempt *a = &e->history[i];
		size += wire_bytes_size(a->stage) + wire_bytes_size(a->topic)
			+ wire_long_size(a->partition) + wire_long_size(a->offset)
			+ wire_long_size(a->failed_ms)
			+ (a->duration_ms == -1 ? 1 : 1 + wire_long_size(a->duration_ms))
			+ wire_long_size(a->tries) + wire_bytes_size(a->fault.error_class)
			+ wire_maybe_size(a->fault.error_code)
			+ wire_bytes_size(a->fault.error_message) + wire_maybe_size(a->host);
	}
	return size;
}

static unsigned char *put_attempt(unsigned char *to, const struct envelope_attempt *a)
{
	to = wire_put_bytes(to, a->stage);
	to = wire_put_bytes(to, a->topic);
	to = wire_put_long(to, a->partition);
	to = wire_put_long(to, a->offset);
	to = wire_put_long(to, a->failed_ms);
	*to++ = a->duration_ms == -1 ? 0 : 2;
	if (a->duration_ms != -1)
		to = wire_put_long(to, a->duration_ms);
	to = wire_put_long(to, a->tries);
	to = wire_put_bytes(to, a->fault.error_class);
	to = wire_put_maybe(to, a->fault.error_code);
	to = wire_put_bytes(to, a->fault.error_message);
	return wire_put_maybe(to, a->host);
}

static unsigned char *put_history(unsigned char *to, const struct envelope *e)
{
	if (e->n_history > 0)
		to = wire_put_long(to, (int64_t)e->n_history);
	for (size_t i = 0; i < e->n_history; i++)
		to = put_attempt(to, &e->history[i]);
	*to++ = 0;
	return to;
}

static size_t size_attributes(const struct envelope *e)
{
	size_t size = size_blocks(e->n_attributes);

	for (size_t i = 0; i < e->n_attributes; i++)
		size += wire_bytes_size(e->attributes[i].name)
			+ wire_bytes_size(e->attributes[i].value);
	return size;
}

static unsigned char *put_attributes(unsigned char *to, const struct envelope *e)
{
	if (e->n_attributes > 0)
		to = wire_put_long(to, (int64_t)e->n_attributes);
	for (size_t i = 0; i < e->n_attributes; i++) {
		to = wire_put_bytes(to, e->attributes[i].name);
		to = wire_put_bytes(to, e->attributes[i].value);
	}
	*to++ = 0;
	return to;
}

static size_t size_headers(const struct envelope *e)
{
	size_t size = size_blocks(e->n_headers);

	for (size_t i = 0; i < e->n_headers; i++)
		size += wire_bytes_size(e->headers[i].name) + wire_maybe_size(e->headers[i].value);
	return size;
}

static unsigned char *put_headers(unsigned char *to, const struct envelope *e)
{
	if (e->n_headers > 0)
		to = wire_put_long(to, (int64_t)e->n_headers);
	for (size_t i = 0; i < e->n_headers; i++) {
		to = wire_put_bytes(to, e->headers[i].name);
		to = wire_put_maybe(to, e->headers[i].value);
	}
	*to++ = 0;
	return to;
}

/* Where it is, where it came from, and when. */
static size_t size_origin(const struct envelope *e)
{
	return wire_bytes_size(e->stage) + size_time(e->due_ms) + wire_long_size(e->visit)
	       + wire_long_size(e->attempts) + wire_long_size(e->replays)
	       + wire_bytes_size(e->disposition) + wire_bytes_size(e->group)
	       + wire_bytes_size(e->chain) + wire_maybe_size(e->client_id)
	       + wire_maybe_size(e->host) + wire_bytes_size(e->original_topic)
	       + wire_long_size(e->original_partition) + wire_long_size(e->original_offset)
	       + size_time(e->original_timestamp_ms) + wire_maybe_size(e->original_timestamp_type)
	       + wire_long_size(e->first_failed_ms) + wire_long_size(e->last_failed_ms);
}

static unsigned char *put_origin(unsigned char *to, const struct envelope *e)
{
	to = wire_put_bytes(to, e->stage);
	to = put_time(to, e->due_ms);
	to = wire_put_long(to, e->visit);
	to = wire_put_long(to, e->attempts);
	to = wire_put_long(to, e->replays);
	to = wire_put_bytes(to, e->disposition);
	to = wire_put_bytes(to, e->group);
	to = wire_put_bytes(to, e->chain);
	to = wire_put_maybe(to, e->client_id);
	to = wire_put_maybe(to, e->host);
	to = wire_put_bytes(to, e->original_topic);
	to = wire_put_long(to, e->original_partition);
	to = wire_put_long(to, e->original_offset);
	to = put_time(to, e->original_timestamp_ms);
	to = wire_put_maybe(to, e->original_timestamp_type);
	to = wire_put_long(to, e->first_failed_ms);
	return wire_put_long(to, e->last_failed_ms);
}

/* What failed, and the original record. */
static size_t size_record(const struct envelope *e)
{
	return size_fault(&e->last) + 1 + (e->has_first ? size_fault(&e->first) : 0)
	       + size_history(e) + wire_long_size(e->history_dropped) + size_attributes(e)
	       + wire_maybe_size(e->key_content_type) + wire_maybe_size(e->value_content_type)
	       + (e->has_value_schema_id ? 1 + wire_long_size(e->value_schema_id) : 1) + 1
	       + size_headers(e) + wire_maybe_size(e->key) + wire_maybe_size(e->value);
}

static unsigned char *put_record(unsigned char *to, const struct envelope *e)
{
	to = put_fault(to, &e->last);
	*to++ = e->has_first ? 2 : 0;
	if (e->has_first)
		to = put_fault(to, &e->first);
	to = put_history(to, e);
	to = wire_put_long(to, e->history_dropped);
	to = put_attributes(to, e);
	to = wire_put_maybe(to, e->key_content_type);
	to = wire_put_maybe(to, e->value_content_type);
	*to++ = e->has_value_schema_id ? 2 : 0;
	if (e->has_value_schema_id)
		to = wire_put_long(to, e->value_schema_id);
	*to++ = e->payload_omitted ? 1 : 0;
	to = put_headers(to, e);
	to = wire_put_maybe(to, e->key);
	return wire_put_maybe(to, e->value);
}

size_t envelope_size(const struct envelope *e)
{
	return framing_size(e->framing) + size_origin(e) + size_record(e)
	       + (e->tail.data == NULL ? 0 : e->tail.size);
}

void envelope_put(const struct envelope *e, void *to, size_t size)
{
	struct framing framing = {
		.kind = e->framing,
		.fingerprint = e->fingerprint == 0 ? ENVELOPE_FINGERPRINT : e->fingerprint,
		.schema_id = e->schema_id,
	};
	unsigned char *end = framing_put(to, &framing);

	end = put_origin(end, e);
	end = put_record(end, e);
	end = wire_put_raw(end, e->tail);
	assert(end == (unsigned char *)to + size);
	(void)size;
}

enum stagger_status envelope_write(const struct envelope *e, void **out, size_t *size,
				   struct stagger_error *err)
{
	size_t n = envelope_size(e);

	if (n > ENVELOPE_SIZE_MAX)
		return fail(err, STAGGER_INVALID,
			    "envelope: %zu bytes, but a record holds less than 2 GiB", n);
	void *bytes = malloc(n);
	if (bytes == NULL)
		return fail_memory(err);
	envelope_put(e, bytes, n);
	*out = bytes;
	*size = n;
	return STAGGER_OK;
}
