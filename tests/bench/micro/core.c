/* SPDX-License-Identifier: Apache-2.0
 *
 * The decisions and the tables of core. */
#include "micro.h"

#include <stdlib.h>

#include "base/list.h"
#include "core/offsets.h"
#include "core/route.h"
#include "core/waiting.h"

#define WINDOW 256 /* offsets seen before the first of them is finished */
#define ROOM   10000
#define LANES  1000

static void offsets(int64_t n, int64_t stride)
{
	struct offsets o;
	int64_t at = 0;

	MICRO_MUST(offsets_start(&o, 0, NULL, 0, NULL) == STAGGER_OK);
	while (at < n) {
		for (int64_t i = 0; i < WINDOW; i++)
			MICRO_MUST(offsets_see(&o, at + i) == OFFSETS_NEW);
		for (int64_t i = 0; i < WINDOW; i++)
			MICRO_MUST(offsets_finish(&o, at + i * stride % WINDOW));
		at += WINDOW;
	}
	MICRO_MUST(offsets_next(&o) == at);
	offsets_clear(&o);
}

void micro_offsets_in_order(int64_t n)
{
	offsets(n, 1);
}

void micro_offsets_out_of_order(int64_t n)
{
	offsets(n, 97); // prime to WINDOW: each once
}

static struct stagger_chain *chain(void)
{
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *made;

	MICRO_MUST(stagger_chain_new(&made, "orders", &options, NULL) == STAGGER_OK);
	MICRO_MUST(stagger_chain_never(made, "Invalid*", NULL) == STAGGER_OK);
	MICRO_MUST(chain_seal(made, "billing", NULL) == STAGGER_OK);
	return made;
}

static void route(int64_t n, const struct route_facts *facts, enum place place)
{
	struct stagger_chain *orders = chain();

	for (int64_t i = 0; i < n; i++)
		MICRO_MUST(route_next(orders, facts).place == place);
	stagger_chain_free(&orders);
}

void micro_route_done(int64_t n)
{
	route(n, &(struct route_facts){.verdict = STAGGER_DONE, .error_class = "", .call = 1},
	      PLACE_FINISHED);
}

void micro_route_retry(int64_t n)
{
	route(n, &(struct route_facts){
			 .verdict = STAGGER_RETRY, .error_class = "BankBusy", .error_code = "503",
			 .visit = 1, .call = 1, .now_ms = INT64_C(1767225300000), .jitter = 0.5,
		 },
	      PLACE_STAGE);
}

/* One comes, the earliest goes, in a room that holds ROOM of them. */
void micro_waiting(int64_t n)
{
	struct waiting room = {.horizon_ms = INT64_MIN};
	struct waiting_item *items = calloc(ROOM, sizeof(*items));

	MICRO_MUST(items != NULL);
	for (int64_t i = 0; i < ROOM + n; i++) {
		struct waiting_item *item = i < ROOM ? &items[i] : NULL;
		if (item == NULL)
			item = waiting_take_due(&room, INT64_MAX, INT64_MAX);
		else
			item->node = (struct heap_node)HEAP_NODE_INIT;
		MICRO_MUST(item != NULL);
		item->due_ms = i * 10 + i * 7919 % 2000; // as jitter would
		item->bound_boot_ms = item->due_ms;
		item->node.tie = i;
		item->bytes = 100;
		MICRO_MUST(waiting_put(&room, item, 0));
	}
	waiting_clear(&room);
	free(items);
}

/* The timers of LANES lanes: the earliest is over and set again. */
void micro_heap(int64_t n)
{
	struct heap heap = {0};
	struct heap_node *nodes = calloc(LANES, sizeof(*nodes));

	MICRO_MUST(nodes != NULL);
	for (int64_t i = 0; i < LANES; i++) {
		nodes[i] = (struct heap_node)HEAP_NODE_INIT;
		nodes[i].key = i * 7919 % LANES;
		MICRO_MUST(heap_push(&heap, &nodes[i]));
	}
	for (int64_t i = 0; i < n; i++) {
		struct heap_node *top = heap_pop(&heap);
		top->key += 1 + i * 7919 % LANES;
		MICRO_MUST(heap_push(&heap, top));
	}
	heap_clear(&heap);
	free(nodes);
}
