/* SPDX-License-Identifier: Apache-2.0
 *
 * sim [--seeds A..B] [--seed N [--trace]] [--plain] [--limit SECONDS]: seeded random runs over the
 * fake world, each judged by the checker. A failing seed is printed with the command that repeats
 * it; one that finds no end within its limit is named and ends the program. --plain: one chain that
 * never changes and handles in its stages, nobody else in its topics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "checker.h"
#include "sim.h"
#include "tell.h"

#define STEPS   60
#define LIMIT_S 120 /* of one seed, with sanitizers on a slow machine */

struct asked {
	unsigned long long from, to;
	unsigned limit_s;
	bool trace, plain;
};
struct totals {
	int64_t events, faults[SIM_N_FAULTS], produced, dead;
	int64_t republished, deploys, foreign; /* messages, members, records of others */
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
		.republish = s->republish || s->turns,
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

static bool has_open(void *sim)
{
	return sim_next_settle(sim) != INT64_MAX;
}

/* Moves the clock; deferred calls are settled on their time. */
static void advance(struct sim *s, int64_t ms)
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

/* Commits and copies that fail are told when it happens, not when it was arranged. */
static void struck(void *user, int32_t member, bool commit, enum port_fault fault)
{
	struct sim *s = user;
	for (int32_t i = 0; i < s->n_members && (commit || fault == PORT_FATAL); i++)
		if (s->members[i].number == member)
			sim_fault(s, commit ? "commit" : "producer", s->members[i].name);
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
	for (int32_t i = 0; i < s->n_members; i++)
		if (s->members[i].number == member)
			sim_append(s, &line, s->members[i].name);
	stagger_envelope_free(&envelope);
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
		if (s->strangers && sim_pick_more(s, 4) == 0)
			sim_stranger(s);
		if ((s->turns || s->retiring >= 0) && sim_pick_more(s, 12) == 0 && !sim_deploy(s))
			return false;
		advance(s, sim_pick(s, 4) == 0 ? sim_pick(s, 120000) : sim_pick(s, 2000));
		if (sim_pick(s, 3) == 0)
			sim_calm(s);
	}
	for (int i = 0; i < 8; i++)
		sim_calm(s);
	for (int32_t i = 0; i < s->n_members; i++)
		if (!s->members[i].alive && !sim_restart(s, &s->members[i]))
			return false;
	sim_mend(s);
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
		printf("seed %llu: port: %s\n", (unsigned long long)seed,
		       world_violation(s->world));
	if (world_livelocked(s->world))
		printf("seed %llu: livelock\n", (unsigned long long)seed);
	if (!good)
		printf("again: sim --seed %llu --trace\n", (unsigned long long)seed);
	t->events += (int64_t)s->history.n;
	t->produced += (int64_t)result.produced;
	t->dead += (int64_t)result.dead;
	t->deploys += s->deploys;
	t->foreign += s->foreign;
	for (size_t i = 0; i < s->history.n; i++)
		t->republished += s->history.events[i].kind == HISTORY_HOPPED &&
				  s->history.events[i].to_topic == s->history.config.topic;
	for (int i = 0; i < SIM_N_FAULTS; i++)
		t->faults[i] += s->faults[i];
	checker_clear(&result);
	return good;
}

static bool run(uint64_t seed, const struct asked *a, struct totals *t)
{
	struct stagger_error err;
	struct sim *s = calloc(1, sizeof(*s));
	bool good = false;
	if (s == NULL)
		return false;
	s->trace = a->trace;
	s->plain = a->plain;
	sim_choose(s, seed);
	struct world_options o = {.partitions = s->partitions, .seed = seed,
				  .report_delay_ms = s->report_delay_ms,
				  .commit_delay_ms = s->commit_delay_ms};
	if (world_new(&s->world, &o, &err) == STAGGER_OK) {
		configure(s);
		world_observe(s->world, &(struct world_watch){.user = s, .struck = struck,
								 .orphaned = orphaned});
		good = play(s) && judge(s, seed, t);
		world_free(&s->world);
	}
	history_clear(&s->history);
	free(s);
	return good;
}

static bool read_arguments(struct asked *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--trace") == 0)
			a->trace = true;
		else if (strcmp(argv[i], "--plain") == 0)
			a->plain = true;
		else if (strcmp(argv[i], "--seed") == 0 &&
			 sscanf(value, "%llu", &a->from) == 1 && ++i)
			a->to = a->from;
		else if (strcmp(argv[i], "--limit") == 0 && sscanf(value, "%u", &a->limit_s) == 1)
			i++;
		else if (strcmp(argv[i], "--seeds") == 0 &&
			 sscanf(value, "%llu..%llu", &a->from, &a->to) == 2)
			i++;
		else
			return false;
	}
	return a->from <= a->to;
}

static void report(const struct totals *t, int64_t seeds, int64_t failed, int64_t took_us)
{
	static const char *const names[] = {
#define X(name, constant) name,
		SIM_FAULTS(X)
#undef X
	};
	printf("sim: %lld seeds, %lld failed; %lld messages, %lld dead letters, %lld events;",
	       (long long)seeds, (long long)failed, (long long)t->produced, (long long)t->dead,
	       (long long)t->events);
	printf(" %lld republished, %lld deploys, %lld of others;", (long long)t->republished,
	       (long long)t->deploys, (long long)t->foreign);
	for (int i = 0; i < SIM_N_FAULTS; i++)
		printf("%s %lld %s", i > 0 ? "," : "", (long long)t->faults[i], names[i]);
	printf("\n");
	double seconds = took_us > 0 ? (double)took_us / 1e6 : 1e-6;
	fprintf(stderr, "%.1f seeds/s\n", (double)seeds / seconds);
}

int main(int argc, char **argv)
{
	struct asked a = {.from = 1, .to = 500, .limit_s = LIMIT_S};
	if (!read_arguments(&a, argc, argv)) {
		fputs("usage: sim [--seeds A..B] [--seed N] [--trace] [--plain] [--limit SECONDS]\n",
		      stderr);
		return 2;
	}
	struct totals t = {.events = 0};
	int64_t failed = 0;
	int64_t started_us = clock_boot_us();
	for (unsigned long long seed = a.from; seed <= a.to; seed++) {
		watch_begin(seed, a.limit_s);
		failed += !run(seed, &a, &t);
		watch_end(seed - a.from + 1, a.to - a.from + 1);
		fflush(stdout);
	}
	report(&t, (int64_t)(a.to - a.from + 1), failed, clock_boot_us() - started_us);
	return failed == 0 ? 0 : 1;
}
