/* SPDX-License-Identifier: Apache-2.0
 *
 * A waiting room is a heap over two clocks: the key is whichever of them lets the message go first.
 * A key is exact only while the clocks keep their distance, so taking asks both clocks again. */
#include "core/waiting.h"

#include "base/bytes.h"
#include "base/list.h"

static struct waiting_item *item_of(struct heap_node *node)
{
	return node ? container_of(node, struct waiting_item, node) : NULL;
}

static int64_t key_of(const struct waiting_item *item, int64_t wall_minus_boot_ms)
{
	int64_t bound_ms = add_saturated(item->bound_boot_ms, wall_minus_boot_ms);

	return bound_ms < item->due_ms ? bound_ms : item->due_ms;
}

bool waiting_put(struct waiting *w, struct waiting_item *item, int64_t wall_minus_boot_ms)
{
	item->node.key = key_of(item, wall_minus_boot_ms);
	if (!heap_push(&w->heap, &item->node))
		return false;
	w->bytes += item->bytes;
	return true;
}

struct waiting_item *waiting_head(const struct waiting *w)
{
	return item_of(heap_top(&w->heap));
}

struct waiting_item *waiting_take_due(struct waiting *w, int64_t wall_ms, int64_t boot_ms)
{
	struct waiting_item *head = waiting_head(w);

	if (!head || (head->due_ms > wall_ms && head->bound_boot_ms > boot_ms))
		return NULL;
	waiting_remove(w, head);
	return head;
}

void waiting_remove(struct waiting *w, struct waiting_item *item)
{
	if (item->node.place == HEAP_OUT)
		return;
	heap_remove(&w->heap, &item->node);
	w->bytes -= item->bytes;
}

void waiting_step(struct waiting *w, int64_t wall_minus_boot_ms)
{
	for (size_t i = 0; i < w->heap.n; i++) {
		struct waiting_item *item = item_of(w->heap.nodes[i]);

		item->node.key = key_of(item, wall_minus_boot_ms);
	}
	heap_rebuild(&w->heap);
}

bool waiting_wants_more(const struct waiting *w, size_t max_items)
{
	const struct waiting_item *head = waiting_head(w);

	return !head || (w->heap.n < max_items && w->horizon_ms < head->due_ms);
}

void waiting_clear(struct waiting *w)
{
	heap_clear(&w->heap);
	w->bytes = 0;
	w->horizon_ms = INT64_MIN;
}
