/* SPDX-License-Identifier: Apache-2.0
 *
 * A min-heap of intrusive nodes, ordered by key, then tie: dues, then offsets. A node knows its
 * place, so that any node can be taken out. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stagger/error.h>

#define HEAP_OUT SIZE_MAX
#define HEAP_MAX ((size_t)1 << 28) /* nodes; the owners' own limits are far below */

struct heap_node {
	int64_t key, tie;
	size_t place; /* HEAP_OUT when in no heap */
};
struct heap {
	struct heap_node **nodes; /* allocated on first use */
	size_t n, room;
};

#define HEAP_NODE_INIT { .place = HEAP_OUT }

/* The node must be in no heap. False without memory or at HEAP_MAX; the heap is unchanged then. */
STAGGER_MUST_USE bool heap_push(struct heap *heap, struct heap_node *node);
struct heap_node *heap_top(const struct heap *heap); /* NULL when empty */
struct heap_node *heap_pop(struct heap *heap);       /* NULL when empty */
/* Takes the node out; a node that is in no heap is left. */
void heap_remove(struct heap *heap, struct heap_node *node);
/* After key or tie of a node in the heap changed. */
void heap_moved(struct heap *heap, struct heap_node *node);
/* After many keys changed. */
void heap_rebuild(struct heap *heap);
void heap_clear(struct heap *heap); /* frees the array; nodes are forgotten, their place not set */

#endif
