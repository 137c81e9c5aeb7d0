/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults at random, and their end. What the checker must know is told as it strikes: what is only
 * arranged here may never come to pass. */
#include "sim.h"

static struct sim_member *any_member(struct sim *s, bool alive)
{
	for (int i = 0; i < 8; i++) {
		struct sim_member *m = &s->members[sim_pick(s, s->n_members)];
		if (m->alive == alive)
			return m;
	}
	return NULL;
}

static const char *stage_topic(struct sim *s)
{
	return s->history.config.stages[sim_pick(s, (int64_t)s->n_stages)].topic;
}

static void member_fault(struct sim *s, enum sim_fault fault)
{
	struct sim_member *m = any_member(s, fault != SIM_FORGET);
	if (m == NULL)
		return;
	if (fault == SIM_KILL) {
		sim_kill(s, m);
	} else if (fault == SIM_STOP) {
		sim_stop(s, m);
	} else if (fault == SIM_FAIL_SOURCE) {
		sim_fence(s, m);
	} else if (fault == SIM_FORGET) {
		world_forget(s->world, m->number);
	} else {
		sim_fault(s, "lost", m->name);
		world_lose(s->world, m->number);
	}
}

static void produce_fault(struct sim *s)
{
	static const enum port_fault kinds[] = {PORT_RETRIABLE, PORT_RETRIABLE, PORT_NO_TOPIC,
						PORT_DENIED, PORT_REFUSED};
	const char *topic = sim_pick(s, 2) == 0 ? NULL : "t.g.dlt";
	enum port_fault kind = kinds[sim_pick(s, 5)];
	int64_t n = sim_pick(s, 10) + 1;
	world_fail_produce(s->world, topic, kind, n, sim_pick(s, 2) == 0);
}

static void commit_fault(struct sim *s)
{
	static const enum port_fault kinds[] = {PORT_RETRIABLE, PORT_REBALANCE,
						PORT_METADATA_TOO_LARGE};
	enum port_fault kind = kinds[sim_pick(s, 3)];
	world_fail_commit(s->world, kind, sim_pick(s, 20) + 1);
}

/* Retention takes the head of a log; told as the offset from which on it is still there. */
static void trim(struct sim *s)
{
	struct history_event line = {HISTORY_EVENT(HISTORY_FAULT)};
	line.reason = "retention";
	line.topic = sim_pick(s, 2) == 0 ? "t" : stage_topic(s);
	line.partition = (int32_t)sim_pick(s, s->partitions);
	int64_t start = world_log_start(s->world, line.topic, line.partition);
	int64_t n = world_log_end(s->world, line.topic, line.partition) - start;
	if (n <= 0)
		return;
	line.next_offset = start + sim_pick(s, n + 1);
	sim_append(s, &line, NULL);
	world_trim(s->world, line.topic, line.partition, line.next_offset);
}

static void silence(struct sim *s, bool on)
{
	if (s->silent && !on) /* what was not answered meanwhile may come again */
		sim_fault(s, "broker", NULL);
	s->silent = on;
	world_silence(s->world, on);
}

void sim_random_fault(struct sim *s)
{
	enum sim_fault fault = (enum sim_fault)sim_pick(s, SIM_N_FAULTS);
	s->faults[fault]++;
	switch (fault) {
	case SIM_KILL:
	case SIM_STOP:
	case SIM_LOSE:
	case SIM_FORGET:
	case SIM_FAIL_SOURCE:
		member_fault(s, fault);
		break;
	case SIM_REBALANCE:
		world_rebalance(s->world);
		break;
	case SIM_FAIL_PRODUCE:
		produce_fault(s);
		break;
	case SIM_FATAL_PRODUCER:
		world_fail_produce(s->world, NULL, PORT_FATAL, 1, false);
		break;
	case SIM_FAIL_COMMIT:
		commit_fault(s);
		break;
	case SIM_HOLD_REPORTS:
		world_hold_reports(s->world, true);
		break;
	case SIM_QUEUE_FULL:
		world_queue_full(s->world, true);
		break;
	case SIM_MAX_MESSAGE:
		world_max_message(s->world, stage_topic(s), (size_t)sim_pick(s, 600) + 1);
		break;
	case SIM_SILENCE:
		silence(s, true);
		break;
	case SIM_WALL_STEP:
		sim_fault(s, "clock", NULL);
		world_step_wall(s->world, sim_pick(s, 7200000) - 3600000);
		break;
	case SIM_GAP:
		world_gap(s->world, "t", (int32_t)sim_pick(s, s->partitions), sim_pick(s, 100) + 1);
		break;
	case SIM_TRIM:
		trim(s);
		break;
	case SIM_N_FAULTS:
		break;
	}
}

static void refusals_end(struct sim *s)
{
	world_fail_produce(s->world, NULL, PORT_RETRIABLE, 0, false);
	world_fail_produce(s->world, "t.g.dlt", PORT_RETRIABLE, 0, false);
	world_fail_commit(s->world, PORT_RETRIABLE, 0);
	for (size_t i = 0; i < s->n_stages; i++)
		world_max_message(s->world, s->history.config.stages[i].topic, 0);
}

void sim_mend(struct sim *s)
{
	world_hold_reports(s->world, false);
	world_queue_full(s->world, false);
	silence(s, false);
	refusals_end(s);
}

void sim_calm(struct sim *s)
{
	world_hold_reports(s->world, false);
	world_queue_full(s->world, false);
	silence(s, false);
	if (sim_pick(s, 2) == 0)
		refusals_end(s);
	for (int32_t i = 0; i < s->n_members; i++)
		if (!s->members[i].alive && sim_pick(s, 2) == 0)
			(void)sim_restart(s, &s->members[i]);
}
