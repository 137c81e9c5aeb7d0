/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop's body: one turn looks at everything that can have news, once, in the order a message
 * takes; then it computes from the data when it wants to be called again. Nothing waits in here. */
#include "engine/state.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/wake.h"

struct instant engine_now(const struct engine *e)
{
	int64_t wall_us = e->o.clock.wall_us(e->o.clock.self);
	int64_t boot_us = e->o.clock.boot_us(e->o.clock.self);
	return (struct instant){ wall_us, boot_us, wall_us / 1000, boot_us / 1000 };
}

void engine_end(struct engine *e, enum stagger_status status, int32_t kafka_code, const char *text)
{
	if (e->ended)
		return;
	e->ended = true;
	if (e->result == STAGGER_OK || text != NULL) {
		e->result = status;
		e->error.kafka_code = kafka_code;
		if (text != NULL)
			snprintf(e->error.text, sizeof(e->error.text), "%s", text);
	}
	e->error.status = e->result;
}

void engine_no_memory(struct engine *e)
{
	engine_end(e, STAGGER_NO_MEMORY, 0, "out of memory");
}

/* -- clocks ------------------------------------------------------------------------------ */

static void keys_again(struct engine *e, int64_t apart_ms)
{
	e->clocks_keyed_ms = apart_ms;
	for (size_t i = 0; i < e->n_lanes; i++) {
		waiting_step(&e->lanes[i]->room, apart_ms);
		lane_timer(e, e->lanes[i]);
	}
}

/* Each turn, and each second while anything waits, the two clocks are compared: a step re-arms all
 * timers and is counted, a drift that has added up only re-arms them. What is read after a step
 * must not be keyed by the distance of before it: it would overtake. */
static void compare_clocks(struct engine *e)
{
	int64_t apart_ms = e->now.wall_ms - e->now.boot_ms;
	int64_t moved_ms = apart_ms - e->clocks_apart_ms;
	e->clocks_apart_ms = apart_ms;
	if (moved_ms > ENGINE_STEP_MS || moved_ms < -ENGINE_STEP_MS) {
		e->count.clock_steps++;
		log_warn(e->o.log, "clock step: the wall clock moved by %lld ms",
			 (long long)moved_ms);
	}
	int64_t drift_ms = apart_ms - e->clocks_keyed_ms;
	if (drift_ms > ENGINE_STEP_MS || drift_ms < -ENGINE_STEP_MS)
		keys_again(e, apart_ms);
}

/* -- ticks ------------------------------------------------------------------------------- */

/* What has stood since the tick before is copied, so that it pins no fetch response; what a handler
 * runs on is left. */
static void copy_pinned(struct engine *e)
{
	for (struct list *at = e->pinned.next; at != &e->pinned;) {
		struct record *r = container_of(at, struct record, pinned);
		at = at->next;
		if (r->tick + 1 >= e->tick)
			return;
		if (r->state != RECORD_CALLED && !record_own(e, r))
			return; /* no memory: at the next tick */
	}
}

/* What other lanes let go of makes room here, too; a head may have to be parked again. */
static void look_at_lanes(struct engine *e)
{
	for (size_t i = 0; i < e->n_lanes; i++) {
		struct lane *lane = e->lanes[i];
		if (lane->stage == CHAIN_MAIN)
			continue;
		if ((lane->gate & GATE_ROOM) != 0)
			intake_gates(e, lane);
		repark_run(e, lane);
	}
}

static void tick(struct engine *e)
{
	if (e->now.boot_ms - e->tick_boot_ms >= e->o.commit_interval_ms) {
		e->tick_boot_ms = e->now.boot_ms;
		e->tick++;
		e->commit_failed = false;
		copy_pinned(e);
		hops_silent(e);
		e->pump = true;
		e->sink_full = false; /* a report clears it sooner */
		commit_run(e, false);
	} else if (e->commit_now || (budget_presses(&e->budget) && !e->commit_failed)) {
		commit_run(e, false);
	}
	e->commit_now = false;
	if (e->now.boot_ms - e->second_boot_ms >= 1000) {
		e->second_boot_ms = e->now.boot_ms;
		events_stuck(e);
		look_at_lanes(e);
	}
}

/* -- events of the source ---------------------------------------------------------------- */

static void first_contact(struct engine *e)
{
	for (size_t i = 0; i < e->n_chains; i++) {
		const struct stagger_chain *chain = e->chains[i].chain;
		int32_t n = e->o.sink.partitions(e->o.sink.self, e->chains[i].topics[CHAIN_MAIN]);
		for (int32_t s = 1; s < chain->n_stages; s++) {
			int32_t have = e->o.sink.partitions(e->o.sink.self, e->chains[i].topics[s]);
			if (n > 0 && have > 0 && have != n)
				log_warn(e->o.log,
					 "unequal partitions: '%s' has %d, '%s' has %d: a message "
					 "and its retries may be handled by different members",
					 chain->topic, n, chain->stages[s].topic, have);
		}
	}
}

