/* SPDX-License-Identifier: Apache-2.0
 *
 * Simulated members: the real consumer with a handler that does what each message says, and writes
 * down what happened. */
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "tell.h"

int64_t sim_pick(struct sim *s, int64_t n)
{
	return (int64_t)(random_next(&s->random) % (uint64_t)n);
}

int64_t sim_pick_more(struct sim *s, int64_t n)
{
	return (int64_t)(random_next(&s->more) % (uint64_t)n);
}

void sim_append(struct sim *s, struct history_event *event, const char *member)
{
	event->member = member;
	event->group = "g";
	event->at_ms = world_wall_ms(s->world);
	event->boot_ms = world_boot_ms(s->world);
	history_append(&s->history, event);
	if (s->trace) {
		char line[8192];
		if (history_write(event, line, sizeof(line)) > 0)
			fputs(line, stdout);
	}
}

void sim_fault(struct sim *s, const char *kind, const char *member)
{
	struct history_event event = {HISTORY_EVENT(HISTORY_FAULT)};
	event.reason = kind;
	sim_append(s, &event, member);
}

static enum stagger_verdict defer(struct sim_member *m, const struct stagger_message *message,
				  struct stagger_failure *why)
{
	struct sim *s = m->sim;
	if (m->n_open == SIM_MAX_OPEN)
		return stagger_retry(why, "Busy", "too many open");
	struct sim_open *open = &m->open[m->n_open];
	open->message = stagger_defer(message, &open->ticket);
	if (open->message == NULL)
		return stagger_retry(why, "NoMemory", "no ticket");
	open->settle_ms = world_boot_ms(s->world) + sim_pick(s, 3000);
	m->n_open++;
	return STAGGER_DEFER;
}

static enum stagger_verdict obey(struct sim_member *m, const struct stagger_message *message,
				 const struct script *script, struct stagger_failure *why)
{
	switch (script_letter(script, message->attempt)) {
	case 'R':
		return script->after_ms > 0 ? stagger_retry_after(why, script->after_ms,
								  script->error_class, "again")
					    : stagger_retry(why, script->error_class, "again");
	case 'X':
		return stagger_dead_letter(why, script->error_class, "never");
	case 'A':
		return defer(m, message, why);
	default:
		return STAGGER_DONE;
	}
}

static enum stagger_verdict handle(const struct stagger_message *message,
				   struct stagger_failure *why, void *user)
{
	struct sim_member *m = user;
	struct script script = script_read(message->value);
	struct history_event line = tell_about(HISTORY_HANDLING, message, &script);
	sim_append(m->sim, &line, m->name);
	enum stagger_verdict verdict = obey(m, message, &script, why);
	line.kind = HISTORY_HANDLED;
	line.verdict = tell_verdict(verdict);
	if (verdict == STAGGER_RETRY || verdict == STAGGER_DEAD_LETTER)
		line.error_class = script.error_class;
	if (verdict == STAGGER_RETRY)
		line.retry_after_ms = script.after_ms;
	sim_append(m->sim, &line, m->name);
	return verdict;
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct sim_member *m = user;
	struct script script;
	struct history_event line;
	if (tell_event(event, &script, &line))
		sim_append(m->sim, &line, m->name);
}

static void quiet(enum stagger_level level, const char *line, void *user)
{
	const struct sim_member *m = user;
	(void)level;
	const char *text = strstr(line, "level="); /* the time before it is the real one */
	if (m->sim->trace)
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
	sim_append(s, &started, m->name);
}

