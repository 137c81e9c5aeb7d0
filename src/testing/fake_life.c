/* SPDX-License-Identifier: Apache-2.0
 *
 * Members and their lives. A life is one engine with a source and a sink of its own; when it ends
 * they end with it, and the member can be given another. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "consumer/wiring.h"
#include "engine/engine.h"
#include "testing/group.h"

static struct fake_member *member_at(const struct stagger_world *w, int32_t member)
{
	if (member < 0 || (size_t)member >= w->n_members)
		return NULL;
	return w->members[member];
}

static enum stagger_status life_begin(struct fake_member *m, struct stagger_error *err)
{
	enum stagger_status status = STAGGER_NO_MEMORY;
	struct stagger_world *w = m->world;
	m->source = fake_source_new(m);
	m->sink = fake_sink_new(m);
	if (m->source == NULL || m->sink == NULL) {
		status = fail_memory(err);
		goto failed;
	}
	struct wiring_world world = { .clock = fake_clock_port(&m->view),
				      .source = fake_source_port(m->source),
				      .sink = fake_sink_port(m->sink),
				      .inline_workers = true,
				      .seed = random_next(&w->random) };
	stagger_stats_free(&m->stats);
	m->ended = false;
	m->dying = false;
	m->again = true;
	m->wake_us = w->clock.boot_us;
	status = wiring_attach(m->consumer, &world, &m->engine, err);
	if (status == STAGGER_OK)
		return STAGGER_OK;
failed:
	m->engine = NULL;
	fake_source_free(&m->source);
	fake_sink_free(&m->sink);
	return status;
}

void fake_life_end(struct fake_member *m, bool killed)
{
	fake_sink_orphan(m->sink);
	m->dying = true;
	fake_sink_orphan(m->sink);
	wiring_detach(m->consumer);
	m->engine = NULL;
	if (!killed && m->source->n_pinned > 0)
		fake_violation(m->world, m->number, "%zu records were not released",
			       m->source->n_pinned);
	fake_group_leave(m->source, false);
	fake_source_free(&m->source);
	fake_sink_free(&m->sink);
	m->dying = false;
}

bool fake_life_bury(struct fake_member *m)
{
	if (m->engine == NULL || !m->dying)
		return false;
	fake_life_end(m, true);
	struct stagger_error error;
	if (m->reborn && life_begin(m, &error) != STAGGER_OK)
		fake_violation(m->world, m->number, "restart: %s", error.text);
	m->reborn = false;
	return true;
}

bool fake_life_turn(struct fake_member *m)
{
	int64_t now_us = m->world->clock.boot_us;
	if (m->engine == NULL || !(m->news || m->again || m->wake_us <= now_us))
		return false;
	m->again = m->news || m->wake_us <= now_us;
	m->news = false;
	m->calls.turns++;
	if (wiring_turn(m->consumer, &m->wake_us))
		return true;
	if (m->dying)
		return true;
	m->status = engine_result(m->engine, &m->error);
	m->ended = true;
	if (engine_stats(m->engine, &m->stats, NULL) != STAGGER_OK)
		m->stats = NULL; /* no memory */
	fake_life_end(m, false);
	return true;
}

enum stagger_status world_join(struct stagger_world *w, struct stagger_consumer **take_consumer,
			       int32_t *member, struct stagger_error *err)
{
	enum stagger_status status = wiring_check(*take_consumer, err);
	if (status != STAGGER_OK)
		return status;
	void *members = w->members;
	if (!fake_grow(&members, w->n_members))
		return fail_memory(err);
	w->members = members;
	struct fake_member *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return fail_memory(err);
	m->world = w;
	m->view.clock = &w->clock;
	m->number = (int32_t)w->n_members;
	m->consumer = *take_consumer;
	status = life_begin(m, err);
	if (status != STAGGER_OK) {
		free(m);
		return status;
	}
	w->members[w->n_members++] = m;
	*member = m->number;
	*take_consumer = NULL;
	return STAGGER_OK;
}

struct stagger_consumer *world_part(struct stagger_world *w, int32_t member)
{
	struct fake_member *m = member_at(w, member);
	struct stagger_consumer *consumer = m->consumer;
	world_kill(w, member);
	m->consumer = NULL;
	return consumer;
}

void world_kill(struct stagger_world *w, int32_t member)
{
	struct fake_member *m = member_at(w, member);
	if (m == NULL || m->engine == NULL)
		return;
	if (w->settling)
		m->dying = true;
	else
		fake_life_end(m, true);
}

enum stagger_status world_restart(struct stagger_world *w, int32_t member,
				  struct stagger_error *err)
{
	struct fake_member *m = member_at(w, member);
	if (m == NULL)
		return fail(err, STAGGER_INVALID, "no member %d", member);
	if (m->engine != NULL && !m->dying)
		return fail(err, STAGGER_STATE, "member %d runs", member);
	m->reborn = m->engine != NULL;
	return m->reborn ? STAGGER_OK : life_begin(m, err);
}

static bool has_stopped(void *user)
{
	const struct fake_member *m = user;
	return m->engine == NULL;
}

void world_stop(struct stagger_world *w, int32_t member)
{
	struct fake_member *m = member_at(w, member);
	if (m == NULL || m->engine == NULL)
		return;
	engine_stop(m->engine);
	m->again = true;
	if (!w->settling && !world_advance_until(w, has_stopped, m, FAKE_STOP_MAX_MS))
		fake_violation(w, member, "did not stop");
}

void world_skew(struct stagger_world *w, int32_t member, int64_t ms)
{
	struct fake_member *m = member_at(w, member);
	if (m != NULL)
		m->view.skew_us = mul_saturated(ms, 1000);
}

int64_t world_wall_of(const struct stagger_world *w, int32_t member)
{
	const struct fake_member *m = member_at(w, member);
	int64_t skew_us = m == NULL ? 0 : m->view.skew_us;
	return add_saturated(w->clock.wall_us, skew_us) / 1000;
}

struct stagger_consumer *world_member(const struct stagger_world *w, int32_t member)
{
	const struct fake_member *m = member_at(w, member);
	return m == NULL ? NULL : m->consumer;
}

bool world_ended(const struct stagger_world *w, int32_t member, enum stagger_status *status,
		 struct stagger_error *err)
{
	const struct fake_member *m = member_at(w, member);
	if (m == NULL || !m->ended)
		return false;
	if (status != NULL)
		*status = m->status;
	if (err != NULL)
		*err = m->error;
	return true;
}

const struct stagger_stats *world_final_stats(const struct stagger_world *w, int32_t member)
{
	const struct fake_member *m = member_at(w, member);
	return m == NULL ? NULL : m->stats;
}

struct world_calls world_calls(const struct stagger_world *w, int32_t member)
{
	const struct fake_member *m = member_at(w, member);
	struct world_calls calls = { .turns = 0 };
	if (m == NULL)
		return calls;
	calls = m->calls;
	for (size_t i = 0; m->source != NULL && i < m->source->n_lanes; i++)
		calls.paused_now += m->source->lanes[i]->paused;
	return calls;
}