static void event_take(struct engine *e, const struct port_event *event)
{
	e->progress = true;
	switch (event->kind) {
	case PORT_READY:
		first_contact(e);
		return;
	case PORT_ASSIGN:
		assign_take(e, event);
		return;
	case PORT_REVOKE:
		if (e->farewell == FAREWELL_LEAVING)
			return;
		if (event->lost && !MUTANT(commit_of_lost))
			farewell_lost(e);
		else
			farewell_begin(e, false);
		return;
	case PORT_RESET:
		assign_reset(e, event);
		return;
	case PORT_BOUNDS:
		assign_bounds(e, event);
		return;
	case PORT_COMMITTED:
		commit_done(e, event);
		return;
	case PORT_LEFT:
		if (e->farewell == FAREWELL_LEAVING)
			engine_end(e, e->result, e->error.kafka_code, NULL);
		return;
	case PORT_FAILED:
		engine_end(e, event->status, event->kafka_code, event->text);
		return;
	}
}

/* -- the turn ---------------------------------------------------------------------------- */

static void run_inline(struct engine *e)
{
	pthread_mutex_unlock(&e->lock); /* handlers may ask for statistics */
	for (size_t i = 0; i < e->n_chains; i++)
		e->chains[i].workers.run(e->chains[i].workers.self,
					 e->now.boot_us + ENGINE_TURN_US);
	pthread_mutex_lock(&e->lock);
}

static void turn(struct engine *e)
{
	struct port_event event;
	compare_clocks(e);
	while (!e->ended && e->o.source.next_event(e->o.source.self, &event))
		event_take(e, &event);
	if (e->ended)
		return;
	reports_take(e);
	tickets_take_settled(e);
	strands_collect(e);
	tick(e);
	hold_resume_due(e);
	settle_backoffs(e);
	if (e->pump && e->n_parked > 0) {
		e->pump = false;
		hops_pump(e);
	}
	if (e->farewell == FAREWELL_NONE) {
		intake_due(e);
		intake_run(e);
		intake_due(e);
	}
	strands_dispatch(e);
	run_inline(e);
	if (e->farewell != FAREWELL_NONE)
		farewell_step(e);
	hold_apply(e);
}

static int64_t boot_of_wall(const struct engine *e, int64_t wall_ms)
{
	int64_t wall_us = mul_saturated(wall_ms, 1000);
	return add_saturated(wall_us, e->now.boot_us - e->now.wall_us);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_wake(const struct engine *e)
{
	if (e->progress)
		return e->now.boot_us;
	int64_t wake = WAKE_NEVER;
	const struct heap_node *top = heap_top(&e->dues);
	if (top != NULL && budget_room(&e->budget, false) > 0)
		wake = earlier(wake, boot_of_wall(e, top->key));
	top = heap_top(&e->resumes);
	if (top != NULL)
		wake = earlier(wake, boot_of_wall(e, top->key));
	top = heap_top(&e->backoffs);
	if (top != NULL)
		wake = earlier(wake, mul_saturated(top->key, 1000));
	if (e->farewell != FAREWELL_NONE)
		wake = earlier(wake, mul_saturated(e->farewell_boot_ms, 1000));
	if (commit_needed(e) || !list_empty(&e->pinned) || e->n_parked > 0 || e->n_hopping > 0 ||
	    e->sink_dead)
		wake = earlier(wake, (e->tick_boot_ms + e->o.commit_interval_ms) * 1000);
	if (e->dues.n > 0 || e->n_called > 0)
		wake = earlier(wake, (e->second_boot_ms + 1000) * 1000);
	return wake;
}

bool engine_turn(struct engine *e, int64_t *wake_boot_us)
{
	pthread_mutex_lock(&e->lock);
	e->now = engine_now(e);
	e->progress = false;
	if (!e->ended)
		turn(e);
	*wake_boot_us = e->ended ? e->now.boot_us : next_wake(e);
	bool ended = e->ended;
	pthread_mutex_unlock(&e->lock);
	return !ended;
}

void engine_stop(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->now = engine_now(e);
	farewell_begin(e, true);
	pthread_mutex_unlock(&e->lock);
}

enum stagger_status engine_result(const struct engine *e, struct stagger_error *err)
{
	if (e->result == STAGGER_OK)
		return STAGGER_OK;
	return fail_code(err, e->result, e->error.kafka_code, "%s", e->error.text);
}

enum stagger_status engine_start(struct engine *e, struct stagger_error *err)
{
	e->now = engine_now(e);
	e->clocks_apart_ms = e->now.wall_ms - e->now.boot_ms;
	e->clocks_keyed_ms = e->clocks_apart_ms;
	e->second_boot_ms = e->now.boot_ms;
	e->tick_boot_ms = e->now.boot_ms;
	return e->o.source.start(e->o.source.self, err);
}
