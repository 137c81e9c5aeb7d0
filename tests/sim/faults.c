/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults at random, and their end. What the checker must know is told as it strikes: what is only
 * arranged here may never come to pass. */
#include "sim.h"

static const char *const names[] = {
#define X(name, constant) name,
	SIM_FAULTS(X)
#undef X
};

const char *sim_fault_name(enum sim_fault fault)
{
	return names[fault];
}

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

static const char *any_topic(struct sim *s)
{
	return sim_pick(s, 2) == 0 ? "t" : stage_topic(s);
}

/* -- members ----------------------------------------------------------------------------- */
/* Its wall clock jumps; told at the moment before. */
static void skew(struct sim *s, struct sim_member *m)
{
	int64_t most_ms = sim_pick(s, 2) == 0 ? 5000 : 600000;
	sim_fault(s, "clock", m);
	m->skew_ms = sim_pick(s, 2 * most_ms) - most_ms;
	world_skew(s->world, m->number, m->skew_ms);
}

static bool member_fault(struct sim *s, enum sim_fault fault)
{
	struct sim_member *m = any_member(s, fault != SIM_FORGET);
	int64_t ms = sim_pick(s, 30000);
	if (m == NULL)
		return false;
	if (fault == SIM_KILL)
		sim_kill(s, m);
	else if (fault == SIM_CRASH)
		m->crash_in = 1 + ms % 60;
	else if (fault == SIM_STOP)
		sim_stop(s, m);
	else if (fault == SIM_FAIL_SOURCE)
		sim_fence(s, m);
	else if (fault == SIM_FORGET)
		world_forget(s->world, m->number);
	else if (fault == SIM_SKEW)
		skew(s, m);
	else
		sim_fault(s, "lost", m);
	if (fault == SIM_LOSE)
		world_lose(s->world, m->number);
	if (fault == SIM_EXPIRE)
		world_expire(s->world, m->number, ms);
	return fault != SIM_CRASH; /* counted when it comes */
}

/* -- copies and commits ------------------------------------------------------------------ */
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

static void late_for(struct sim *s, int64_t ms)
{
	int64_t at_ms = world_boot_ms(s->world) + ms;
	s->late_ms = at_ms > s->late_ms ? at_ms : s->late_ms;
}

static void delays(struct sim *s, bool slow)
{
	if (s->slow)
		late_for(s, 14000);
	s->slow = slow;
	if (slow)
		world_delays(s->world, sim_pick(s, 9000), sim_pick(s, 3000), sim_pick(s, 2000) + 1);
	else
		world_delays(s->world, s->report_delay_ms, s->commit_delay_ms, s->spread_ms);
}

/* -- logs -------------------------------------------------------------------------------- */
/* Retention takes the head of a log; told as the offset from which on it is still there. */
static bool trim(struct sim *s)
{
	struct history_event line = {HISTORY_EVENT(HISTORY_FAULT)};
	line.reason = "retention";
	line.topic = any_topic(s);
	line.partition = (int32_t)sim_pick(s, s->partitions);
	int64_t start = world_log_start(s->world, line.topic, line.partition);
	int64_t n = world_log_end(s->world, line.topic, line.partition) - start;
	if (n <= 0)
		return false;
	line.next_offset = start + sim_pick(s, n + 1);
	sim_append(s, &line, NULL);
	world_trim(s->world, line.topic, line.partition, line.next_offset);
	return true;
}

/* A log loses its tail, or all of it; offsets are given again. */
static void tell_cut(struct sim *s, const char *topic, int32_t partition, int64_t end)
{
	struct history_event line = {HISTORY_EVENT(HISTORY_FAULT)};
	line.reason = "truncated";
	line.topic = topic;
	line.partition = partition;
	line.offset = world_log_end(s->world, topic, partition);
	line.next_offset = end;
	sim_drain_from(s, topic, partition, end);
	sim_append(s, &line, NULL);
}

static bool cut(struct sim *s, bool whole_topic)
{
	const char *topic = any_topic(s);
	if (!s->shifts || world_partitions(s->world, topic) == 0)
		return false;
	if (whole_topic) {
		for (int32_t p = 0; p < world_partitions(s->world, topic); p++)
			tell_cut(s, topic, p, 0);
		world_recreate(s->world, topic);
		return true;
	}
	int32_t partition = (int32_t)sim_pick(s, s->partitions);
	int64_t end = world_log_end(s->world, topic, partition) - sim_pick(s, 30);
	int64_t start = world_log_start(s->world, topic, partition);
	end = end > start ? end : start;
	if (end == world_log_end(s->world, topic, partition))
		return false;
	tell_cut(s, topic, partition, end);
	world_truncate(s->world, topic, partition, end);
	return true;
}

