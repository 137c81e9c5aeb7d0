/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and freeing an engine: its chains with their slices, its lists, its budget. */
#include "engine/state.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"

/* Slices out at once: one that runs and one that waits for each thread, so that no worker idles. */
static int32_t slices_of(const struct port_workers *workers)
{
	return 2 * workers->n;
}

static bool chain_topics(struct engine *e, struct chain_state *state)
{
	const struct stagger_chain *chain = state->chain;
	const struct port_sink *sink = &e->o.sink;
	state->topics = calloc((size_t)chain->n_stages, sizeof(int32_t));
	state->routes = calloc(chain->n_routes + 1, sizeof(int32_t));
	if (state->topics == NULL || state->routes == NULL)
		return false;
	for (int32_t s = 0; s < chain->n_stages; s++)
		if ((state->topics[s] = sink->topic(sink->self, chain->stages[s].topic)) < 0)
			return false;
	for (size_t i = 0; i < chain->n_routes; i++)
		if ((state->routes[i] = sink->topic(sink->self, chain->routes[i].topic)) < 0)
			return false;
	if (chain->dead_letter_topic != NULL)
		state->dead_letter_topic = sink->topic(sink->self, chain->dead_letter_topic);
	return state->dead_letter_topic >= 0;
}

static bool chain_init(struct engine *e, struct chain_state *state, const struct engine_chain *from)
{
	state->engine = e;
	state->chain = from->chain;
	state->facts = (struct envelope_facts){
		.group = bytes_text(e->o.group),
		.chain = bytes_text(from->chain->name),
		.client_id = bytes_text(e->o.client_id),
		.host = bytes_text(e->o.host),
		.key_content_type = bytes_text(from->chain->key_content_type),
		.value_content_type = bytes_text(from->chain->value_content_type),
	};
	state->workers = from->workers;
	list_init(&state->with_main);
	int32_t n = slices_of(&state->workers);
	state->n_slices = n;
	state->slices = calloc((size_t)n, sizeof(struct port_slice));
	state->stuck = calloc((size_t)state->workers.n, sizeof(*state->stuck));
	state->stuck_since_us = calloc((size_t)state->workers.n, sizeof(int64_t));
	if (state->slices == NULL || state->stuck == NULL || state->stuck_since_us == NULL)
		return false;
	for (int32_t i = 0; i < n; i++) {
		state->slices[i].next = state->free_slices;
		state->free_slices = &state->slices[i];
	}
	return chain_topics(e, state);
}

static void lists_init(struct engine *e)
{
	list_init(&e->ready);
	list_init(&e->dirty);
	list_init(&e->holding);
	list_init(&e->gone);
	list_init(&e->pinned);
	list_init(&e->exiles);
	list_init(&e->slabs);
}

enum stagger_status engine_new(struct engine **out, const struct engine_options *options,
			       const struct engine_chain *chains, size_t n,
			       struct stagger_error *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return fail_memory(err);
	e->o = *options;
	e->random.state = options->seed;
	e->budget = (struct budget){ .max_messages = options->max_in_flight,
				     .max_bytes = options->max_in_flight_bytes,
				     .max_waiting_bytes = options->max_waiting_bytes,
				     .max_uncommitted = options->max_uncommitted };
	lists_init(e);
	pthread_mutex_init(&e->lock, NULL);
	e->chains = calloc(n, sizeof(struct chain_state));
	bool good = tickets_init(&e->tickets) && e->chains != NULL;
	for (size_t i = 0; good && i < n; i++) {
		e->n_chains = i + 1;
		good = chain_init(e, &e->chains[i], &chains[i]);
	}
	if (!good) {
		engine_free(&e);
		return fail_memory(err);
	}
	*out = e;
	return STAGGER_OK;
}

static void targets_free(struct engine *e)
{
	for (int32_t t = 0; t < e->n_targets; t++) {
		for (int32_t p = 0; p < e->targets[t].n; p++)
			free(e->targets[t].by_partition[p]);
		free(e->targets[t].by_partition);
	}
	free(e->targets);
}

void engine_free(struct engine **engine)
{
	struct engine *e = *engine;
	if (e == NULL)
		return;
	*engine = NULL;
	records_clear(e);
	hops_clear(e);
	for (size_t i = 0; i < e->n_lanes; i++)
		lane_free(e, e->lanes[i]);
	lanes_bury(e);
	free(e->lanes);
	for (size_t i = 0; i < e->n_chains; i++) {
		struct chain_state *state = &e->chains[i];
		columns_clear(state);
		free(state->topics);
		free(state->routes);
		free(state->slices);
		free(state->stuck);
		free(state->stuck_since_us);
	}
	free(e->chains);
	free(e->commit);
	targets_free(e);
	heap_clear(&e->dues);
	heap_clear(&e->resumes);
	heap_clear(&e->backoffs);
	tickets_clear(&e->tickets);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