static bool join(struct sim *s, int32_t i, bool changed)
{
	struct sim_member *m = &s->members[i];
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer *c = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_error err;
	*m = (struct sim_member){.sim = s, .alive = true, .changed = changed};
	snprintf(m->name, sizeof(m->name), "m%d", i);
	o.group = "g";
	o.instance = s->fixed ? m->name : NULL;
	o.max_in_flight = s->max_in_flight;
	o.max_waiting = s->max_waiting;
	o.max_uncommitted = s->max_uncommitted;
	o.max_ahead = s->max_ahead;
	o.event = on_event;
	o.log = quiet;
	o.user = m;
	tell_started(s, m);
	enum stagger_status status = stagger_consumer_open(&c, NULL, &o, &err);
	if (status == STAGGER_OK)
		status = chain_new(s, changed, &chain, &err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(c, &chain, &err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(c, NULL, handle, m, &err);
	if (status == STAGGER_OK)
		status = world_join(s->world, &c, &m->number, &err);
	if (status != STAGGER_OK)
		fprintf(stderr, "sim: %s\n", err.text);
	return status == STAGGER_OK;
}

bool sim_join(struct sim *s, int32_t i)
{
	return join(s, i, false);
}

bool sim_deploy(struct sim *s)
{
	int32_t i = (int32_t)sim_pick_more(s, s->n_members);
	if (!s->members[i].alive || s->members[i].changed)
		return true;
	s->deploys++;
	sim_stop(s, &s->members[i]);
	return join(s, i, true);
}

void sim_kill(struct sim *s, struct sim_member *m)
{
	sim_fault(s, "kill", m->name);
	world_kill(s->world, m->number);
	m->alive = false;
	m->n_open = 0;
}

/* Its consumer fails for good: it ends by itself, without a last commit. */
void sim_fence(struct sim *s, struct sim_member *m)
{
	struct stagger_error err = {.text = ""};
	enum stagger_status status = STAGGER_OK;
	sim_fault(s, "kill", m->name);
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
	sim_append(s, &stop, m->name);
	while (m->n_open > 0) { /* what runs ends before the drain's time is over */
		m->open[m->n_open - 1].settle_ms = 0;
		sim_settle_due(s);
	}
	world_stop(s->world, m->number);
	m->alive = false;
	struct history_counters counters;
	struct history_event stopped = {HISTORY_EVENT(HISTORY_STOPPED)};
	const struct stagger_stats *stats = world_final_stats(s->world, m->number);
	if (stats != NULL) {
		tell_counters(&counters, stats);
		stopped.counters = &counters;
	}
	if (world_ended(s->world, m->number, &status, &err) && status == STAGGER_OK)
		sim_append(s, &stopped, m->name);
	else
		fprintf(stderr, "sim: %s did not stop cleanly: %s\n", m->name, err.text);
}

bool sim_restart(struct sim *s, struct sim_member *m)
{
	struct stagger_error err;
	tell_started(s, m);
	m->n_open = 0;
	m->alive = true;
	if (world_restart(s->world, m->number, &err) == STAGGER_OK)
		return true;
	fprintf(stderr, "sim: restart: %s\n", err.text);
	return false;
}

static void settle_one(struct sim *s, struct sim_member *m, size_t i)
{
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	struct sim_open open = m->open[i];
	struct script script = script_read(open.message->value);
	struct history_event line = tell_about(HISTORY_HANDLED, open.message, &script);
	line.settled = true;
	outcome.verdict = STAGGER_DONE;
	line.verdict = "done";
	m->open[i] = m->open[--m->n_open];
	if (stagger_settle(world_member(s->world, m->number), open.ticket, &outcome, NULL) ==
	    STAGGER_OK)
		sim_append(s, &line, m->name);
}

void sim_settle_due(struct sim *s)
{
	for (int32_t i = 0; i < s->n_members; i++) {
		struct sim_member *m = &s->members[i];
		for (size_t k = m->n_open; k > 0; k--)
			if (m->open[k - 1].settle_ms <= world_boot_ms(s->world))
				settle_one(s, m, k - 1);
	}
	world_settle(s->world);
}

int64_t sim_next_settle(const struct sim *s)
{
	int64_t next = INT64_MAX;
	for (int32_t i = 0; i < s->n_members; i++)
		for (size_t k = 0; k < s->members[i].n_open; k++)
			if (s->members[i].open[k].settle_ms < next)
				next = s->members[i].open[k].settle_ms;
	return next;
}
