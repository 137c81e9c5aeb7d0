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
#include "core/route.h"

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

/* -- values ------------------------------------------------------------------------------- */

/* Null texts of an envelope are empty ones; a header's null is something else. */
static struct stagger_bytes text_of(struct stagger_bytes text)
{
	return text.data ? text : bytes_text("");
}

/* Fixed-size numbers go out in network order. */
static struct stagger_bytes big_endian(char *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (char)(unsigned char)(value >> (8 * (size - 1 - i)));
	return (struct stagger_bytes){at, size};
}

static struct stagger_bytes topic(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return text_of(e->original_topic);
}

static struct stagger_bytes partition_text(struct dead_headers *out, const struct envelope *e)
{
	snprintf(out->partition, sizeof(out->partition), "%" PRId32, e->original_partition);
	return bytes_text(out->partition);
}

static struct stagger_bytes partition_int32(struct dead_headers *out, const struct envelope *e)
{
	return big_endian(out->partition, (uint32_t)e->original_partition, sizeof(int32_t));
}

static struct stagger_bytes offset_text(struct dead_headers *out, const struct envelope *e)
{
	snprintf(out->offset, sizeof(out->offset), "%" PRId64, e->original_offset);
	return bytes_text(out->offset);
}

static struct stagger_bytes offset_int64(struct dead_headers *out, const struct envelope *e)
{
	return big_endian(out->offset, (uint64_t)e->original_offset, sizeof(int64_t));
}

static bool is_timed(const struct envelope *e)
{
	return e->original_timestamp_ms != ENVELOPE_NO_TIME;
}

/* Kafka's clients call no time -1, and its type so. */
static struct stagger_bytes timestamp_int64(struct dead_headers *out, const struct envelope *e)
{
	int64_t timestamp_ms = is_timed(e) ? e->original_timestamp_ms : -1;

	return big_endian(out->timestamp, (uint64_t)timestamp_ms, sizeof(int64_t));
}

static struct stagger_bytes timestamp_type(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return is_timed(e) ? text_of(e->original_timestamp_type) : bytes_text("NoTimestampType");
}

static struct stagger_bytes group(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return text_of(e->group);
}

static struct stagger_bytes chain(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return text_of(e->chain);
}

static struct stagger_bytes attempts_text(struct dead_headers *out, const struct envelope *e)
{
	snprintf(out->delivery_count, sizeof(out->delivery_count), "%" PRId32, e->attempts);
	return bytes_text(out->delivery_count);
}

/* What nobody failed on (expired, undecodable, foreign) has the disposition, so that readers who
 * group by class see more than nothing. */
static struct stagger_bytes error_class(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return e->last.error_class.size > 0 ? e->last.error_class : text_of(e->disposition);
}

static struct stagger_bytes error_message(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return text_of(e->last.error_message);
}

static struct stagger_bytes error_detail(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return text_of(e->last.error_detail);
}

/* There are no tasks here, but readers expect a number. */
static struct stagger_bytes task_id(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	(void)e;
	return bytes_text("0");
}

/* Names of Connect's own enumeration: handlers are what its tasks are. */
static struct stagger_bytes connect_stage(struct dead_headers *out, const struct envelope *e)
{
	(void)out;
	return bytes_text(bytes_is(e->disposition, DISPOSITION_UNDECODABLE) ? "VALUE_CONVERTER"
									    : "TASK_PUT");
}

/* -- families ------------------------------------------------------------------------------ */

struct field {
	const char *name;
	struct stagger_bytes (*value)(struct dead_headers *out, const struct envelope *e);
};

static const struct field kafka[] = {
	{"__dlq.errors.topic", topic},
	{"__dlq.errors.partition", partition_text},
	{"__dlq.errors.offset", offset_text},
	{"__dlq.errors.group", group},
	{"__dlq.errors.delivery.count", attempts_text},
	{"__dlq.errors.message", error_message},
	{NULL, NULL},
};

static const struct field connect[] = {
	{"__connect.errors.topic", topic},
	{"__connect.errors.partition", partition_text},
	{"__connect.errors.offset", offset_text},
	{"__connect.errors.connector.name", group},
	{"__connect.errors.task.id", task_id},
	{"__connect.errors.stage", connect_stage},
	{"__connect.errors.class.name", chain},
	{"__connect.errors.exception.class.name", error_class},
	{"__connect.errors.exception.message", error_message},
	{"__connect.errors.exception.stacktrace", error_detail},
	{NULL, NULL},
};

/* The class stands twice: Spring writes its own wrapper's first and what happened as the cause, so
 * that its readers look at either. */
static const struct field spring[] = {
	{"kafka_dlt-original-topic", topic},
	{"kafka_dlt-original-partition", partition_int32},
	{"kafka_dlt-original-offset", offset_int64},
	{"kafka_dlt-original-timestamp", timestamp_int64},
	{"kafka_dlt-original-timestamp-type", timestamp_type},
	{"kafka_dlt-original-consumer-group", group},
	{"kafka_dlt-exception-fqcn", error_class},
	{"kafka_dlt-exception-cause-fqcn", error_class},
	{"kafka_dlt-exception-message", error_message},
	{"kafka_dlt-exception-stacktrace", error_detail},
	{NULL, NULL},
};

static const struct field none[] = {{NULL, NULL}};

static const struct field *const families[] = {
	[STAGGER_HEADERS_DEFAULT] = kafka, [STAGGER_HEADERS_KAFKA] = kafka,
	[STAGGER_HEADERS_CONNECT] = connect, [STAGGER_HEADERS_SPRING] = spring,
	[STAGGER_HEADERS_NONE] = none,
};

bool dead_headers_make(struct dead_headers *out, enum stagger_dead_letter_headers family,
		       const struct envelope *e)
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
	for (const struct field *f = families[family]; f->name; f++)
		put(out, f->name, f->value(out, e));

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
