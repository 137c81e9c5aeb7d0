/* SPDX-License-Identifier: Apache-2.0
 *
 * A binary min-heap of pointers. Each node carries its place, so taking one out of the middle (a
 * lane that is revoked) costs a logarithm and no search. */
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_ROOM 16

static bool before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key < b->key || (a->key == b->key && a->tie < b->tie);
}

static void put(struct heap *heap, size_t place, struct heap_node *node)
{
	heap->nodes[place] = node;
	node->place = place;
}

static void sift_up(struct heap *heap, struct heap_node *node)
{
	size_t place = node->place;
	while (place > 0) {
		struct heap_node *parent = heap->nodes[(place - 1) / 2];
		if (!before(node, parent))
			break;
		size_t up = parent->place;
		put(heap, place, parent);
		place = up;
	}
	put(heap, place, node);
}

static void sift_down(struct heap *heap, struct heap_node *node)
{
	size_t place = node->place;
	for (;;) {
		size_t child = 2 * place + 1;
		if (child >= heap->n)
			break;
		if (child + 1 < heap->n && before(heap->nodes[child + 1], heap->nodes[child]))
			child++;
		if (!before(heap->nodes[child], node))
			break;
		put(heap, place, heap->nodes[child]);
		place = child;
	}
	put(heap, place, node);
}

bool heap_push(struct heap *heap, struct heap_node *node)
{
	assert(node->place == HEAP_OUT);
	if (heap->n == HEAP_MAX)
		return false;
	if (heap->n == heap->room) {
		size_t room = heap->room == 0 ? FIRST_ROOM : heap->room * 2;
		struct heap_node **nodes = realloc(heap->nodes, room * sizeof(struct heap_node *));
		if (nodes == NULL)
			return false;
		heap->nodes = nodes;
		heap->room = room;
	}
	put(heap, heap->n++, node);
	sift_up(heap, node);
	return true;
}

struct heap_node *heap_top(const struct heap *heap)
{
	return heap->n == 0 ? NULL : heap->nodes[0];
}

struct heap_node *heap_pop(struct heap *heap)
{
	struct heap_node *top = heap_top(heap);
	if (top != NULL)
		heap_remove(heap, top);
	return top;
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	if (node->place == HEAP_OUT)
		return;
	assert(node->place < heap->n && heap->nodes[node->place] == node);
	size_t place = node->place;
	struct heap_node *last = heap->nodes[--heap->n];
	node->place = HEAP_OUT;
	if (last == node)
		return;
	put(heap, place, last);
	heap_moved(heap, last);
}

void heap_moved(struct heap *heap, struct heap_node *node)
{
	sift_up(heap, node);
	sift_down(heap, node);
}

void heap_rebuild(struct heap *heap)
{
	for (size_t i = heap->n / 2; i > 0; i--)
		sift_down(heap, heap->nodes[i - 1]);
}

void heap_clear(struct heap *heap)
{
	free(heap->nodes);
	*heap = (struct heap){0};
}
