/* SPDX-License-Identifier: Apache-2.0
 *
 * The world and its time, which moves only here: from instant to instant, and an instant lasts
 * until nobody has anything to do in it. */
#define _GNU_SOURCE
#include "testing/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "testing/broker.h"
#include "testing/group.h"

/* -- helpers ----------------------------------------------------------------------------- */
void fake_violation(struct stagger_world *w, int32_t member, const char *fmt, ...)
{
	if (w->n_violations++ > 0)
		return;
	int used = snprintf(w->violation, sizeof(w->violation), "member %d: ", member);
	va_list arguments;
	va_start(arguments, fmt);
	vsnprintf(w->violation + used, sizeof(w->violation) - (size_t)used, fmt, arguments);
	va_end(arguments);
}

enum port_fault fake_fault_take(struct fake_fault *fault)
{
	if (fault->n <= 0)
		return PORT_FINE;
	if (fault->n < INT64_MAX)
		fault->n--;
	return fault->fault;
}

int64_t fake_delayed_us(struct stagger_world *w, int64_t delay_ms)
{
	int64_t spread_ms = w->options.spread_ms;
	if (spread_ms > 0)
		delay_ms += (int64_t)(random_next(&w->delays) % (uint64_t)spread_ms);
	return add_saturated(w->clock.boot_us, mul_saturated(delay_ms, 1000));
}

bool fake_grow(void **array, size_t n)
{
	if (n > 0 && (n & (n - 1)) != 0)
		return true;
	if (n > SIZE_MAX / sizeof(void *) / 2)
		return false;
	void *grown = realloc(*array, (n == 0 ? 1 : n * 2) * sizeof(void *));
	if (grown == NULL)
		return false;
	*array = grown;
	return true;
}

/* -- time -------------------------------------------------------------------------------- */
static bool bury(struct stagger_world *w)
{
	bool busy = false;
	for (size_t i = 0; i < w->n_members; i++)
		busy |= fake_life_bury(w->members[i]);
	return busy;
}

static bool instant_step(struct stagger_world *w)
{
	bool busy = fake_logs_step(w);
	for (size_t i = 0; i < w->n_members; i++) {
		if (w->members[i]->engine == NULL)
			continue;
		busy |= fake_sink_step(w->members[i]->sink);
		busy |= fake_source_step(w->members[i]->source);
	}
	busy |= fake_groups_step(w);
	busy |= bury(w);
	for (size_t i = 0; i < w->n_members; i++) {
		busy |= fake_life_turn(w->members[i]);
		busy |= bury(w);
	}
	return busy;
}