/* To main alone, or to all topics. */
static bool add_partition(struct sim *s)
{
	if (s->partitions == SIM_MAX_PARTITIONS)
		return false;
	s->partitions++;
	world_topic(s->world, "t", s->partitions);
	for (size_t i = 0; i < s->n_stages; i++)
		world_topic(s->world, s->history.config.stages[i].topic, s->partitions);
	world_rebalance(s->world);
	return true;
}

static void step_clock(struct sim *s)
{
	for (int32_t i = 0; i < s->n_members; i++)
		sim_fault(s, "clock", &s->members[i]);
	world_step_wall(s->world, sim_pick(s, 7200000) - 3600000);
}

static void silence(struct sim *s, bool on)
{
	if (s->silent && !on) /* what was not answered meanwhile may come again */
		sim_fault(s, "broker", NULL);
	s->silent = on;
	world_silence(s->world, on);
}

/* -- one function each: false when nothing came of it, or it is counted when it strikes ---- */
static bool away(struct sim *s, bool leader)
{
	const char *topic = any_topic(s);
	int32_t partition = (int32_t)sim_pick(s, s->partitions);
	int64_t ms = sim_pick(s, 20000) + 1;
	late_for(s, ms);
	world_away(s->world, topic, partition, ms, leader ? ms : 0);
	return true;
}

static bool gap(struct sim *s)
{
	const char *topic = any_topic(s);
	int32_t partition = (int32_t)sim_pick(s, s->partitions);
	world_gap(s->world, topic, partition, sim_pick(s, 100) + 1);
	return true;
}

static bool broker_fault(struct sim *s, enum sim_fault fault)
{
	switch ((int)fault) {
	case SIM_REBALANCE:
		world_rebalance(s->world);
		return true;
	case SIM_FAIL_PRODUCE:
		produce_fault(s);
		return false;
	case SIM_FATAL_PRODUCER:
		world_fail_produce(s->world, NULL, PORT_FATAL, 1, false);
		return false;
	case SIM_FAIL_COMMIT:
		commit_fault(s);
		return false;
	case SIM_HOLD_REPORTS:
		world_hold_reports(s->world, true);
		return true;
	case SIM_SLOW_BROKER:
		delays(s, true);
		return true;
	case SIM_QUEUE_FULL:
		world_queue_full(s->world, true);
		return true;
	case SIM_MAX_MESSAGE:
		world_max_message(s->world, any_topic(s), (size_t)sim_pick(s, 600) + 1);
		return true;
	case SIM_SILENCE:
		silence(s, true);
		return true;
	case SIM_WALL_STEP:
		step_clock(s);
		return true;
	}
	return false;
}

static bool log_fault(struct sim *s, enum sim_fault fault)
{
	switch ((int)fault) {
	case SIM_LEADER:
	case SIM_SLOW_FETCH:
		return away(s, fault == SIM_LEADER);
	case SIM_GAP:
		return gap(s);
	case SIM_TRIM:
		return trim(s);
	case SIM_TRUNCATE:
	case SIM_RECREATE:
		return cut(s, fault == SIM_RECREATE);
	case SIM_ADD_PARTITION:
		return add_partition(s);
	}
	return false;
}

void sim_random_fault(struct sim *s)
{
	enum sim_fault fault = (enum sim_fault)sim_pick(s, SIM_N_DRAWN);
	bool of_member = fault == SIM_KILL || fault == SIM_CRASH || fault == SIM_STOP ||
			 fault == SIM_LOSE || fault == SIM_EXPIRE || fault == SIM_FORGET ||
			 fault == SIM_FAIL_SOURCE || fault == SIM_SKEW;
	s->n_faults++;
	if (of_member)
		s->faults[fault] += member_fault(s, fault);
	else
		s->faults[fault] += broker_fault(s, fault) || log_fault(s, fault);
}

static void refusals_end(struct sim *s)
{
	world_fail_produce(s->world, NULL, PORT_RETRIABLE, 0, false);
	world_fail_produce(s->world, "t.g.dlt", PORT_RETRIABLE, 0, false);
	world_fail_commit(s->world, PORT_RETRIABLE, 0);
	world_max_message(s->world, "t", 0);
	for (size_t i = 0; i < s->n_stages; i++)
		world_max_message(s->world, s->history.config.stages[i].topic, 0);
}

void sim_mend(struct sim *s)
{
	world_hold_reports(s->world, false);
	world_queue_full(s->world, false);
	silence(s, false);
	delays(s, false);
	refusals_end(s);
}

void sim_calm(struct sim *s)
{
	world_hold_reports(s->world, false);
	world_queue_full(s->world, false);
	silence(s, false);
	delays(s, false);
	if (sim_pick(s, 2) == 0)
		refusals_end(s);
	for (int32_t i = 0; i < s->n_members; i++)
		if (!s->members[i].alive && sim_pick(s, 2) == 0)
			(void)sim_restart(s, &s->members[i]);
}
