/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns: the lanes of one chain with the same partition number share strands, so that calls for
 * one key never overlap whatever the stage. They outlive their lanes: a strand whose call is still
 * out must be found again when the partition comes back. */
#include "engine/state.h"

#include <stdlib.h>

#include "base/bytes.h"

struct column *column_get(struct chain_state *chain, int32_t partition)
{
	if (partition >= chain->n_columns) {
		size_t n = (size_t)partition + 1;
		struct column **columns = realloc(chain->columns, n * sizeof(struct column *));
		if (columns == NULL)
			return NULL;
		for (size_t i = (size_t)chain->n_columns; i < n; i++)
			columns[i] = NULL;
		chain->columns = columns;
		chain->n_columns = (int32_t)n;
	}
	struct column **slot = &chain->columns[partition];
	if (*slot == NULL) {
		*slot = calloc(1, sizeof(**slot));
		if (*slot == NULL)
			return NULL;
		(*slot)->chain = chain;
		(*slot)->partition = partition;
	}
	return *slot;
}

static struct strand *strand_get(struct strand **slot, struct column *column, bool loose)
{
	if (*slot != NULL)
		return *slot;
	struct strand *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->column = column;
	s->loose = loose;
	s->most = PORT_SLICE_MAX;
	s->turn_stages = (struct heap_node)HEAP_NODE_INIT;
	list_init(&s->turn_main);
	*slot = s;
	return s;
}

struct strand *column_strand(struct column *column, struct stagger_bytes key)
{
	enum stagger_order order = column->chain->chain->order;
	if (order == STAGGER_ORDER_PARTITION)
		return strand_get(&column->single, column, false);
	if (order == STAGGER_ORDER_NONE || key.data == NULL)
		return strand_get(&column->single, column, true);
	if (column->keyed == NULL) {
		column->keyed = calloc(ENGINE_KEY_STRANDS, sizeof(struct strand *));
		if (column->keyed == NULL)
			return NULL;
	}
	return strand_get(&column->keyed[bytes_hash(key) % ENGINE_KEY_STRANDS], column, false);
}

static void strand_free(struct strand *s)
{
	if (s == NULL)
		return;
	ring_clear(&s->again);
	ring_clear(&s->main);
	heap_clear(&s->stages);
	free(s);
}

void columns_clear(struct chain_state *chain)
{
	for (int32_t i = 0; i < chain->n_columns; i++) {
		struct column *column = chain->columns[i];
		if (column == NULL)
			continue;
		strand_free(column->single);
		for (size_t k = 0; column->keyed != NULL && k < ENGINE_KEY_STRANDS; k++)
			strand_free(column->keyed[k]);
		free(column->keyed);
		free(column);
	}
	free(chain->columns);
	heap_clear(&chain->with_stages);
}
