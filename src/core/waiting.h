/* SPDX-License-Identifier: Apache-2.0
 *
 * One lane's waiting room: messages that are read but not yet due, by due, then offset. Holds nodes
 * that are part of the engine's records; heap_node.key is the instant (wall ms) at which the
 * message may be handled under the clocks of now, tie the offset. Allocated on first use. */
#ifndef CORE_WAITING_H
#define CORE_WAITING_H

#include "base/heap.h"

struct waiting_item {
	struct heap_node node;  /* key: min(due, bound on the boot clock as wall time) */
	int64_t due_ms;
	int64_t bound_boot_ms;  /* schedule_bound_boot_ms() */
	size_t bytes;
};
struct waiting {
	struct heap heap;
	size_t bytes;
	int64_t horizon_ms;     /* earliest due of any record not read yet; INT64_MIN at first */
};

/* Puts an item in; due and bytes are set, tie is the offset. wall - boot is the
 * clocks' distance. */
STAGGER_MUST_USE bool waiting_put(struct waiting *w, struct waiting_item *item,
				  int64_t wall_minus_boot_ms);
struct waiting_item *waiting_head(const struct waiting *w);
/* Takes the head if it may be handled now, else NULL. */
struct waiting_item *waiting_take_due(struct waiting *w, int64_t wall_ms, int64_t boot_ms);
void waiting_remove(struct waiting *w, struct waiting_item *item);
/* The clocks moved apart: keys are computed again. */
void waiting_step(struct waiting *w, int64_t wall_minus_boot_ms);
/* Whether the next record must be read, too: it might be due before the head (stop rule). */
bool waiting_wants_more(const struct waiting *w, size_t max_items);
void waiting_clear(struct waiting *w);

#endif
