/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON lines to events. Unknown fields are skipped, so that a newer worker can be judged. */
#define _GNU_SOURCE
#include "history.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_fields.h"

static bool refuse(char *why, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	return false;
}

static void read_field(struct history_event *event, const struct history_field *field,
		       const json_t *value)
{
	void *place = (char *)event + field->place;

	switch (field->type) {
	case HISTORY_TEXT:
		*(const char **)place = json_string_value(value);
		break;
	case HISTORY_INT32:
		if (json_is_integer(value))
			*(int32_t *)place = (int32_t)json_integer_value(value);
		break;
	case HISTORY_INT64:
		if (json_is_integer(value))
			*(int64_t *)place = json_integer_value(value);
		break;
	case HISTORY_HASH:
		if (json_is_string(value))
			*(uint64_t *)place = strtoull(json_string_value(value), NULL, 16);
		break;
	case HISTORY_BOOL:
		*(bool *)place = json_is_true(value);
		break;
	}
}

static enum history_kind kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum history_kind kind;
	} kinds[] = {
#define X(text, constant) {text, HISTORY_##constant},
		HISTORY_KINDS(X)
#undef X
	};

	for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return kinds[i].kind;
	return HISTORY_NONE;
}

static void read_counters(struct history_counters *counters, const json_t *object)
{
	*counters = (struct history_counters){.handled = 0};
#define X(name) counters->name = json_integer_value(json_object_get(object, #name));
	HISTORY_COUNTERS(X)
#undef X
}

static void read_stages(struct history *h, const json_t *list)
{
	struct history_config *config = &h->config;

	config->n_stages = 0;
	for (size_t i = 0; i < json_array_size(list) && i < HISTORY_MAX_STAGES; i++) {
		const json_t *stage = json_array_get(list, i);
		config->stages[config->n_stages++] = (struct history_stage){
			.name = history_text(h, json_string_value(json_object_get(stage, "name"))),
			.topic = history_text(h, json_string_value(json_object_get(stage, "topic"))),
			.delay_ms = json_integer_value(json_object_get(stage, "delay_ms")),
			.visits = (int32_t)json_integer_value(json_object_get(stage, "visits")),
			.retired = json_is_true(json_object_get(stage, "retired")),
		};
	}
}

static void read_config(struct history *h, const json_t *line)
{
	struct history_config *config = &h->config;
	const json_t *value;

#define TEXT(name)                                                                                 \
	if ((value = json_object_get(line, #name)) != NULL)                                        \
		config->name = history_text(h, json_string_value(value));
	TEXT(group) TEXT(topic) TEXT(dlt) TEXT(order)
#undef TEXT
#define NUMBER(name)                                                                               \
	if ((value = json_object_get(line, #name)) != NULL)                                        \
		config->name = json_integer_value(value);
	NUMBER(jitter_max_ms) NUMBER(longest_wait_ms) NUMBER(max_uncommitted)
	NUMBER(drain_timeout_ms) NUMBER(progress_ms) NUMBER(max_lateness_ms)
#undef NUMBER
	if ((value = json_object_get(line, "in_place_attempts")) != NULL)
		config->in_place_attempts = (int32_t)json_integer_value(value);
	if ((value = json_object_get(line, "in_place_everywhere")) != NULL)
		config->in_place_everywhere = json_is_true(value);
	if ((value = json_object_get(line, "republish")) != NULL)
		config->republish = json_is_true(value);
	if ((value = json_object_get(line, "revoke_is_fault")) != NULL)
		config->revoke_is_fault = json_is_true(value);
	if ((value = json_object_get(line, "jitter")) != NULL)
		config->jitter = json_number_value(value);
	if ((value = json_object_get(line, "stages")) != NULL)
		read_stages(h, value);
}

bool history_read_line(struct history *h, const char *line, char *why, size_t size)
{
	json_error_t error;
	json_t *object = json_loads(line, 0, &error);

	if (object == NULL)
		return refuse(why, size, "column %d: %s", error.column, error.text);
	struct history_event event = {HISTORY_EVENT(HISTORY_NONE)};
	struct history_counters counters;
	const char *name = json_string_value(json_object_get(object, "event"));
	const json_t *stopped = json_object_get(object, "counters");
	const char *key;
	json_t *value;

	event.kind = kind_of(name);
	json_object_foreach (object, key, value) {
		const struct history_field *field = history_field(key);
		if (field != NULL)
			read_field(&event, field, value);
	}
	if (stopped != NULL) {
		read_counters(&counters, stopped);
		event.counters = &counters;
	}
	if (event.kind == HISTORY_CONFIG)
		read_config(h, object);
	if (event.kind != HISTORY_NONE)
		history_append(h, &event);
	else
		refuse(why, size, "no such event: '%s'", name == NULL ? "" : name);
	json_decref(object);
	return event.kind != HISTORY_NONE;
}

bool history_read_file(struct history *h, const char *path, char *why, size_t size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	size_t n = 0;
	bool good = true;
	char text[256];

	if (file == NULL)
		return refuse(why, size, "%s: %s", path, strerror(errno));
	for (ssize_t got; good && (got = getline(&line, &room, file)) > 0;) {
		n++;
		if (line[got - 1] != '\n')
			break;
		good = history_read_line(h, line, text, sizeof(text));
	}
	if (!good)
		refuse(why, size, "%s: line %zu: %s", path, n, text);
	free(line);
	fclose(file);
	return good;
}
