/* SPDX-License-Identifier: Apache-2.0
 *
 * One story from its first instant to the checker's judgement. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "sim.h"
#include "tell.h"

static void configure(struct sim *s)
{
	static const char *const orders[] = {"partition", "key", "none"};
	char names[SIM_MAX_STAGES][DURATION_TEXT + 8];
	char topics[SIM_MAX_STAGES][DURATION_TEXT + 16];
	char text[DURATION_TEXT];
	struct history_config config = {
		.group = "g", .topic = "t", .dlt = "t.g.dlt", .n_stages = s->n_stages,
		.order = orders[s->order], .jitter = s->jitter, .jitter_max_ms = 30000,
		.longest_wait_ms = 3600000, .drain_timeout_ms = 30000,
		.max_uncommitted = s->max_uncommitted != 0 ? s->max_uncommitted : 65536,
		.in_place_attempts = s->in_place_attempts,
		.republish = s->republish || s->turns,
		.exact = true,
	};
	for (size_t i = 0; i < s->n_stages; i++) {
		duration_format(s->delays_ms[i], text);
		snprintf(names[i], sizeof(names[i]), "retry.%s", text);
		snprintf(topics[i], sizeof(topics[i]), "t.g.retry.%s", text);
		config.stages[i] = (struct history_stage){names[i], topics[i], s->delays_ms[i],
							  s->visits[i], (int32_t)i == s->retiring};
	}
	history_configure(&s->history, &config);
}

/* -- what the world tells ---------------------------------------------------------------- */
static const struct sim_member *member_of(const struct sim *s, int32_t number)
{
	for (int32_t i = 0; i < s->n_members; i++)
		if (s->members[i].number == number)
			return &s->members[i];
	return NULL;
}

/* Commits and copies that fail are told when it happens, not when it was arranged. */
static void struck(void *user, int32_t member, bool commit, enum port_fault fault)
{
	struct sim *s = user;
	s->faults[commit		? SIM_FAIL_COMMIT
		  : fault == PORT_FATAL ? SIM_FATAL_PRODUCER
					: SIM_FAIL_PRODUCE]++;
	if (commit || fault == PORT_FATAL)
		sim_fault(s, commit ? "commit" : "producer", member_of(s, member));
}

/* A copy whose member will not say what it was of. */
static void orphaned(void *user, int32_t member, const char *topic,
		     const struct world_record *record)
{
	struct sim *s = user;
	const struct stagger_envelope *envelope = NULL;
	struct history_event line = {HISTORY_EVENT(HISTORY_FAULT)};
	struct stagger_bytes value = record->value;
	struct stagger_error err;
	line.reason = "copy";
	line.to_topic = topic;
	if (strcmp(topic, "t") != 0 && stagger_envelope_read(&envelope, value, &err) == STAGGER_OK)
		value = envelope->value;
	struct script script = script_read(value);
	line.id = script.id;
	sim_append(s, &line, member_of(s, member));
	stagger_envelope_free(&envelope);
}

static void tell_commit(struct sim *s, enum history_kind kind, int32_t member,
			const struct port_commit *commit, bool lost)
{
	struct history_event line = {HISTORY_EVENT(kind)};
	line.topic = commit->topic;
	line.partition = commit->partition;
	line.next_offset = commit->next_offset;
	line.lost = lost;
	sim_append(s, &line, member_of(s, member));
}

static void sent(void *user, int32_t member, const struct port_commit *commit, bool lost)
{
	struct sim *s = user;
	const struct sim_member *m = member_of(s, member);
	if (m != NULL && m->alive) /* what the dead send has no effect */
		tell_commit(s, HISTORY_COMMITTING, member, commit, lost);
}

static void committed(void *user, int32_t member, const struct port_commit *commit)
{
	tell_commit(user, HISTORY_COMMITTED, member, commit, false);
}

