/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that lives as long as one config: taken piece by piece, given back at once. */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stagger/message.h>

struct arena_piece;
struct arena {
	struct arena_piece *first;
	bool failed; /* once without memory: whoever reads a file ends with STAGGER_NO_MEMORY */
};

/* Zeroed; NULL without memory. */
void *arena_take(struct arena *a, size_t size);
/* A NUL-terminated copy. */
char *arena_text(struct arena *a, struct stagger_bytes text);
/* An array of n elements that gets one more: the same one, or a copy with room. The new element is
 * zeroed. */
void *arena_more(struct arena *a, void *array, size_t n, size_t size);
void arena_clear(struct arena *a);

#endif
