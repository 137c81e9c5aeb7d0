/* SPDX-License-Identifier: Apache-2.0
 *
 * Strands: messages whose calls never overlap. Each has main's queue (FIFO) and the stages' (by
 * due, then offset); slices of both kinds take turns, so that a due retry waits for at most one
 * slice of main. A strand that is out with the workers, or holds a message that waits in place, is
 * in no turn. */
#include "engine/state.h"

static bool strand_free_to_go(const struct strand *s)
{
	return s->loose || (s->out == 0 && (s->held == 0 || MUTANT(held_strand_goes)));
}

/* The earliest due a stage slice would begin with; INT64_MAX when there is none. */
static int64_t strand_stage_key(const struct strand *s)
{
	const struct record *again = s->again.n > 0 ? ring_at(&s->again, 0) : NULL;
	if (again != NULL && again->stage != CHAIN_MAIN)
		return again->item.due_ms;
	if (again != NULL && !s->loose)
		return INT64_MAX;
	const struct heap_node *top = heap_top(&s->stages);
	return top != NULL ? top->key : INT64_MAX;
}

static bool strand_has_main(const struct strand *s)
{
	const struct record *again = s->again.n > 0 ? ring_at(&s->again, 0) : NULL;
	if (again != NULL)
		return again->stage == CHAIN_MAIN;
	return s->main.n > 0;
}

static void list_with_main(struct chain_state *chain, struct strand *s, bool listed)
{
	if (listed == !list_empty(&s->turn_main))
		return;
	if (listed)
		list_push_back(&chain->with_main, &s->turn_main);
	else
		list_remove(&s->turn_main);
	chain->n_with_main += listed ? 1 : -1;
}

void strand_update(struct strand *s)
{
	struct chain_state *chain = s->column->chain;
	bool go = strand_free_to_go(s);
	bool has_main = go && strand_has_main(s);
	int64_t key = go ? strand_stage_key(s) : INT64_MAX;
	if (!s->loose && has_main && key != INT64_MAX) { /* one slice of each in turn */
		has_main = !s->main_last;
		key = has_main ? INT64_MAX : key;
	}
	if (key == INT64_MAX) {
		heap_remove(&chain->with_stages, &s->turn_stages);
	} else if (s->turn_stages.place != HEAP_OUT) {
		s->turn_stages.key = key;
		heap_moved(&chain->with_stages, &s->turn_stages);
	} else {
		s->turn_stages.key = key;
		s->turn_stages.tie = s->column->partition;
		if (!heap_push(&chain->with_stages, &s->turn_stages))
			engine_no_memory(chain->engine);
	}
	list_with_main(chain, s, has_main);
}

bool strand_put(struct record *r)
{
	struct strand *s = r->strand;
	if (r->stage == CHAIN_MAIN) {
		if (!ring_push(&s->main, r))
			return false;
	} else {
		r->item.node.key = r->item.due_ms;
		r->item.node.tie = MUTANT(room_overtakes) ? -r->call.message.read_offset
							  : r->call.message.read_offset;
		if (!heap_push(&s->stages, &r->item.node))
			return false;
	}
	record_set(r, RECORD_QUEUED);
	strand_update(s);
	return true;
}

bool strand_put_again(struct record *r)
{
	if (!ring_push(&r->strand->again, r))
		return false;
	record_set(r, RECORD_QUEUED);
	strand_update(r->strand);
	return true;
}

void strand_hold(struct strand *s)
{
	s->held++;
	strand_update(s);
}

void strand_release(struct strand *s)
{
	s->held--;
	strand_update(s);
}

static void drop_all(struct engine *e, struct strand *s)
{
	struct record *r;
	struct heap_node *node;
	while ((r = ring_pop(&s->again)) != NULL)
		record_free(e, r);
	while ((r = ring_pop(&s->main)) != NULL)
		record_free(e, r);
	while ((node = heap_pop(&s->stages)) != NULL)
		record_free(e, record_of_node(node));
	strand_update(s);
}

static void for_each_strand(struct engine *e, void (*do_it)(struct engine *, struct strand *))
{
	for (size_t c = 0; c < e->n_chains; c++)
		for (int32_t i = 0; i < e->chains[c].n_columns; i++) {
			struct column *column = e->chains[c].columns[i];
			if (column == NULL)
				continue;
			if (column->single != NULL)
				do_it(e, column->single);
			for (size_t k = 0; column->keyed != NULL && k < ENGINE_KEY_STRANDS; k++)
				if (column->keyed[k] != NULL)
					do_it(e, column->keyed[k]);
		}
}

