/* SPDX-License-Identifier: Apache-2.0
 *
 * sim: seeded random runs over the fake world, each judged by the checker. A failing seed is
 * printed with the command that repeats it; one that finds no end within its limit is named and
 * ends the program. See the usage below. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sim.h"

#define LIMIT_S  120 /* of one seed, with sanitizers on a slow machine */
#define MAX_JOBS 64

static const char usage[] =
	"usage: sim [--seeds A..B | --seed N | --minutes M] [--jobs N] [--limit SECONDS] [--plain]\n"
	"           [--mutant NAME | --mutants]   a planted bug, until a seed finds it; their list\n"
	"           [--json | --trace [--message ID | --partition TOPIC:N]]  a seed's history\n"
	"           [--shrink]                    a smaller story that fails as the seed does\n"
	"           [--steps N] [--members N] [--faults S,S..] [--messages S,S..]  only of those steps\n";

struct asked {
	unsigned long long from, to;
	unsigned limit_s, jobs;
	double minutes;
	bool shrink, list;
	struct sim_cuts cuts;
	struct sim_view view;
	char topic[128];
};
static const struct {
	const char *name, *text;
	enum checker_rule rule;
} mutants[] = {
	{"none", "", CHECKER_N_RULES},
#define X(name, rule, text) {#name, text, CHECKER_##rule},
	MUTANTS(X)
#undef X
};

/* -- one seed ---------------------------------------------------------------------------- */
static bool judge(const struct sim *s, const struct checker_result *r, bool quiet)
{
	unsigned long long seed = s->seed;
	bool good = r->violations == 0 && world_violations(s->world) == 0 &&
		    !world_livelocked(s->world);
	if (quiet)
		return good;
	for (size_t i = 0; i < r->n_texts; i++)
		printf("%s, seed %llu, step %zu\n", r->texts[i], seed, r->steps[i]);
	if (world_violations(s->world) > 0)
		printf("port: %s, seed %llu\n", world_violation(s->world), seed);
	if (world_livelocked(s->world))
		printf("livelock, seed %llu\n", seed);
	if (!good)
		printf("again: sim --seed %llu%s --trace, smaller: --shrink\n", seed,
		       s->cuts->plain ? " --plain" : "");
	return good;
}

static void run(uint64_t seed, const struct asked *a, struct totals *t)
{
	struct checker_result result;
	struct sim *s = calloc(1, sizeof(*s));
	if (s == NULL)
		abort();
	s->seed = seed;
	s->cuts = &a->cuts;
	s->view = &a->view;
	bool good = sim_run(s, &result) && judge(s, &result, mutant_planted != MUTANT_none && a->from != a->to);
	totals_add(t, s, &result);
	t->failed += !good;
	enum checker_rule rule = mutants[mutant_planted].rule;
	if (rule < CHECKER_N_RULES && result.broken[rule] > 0 && t->first_broken == 0)
		t->first_broken = seed;
	checker_clear(&result);
	sim_clear(s);
	free(s);
}

/* Every jobs-th seed; a planted bug is found once. */
static void run_share(const struct asked *a, unsigned job, struct totals *t)
{
	int64_t ends_us = clock_boot_us() + (int64_t)(a->minutes * 60e6);
	for (unsigned long long seed = a->from + job; seed <= a->to; seed += a->jobs) {
		watch_begin(seed, a->limit_s);
		run(seed, a, t);
		if (job == 0)
			watch_end(seed - a->from + 1, a->to - a->from + 1);
		fflush(stdout);
		if (t->first_broken != 0 || (a->minutes > 0 && clock_boot_us() >= ends_us))
			break;
	}
	t->cover = cover_now;
}

static bool run_jobs(const struct asked *a, struct totals *t)
{
	int ends[MAX_JOBS];
	bool good = true;
	for (unsigned job = 0; job < a->jobs; job++) {
		int pair[2];
		if (pipe(pair) != 0)
			abort();
		fflush(NULL);
		pid_t child = fork();
		if (child < 0)
			abort();
		if (child == 0) {
			struct totals mine = {.seeds = 0};
			run_share(a, job, &mine);
			bool told = write(pair[1], &mine, sizeof(mine)) == (ssize_t)sizeof(mine);
			_exit(told ? 0 : 3);
		}
		close(pair[1]);
		ends[job] = pair[0];
	}
	for (unsigned job = 0; job < a->jobs; job++) {
		struct totals theirs;
		char *to = (char *)&theirs;
		size_t n = 0;
		ssize_t got;
		while (n < sizeof(theirs) &&
		       (got = read(ends[job], to + n, sizeof(theirs) - n)) > 0)
			n += (size_t)got;
		close(ends[job]);
		if (n == sizeof(theirs))
			totals_merge(t, &theirs);
		else
			good = false;
	}
	while (wait(NULL) > 0)
		;
	return good;
}

