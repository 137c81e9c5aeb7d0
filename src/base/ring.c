/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing ring of pointers. Its room is a power of two, so that a place is one mask away. */
#include "base/ring.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 8

static size_t slot(const struct ring *ring, size_t i)
{
	return (ring->head + i) & (ring->room - 1);
}

static bool make_room(struct ring *ring)
{
	if (ring->n == RING_MAX)
		return false;
	if (ring->n < ring->room)
		return true;
	size_t room = ring->room == 0 ? FIRST_ROOM : ring->room * 2;
	void **slots = malloc(room * sizeof(void *));
	if (slots == NULL)
		return false;
	for (size_t i = 0; i < ring->n; i++)
		slots[i] = ring->slots[slot(ring, i)];
	free(ring->slots);
	*ring = (struct ring){.slots = slots, .n = ring->n, .room = room};
	return true;
}

bool ring_push(struct ring *ring, void *item)
{
	if (!make_room(ring))
		return false;
	ring->slots[slot(ring, ring->n++)] = item;
	return true;
}

bool ring_push_front(struct ring *ring, void *item)
{
	if (!make_room(ring))
		return false;
	ring->head = slot(ring, ring->room - 1);
	ring->slots[ring->head] = item;
	ring->n++;
	return true;
}

void *ring_pop(struct ring *ring)
{
	if (ring->n == 0)
		return NULL;
	void *item = ring->slots[ring->head];
	ring->head = slot(ring, 1);
	ring->n--;
	return item;
}

void *ring_at(const struct ring *ring, size_t i)
{
	assert(i < ring->n);
	return ring->slots[slot(ring, i)];
}

void ring_filter(struct ring *ring, bool (*keep)(void *item, void *user), void *user)
{
	size_t kept = 0;
	for (size_t i = 0; i < ring->n; i++) {
		void *item = ring->slots[slot(ring, i)];
		if (keep(item, user))
			ring->slots[slot(ring, kept++)] = item;
	}
	ring->n = kept;
}

void ring_clear(struct ring *ring)
{
	free(ring->slots);
	*ring = (struct ring){0};
}
