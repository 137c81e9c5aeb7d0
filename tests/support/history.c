/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing history: events by value, texts once each. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "history_fields.h"

#define FIELD(member, type, absent)                                                                \
	{ #member, type, absent, offsetof(struct history_event, member) }

const struct history_field history_fields[] = {
	FIELD(at_ms, HISTORY_INT64, 0),
	FIELD(attempt, HISTORY_INT32, 0),
	FIELD(boot_ms, HISTORY_INT64, 0),
	FIELD(due_ms, HISTORY_INT64, 0),
	FIELD(error_class, HISTORY_TEXT, 0),
	FIELD(failed_ms, HISTORY_INT64, 0),
	FIELD(first_seen_boot_ms, HISTORY_INT64, 0),
	FIELD(first_seen_ms, HISTORY_INT64, 0),
	FIELD(group, HISTORY_TEXT, 0),
	FIELD(headers_hash, HISTORY_HASH, 0),
	FIELD(id, HISTORY_TEXT, 0),
	FIELD(key, HISTORY_TEXT, 0),
	FIELD(key_hash, HISTORY_HASH, 0),
	FIELD(lost, HISTORY_BOOL, 0),
	FIELD(member, HISTORY_TEXT, 0),
	FIELD(next_offset, HISTORY_INT64, -1),
	FIELD(offset, HISTORY_INT64, -1),
	FIELD(original_offset, HISTORY_INT64, -1),
	FIELD(original_partition, HISTORY_INT32, -1),
	FIELD(original_topic, HISTORY_TEXT, 0),
	FIELD(partition, HISTORY_INT32, -1),
	FIELD(reason, HISTORY_TEXT, 0),
	FIELD(retry_after_ms, HISTORY_INT64, 0),
	FIELD(script, HISTORY_TEXT, 0),
	FIELD(settled, HISTORY_BOOL, 0),
	FIELD(stage, HISTORY_TEXT, 0),
	FIELD(to_topic, HISTORY_TEXT, 0),
	FIELD(topic, HISTORY_TEXT, 0),
	FIELD(value_hash, HISTORY_HASH, 0),
	FIELD(verdict, HISTORY_TEXT, 0),
	FIELD(visit, HISTORY_INT32, 0),
};
const size_t history_n_fields = sizeof(history_fields) / sizeof(history_fields[0]);

static int compare_name(const void *name, const void *field)
{
	return strcmp(name, ((const struct history_field *)field)->name);
}

const struct history_field *history_field(const char *name)
{
	return bsearch(name, history_fields, history_n_fields, sizeof(history_fields[0]),
		       compare_name);
}

const char *history_kind_name(enum history_kind kind)
{
	switch (kind) {
	case HISTORY_NONE:
		break;
#define X(name, constant)                                                                          \
	case HISTORY_##constant:                                                                   \
		return name;
		HISTORY_KINDS(X)
#undef X
	}
	return "none";
}

const char *history_text(struct history *h, const char *text)
{
	if (text == NULL)
		return NULL;
	size_t size = strlen(text);
	struct map_key key = {map_hash(text, size), size, 0};
	size_t place = map_put(&h->text_places, key, h->n_texts);
	/* two texts of one length and hash: the next key */
	while (place < h->n_texts && strcmp(h->texts[place], text) != 0) {
		key.c++;
		place = map_put(&h->text_places, key, h->n_texts);
	}
	if (place == h->n_texts) {
		if (h->n_texts == h->room_texts) {
			h->room_texts = h->room_texts == 0 ? 256 : h->room_texts * 2;
			h->texts = map_grow(h->texts, h->room_texts, sizeof(*h->texts));
		}
		char *copy = map_grow(NULL, size + 1, 1);
		memcpy(copy, text, size + 1);
		h->texts[h->n_texts++] = copy;
	}
	return h->texts[place];
}

static const struct history_counters *keep_counters(struct history *h,
						    const struct history_counters *counters)
{
	if (counters == NULL)
		return NULL;
	struct history_counters *copy = map_grow(NULL, 1, sizeof(*copy));
	*copy = *counters;
	h->counters = map_grow(h->counters, h->n_counters + 1, sizeof(*h->counters));
	h->counters[h->n_counters++] = copy;
	return copy;
}

void history_append(struct history *h, const struct history_event *event)
{
	if (h->n == h->room) {
		h->room = h->room == 0 ? 256 : h->room * 2;
		h->events = map_grow(h->events, h->room, sizeof(*h->events));
	}
	struct history_event *copy = &h->events[h->n++];
	*copy = *event;
	for (size_t i = 0; i < history_n_fields; i++) {
		if (history_fields[i].type != HISTORY_TEXT)
			continue;
		const char **text = (const char **)(void *)((char *)copy + history_fields[i].place);
		*text = history_text(h, *text);
	}
	copy->counters = keep_counters(h, event->counters);
}

void history_configure(struct history *h, const struct history_config *config)
{
	struct history_config *copy = &h->config;

	*copy = *config;
	copy->group = history_text(h, config->group);
	copy->topic = history_text(h, config->topic);
	copy->dlt = history_text(h, config->dlt);
	copy->order = history_text(h, config->order);
	for (size_t i = 0; i < config->n_stages; i++) {
		copy->stages[i].name = history_text(h, config->stages[i].name);
		copy->stages[i].topic = history_text(h, config->stages[i].topic);
	}
}

struct turn {
	int64_t at_ms;
	size_t place;
};

static int compare_turns(const void *a, const void *b)
{
	const struct turn *left = a;
	const struct turn *right = b;

	if (left->at_ms != right->at_ms)
		return left->at_ms < right->at_ms ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

void history_merge(struct history *h, const size_t *starts, size_t n_files)
{
	if (h->n == 0)
		return;
	struct turn *turns = map_grow(NULL, h->n, sizeof(*turns));
	struct history_event *sorted = map_grow(NULL, h->n, sizeof(*sorted));
	size_t file = 0;
	int64_t at_ms = INT64_MIN;

	/* a wall clock that stepped back must not reorder its own file */
	for (size_t i = 0; i < h->n; i++) {
		for (; file < n_files && starts[file] <= i; file++)
			at_ms = INT64_MIN;
		if (h->events[i].at_ms > at_ms)
			at_ms = h->events[i].at_ms;
		turns[i] = (struct turn){at_ms, i};
	}
	qsort(turns, h->n, sizeof(*turns), compare_turns);
	for (size_t i = 0; i < h->n; i++)
		sorted[i] = h->events[turns[i].place];
	free(turns);
	free(h->events);
	h->events = sorted;
	h->room = h->n;
}

void history_clear(struct history *h)
{
	for (size_t i = 0; i < h->n_texts; i++)
		free(h->texts[i]);
	for (size_t i = 0; i < h->n_counters; i++)
		free(h->counters[i]);
	free(h->texts);
	free(h->counters);
	free(h->events);
	map_clear(&h->text_places);
	*h = (struct history){.n = 0};
}