/* -- planted bugs ------------------------------------------------------------------------ */
static int run_mutant(struct asked *a)
{
	struct totals t = {.seeds = 0};
	const char *name = mutants[mutant_planted].name;
	const char *rule = checker_rule_name(mutants[mutant_planted].rule);
	bool whole = run_jobs(a, &t);
	if (t.first_broken != 0) {
		printf("%-26s %-20s after %llu seeds (seed %llu)\n", name, rule,
		       (unsigned long long)(t.first_broken - a->from + 1),
		       (unsigned long long)t.first_broken);
		return 0;
	}
	printf("%-26s %-20s SURVIVES %lld seeds%s;", name, rule, (long long)t.seeds,
	       whole ? "" : ", a run was cut short");
	for (int i = 0; i < CHECKER_N_RULES; i++)
		if (t.broken[i] > 0)
			printf(" %s in %lld", checker_rule_name((enum checker_rule)i),
			       (long long)t.broken[i]);
	printf("\n");
	return 1;
}

static int run_mutants(struct asked *a)
{
	int survivors = 0;
	for (int i = 1; i < MUTANT_N; i++) {
		mutant_planted = (enum mutant)i;
		survivors += run_mutant(a);
	}
	printf("%d planted bugs, %d survive\n", MUTANT_N - 1, survivors);
	return survivors == 0 ? 0 : 1;
}

/* -- arguments --------------------------------------------------------------------------- */
static bool read_steps(bool *left_out, const char *text)
{
	char *end = NULL;
	for (int i = 0; i < SIM_STEPS; i++)
		left_out[i] = true;
	if (strcmp(text, "none") == 0)
		return true;
	while (*text != '\0') {
		long step = strtol(text, &end, 10);
		if (end == text || step < 0 || step >= SIM_STEPS)
			return false;
		left_out[step] = false;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool read_mutant(const char *name)
{
	for (int i = 1; i < MUTANT_N; i++)
		if (strcmp(mutants[i].name, name) == 0)
			mutant_planted = (enum mutant)i;
	return mutant_planted != MUTANT_none;
}

static bool read_flag(struct asked *a, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"--plain", &a->cuts.plain}, {"--json", &a->view.json}, {"--trace", &a->view.story},
		{"--shrink", &a->shrink},    {"--mutants", &a->list},
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(name, flags[i].name) == 0)
			return *flags[i].flag = true;
	return false;
}

static bool read_value(struct asked *a, const char *name, const char *value)
{
	if (strcmp(name, "--seed") == 0 && sscanf(value, "%llu", &a->from) == 1) {
		a->to = a->from;
		return true;
	}
	if (strcmp(name, "--seeds") == 0)
		return sscanf(value, "%llu..%llu", &a->from, &a->to) == 2;
	if (strcmp(name, "--minutes") == 0) {
		a->to = UINT64_MAX / 2;
		return sscanf(value, "%lf", &a->minutes) == 1;
	}
	if (strcmp(name, "--limit") == 0)
		return sscanf(value, "%u", &a->limit_s) == 1;
	if (strcmp(name, "--jobs") == 0)
		return sscanf(value, "%u", &a->jobs) == 1 && a->jobs > 0 && a->jobs <= MAX_JOBS;
	if (strcmp(name, "--steps") == 0)
		return sscanf(value, "%d", &a->cuts.steps) == 1 && a->cuts.steps > 0 &&
		       a->cuts.steps <= SIM_STEPS;
	if (strcmp(name, "--members") == 0)
		return sscanf(value, "%d", &a->cuts.members) == 1 && a->cuts.members > 0;
	if (strcmp(name, "--faults") == 0)
		return read_steps(a->cuts.faults, value);
	if (strcmp(name, "--messages") == 0)
		return read_steps(a->cuts.batches, value);
	if (strcmp(name, "--mutant") == 0)
		return read_mutant(value);
	if (strcmp(name, "--message") == 0) {
		a->view.message = value;
		return true;
	}
	a->view.topic = a->topic;
	return strcmp(name, "--partition") == 0 &&
	       sscanf(value, "%127[^:]:%d", a->topic, &a->view.partition) == 2;
}

static bool read_arguments(struct asked *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (read_flag(a, argv[i]))
			continue;
		if (i + 1 == argc || !read_value(a, argv[i], argv[i + 1]))
			return false;
		i++;
	}
	return a->from <= a->to;
}

int main(int argc, char **argv)
{
	struct asked a = {.from = 1, .to = 500, .limit_s = LIMIT_S, .jobs = 1};
	struct totals t = {.seeds = 0};
	if (!read_arguments(&a, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	if (a.shrink) {
		sim_shrink(a.from, &a.cuts, argv[0]);
		return 0;
	}
	if (a.list)
		return run_mutants(&a);
	if (mutant_planted != MUTANT_none && a.from != a.to)
		return run_mutant(&a);
	int64_t started_us = clock_boot_us();
	bool whole = true;
	if (a.jobs == 1)
		run_share(&a, 0, &t);
	else
		whole = run_jobs(&a, &t);
	if (a.view.json)
		return t.failed == 0 ? 0 : 1;
	bool enough = totals_report(&t, (double)(clock_boot_us() - started_us) / 1e6);
	return t.failed == 0 && whole && enough ? 0 : 1;
}