static void assigned(void *user, int32_t member, size_t n)
{
	struct sim *s = user;
	struct history_event line = {HISTORY_EVENT(HISTORY_ASSIGNED)};
	(void)n;
	sim_append(s, &line, member_of(s, member));
}

/* -- the story --------------------------------------------------------------------------- */
static bool has_open(void *sim)
{
	return sim_next_settle(sim) != INT64_MAX;
}

void sim_advance(struct sim *s, int64_t ms)
{
	int64_t until = world_boot_ms(s->world) + ms;
	int64_t now;
	while ((now = world_boot_ms(s->world)) < until && !world_livelocked(s->world)) {
		int64_t next = sim_next_settle(s);
		if (next == INT64_MAX)
			(void)world_advance_until(s->world, has_open, s, until - now);
		else if (next > now)
			stagger_world_advance(s->world, (next < until ? next : until) - now);
		sim_settle_due(s);
	}
}

static bool step(struct sim *s, int i)
{
	sim_stream(s, i, 'P');
	if (sim_pick(s, 2) == 0 && !s->cuts->batches[i])
		sim_produce(s, sim_pick(s, 30));
	sim_stream(s, i, 'F');
	if (sim_pick(s, 4) == 0 && !s->cuts->faults[i])
		sim_random_fault(s);
	sim_stream(s, i, 'O');
	if (s->strangers && sim_pick(s, 4) == 0)
		sim_stranger(s);
	sim_stream(s, i, 'D');
	if ((s->turns || s->retiring >= 0) && sim_pick(s, 12) == 0 && !sim_deploy(s))
		return false;
	sim_stream(s, i, 'A');
	sim_advance(s, sim_pick(s, 4) == 0 ? sim_pick(s, 120000) : sim_pick(s, 2000));
	sim_stream(s, i, 'M');
	if (sim_pick(s, 3) == 0)
		sim_calm(s);
	return true;
}

bool sim_begin(struct sim *s)
{
	struct stagger_error err;
	struct world_options o = {.partitions = s->partitions, .seed = s->seed,
				  .report_delay_ms = s->report_delay_ms,
				  .commit_delay_ms = s->commit_delay_ms,
				  .spread_ms = s->spread_ms};
	if (world_new(&s->world, &o, &err) != STAGGER_OK)
		return false;
	configure(s);
	world_observe(s->world, &(struct world_watch){.user = s, .struck = struck,
						      .orphaned = orphaned, .sent = sent,
						      .committed = committed,
						      .assigned = assigned});
	for (int32_t i = 0; i < s->n_members; i++) {
		sim_stream(s, i, 'J');
		if (!sim_join(s, i))
			return false;
	}
	return true;
}

bool sim_finish(struct sim *s)
{
	sim_stream(s, SIM_STEPS, 'M');
	for (int i = 0; i < 8; i++)
		sim_calm(s);
	for (int32_t i = 0; i < s->n_members; i++) {
		s->members[i].crash_in = 0;
		if (!s->members[i].alive && !sim_restart(s, &s->members[i]))
			return false;
	}
	sim_mend(s);
	sim_advance(s, 8 * 3600000);
	for (int32_t i = 0; i < s->n_members; i++)
		sim_stop(s, &s->members[i]);
	sim_drain(s);
	return true;
}

bool sim_run(struct sim *s, struct checker_result *result)
{
	int steps = s->cuts->steps > 0 ? s->cuts->steps : SIM_STEPS;
	*result = (struct checker_result){.violations = 0};
	sim_choose(s);
	if (!sim_begin(s))
		return false;
	for (int i = 0; i < steps; i++)
		if (!step(s, i))
			return false;
	if (!sim_finish(s))
		return false;
	checker_run(&s->history, result);
	for (size_t i = 0; i < s->history.n; i++)
		s->republished += s->history.events[i].kind == HISTORY_HOPPED &&
				  s->history.events[i].to_topic == s->history.config.topic;
	return true;
}

void sim_clear(struct sim *s)
{
	if (s->world != NULL)
		world_free(&s->world);
	history_clear(&s->history);
}