void strands_drop(struct engine *e)
{
	for_each_strand(e, drop_all);
}

static bool keep_others(void *item, void *lane)
{
	return ((struct record *)item)->lane != lane;
}

static void drop_queued(struct engine *e, struct record *r, void *lane)
{
	if (r->lane == lane && r->state == RECORD_BACKOFF)
		record_free(e, r);
	if (r->lane != lane || r->state != RECORD_QUEUED)
		return;
	struct strand *s = r->strand;
	heap_remove(&s->stages, &r->item.node);
	ring_filter(&s->again, keep_others, lane);
	ring_filter(&s->main, keep_others, lane);
	record_free(e, r);
	strand_update(s);
}

void strands_drop_lane(struct engine *e, struct lane *lane)
{
	records_each(e, drop_queued, lane);
}

/* -- slices ------------------------------------------------------------------------------ */

static struct record *strand_take(struct strand *s, bool stages)
{
	const struct record *again = s->again.n > 0 ? ring_at(&s->again, 0) : NULL;
	if (again != NULL && (again->stage != CHAIN_MAIN) == stages)
		return ring_pop(&s->again);
	if (again != NULL && !s->loose)
		return NULL;
	if (!stages)
		return ring_pop(&s->main);
	struct heap_node *top = heap_pop(&s->stages);
	return top != NULL ? record_of_node(top) : NULL;
}

/* A loose strand is shared among the idle workers; an ordered one gives what it has. */
static size_t slice_size(const struct engine *e, const struct strand *s, bool stages)
{
	const struct chain_state *chain = s->column->chain;
	size_t most = s->most;
	int64_t left = e->budget.max_uncommitted - e->budget.uncommitted;
	if (left < (int64_t)most)
		most = left > 0 ? (size_t)left : 0;
	if (s->loose && chain->workers.n > 1) {
		size_t n = s->again.n + (stages ? s->stages.n : s->main.n);
		size_t share = n / (size_t)chain->workers.n + 1;
		most = share < most ? share : most;
	}
	return most;
}

/* An envelope may come from anybody, its numbers too. */
static int32_t attempt_of(const struct record *r)
{
	int64_t before = r->envelope != NULL ? r->envelope->attempts : 0;
	if (MUTANT(attempts_reset) && r->call.message.visit > 1)
		before = 0;
	int64_t attempt = (before > 0 ? before : 0) + r->calls + 1;
	return attempt < INT32_MAX ? (int32_t)attempt : INT32_MAX;
}

static void slice_fill(struct engine *e, struct strand *s, struct port_slice *slice, size_t most)
{
	const struct stagger_chain *chain = s->column->chain->chain;
	slice->next = NULL;
	slice->strand = s;
	slice->n = 0;
	slice->n_called = 0;
	slice->stop_at_failure = false;
	slice->stop_at_defer = !s->loose;
	struct record *r;
	while (slice->n < most && (r = strand_take(s, slice->stages)) != NULL) {
		record_set(r, RECORD_READ);
		if (route_expired(chain, r->call.message.timestamp_ms, e->now.wall_ms) &&
		    r->calls == 0) {
			settle_dead(e, r, DISPOSITION_EXPIRED);
			continue;
		}
		record_hand(e, r);
		if (!s->loose && route_may_wait(chain, r->stage))
			slice->stop_at_failure = true;
		record_set(r, RECORD_CALLED);
		e->n_called++;
		r->call.message.attempt = attempt_of(r);
		slice->calls[slice->n++] = &r->call;
	}
}

static struct strand *strand_first(struct chain_state *chain, bool stages)
{
	if (stages) {
		struct heap_node *top = heap_top(&chain->with_stages);
		return top != NULL ? container_of(top, struct strand, turn_stages) : NULL;
	}
	struct list *first = list_first(&chain->with_main);
	return first != NULL ? container_of(first, struct strand, turn_main) : NULL;
}

/* While max_uncommitted is used up only what was handed out before may go: an in-place retry. Its
 * finish may be what the others wait for. */
