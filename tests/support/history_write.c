/* SPDX-License-Identifier: Apache-2.0
 *
 * Events to JSON lines. By hand and into the caller's buffer, because a worker's threads write
 * while they are measured. */
#include "history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "history_fields.h"

struct out {
	char *text;
	size_t size, used;
	bool cut;
};

static void put(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(out->text + out->used, out->size - out->used, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= out->size - out->used)
		out->cut = true;
	else
		out->used += (size_t)n;
}

/* Text that is no UTF-8 would make the line unreadable: every byte above 0x7e is escaped. */
static void put_text(struct out *out, const char *text)
{
	put(out, "\"");
	for (const char *c = text; *c != '\0' && !out->cut; c++) {
		unsigned char byte = (unsigned char)*c;
		if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\')
			put(out, "\\u%04x", byte);
		else if (out->used + 1 < out->size)
			out->text[out->used++] = *c;
		else
			out->cut = true;
	}
	put(out, "\"");
}

static void put_number(struct out *out, const char *name, int64_t number)
{
	put(out, ",\"%s\":%" PRId64, name, number);
}

static void put_field(struct out *out, const struct history_event *event,
		      const struct history_field *field)
{
	const void *place = (const char *)event + field->place;

	switch (field->type) {
	case HISTORY_TEXT:
		if (*(const char *const *)place != NULL) {
			put(out, ",\"%s\":", field->name);
			put_text(out, *(const char *const *)place);
		}
		break;
	case HISTORY_INT32:
		if (*(const int32_t *)place != field->absent)
			put_number(out, field->name, *(const int32_t *)place);
		break;
	case HISTORY_INT64:
		if (*(const int64_t *)place != field->absent)
			put_number(out, field->name, *(const int64_t *)place);
		break;
	case HISTORY_HASH:
		if (*(const uint64_t *)place != 0)
			put(out, ",\"%s\":\"%016" PRIx64 "\"", field->name,
			    *(const uint64_t *)place);
		break;
	case HISTORY_BOOL:
		if (*(const bool *)place)
			put(out, ",\"%s\":true", field->name);
		break;
	}
}

static size_t finish(struct out *out)
{
	put(out, "}\n");
	if (out->cut)
		out->used = 0;
	out->text[out->used] = '\0';
	return out->used;
}

size_t history_write(const struct history_event *event, char *line, size_t size)
{
	struct out out = {line, size, 0, false};

	put(&out, "{\"event\":\"%s\"", history_kind_name(event->kind));
	for (size_t i = 0; i < history_n_fields; i++)
		put_field(&out, event, &history_fields[i]);
	if (event->counters != NULL && !out.cut) {
		put(&out, ",\"counters\":");
		size_t brace = out.used;
#define X(name) put_number(&out, #name, event->counters->name);
		HISTORY_COUNTERS(X)
#undef X
		if (!out.cut)
			out.text[brace] = '{'; /* was the first number's comma */
		put(&out, "}");
	}
	return finish(&out);
}

static void put_named(struct out *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	put(out, ",\"%s\":", name);
	put_text(out, text);
}

size_t history_write_config(const struct history_config *config, char *line, size_t size)
{
	struct out out = {line, size, 0, false};

	put(&out, "{\"event\":\"config\"");
	put_named(&out, "group", config->group);
	put_named(&out, "topic", config->topic);
	put_named(&out, "dlt", config->dlt);
	put_named(&out, "order", config->order);
	put(&out, ",\"jitter\":%.6f", config->jitter);
	put_number(&out, "jitter_max_ms", config->jitter_max_ms);
	put_number(&out, "longest_wait_ms", config->longest_wait_ms);
	put_number(&out, "max_uncommitted", config->max_uncommitted);
	put_number(&out, "drain_timeout_ms", config->drain_timeout_ms);
	put_number(&out, "in_place_attempts", config->in_place_attempts);
	if (config->in_place_everywhere)
		put(&out, ",\"in_place_everywhere\":true");
	if (config->republish)
		put(&out, ",\"republish\":true");
	if (config->revoke_is_fault)
		put(&out, ",\"revoke_is_fault\":true");
	if (config->progress_ms != 0)
		put_number(&out, "progress_ms", config->progress_ms);
	if (config->max_lateness_ms != 0)
		put_number(&out, "max_lateness_ms", config->max_lateness_ms);
	put(&out, ",\"stages\":[");
	for (size_t i = 0; i < config->n_stages; i++) {
		put(&out, "%s{\"visits\":%d", i == 0 ? "" : ",", (int)config->stages[i].visits);
		put_number(&out, "delay_ms", config->stages[i].delay_ms);
		put_named(&out, "name", config->stages[i].name);
		put_named(&out, "topic", config->stages[i].topic);
		put(&out, config->stages[i].retired ? ",\"retired\":true}" : "}");
	}
	put(&out, "]");
	return finish(&out);
}
