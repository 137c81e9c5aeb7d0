/* SPDX-License-Identifier: Apache-2.0
 *
 * A file becomes hundreds of small texts and lists with one owner: freeing them one by one would be
 * most of the code of this room, and each error path a chance to forget one. */
#include "config/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_piece {
	struct arena_piece *next;
	max_align_t memory[];
};

void *arena_take(struct arena *a, size_t size)
{
	struct arena_piece *piece = size < SIZE_MAX / 2 ? calloc(1, sizeof(*piece) + size) : NULL;
	if (piece == NULL) {
		a->failed = true;
		return NULL;
	}
	piece->next = a->first;
	a->first = piece;
	return piece->memory;
}

char *arena_text(struct arena *a, struct stagger_bytes text)
{
	char *copy = arena_take(a, text.size + 1);
	if (copy != NULL && text.size > 0)
		memcpy(copy, text.data, text.size);
	return copy;
}

void *arena_more(struct arena *a, void *array, size_t n, size_t size)
{
	/* Room is a power of two, from 4 on: a full array has exactly that many. */
	if (n != 0 && (n < 4 || (n & (n - 1)) != 0))
		return array;
	void *larger = arena_take(a, (n == 0 ? 4 : 2 * n) * size);
	if (larger != NULL && n > 0)
		memcpy(larger, array, n * size);
	return larger;
}

void arena_clear(struct arena *a)
{
	while (a->first != NULL) {
		struct arena_piece *piece = a->first;
		a->first = piece->next;
		free(piece);
	}
	a->failed = false;
}
