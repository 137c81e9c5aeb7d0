/* SPDX-License-Identifier: Apache-2.0
 *
 * sim [--seeds A..B] [--seed N [--trace]]: seeded random runs over the fake world, each judged by the
 * checker. A failing seed is printed with the command that repeats it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "checker.h"
#include "sim.h"

#define STEPS 60

struct totals {
	int64_t events, faults[SIM_N_FAULTS], produced, dead;
};

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
	};
	for (size_t i = 0; i < s->n_stages; i++) {
		duration_format(s->delays_ms[i], text);
		snprintf(names[i], sizeof(names[i]), "retry.%s", text);
		snprintf(topics[i], sizeof(topics[i]), "t.g.retry.%s", text);
		config.stages[i] = (struct history_stage){names[i], topics[i], s->delays_ms[i],
							  s->visits[i]};
	}
	history_configure(&s->history, &config);
}

static bool has_open(void *sim)
{
	return sim_next_settle(sim) != INT64_MAX;
}

/* Moves the clock; deferred calls are settled on their time. */
static void advance(struct sim *s, int64_t ms)
{
	int64_t until = world_boot_ms(s->world) + ms;
	int64_t now;
	while ((now = world_boot_ms(s->world)) < until) {
		int64_t next = sim_next_settle(s);
		if (next == INT64_MAX)
			(void)world_advance_until(s->world, has_open, s, until - now);
		else if (next > now)
			stagger_world_advance(s->world, (next < until ? next : until) - now);
		sim_settle_due(s);
	}
}

/* Commits and copies that fail are told when it happens, not when it was arranged. */
static void struck(void *user, int32_t member, bool commit, enum port_fault fault)
{
	struct sim *s = user;
	if (commit || fault == PORT_FATAL)
		sim_fault(s, commit ? "commit" : "producer", s->members[member].name);
}

static bool play(struct sim *s)
{
	for (int32_t i = 0; i < s->n_members; i++)
		if (!sim_join(s, i))
			return false;
	for (int step = 0; step < STEPS; step++) {
		if (sim_pick(s, 2) == 0)
			sim_produce(s, sim_pick(s, 30));
		if (sim_pick(s, 5) == 0)
			sim_random_fault(s);
		advance(s, sim_pick(s, 4) == 0 ? sim_pick(s, 120000) : sim_pick(s, 2000));
		if (sim_pick(s, 3) == 0)
			sim_calm(s);
	}
	for (int i = 0; i < 8; i++)
		sim_calm(s);
	for (int32_t i = 0; i < s->n_members; i++)
		if (!s->members[i].alive && !sim_restart(s, &s->members[i]))
			return false;
	world_fail_produce(s->world, NULL, PORT_RETRIABLE, 0, false);
	world_fail_produce(s->world, "t.g.dlt", PORT_RETRIABLE, 0, false);
	world_fail_commit(s->world, PORT_RETRIABLE, 0);
	advance(s, 8 * 3600000);
	for (int32_t i = 0; i < s->n_members; i++)
		sim_stop(s, &s->members[i]);
	sim_drain(s);
	return true;
}

static bool judge(struct sim *s, uint64_t seed, struct totals *t)
{
	struct checker_result result;
	checker_run(&s->history, &result);
	bool good = result.violations == 0 && world_violations(s->world) == 0 &&
		    !world_livelocked(s->world);
	for (size_t i = 0; i < result.n_texts; i++)
		printf("seed %llu: %s\n", (unsigned long long)seed, result.texts[i]);
	if (world_violations(s->world) > 0)
		printf("seed %llu: port: %s\n", (unsigned long long)seed, world_violation(s->world));
	if (world_livelocked(s->world))
		printf("seed %llu: livelock\n", (unsigned long long)seed);
	if (!good)
		printf("again: sim --seed %llu --trace\n", (unsigned long long)seed);
	t->events += (int64_t)s->history.n;
	t->produced += (int64_t)result.produced;
	t->dead += (int64_t)result.dead;
	for (int i = 0; i < SIM_N_FAULTS; i++)
		t->faults[i] += s->faults[i];
	checker_clear(&result);
	return good;
}

static bool run(uint64_t seed, bool trace, struct totals *t)
{
	struct stagger_error err;
	struct sim *s = calloc(1, sizeof(*s));
	bool good = false;
	if (s == NULL)
		return false;
	s->trace = trace;
	sim_choose(s, seed);
	struct world_options o = {.partitions = s->partitions, .seed = seed,
				  .report_delay_ms = s->report_delay_ms,
				  .commit_delay_ms = s->commit_delay_ms};
	if (world_new(&s->world, &o, &err) == STAGGER_OK) {
		configure(s);
		world_observe(s->world, &(struct world_watch){.user = s, .struck = struck});
		good = play(s) && judge(s, seed, t);
		world_free(&s->world);
	}
	history_clear(&s->history);
	free(s);
	return good;
}

int main(int argc, char **argv)
{
	unsigned long long from = 1;
	unsigned long long to = 500;
	bool trace = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0) {
			trace = true;
		} else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
			from = to = strtoull(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc &&
			   sscanf(argv[i + 1], "%llu..%llu", &from, &to) == 2) {
			i++;
		} else {
			fputs("usage: sim [--seeds A..B] [--seed N] [--trace]\n", stderr);
			return 2;
		}
	}
	struct totals t = {.events = 0};
	int64_t failed = 0;
	for (unsigned long long seed = from; seed <= to; seed++)
		failed += !run(seed, trace, &t);
	printf("sim: %llu seeds, %lld failed; %lld messages, %lld dead letters, %lld events; faults:",
	       to - from + 1, (long long)failed, (long long)t.produced, (long long)t.dead,
	       (long long)t.events);
	for (int i = 0; i < SIM_N_FAULTS; i++)
		printf(" %lld", (long long)t.faults[i]);
	printf("\n");
	return failed == 0 ? 0 : 1;
}
