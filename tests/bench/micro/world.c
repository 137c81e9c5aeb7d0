/* SPDX-License-Identifier: Apache-2.0
 *
 * See world.h. Offsets are made without end, all keys and values are the same bytes; memory is the
 * world's own, so that a pin is only a mark. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "core/chain.h"
#include "engine/engine.h"
#include "micro.h"
#include "workers/workers.h"

#define START_US   INT64_C(1767225300000000)
#define STEP_US    3     /* from one look at a clock to the next: about 1 us a message */
#define N_KEYS     64
#define N_TOPICS   5     /* main, three stages, DLT */
#define N_REPORTS  16384 /* copies in the sink at once, at most */

struct source_lane {
	void *lane;
	int64_t next_offset;
	bool ready, full; /* full: has records */
};
struct world {
	struct world_plan *plan;
	int64_t now_us;
	struct stagger_chain *chain;
	const char *topics[N_TOPICS];
	struct source_lane lanes[N_TOPICS * WORLD_PARTITIONS];
	size_t n_lanes;
	int64_t given;
	int events_told;
	struct port_partition told[N_TOPICS * WORLD_PARTITIONS];
	size_t n_commit;
	void *reports[N_REPORTS];
	size_t first_report, n_reports;
	int64_t keys[N_KEYS];
};

static int64_t clock_us(void *self)
{
	struct world *w = self;

	w->now_us += STEP_US;
	return START_US + w->now_us;
}

/* -- source ------------------------------------------------------------------------------ */
static enum stagger_status start(void *self, struct stagger_error *err)
{
	(void)self;
	(void)err;
	return STAGGER_OK;
}

static bool assign_event(struct world *w, struct port_event *out)
{
	size_t n = 0;

	for (int32_t t = 0; t < w->chain->n_stages; t++)
		for (int32_t p = 0; p < WORLD_PARTITIONS; p++)
			w->told[n++] = (struct port_partition){
				.topic = w->topics[t], .partition = p, .committed = -1,
				.log_end = INT64_MAX};
	*out = (struct port_event){.kind = PORT_ASSIGN, .partitions = w->told, .n = n};
	return true;
}

static bool next_event(void *self, struct port_event *out)
{
	struct world *w = self;

	if (w->events_told == 0) {
		w->events_told++;
		*out = (struct port_event){.kind = PORT_READY};
		return true;
	}
	if (w->events_told == 1) {
		w->events_told++;
		return assign_event(w, out);
	}
	if (w->n_commit == 0)
		return false;
	*out = (struct port_event){
		.kind = PORT_COMMITTED, .partitions = w->told, .n = w->n_commit};
	w->n_commit = 0;
	return true;
}

static enum stagger_status assign(void *self, struct port_start *list, size_t n,
				  struct stagger_error *err)
{
	struct world *w = self;
	const char *full = w->topics[w->plan->from_stage ? 1 : 0];

	(void)err;
	w->n_lanes = n;
	for (size_t i = 0; i < n; i++) {
		w->lanes[i] = (struct source_lane){.lane = list[i].lane, .ready = true,
						   .full = strcmp(list[i].topic, full) == 0};
		list[i].handle = &w->lanes[i];
	}
	return STAGGER_OK;
}

static void unassign(void *self)
{
	(void)self;
}

static size_t ready(void *self, void **lanes, size_t max)
{
	struct world *w = self;
	size_t n = 0;

	for (size_t i = 0; i < w->n_lanes && n < max; i++) {
		if (w->lanes[i].ready)
			lanes[n++] = w->lanes[i].lane;
		w->lanes[i].ready = false;
	}
	return n;
}

static size_t fetch(void *self, void *handle, struct port_record *out, size_t max)
{
	struct world *w = self;
	struct source_lane *lane = handle;

	for (size_t i = 0; lane->full && i < max; i++, w->given++) {
		out[i] = (struct port_record){
			.offset = lane->next_offset++,
			.timestamp_ms = START_US / 1000,
			.key = {&w->keys[w->given % N_KEYS], sizeof(w->keys[0])},
			.value = w->plan->value,
			.pin = w,
		};
	}
	return lane->full ? max : 0;
}

static void release(void *self, void *pin)
{
	MICRO_MUST(pin == self);
}

static void hold(void *self, void *const *handles, size_t n, bool pause)
{
	(void)self;
	(void)handles;
	(void)n;
	(void)pause;
}

static int64_t resume_lead_ms(void *self)
{
	(void)self;
	return 1100;
}

static void commit(void *self, const struct port_commit *list, size_t n)
{
	struct world *w = self;

	for (size_t i = 0; i < n; i++)
		w->told[i] = (struct port_partition){.topic = list[i].topic,
						     .partition = list[i].partition,
						     .lane = list[i].lane};
	w->n_commit = n;
}

