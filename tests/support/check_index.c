/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers the messages, records, processes and lanes of a history. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct map_key key_of(const void *a, uint64_t b, int64_t c)
{
	return (struct map_key){(uint64_t)(uintptr_t)a, b, (uint64_t)c};
}

static size_t put(struct map *map, struct map_key key, size_t *n, bool *fresh)
{
	size_t place = map_put(map, key, *n);

	*fresh = place == *n;
	*n += *fresh ? 1 : 0;
	return place;
}

static void make_room(void *list, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return;
	*room = *room == 0 ? 64 : *room * 2;
	*(void **)list = map_grow(*(void **)list, *room, size);
}

static int32_t stage_of(const struct check *c, const char *topic)
{
	const struct history_config *config = &c->h->config;

	if (topic == NULL || config->topic == NULL)
		return -1;
	if (topic == config->topic)
		return 0;
	if (topic == config->dlt)
		return CHECK_DLT;
	for (size_t i = 0; i < config->n_stages; i++)
		if (topic == config->stages[i].topic)
			return (int32_t)i + 1;
	return -1;
}

static int32_t stage_named(const struct check *c, const char *name)
{
	const struct history_config *config = &c->h->config;

	if (name != NULL && strcmp(name, "main") == 0)
		return 0;
	for (size_t i = 0; name != NULL && i < config->n_stages; i++)
		if (name == config->stages[i].name)
			return (int32_t)i + 1;
	return -1;
}

/* A record of main that says it was read elsewhere first: mode republish. */
static bool came_back(const struct check *c, const struct history_event *event)
{
	return c->h->config.republish && stage_of(c, event->topic) == 0 &&
	       event->original_offset >= 0 && event->kind != HISTORY_REMAINS &&
	       (event->original_partition != event->partition ||
		event->original_offset != event->offset);
}

static size_t message_of(struct check *c, const struct history_event *event, size_t at)
{
	bool fresh;

	if (event->id == NULL || strcmp(event->id, "-") == 0)
		return CHECK_NONE;
	make_room(&c->messages, c->n_messages, &c->room_messages, sizeof(*c->messages));
	size_t m = put(&c->message_places, key_of(event->id, 0, 0), &c->n_messages, &fresh);
	struct check_message *message = &c->messages[m];
	if (fresh)
		*message = (struct check_message){
			.id = event->id, .fallback = event, .first = at};
	if (event->kind == HISTORY_PRODUCED && message->produced == NULL) {
		message->produced = event;
		message->key = event->key;
	}
	if (event->kind != HISTORY_REMAINS && event->kind != HISTORY_DEAD)
		message->last = at;
	return m;
}

/* What a member read before the topic was deleted is of the old one, whenever it says so. */
static uint32_t epoch_of(const struct check *c, size_t at)
{
	const struct history_event *event = &c->h->events[at];
	uint32_t epoch = 0;

	for (size_t i = 0; i < c->n_deleted && c->deleted[i] < at; i++) {
		const struct history_event *fault = &c->h->events[c->deleted[i]];
		bool read_before = event->first_seen_ms > 0 && event->first_seen_ms < fault->at_ms;
		epoch += fault->topic == event->topic && !read_before;
	}
	return epoch;
}

static size_t record_of(struct check *c, const struct history_event *event, size_t at)
{
	bool fresh;

	if (event->topic == NULL || event->partition < 0 || event->offset < 0 ||
	    event->kind == HISTORY_RESET || event->kind == HISTORY_PAUSED ||
	    event->kind == HISTORY_RESUMED || event->kind == HISTORY_DRAINED ||
	    event->kind == HISTORY_FAULT)
		return CHECK_NONE;
	make_room(&c->records, c->n_records, &c->room_records, sizeof(*c->records));
	struct map_key key = check_log(c, event);
	key.c = (uint64_t)event->offset;
	if (c->h->config.exact) { /* a truncated log gives an offset to other messages and visits */
		key.a ^= (uint64_t)(uintptr_t)event->id << 16;
		key.c = key.c * 64 + (uint64_t)(event->visit > 0 ? event->visit : 1);
	}
	size_t r = put(&c->record_places, key, &c->n_records, &fresh);
	if (fresh)
		c->records[r] = (struct check_record){event->topic, event->partition,
						      event->offset, CHECK_NONE, at,
						      stage_of(c, event->topic)};
	return r;
}

static size_t process_of(struct check *c, const struct history_event *event, size_t at)
{
	bool fresh;

	if (event->member == NULL)
		return CHECK_NONE;
	make_room(&c->newest, c->n_members, &c->room_members, sizeof(*c->newest));
	size_t member = put(&c->member_places, key_of(event->member, 0, 0), &c->n_members, &fresh);
	if (fresh || event->kind == HISTORY_STARTED) {
		make_room(&c->processes, c->n_processes, &c->room_processes,
			  sizeof(*c->processes));
		c->processes[c->n_processes] = (struct check_process){
			event->member, CHECK_NONE, CHECK_NONE, CHECK_NONE, CHECK_NONE, false};
		c->newest[member] = c->n_processes++;
	}
	size_t p = c->newest[member];
	struct check_process *process = &c->processes[p];
	if (event->kind == HISTORY_STARTED) {
		process->started = at;
		process->before = event->reason != NULL && strcmp(event->reason, "before") == 0;
	} else if (event->kind == HISTORY_STOP) {
		process->stop = at;
	} else if (event->kind == HISTORY_STOPPED) {
		process->stopped = at;
	} else if (check_fault(event, "kill")) {
		process->killed = at;
	}
	return p;
}

static size_t lane_of(struct check *c, const struct history_event *event, size_t process)
{
	bool fresh;

	if (process == CHECK_NONE || event->topic == NULL || event->partition < 0)
		return CHECK_NONE;
	make_room(&c->lanes, c->n_lanes, &c->room_lanes, sizeof(*c->lanes));
	size_t l = put(&c->lane_places, key_of(event->topic, process, event->partition),
		       &c->n_lanes, &fresh);
	if (fresh)
		c->lanes[l] = (struct check_lane){process, event->topic, event->partition};
	return l;
}

static void add_counters(struct check *c, const struct history_counters *counters)
{
#define X(name) c->sums.name += counters->name;
	HISTORY_COUNTERS(X)
#undef X
}

void check_index(struct check *c)
{
	c->where = map_grow(NULL, c->h->n + 1, sizeof(*c->where));
	for (size_t i = 0; i < c->h->n; i++) {
		if (!check_fault(&c->h->events[i], "deleted"))
			continue;
		c->deleted = map_grow(c->deleted, c->n_deleted + 1, sizeof(*c->deleted));
		c->deleted[c->n_deleted++] = i;
	}
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		struct check_where *where = &c->where[i];

		where->epoch = epoch_of(c, i);
		c->truncates = c->truncates || check_truncates(event);
		where->message = message_of(c, event, i);
		where->record = record_of(c, event, i);
		where->process = process_of(c, event, i);
		where->lane = lane_of(c, event, where->process);
		where->back = came_back(c, event);
		where->stage = where->back ? stage_named(c, event->stage)
					   : stage_of(c, event->topic);
		where->to = stage_of(c, event->to_topic);
		if (where->record != CHECK_NONE && where->message != CHECK_NONE)
			c->records[where->record].message = where->message;
		if (event->counters != NULL)
			add_counters(c, event->counters);
	}
}

struct map_key check_log(const struct check *c, const struct history_event *event)
{
	uint64_t epoch = c->where[event - c->h->events].epoch;

	return key_of(event->topic, epoch << 32 | (uint32_t)event->partition, 0);
}
