/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing double-ended ring of pointers; allocated on first use. */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stagger/error.h>

#define RING_MAX ((size_t)1 << 28) /* items; the owners' own limits are far below */

struct ring {
	void **slots;
	size_t head, n, room; /* room is 0 or a power of two */
};

/* At the tail. False without memory or at RING_MAX. */
STAGGER_MUST_USE bool ring_push(struct ring *ring, void *item);
STAGGER_MUST_USE bool ring_push_front(struct ring *ring, void *item);
void *ring_pop(struct ring *ring);                /* at the head; NULL when empty */
void *ring_at(const struct ring *ring, size_t i); /* i < n, from the head */
/* Keeps only items for which keep(item, user) is true, in order. */
void ring_filter(struct ring *ring, bool (*keep)(void *item, void *user), void *user);
void ring_clear(struct ring *ring); /* frees the slots */

#endif