static struct strand *strand_owed(struct chain_state *chain, bool stages)
{
	for (size_t i = 0; stages && i < chain->with_stages.n; i++) {
		struct strand *s = container_of(chain->with_stages.nodes[i], struct strand,
						turn_stages);
		const struct record *again = s->again.n > 0 ? ring_at(&s->again, 0) : NULL;
		if (again != NULL && again->stage != CHAIN_MAIN)
			return s;
	}
	if (stages)
		return NULL;
	for (struct list *at = chain->with_main.next; at != &chain->with_main; at = at->next) {
		struct strand *s = container_of(at, struct strand, turn_main);
		if (s->again.n > 0) /* it is in this list for the first of them */
			return s;
	}
	return NULL;
}

/* One slice of one kind; false when there is none to be had. */
static bool dispatch_one(struct engine *e, struct chain_state *chain, bool stages)
{
	bool pressed = e->budget.uncommitted >= e->budget.max_uncommitted;
	struct strand *s = pressed ? strand_owed(chain, stages) : strand_first(chain, stages);
	if (s == NULL)
		return false;
	size_t most = pressed ? 1 : slice_size(e, s, stages);
	struct port_slice *slice = chain->free_slices;
	chain->free_slices = slice->next;
	slice->stages = stages;
	slice_fill(e, s, slice, most);
	if (!stages)
		list_with_main(chain, s, false); /* to the tail of the turn */
	if (slice->n == 0) {
		slice->next = chain->free_slices;
		chain->free_slices = slice;
	} else {
		s->out++;
		s->main_last = !stages;
		chain->out++;
		chain->turn_stages = !stages;
		chain->workers.submit(chain->workers.self, slice);
	}
	strand_update(s);
	e->progress = true;
	return true;
}

void strands_dispatch(struct engine *e)
{
	if (e->farewell != FAREWELL_NONE)
		return;
	for (size_t c = 0; c < e->n_chains; c++) {
		struct chain_state *chain = &e->chains[c];
		while (chain->free_slices != NULL) {
			bool stages = chain->turn_stages;
			if (!dispatch_one(e, chain, stages) && !dispatch_one(e, chain, !stages))
				break;
		}
	}
}

/* A failure that may be retried in place ends its slice: where handlers fail one after the other,
 * slices are as short as what they call, and grow again as fast. */
static void learn_size(struct strand *s, const struct port_slice *slice)
{
	if (slice->n_called == 0)
		return;
	const struct port_call *last = slice->calls[slice->n_called - 1];
	if (slice->n_called < slice->n && last->verdict != STAGGER_DONE)
		s->most = 2 * slice->n_called;
	else if (slice->n_called == slice->n && s->most < 2 * slice->n)
		s->most = 2 * slice->n;
	if (s->most > PORT_SLICE_MAX)
		s->most = PORT_SLICE_MAX;
}

/* What a slice brings back untouched goes where it was taken from, in order. */
static void untouched(struct engine *e, struct strand *s, struct port_slice *slice)
{
	for (size_t i = slice->n; i > slice->n_called; i--) {
		struct record *r = record_of_call(slice->calls[i - 1]);
		record_leave(e, r);
		bool put = false;
		if (r->lane == NULL || e->farewell != FAREWELL_NONE) {
			record_free(e, r);
			continue;
		}
		record_unhand(e, r);
		if (r->calls > 0)
			put = ring_push_front(&s->again, r);
		else if (r->stage == CHAIN_MAIN)
			put = ring_push_front(&s->main, r);
		else
			put = strand_put(r);
		if (put)
			record_set(r, RECORD_QUEUED);
		else
			engine_no_memory(e);
	}
}

void strands_collect(struct engine *e)
{
	for (size_t c = 0; c < e->n_chains; c++) {
		struct chain_state *chain = &e->chains[c];
		struct port_slice *slice;
		while ((slice = chain->workers.done(chain->workers.self)) != NULL) {
			struct strand *s = slice->strand;
			s->out--;
			chain->out--;
			learn_size(s, slice);
			untouched(e, s, slice);
			for (size_t i = 0; i < slice->n_called; i++) {
				if (i + 2 < slice->n_called) /* another core wrote it */
					__builtin_prefetch(&slice->calls[i + 2]->verdict);
				struct record *r = record_of_call(slice->calls[i]);
				record_leave(e, r);
				settle_call(e, r);
			}
			slice->next = chain->free_slices;
			chain->free_slices = slice;
			strand_update(s);
			e->progress = true;
		}
	}
}
