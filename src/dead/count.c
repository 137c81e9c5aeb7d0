/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts dead letters. Groups are found by a hash of their names in a table that is grown before it
 * is half full. */
#define _GNU_SOURCE
#include "dead/count.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/instant.h"

#define FIRST_ROOM 64 /* a power of two */
#define HOUR_TEXT 13  /* "2026-01-02T03" */

void count_init(struct count *c, enum count_by by)
{
	*c = (struct count){.by = by};
}

/* What the letter is counted as; text holds it where it is made. */
static const char *name_of(enum count_by by, const struct dead_letter *letter,
			   char text[INSTANT_TEXT])
{
	const struct stagger_envelope *e = letter->envelope;

	if (by == COUNT_HOUR) {
		int64_t when_ms = dead_letter_when_ms(letter);
		if (when_ms < 0)
			return "(no time)";
		instant_format(when_ms, text);
		if (text[0] != '@')
			memcpy(text + HOUR_TEXT, "Z", 2);
		return text;
	}
	if (e == NULL)
		return COUNT_NO_ENVELOPE;
	switch (by) {
	case COUNT_CLASS:
		return e->last.error_class;
	case COUNT_TOPIC:
		return e->original_topic;
	case COUNT_STAGE:
		return dead_letter_stage(letter);
	case COUNT_CHAIN:
		return e->chain;
	case COUNT_DISPOSITION:
		return e->disposition;
	case COUNT_HOUR:
		break;
	}
	return "";
}

/* The place of that name in the table of room slots, taken or free. */
static size_t place_of(const struct count *c, const size_t *slots, size_t room, const char *name)
{
	size_t at = (size_t)bytes_hash(bytes_text(name)) & (room - 1);

	while (slots[at] != 0 && strcmp(c->groups[slots[at] - 1].name, name) != 0)
		at = (at + 1) & (room - 1);
	return at;
}

static bool grow(struct count *c)
{
	size_t room = c->room == 0 ? FIRST_ROOM : c->room * 2;
	struct count_group *groups = realloc(c->groups, room / 2 * sizeof(*groups));
	if (groups != NULL)
		c->groups = groups;
	size_t *slots = calloc(room, sizeof(*slots));
	if (groups == NULL || slots == NULL) {
		free(slots);
		return false;
	}
	for (size_t i = 0; i < c->n; i++)
		slots[place_of(c, slots, room, c->groups[i].name)] = i + 1;
	free(c->slots);
	c->slots = slots;
	c->room = room;
	return true;
}

static struct count_group *group_named(struct count *c, const char *name)
{
	if (c->n >= c->room / 2 && !grow(c))
		return NULL;
	size_t at = place_of(c, c->slots, c->room, name);
	if (c->slots[at] != 0)
		return &c->groups[c->slots[at] - 1];
	if (c->n >= COUNT_MAX_GROUPS && strcmp(name, COUNT_OTHERS) != 0)
		return group_named(c, COUNT_OTHERS);
	char *copy = strdup(name);
	if (copy == NULL)
		return NULL;
	c->groups[c->n] = (struct count_group){.name = copy, .first_ms = -1, .last_ms = -1};
	c->slots[at] = c->n + 1;
	return &c->groups[c->n++];
}

bool count_add(struct count *c, const struct dead_letter *letter)
{
	char text[INSTANT_TEXT];
	int64_t when_ms = dead_letter_when_ms(letter);
	struct count_group *group = group_named(c, name_of(c->by, letter, text));

	if (group == NULL)
		return false;
	group->n++;
	c->total++;
	if (when_ms >= 0 && (group->first_ms < 0 || when_ms < group->first_ms))
		group->first_ms = when_ms;
	if (when_ms > group->last_ms)
		group->last_ms = when_ms;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct count_group *left = a;
	const struct count_group *right = b;

	return strcmp(left->name, right->name);
}

static int by_number(const void *a, const void *b)
{
	const struct count_group *left = a;
	const struct count_group *right = b;

	if (left->n != right->n)
		return left->n < right->n ? 1 : -1;
	return by_name(a, b);
}

void count_sort(struct count *c)
{
	if (c->n > 0)
		qsort(c->groups, c->n, sizeof(*c->groups),
		      c->by == COUNT_HOUR ? by_name : by_number);
}

void count_clear(struct count *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->groups[i].name);
	free(c->groups);
	free(c->slots);
	*c = (struct count){.by = c->by};
}
