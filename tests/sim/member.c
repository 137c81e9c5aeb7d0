/* SPDX-License-Identifier: Apache-2.0
 *
 * Simulated members: the real consumer, its lives and its ends, and what it tells. */
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "tell.h"

int64_t sim_pick(struct sim *s, int64_t n)
{
	if (s->tape != NULL)
		return (int64_t)draw_below(s->tape, (size_t)n);
	return (int64_t)(random_next(&s->random) % (uint64_t)n);
}

void sim_stream(struct sim *s, int step, char purpose)
{
	struct random mix = {s->seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)step * 256 +
			     (unsigned char)purpose};
	s->random.state = random_next(&mix);
}

void sim_append(struct sim *s, struct history_event *event, const struct sim_member *m)
{
	event->member = m != NULL ? m->name : NULL;
	event->group = "g";
	event->at_ms = m != NULL ? world_wall_of(s->world, m->number) : world_wall_ms(s->world);
	event->boot_ms = world_boot_ms(s->world);
	history_append(&s->history, event);
	sim_trace(s, event);
}

void sim_fault(struct sim *s, const char *kind, const struct sim_member *m)
{
	struct history_event event = {HISTORY_EVENT(HISTORY_FAULT)};
	event.reason = kind;
	sim_append(s, &event, m);
}

/* Commits are told by the broker. */
static void on_event(const struct stagger_event *event, void *user)
{
	struct sim_member *m = user;
	struct script script;
	struct history_event line;
	if (!m->alive || sim_dies(m))
		return;
	m->revokes += event->kind == STAGGER_REVOKED || event->kind == STAGGER_LOST;
	if (event->kind != STAGGER_COMMITTED && tell_event(event, &script, &line))
		sim_append(m->sim, &line, m);
}

static void quiet(enum stagger_level level, const char *line, void *user)
{
	const struct sim_member *m = user;
	(void)level;
	const char *text = strstr(line, "level="); /* the time before it is the real one */
	if (m->sim->view->json)
		printf("# %s %s\n", m->name, text != NULL ? text : line);
}

static enum stagger_status chain_new(const struct sim *s, bool changed, struct stagger_chain **out,
				     struct stagger_error *err)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_stage_options stage = STAGGER_STAGE_OPTIONS_INIT;
	o.republish = s->republish != (changed && s->turns);
	o.shared_topics = s->shared;
	o.order = s->order;
	o.jitter = s->jitter;
	o.in_place_attempts = s->in_place_attempts;
	o.in_place_delay_ms = s->in_place_delay_ms;
	enum stagger_status status = stagger_chain_new(out, "t", &o, err);
	for (size_t i = 0; status == STAGGER_OK && i < s->n_stages; i++) {
		stage.delay_ms = s->delays_ms[i];
		stage.attempts = s->visits[i];
		stage.retired = changed && (int32_t)i == s->retiring;
		status = stagger_chain_stage_with(*out, &stage, err);
	}
	return status;
}

static void tell_started(struct sim *s, const struct sim_member *m)
{
	struct history_event started = {HISTORY_EVENT(HISTORY_STARTED)};
	started.reason = m->changed ? NULL : "before";
	sim_append(s, &started, m);
}

/* Another clock from its first instant on. */
static int64_t skew(struct sim *s)
{
	if (!s->skewed)
		return 0;
	int64_t most_ms = sim_pick(s, 2) == 0 ? 5000 : 600000;
	return sim_pick(s, 2 * most_ms) - most_ms;
}

