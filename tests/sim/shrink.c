/* SPDX-License-Identifier: Apache-2.0
 *
 * A smaller story that breaks the same rule: steps are cut off its end, then faults, messages and
 * members are taken out, each only if it still fails without. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* The first rule that the story breaks; CHECKER_N_RULES: none, or the world found a fault. */
static enum checker_rule rule_of(uint64_t seed, const struct sim_cuts *cuts, bool *fails)
{
	static const struct sim_view silent = {.json = false};
	struct checker_result result;
	enum checker_rule rule = CHECKER_N_RULES;
	struct sim *s = calloc(1, sizeof(*s));
	if (s == NULL)
		abort();
	s->seed = seed;
	s->cuts = cuts;
	s->view = &silent;
	*fails = !sim_run(s, &result) || result.violations > 0 || world_violations(s->world) > 0 ||
		 world_livelocked(s->world);
	for (int i = CHECKER_N_RULES - 1; i >= 0; i--)
		if (result.broken[i] > 0)
			rule = (enum checker_rule)i;
	checker_clear(&result);
	sim_clear(s);
	free(s);
	return rule;
}

static bool same(uint64_t seed, const struct sim_cuts *cuts, enum checker_rule rule)
{
	bool fails = false;
	return rule_of(seed, cuts, &fails) == rule && fails;
}

/* Tries the smaller one; keeps it when it breaks the rule, too. */
static bool keep(uint64_t seed, struct sim_cuts *cuts, const struct sim_cuts *smaller,
		 enum checker_rule rule)
{
	if (!same(seed, smaller, rule))
		return false;
	*cuts = *smaller;
	return true;
}

static void fewer_steps(uint64_t seed, struct sim_cuts *cuts, enum checker_rule rule)
{
	for (int by = SIM_STEPS / 2; by > 0; by /= 2) {
		struct sim_cuts smaller = *cuts;
		int steps = cuts->steps > 0 ? cuts->steps : SIM_STEPS;
		smaller.steps = steps - by;
		if (smaller.steps > 0 && keep(seed, cuts, &smaller, rule))
			by *= 2; /* once more by as many */
	}
}

/* In runs of 16, 8, ... 1 steps. */
static void fewer_of(uint64_t seed, struct sim_cuts *cuts, bool faults, enum checker_rule rule)
{
	int steps = cuts->steps > 0 ? cuts->steps : SIM_STEPS;
	for (int width = 16; width > 0; width /= 2)
		for (int at = 0; at < steps; at += width) {
			struct sim_cuts smaller = *cuts;
			bool *list = faults ? smaller.faults : smaller.batches;
			bool changed = false;
			for (int i = at; i < at + width && i < steps; i++) {
				changed |= !list[i];
				list[i] = true;
			}
			if (changed)
				(void)keep(seed, cuts, &smaller, rule);
		}
}

static void fewer_members(uint64_t seed, struct sim_cuts *cuts, enum checker_rule rule)
{
	for (int32_t n = 1; n < SIM_MAX_MEMBERS; n++) {
		struct sim_cuts smaller = *cuts;
		smaller.members = n;
		if ((cuts->members == 0 || n < cuts->members) && keep(seed, cuts, &smaller, rule))
			return;
	}
}

/* The steps whose part stays; "none" when none does, nothing when all do. */
static void print_list(const char *option, const bool *left_out, int steps)
{
	int n = 0;
	int kept = 0;
	for (int i = 0; i < steps; i++)
		kept += !left_out[i];
	if (kept == steps)
		return;
	printf(" %s ", option);
	for (int i = 0; i < steps; i++)
		if (!left_out[i])
			printf("%s%d", n++ == 0 ? "" : ",", i);
	printf("%s", kept == 0 ? "none" : "");
}

void sim_shrink(uint64_t seed, struct sim_cuts *cuts, const char *command)
{
	bool fails = false;
	enum checker_rule rule = rule_of(seed, cuts, &fails);
	if (!fails) {
		printf("seed %llu does not fail\n", (unsigned long long)seed);
		return;
	}
	fewer_members(seed, cuts, rule);
	fewer_steps(seed, cuts, rule);
	fewer_of(seed, cuts, true, rule);
	fewer_of(seed, cuts, false, rule);
	fewer_members(seed, cuts, rule);
	int steps = cuts->steps > 0 ? cuts->steps : SIM_STEPS;
	printf("smaller: %s --seed %llu%s", command, (unsigned long long)seed,
	       cuts->plain ? " --plain" : "");
	if (cuts->steps > 0)
		printf(" --steps %d", cuts->steps);
	if (cuts->members > 0)
		printf(" --members %d", cuts->members);
	print_list("--faults", cuts->faults, steps);
	print_list("--messages", cuts->batches, steps);
	printf("\n");
}