void world_settle(struct stagger_world *w)
{
	if (w->settling)
		return;
	w->settling = true;
	/* The caller may have settled tickets, stopped a consumer, cleared a fault. */
	for (size_t i = 0; i < w->n_members; i++)
		w->members[i]->again = true;
	int64_t n_steps = 0;
	while (instant_step(w) && !w->livelocked)
		w->livelocked = ++n_steps >= FAKE_TURNS_MAX;
	w->settling = false;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_instant_us(const struct stagger_world *w)
{
	int64_t next_us = INT64_MAX;
	for (size_t i = 0; i < w->n_members; i++) {
		const struct fake_member *m = w->members[i];
		if (m->engine == NULL)
			continue;
		next_us = earlier(next_us, m->wake_us);
		if (w->silent)
			continue;
		next_us = earlier(next_us, fake_sink_next_us(m->sink));
		next_us = earlier(next_us, fake_commits_next_us(m->source));
		if (m->source->expired_us != 0)
			next_us = earlier(next_us, m->source->expired_us);
	}
	if (!w->silent)
		next_us = earlier(next_us, fake_logs_next_us(w));
	return next_us;
}

bool world_advance_until(struct stagger_world *w, bool (*done)(void *user), void *user,
			 int64_t max_ms)
{
	int64_t ms = max_ms > 0 ? max_ms : 0;
	int64_t until_us = add_saturated(w->clock.boot_us, mul_saturated(ms, 1000));
	while (!w->settling) {
		world_settle(w);
		if (done != NULL && done(user))
			return true;
		if (w->livelocked || w->clock.boot_us >= until_us)
			return false;
		int64_t next_us = earlier(next_instant_us(w), until_us);
		if (next_us > w->clock.boot_us) /* a callback may have taken its time */
			fake_clock_move(&w->clock, next_us - w->clock.boot_us);
	}
	return false;
}

bool world_livelocked(const struct stagger_world *w)
{
	return w->livelocked;
}

int64_t world_wall_ms(const struct stagger_world *w)
{
	return w->clock.wall_us / 1000;
}

int64_t world_boot_ms(const struct stagger_world *w)
{
	return w->clock.boot_us / 1000;
}

void world_step_wall(struct stagger_world *w, int64_t ms)
{
	w->clock.wall_us = add_saturated(w->clock.wall_us, mul_saturated(ms, 1000));
}

void world_pass(struct stagger_world *w, int64_t ms)
{
	fake_clock_move(&w->clock, mul_saturated(ms, 1000));
}

/* -- faults and watching ----------------------------------------------------------------- */
void world_hold_reports(struct stagger_world *w, bool hold)
{
	w->hold_reports = hold;
}

void world_queue_full(struct stagger_world *w, bool full)
{
	w->queue_full = full;
}

void world_silence(struct stagger_world *w, bool on)
{
	w->silent = on;
	for (size_t i = 0; i < w->n_members && !on; i++) {
		const struct fake_source *s = w->members[i]->source;
		for (size_t k = 0; s != NULL && k < s->n_lanes; k++)
			fake_lane_look(s->lanes[k]);
	}
}

void world_delays(struct stagger_world *w, int64_t report_ms, int64_t commit_ms,
		  int64_t spread_ms)
{
	w->options.report_delay_ms = report_ms;
	w->options.commit_delay_ms = commit_ms;
	w->options.spread_ms = spread_ms;
}

void world_observe(struct stagger_world *w, const struct world_watch *watch)
{
	w->watch = watch == NULL ? (struct world_watch){ .user = NULL } : *watch;
}

const char *world_violation(const struct stagger_world *w)
{
	return w->n_violations == 0 ? NULL : w->violation;
}

int64_t world_violations(const struct stagger_world *w)
{
	return w->n_violations;
}

/* -- the world itself -------------------------------------------------------------------- */
enum stagger_status world_new(struct stagger_world **out, const struct world_options *o,
			      struct stagger_error *err)
{
	struct stagger_world *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return fail_memory(err);
	w->options = *o;
	if (o->partitions < 1 || o->partitions > FAKE_PARTITIONS_MAX)
		w->options.partitions = FAKE_PARTITIONS;
	int64_t wall_ms = o->wall_start_ms != 0 ? o->wall_start_ms : FAKE_WALL_START_MS;
	w->clock.wall_us = mul_saturated(wall_ms, 1000);
	w->clock.boot_us = FAKE_BOOT_START_US;
	w->random.state = o->seed;
	w->delays.state = ~o->seed;
	list_init(&w->groups);
	*out = w;
	return STAGGER_OK;
}

void world_free(struct stagger_world **world)
{
	struct stagger_world *w = *world;
	if (w == NULL)
		return;
	w->watch = (struct world_watch){ .user = NULL };
	for (size_t i = 0; i < w->n_members; i++) {
		if (w->members[i]->engine != NULL)
			fake_life_end(w->members[i], true);
		stagger_stats_free(&w->members[i]->stats);
		stagger_consumer_free(&w->members[i]->consumer);
		free(w->members[i]);
	}
	free(w->members);
	fake_groups_free(w);
	fake_topics_free(w);
	free(w);
	*world = NULL;
}