static bool join(struct sim *s, int32_t i, bool changed)
{
	struct sim_member *m = &s->members[i];
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer *c = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_error err;
	*m = (struct sim_member){.sim = s, .number = -1, .alive = true, .changed = changed};
	snprintf(m->name, sizeof(m->name), "m%d", i);
	m->skew_ms = skew(s);
	o.group = "g";
	o.instance = s->fixed ? m->name : NULL;
	o.max_in_flight = s->max_in_flight;
	o.max_waiting = s->max_waiting;
	o.max_uncommitted = s->max_uncommitted;
	o.max_ahead = s->max_ahead;
	o.event = on_event;
	o.log = quiet;
	o.user = m;
	enum stagger_status status = stagger_consumer_open(&c, NULL, &o, &err);
	if (status == STAGGER_OK)
		status = chain_new(s, changed, &chain, &err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(c, &chain, &err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(c, NULL, sim_handle, m, &err);
	if (status == STAGGER_OK)
		status = world_join(s->world, &c, &m->number, &err);
	if (status != STAGGER_OK) {
		fprintf(stderr, "sim: %s\n", err.text);
		return false;
	}
	world_skew(s->world, m->number, m->skew_ms);
	tell_started(s, m);
	return true;
}

bool sim_join(struct sim *s, int32_t i)
{
	return join(s, i, false);
}

bool sim_deploy(struct sim *s)
{
	int32_t i = (int32_t)sim_pick(s, s->n_members);
	if (!s->members[i].alive || s->members[i].changed)
		return true;
	s->deploys++;
	sim_stop(s, &s->members[i]);
	return join(s, i, true);
}

void sim_kill(struct sim *s, struct sim_member *m)
{
	sim_fault(s, "kill", m);
	m->alive = false;
	m->n_open = 0;
	world_kill(s->world, m->number);
}

/* Its consumer fails for good: it ends by itself, without a last commit. */
void sim_fence(struct sim *s, struct sim_member *m)
{
	struct stagger_error err = {.text = ""};
	enum stagger_status status = STAGGER_OK;
	sim_fault(s, "kill", m);
	m->crash_in = 0;
	world_fail_source(s->world, m->number, STAGGER_FATAL, 82, "fenced");
	world_settle(s->world);
	if (!world_ended(s->world, m->number, &status, &err) || status != STAGGER_FATAL)
		fprintf(stderr, "sim: %s was fenced and goes on: %s\n", m->name, err.text);
	m->alive = false;
	m->n_open = 0;
}

void sim_stop(struct sim *s, struct sim_member *m)
{
	struct stagger_error err = {.text = ""};
	enum stagger_status status = STAGGER_OK;
	struct history_event stop = {HISTORY_EVENT(HISTORY_STOP)};
	sim_mend(s); /* nothing stands in the way of a clean stop */
	stagger_world_advance(s->world, s->late_ms - world_boot_ms(s->world));
	if (!m->alive)
		return;
	sim_append(s, &stop, m);
	while (m->n_open > 0) { /* what runs ends before the drain's time is over */
		for (size_t i = 0; i < m->n_open; i++)
			m->open[i].settle_ms = 0;
		sim_settle_due(s);
	}
	world_stop(s->world, m->number);
	if (!m->alive)
		return; /* it died over it */
	m->alive = false;
	struct history_counters counters;
	struct history_event stopped = {HISTORY_EVENT(HISTORY_STOPPED)};
	const struct stagger_stats *stats = world_final_stats(s->world, m->number);
	if (stats != NULL) {
		tell_counters(&counters, stats);
		stopped.counters = &counters;
	}
	if (!world_ended(s->world, m->number, &status, &err))
		return;
	if (status == STAGGER_OK)
		sim_append(s, &stopped, m);
	else if (status == STAGGER_TIMEOUT && strncmp(err.text, "revoke_timeout", 14) == 0)
		sim_fault(s, "kill", m); /* a revoke's time was over first, before its hops were told */
}

bool sim_restart(struct sim *s, struct sim_member *m)
{
	struct stagger_error err;
	tell_started(s, m);
	m->n_open = 0;
	m->crash_in = 0;
	m->alive = true;
	if (world_restart(s->world, m->number, &err) == STAGGER_OK)
		return true;
	fprintf(stderr, "sim: restart: %s\n", err.text);
	return false;
}
