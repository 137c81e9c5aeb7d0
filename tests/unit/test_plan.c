/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chain means in time: reckoned by hand for some chains, and held against messages that
 * core/route.c itself sends through others, with jitter of any kind. */
#define _GNU_SOURCE
#include "core/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/route.h"

#define N(rows) (sizeof(rows) / sizeof((rows)[0]))
#define MAX_STAGES 4

struct stage {
	int64_t delay_ms;
	int32_t visits;
	bool retired;
};
struct declared {
	struct stagger_chain_options o;
	struct stage stages[MAX_STAGES];
};

static struct stagger_chain *make(const struct declared *d)
{
	struct stagger_chain_options o = d->o;
	struct stagger_chain *chain = NULL;
	struct stagger_error err;

	o.size = sizeof(o);
	enum stagger_status status = stagger_chain_new(&chain, "orders", &o, &err);
	for (size_t i = 0; i < MAX_STAGES && d->stages[i].delay_ms != 0; i++) {
		struct stagger_stage_options stage = STAGGER_STAGE_OPTIONS_INIT;
		stage.delay_ms = d->stages[i].delay_ms;
		stage.attempts = d->stages[i].visits;
		stage.retired = d->stages[i].retired;
		if (status == STAGGER_OK)
			status = stagger_chain_stage_with(chain, &stage, &err);
	}
	if (status == STAGGER_OK)
		status = chain_seal(chain, "billing", &err);
	if (status != STAGGER_OK)
		fail_msg("%s", err.text);
	return chain;
}

static struct plan plan_of(const struct declared *d)
{
	struct stagger_chain *chain = make(d);
	struct stagger_error err;
	struct plan plan;

	assert_int_equal(plan_make(&plan, chain, &err), STAGGER_OK);
	stagger_chain_free(&chain);
	return plan;
}

/* "1:0.1.1@0 2:1.1.1@60000 dlt@60000 attempts_exhausted": attempt:stage.visit.call@earliest,
 * nominal,latest (one number when they are the same), '?' when only jitter allows it. */
static void print_time(FILE *out, const struct plan_time *at)
{
	if (at->earliest_ms == at->latest_ms)
		fprintf(out, "@%lld ", (long long)at->nominal_ms);
	else
		fprintf(out, "@%lld,%lld,%lld ", (long long)at->earliest_ms,
			(long long)at->nominal_ms, (long long)at->latest_ms);
}

static char *text_of(const struct plan *plan)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_call *c = &plan->calls[i];
		fprintf(out, "%d:%d.%d.%d%s", c->attempt, c->stage, c->visit, c->call,
			c->certain ? "" : "?");
		print_time(out, &c->at);
	}
	fprintf(out, "dlt");
	print_time(out, &plan->dead);
	fprintf(out, "%s%s", plan->disposition, plan->by_jitter ? "?" : "");
	fclose(out);
	return text;
}

