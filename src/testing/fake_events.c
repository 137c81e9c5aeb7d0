/* SPDX-License-Identifier: Apache-2.0
 *
 * A fake source's queue of events. Each is one block with copies of its texts, freed when the next
 * one is taken, so that a reader which keeps them longer is caught by a sanitizer. */
#define _GNU_SOURCE
#include "testing/fake.h"

#include <stdlib.h>
#include <string.h>

void fake_event_free(struct fake_event *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++)
		free((void *)(uintptr_t)e->parts[i].topic);
	free(e);
}

struct fake_event *fake_event_new(struct fake_source *s, enum port_event_kind kind, size_t n)
{
	struct fake_event *e = calloc(1, sizeof(*e) + n * sizeof(e->parts[0]));
	if (e == NULL) {
		fake_violation(s->world, s->member->number, "out of memory for an event");
		return NULL;
	}
	list_init(&e->link);
	e->n = n;
	e->event = (struct port_event){ .kind = kind, .n = n };
	e->event.partitions = n == 0 ? NULL : e->parts;
	return e;
}

void fake_event_set(struct fake_event *e, size_t i, const struct port_partition *p)
{
	size_t length = strlen(p->topic) + 1;
	char *texts = malloc(length + p->metadata.size);
	e->parts[i] = *p;
	e->parts[i].topic = texts;
	if (texts == NULL)
		return;
	memcpy(texts, p->topic, length);
	if (p->metadata.data == NULL)
		return;
	memcpy(texts + length, p->metadata.data, p->metadata.size);
	e->parts[i].metadata.data = texts + length;
}

bool fake_event_whole(const struct fake_event *e)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->parts[i].topic == NULL)
			return false;
	}
	return true;
}

void fake_event_push(struct fake_source *s, struct fake_event *e)
{
	if (e == NULL)
		return;
	if (!fake_event_whole(e)) {
		fake_violation(s->world, s->member->number, "out of memory for an event");
		fake_event_free(e);
		return;
	}
	s->left = e->event.kind == PORT_LEFT;
	s->failed = e->event.kind == PORT_FAILED;
	list_push_back(&s->events, &e->link);
	s->member->news = true;
}

bool fake_event_next(struct fake_source *s, struct port_event *out)
{
	fake_event_free(s->current);
	s->current = NULL;
	struct list *first = list_first(&s->events);
	if (first == NULL)
		return false;
	list_remove(first);
	s->current = container_of(first, struct fake_event, link);
	*out = s->current->event;
	return true;
}

void fake_events_drop(struct fake_source *s, enum port_event_kind kind)
{
	struct list *next = NULL;
	for (struct list *l = s->events.next; l != &s->events; l = next) {
		next = l->next;
		struct fake_event *e = container_of(l, struct fake_event, link);
		if (e->event.kind != kind)
			continue;
		list_remove(l);
		fake_event_free(e);
	}
}

static bool is_assigned(const void *lane, const struct port_start *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].lane == lane)
			return true;
	return false;
}

void fake_bounds_drop(struct fake_source *s, const struct port_start *assigned, size_t n)
{
	struct list *next = NULL;
	for (struct list *l = s->events.next; l != &s->events; l = next) {
		next = l->next;
		struct fake_event *e = container_of(l, struct fake_event, link);
		if (e->event.kind != PORT_BOUNDS || is_assigned(e->parts[0].lane, assigned, n))
			continue;
		list_remove(l);
		fake_event_free(e);
	}
}

void fake_events_clear(struct fake_source *s)
{
	fake_event_free(s->current);
	s->current = NULL;
	for (struct list *l = list_first(&s->events); l != NULL; l = list_first(&s->events)) {
		list_remove(l);
		fake_event_free(container_of(l, struct fake_event, link));
	}
}