static void ask_bounds(void *self, void *const *handles, size_t n)
{
	(void)self;
	(void)handles;
	(void)n;
}

static void leave(void *self, bool remove)
{
	(void)self;
	(void)remove;
}

/* -- sink -------------------------------------------------------------------------------- */
static int32_t topic(void *self, const char *name)
{
	const struct world *w = self;

	for (int32_t i = 0; i < N_TOPICS; i++)
		if (strcmp(w->topics[i], name) == 0)
			return i;
	return -1;
}

static int32_t partitions(void *self, int32_t number)
{
	(void)self;
	(void)number;
	return WORLD_PARTITIONS;
}

static enum port_fault produce(void *self, const struct port_hop *hop, bool *full)
{
	struct world *w = self;

	*full = w->n_reports == N_REPORTS;
	if (*full)
		return PORT_RETRIABLE;
	w->reports[(w->first_report + w->n_reports++) % N_REPORTS] = hop->opaque;
	return PORT_FINE;
}

static size_t reports(void *self, struct port_report *out, size_t max)
{
	struct world *w = self;
	size_t n = 0;

	for (; n < max && w->n_reports > 0; n++, w->n_reports--) {
		out[n] = (struct port_report){.opaque = w->reports[w->first_report]};
		w->first_report = (w->first_report + 1) % N_REPORTS;
		w->plan->finished++;
	}
	return n;
}

static enum stagger_status rebuild(void *self, struct stagger_error *err)
{
	(void)self;
	(void)err;
	return STAGGER_OK;
}

/* -- the run ----------------------------------------------------------------------------- */
static void make_chain(struct world *w)
{
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;

	options.order = w->plan->order;
	options.workers = STAGGER_INLINE;
	options.in_place_attempts = w->plan->in_place_attempts;
	options.in_place_backoff = STAGGER_BACKOFF_IMMEDIATE;
	MICRO_MUST(stagger_chain_new(&w->chain, "orders", &options, NULL) == STAGGER_OK);
	MICRO_MUST(chain_seal(w->chain, "billing", NULL) == STAGGER_OK);
	MICRO_MUST(w->chain->n_stages == N_TOPICS - 1);
	for (int32_t i = 0; i < w->chain->n_stages; i++)
		w->topics[i] = w->chain->stages[i].topic;
	w->topics[N_TOPICS - 1] = w->chain->dead_letter_topic;
}

static struct engine_options options_of(struct world *w)
{
	return (struct engine_options){
		.group = "billing", .client_id = "billing-7", .host = "worker-7.example",
		.drain_timeout_ms = 30000, .revoke_timeout_ms = 30000,
		.commit_interval_ms = 100, .pause_after_ms = 60000,
		.max_in_flight = 4096, .max_in_flight_bytes = 64 << 20,
		.max_waiting = 16384, .max_waiting_bytes = 64 << 20,
		.max_uncommitted = 65536, .max_ahead = 1048576,
		.clock = {w, clock_us, clock_us},
		.source = {w, start, next_event, assign, unassign, ready, fetch, release, hold,
			   resume_lead_ms, commit, ask_bounds, leave},
		.sink = {w, topic, partitions, produce, reports, rebuild},
	};
}

void world_run(struct world_plan *plan)
{
	static struct world zero;
	struct world *w = malloc(sizeof(*w));
	struct inline_workers *workers;
	struct engine *engine;

	MICRO_MUST(w != NULL);
	*w = zero;
	w->plan = plan;
	for (int64_t i = 0; i < N_KEYS; i++)
		w->keys[i] = i;
	make_chain(w);
	struct workers_options for_workers = {
		.chain = "orders", .n = 1, .handler = plan->handler, .user = plan, .clock = {w, clock_us, clock_us}};
	MICRO_MUST(inline_new(&workers, &for_workers, NULL) == STAGGER_OK);
	struct engine_options options = options_of(w);
	struct engine_chain chain = {w->chain, inline_port(workers)};
	MICRO_MUST(engine_new(&engine, &options, &chain, 1, NULL) == STAGGER_OK);
	MICRO_MUST(engine_start(engine, NULL) == STAGGER_OK);
	while (plan->finished < plan->n) {
		int64_t again_us;
		MICRO_MUST(engine_turn(engine, &again_us));
		if (again_us > START_US + w->now_us)
			w->now_us = again_us - START_US; // nothing to do until then
	}
	engine_free(&engine);
	inline_free(&workers);
	stagger_chain_free(&w->chain);
	free(w);
}
