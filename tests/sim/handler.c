/* SPDX-License-Identifier: Apache-2.0
 *
 * What simulated members do with messages: each says itself, in its script, what shall become of
 * it. Besides the scripted worker's letters: S takes its time, B is deferred and fails, H is
 * deferred for minutes. Draws depend on the message and the call alone. */
#include <string.h>

#include "sim.h"
#include "tell.h"

static int64_t pick_for(const struct sim *s, const struct stagger_message *m, int64_t n)
{
	struct random mix = {s->seed ^ script_bytes_hash(m->value) ^
			     ((uint64_t)m->attempt << 48) ^ (uint64_t)m->read_offset};
	(void)random_next(&mix);
	return (int64_t)(random_next(&mix) % (uint64_t)n);
}

bool sim_dies(struct sim_member *m)
{
	if (m->crash_in == 0 || --m->crash_in > 0)
		return false;
	m->sim->faults[SIM_CRASH]++;
	sim_kill(m->sim, m);
	return true;
}

static enum stagger_verdict defer(struct sim_member *m, const struct stagger_message *message,
				  struct stagger_failure *why, bool hangs)
{
	struct sim *s = m->sim;
	int64_t wait_ms = pick_for(s, message, 3000);
	if (m->n_open == SIM_MAX_OPEN)
		return stagger_retry(why, "Busy", "too many open");
	struct sim_open *open = &m->open[m->n_open];
	open->message = stagger_defer(message, &open->ticket);
	if (open->message == NULL)
		return stagger_retry(why, "NoMemory", "no ticket");
	if (hangs) {
		wait_ms = 30000 + 100 * wait_ms;
		s->faults[SIM_HANG]++;
	}
	open->settle_ms = world_boot_ms(s->world) + wait_ms;
	open->revokes = m->revokes;
	open->twice = wait_ms % 4 == 0;
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
	case 'B':
		return defer(m, message, why, false);
	case 'H':
		return defer(m, message, why, true);
	case 'S':
		m->sim->faults[SIM_SLOW_CALL]++;
		world_pass(m->sim->world, pick_for(m->sim, message, 4000));
		return STAGGER_DONE;
	default:
		return STAGGER_DONE;
	}
}

enum stagger_verdict sim_handle(const struct stagger_message *message, struct stagger_failure *why,
				void *user)
{
	struct sim_member *m = user;
	struct script script = script_read(message->value);
	struct history_event line = tell_about(HISTORY_HANDLING, message, &script);
	if (!m->alive)
		return STAGGER_DONE; /* dead already: without an effect */
	sim_append(m->sim, &line, m);
	if (sim_dies(m))
		return STAGGER_DONE;
	enum stagger_verdict verdict = obey(m, message, &script, why);
	line.kind = HISTORY_HANDLED;
	line.verdict = tell_verdict(verdict);
	if (verdict == STAGGER_RETRY || verdict == STAGGER_DEAD_LETTER)
		line.error_class = script.error_class;
	if (verdict == STAGGER_RETRY)
		line.retry_after_ms = script.after_ms;
	sim_append(m->sim, &line, m);
	return verdict;
}

static bool settle(struct sim_member *m, const struct sim_open *open,
		   const struct stagger_outcome *outcome, struct history_event line)
{
	struct stagger_consumer *c = world_member(m->sim->world, m->number);
	if (stagger_settle(c, open->ticket, outcome, NULL) != STAGGER_OK)
		return false;
	sim_append(m->sim, &line, m);
	return true;
}

/* The copy of the message is gone after the first settle that is taken or STALE. */
static void settle_one(struct sim *s, struct sim_member *m, size_t i)
{
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	struct sim_open open = m->open[i];
	struct script script = script_read(open.message->value);
	struct history_event line = tell_about(HISTORY_HANDLED, open.message, &script);
	bool fails = script_letter(&script, open.message->attempt) == 'B';
	line.settled = true;
	line.stage = history_text(&s->history, line.stage); /* of the copy */
	line.topic = history_text(&s->history, line.topic);
	line.original_topic = history_text(&s->history, line.original_topic);
	outcome.verdict = fails ? STAGGER_RETRY : STAGGER_DONE;
	outcome.error_class = "Late";
	line.verdict = tell_verdict(outcome.verdict);
	m->open[i] = m->open[--m->n_open];
	s->faults[SIM_LATE_SETTLE] += open.revokes != m->revokes;
	if (settle(m, &open, &outcome, line) && open.twice)
		(void)settle(m, &open, &outcome, line);
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