static void plan__reckons_by_hand(void **state)
{
	static const struct {
		const char *name;
		struct declared chain;
		const char *text;
	} cases[] = {
		{"the default stages", {.o = {0}},
		 "1:0.1.1@0 2:1.1.1@60000 3:2.1.1@360000 4:3.1.1@2160000 dlt@2160000 "
		 "attempts_exhausted"},
		{"no stage", {.stages = {{STAGGER_OFF, 0, false}}}, "1:0.1.1@0 dlt@0 "
								    "attempts_exhausted"},
		{"visits", {.stages = {{1000, 3, false}}},
		 "1:0.1.1@0 2:1.1.1@1000 3:1.2.1@2000 4:1.3.1@3000 dlt@3000 attempts_exhausted"},
		{"jitter adds up", {.o = {.jitter = 0.1}, .stages = {{1000, 1, 0}, {2000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@900,1000,1100 3:2.1.1@2700,3000,3300 dlt@2700,3000,3300 "
		 "attempts_exhausted"},
		{"a retired stage is not entered",
		 {.stages = {{1000, 1, 0}, {2000, 5, true}, {3000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 3:3.1.1@4000 dlt@4000 attempts_exhausted"},
		{"in place, in main only",
		 {.o = {.in_place_attempts = 3, .in_place_delay_ms = 100},
		  .stages = {{1000, 1, 0}}},
		 "1:0.1.1@0 2:0.1.2@100 3:0.1.3@300 4:1.1.1@1300 dlt@1300 attempts_exhausted"},
		{"where it goes back to main, main's in-place calls come again",
		 {.o = {.in_place_attempts = 2, .in_place_delay_ms = 100, .republish = true},
		  .stages = {{1000, 1, 0}}},
		 "1:0.1.1@0 2:0.1.2@100 3:1.1.1@1100 4:1.1.2@1200 dlt@1200 attempts_exhausted"},
		{"in place, with jitter, below its cap",
		 {.o = {.in_place_attempts = 3, .in_place_delay_ms = 100, .in_place_jitter = 0.5,
			.in_place_max_delay_ms = 150},
		  .stages = {{STAGGER_OFF, 0, 0}}},
		 "1:0.1.1@0 2:0.1.2@50,100,150 3:0.1.3@125,250,300 dlt@125,250,300 "
		 "attempts_exhausted"},
		{"the deadline ends it", {.o = {.deadline_ms = 2500}, .stages = {{1000, 9, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 3:1.2.1@2000 dlt@2000 expired"},
		{"a retry due at the deadline is still made",
		 {.o = {.deadline_ms = 2000}, .stages = {{1000, 9, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 3:1.2.1@2000 dlt@2000 expired"},
		/* 1000 +- 100, then 2000 +- 200: within 3100 only when the jitter is kind */
		{"the jitter decides about the deadline",
		 {.o = {.jitter = 0.1, .deadline_ms = 3100}, .stages = {{1000, 1, 0}, {2000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@900,1000,1100 3:2.1.1?@2700,3000,3100 dlt@901,3000,3100 "
		 "attempts_exhausted?"},
		{"the jitter may save it from the deadline",
		 {.o = {.jitter = 0.1, .deadline_ms = 2900}, .stages = {{1000, 1, 0}, {2000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@900,1000,1100 3:2.1.1?@2700,-1,2900 dlt@900,1000,2900 expired?"},
		{"expire lets it wait, then not be handled",
		 {.o = {.expire_ms = 2500}, .stages = {{1000, 9, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 3:1.2.1@2000 dlt@3000 expired"},
		{"expire at the very due is not yet too old",
		 {.o = {.expire_ms = 1000}, .stages = {{1000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 dlt@1000 attempts_exhausted"},
		{"patterns do not matter: the failure is one that is retried",
		 {.o = {.stop_instead_of_dead_letter = true}, .stages = {{1000, 1, 0}}},
		 "1:0.1.1@0 2:1.1.1@1000 dlt@1000 attempts_exhausted"},
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct plan plan = plan_of(&cases[i].chain);
		char *text = text_of(&plan);
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("%s:\n%s\nnot\n%s", cases[i].name, text, cases[i].text);
		free(text);
		plan_clear(&plan);
	}
}

/* -- messages that take the way ------------------------------------------------------------------ */

struct way {
	int64_t at_ms;
	size_t n_calls;
	const char *disposition;
};

static uint64_t below(struct random *r, uint64_t n)
{
	return random_next(r) % n;
}

static double any(struct random *r, int kind)
{
	return kind == 0 ? random_signed(r) : kind == 1 ? -1 : kind == 2 ? 1 : 0;
}

/* A message that always fails, sent on by route_next(), each of its calls held against the plan. */
static struct way send(const struct stagger_chain *chain, const struct plan *plan,
		       struct random *r, int kind)
{
	struct route_facts facts = {.verdict = STAGGER_RETRY, .visit = 1, .call = 1};
	struct way way = {0};

	for (;;) {
		if (facts.call == 1 && route_expired(chain, 1, way.at_ms + 1)) {
			way.disposition = DISPOSITION_EXPIRED;
			return way;
		}
		assert_true(way.n_calls < plan->n);
		const struct plan_call *c = &plan->calls[way.n_calls++];
		assert_int_equal(c->stage, facts.stage);
		assert_int_equal(c->visit, facts.visit);
		assert_int_equal(c->call, facts.call);
		assert_true(way.at_ms >= c->at.earliest_ms && way.at_ms <= c->at.latest_ms);
		facts.now_ms = way.at_ms + 1; /* 0 is no time */
		facts.first_failed_ms = 1;
		facts.jitter = any(r, kind);
		facts.backoff_jitter = any(r, kind);
		struct route next = route_next(chain, &facts);
		if (next.place == PLACE_DEAD_LETTER) {
			way.disposition = next.disposition;
			return way;
		}
		facts.call = next.place == PLACE_WAIT ? facts.call + 1 : 1;
		facts.stage = next.stage;
		facts.read_stage = chain->republish ? CHAIN_MAIN : next.stage;
		facts.visit = next.visit;
		way.at_ms = next.place == PLACE_WAIT ? way.at_ms + next.wait_ms : next.due_ms - 1;
	}
}

static struct declared any_chain(struct random *r)
{
	struct declared d = {.o = {.jitter = (double)below(r, 6) / 10,
				   .in_place_attempts = (int32_t)below(r, 4) + 1,
				   .in_place_jitter = (double)below(r, 10) / 10,
				   .in_place_delay_ms = (int64_t)below(r, 400) + 1}};
	size_t n = below(r, MAX_STAGES) + 1;

	for (size_t i = 0; i < n; i++)
		d.stages[i] = (struct stage){
			.delay_ms = (int64_t)(i + 1) * 1000 + (int64_t)below(r, 1000),
			.visits = (int32_t)below(r, 3) + 1,
			.retired = below(r, 5) == 0,
		};
	d.o.republish = below(r, 4) == 0;
	if (below(r, 2) == 0)
		d.o.deadline_ms = (int64_t)below(r, 20000) + 1;
	if (below(r, 3) == 0)
		d.o.expire_ms = (int64_t)below(r, 20000) + 1;
	return d;
}

static void check_way(const struct plan *plan, const struct way *way, int kind)
{
	assert_true(way->at_ms >= plan->dead.earliest_ms && way->at_ms <= plan->dead.latest_ms);
	for (size_t i = way->n_calls; i < plan->n; i++)
		assert_false(plan->calls[i].certain);
	if (!plan->by_jitter || kind == 3)
		assert_string_equal(way->disposition, plan->disposition);
	if (kind == 3)
		assert_int_equal(way->at_ms, plan->dead.nominal_ms);
}

static void plan__bounds_every_way_that_messages_take(void **state)
{
	struct random r = {.state = 42};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct declared d = any_chain(&r);
		struct stagger_chain *chain = make(&d);
		struct stagger_error err;
		struct plan plan;
		assert_int_equal(plan_make(&plan, chain, &err), STAGGER_OK);
		for (int n = 0; n < 40; n++) {
			int kind = n % 4; /* any jitter; least; most; none */
			struct way way = send(chain, &plan, &r, kind);
			check_way(&plan, &way, kind);
		}
		plan_clear(&plan);
		stagger_chain_free(&chain);
	}
}

static void plan__reckons_what_jitter_and_waiting_cost(void **state)
{
	const struct declared d = {
		.o = {.jitter = 0.1},
		.stages = {{60000, 1, 0}, {1800000, 1, 0}},
	};
	struct stagger_chain *chain = make(&d);

	(void)state;
	assert_int_equal(plan_jitter_messages(chain, 1, 1000), 6000);
	assert_int_equal(plan_jitter_messages(chain, 2, 1000), 30000); /* jitter_max is 30 s */
	assert_int_equal(plan_jitter_messages(chain, 2, 10), 300);
	/* at least 1 h, and a margin of 7 d */
	assert_int_equal(plan_retention_ms(chain), INT64_C(3600000) + INT64_C(604800000));
	stagger_chain_free(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan__reckons_by_hand),
		cmocka_unit_test(plan__bounds_every_way_that_messages_take),
		cmocka_unit_test(plan__reckons_what_jitter_and_waiting_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
