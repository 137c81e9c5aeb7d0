/* SPDX-License-Identifier: Apache-2.0
 *
 * The stages come from route_next() itself, asked without the deadline; the deadline and expire are
 * then held against the earliest and the latest due of each visit. With them the end depends on the
 * jitter: every way to end is weighed, and the span of all of them is the answer. */
#include "core/plan.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "core/backoff.h"
#include "core/route.h"
#include "core/schedule.h"
#include "core/topics.h"

#define FIRST_ROOM 64

/* One way through the chain is a choice of jitter; these three bound all others. */
static const double early = -1, plain = 0, late = 1;

struct walk {
	struct plan plan;
	size_t room;
	struct stagger_chain chain;    /* without the rules that the walk weighs itself */
	int64_t deadline_ms, expire_ms; /* INT64_MAX: none */
	int32_t stage, visit, attempt;
	struct plan_time at;           /* of the last call */
	bool certain, ended;           /* ended: the nominal way is in the DLT */
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static struct plan_time later(struct plan_time at, struct plan_time wait)
{
	return (struct plan_time){
		.earliest_ms = add_saturated(at.earliest_ms, wait.earliest_ms),
		.nominal_ms = add_saturated(at.nominal_ms, wait.nominal_ms),
		.latest_ms = add_saturated(at.latest_ms, wait.latest_ms),
	};
}

static struct plan_time wait_in_place(const struct stagger_chain *chain, int32_t call)
{
	return (struct plan_time){
		.earliest_ms = backoff_wait_ms(chain, call, early),
		.nominal_ms = backoff_wait_ms(chain, call, plain),
		.latest_ms = backoff_wait_ms(chain, call, late),
	};
}

static struct plan_time wait_in_stage(const struct stagger_chain *chain, int32_t stage)
{
	return (struct plan_time){
		.earliest_ms = schedule_due(chain, stage, 0, 0, early).due_ms,
		.nominal_ms = schedule_due(chain, stage, 0, 0, plain).due_ms,
		.latest_ms = schedule_due(chain, stage, 0, 0, late).due_ms,
	};
}

static bool add_call(struct walk *w, int32_t call)
{
	struct plan *plan = &w->plan;

	if (plan->n == w->room) {
		size_t room = w->room == 0 ? FIRST_ROOM : w->room * 2;
		struct plan_call *calls = realloc(plan->calls, room * sizeof(*calls));
		if (calls == NULL)
			return false;
		plan->calls = calls;
		w->room = room;
	}
	plan->calls[plan->n++] = (struct plan_call){
		.attempt = ++w->attempt,
		.stage = w->stage,
		.visit = w->visit,
		.call = call,
		.at = w->at,
		.certain = w->certain,
	};
	if (w->ended)
		plan->calls[plan->n - 1].at.nominal_ms = PLAN_NEVER;
	return true;
}

/* A way to end, some time from earliest to latest. */
static void weigh(struct walk *w, int64_t earliest_ms, int64_t latest_ms)
{
	w->plan.dead.earliest_ms = smaller(w->plan.dead.earliest_ms, earliest_ms);
	w->plan.dead.latest_ms = larger(w->plan.dead.latest_ms, latest_ms);
}

static void end_nominal(struct walk *w, int64_t at_ms, const char *disposition)
{
	if (w->ended)
		return;
	w->ended = true;
	w->plan.dead.nominal_ms = at_ms;
	w->plan.disposition = disposition;
}

static int32_t read_stage(const struct stagger_chain *chain, int32_t stage)
{
	return chain->republish ? CHAIN_MAIN : stage;
}

int32_t plan_calls(const struct stagger_chain *chain, int32_t stage)
{
	return route_may_wait(chain, read_stage(chain, stage)) ? chain->in_place_attempts : 1;
}

static bool call_all(struct walk *w)
{
	int32_t n = plan_calls(&w->chain, w->stage);

	for (int32_t call = 1; call <= n; call++) {
		if (call > 1)
			w->at = later(w->at, wait_in_place(&w->chain, call - 1));
		if (!add_call(w, call))
			return false;
	}
	return true;
}

/* The hop into the next visit, if a jitter allows it. */
static bool schedule(struct walk *w, const struct route *next)
{
	struct plan_time wait = wait_in_stage(&w->chain, next->stage);
	struct plan_time due = later(w->at, wait);

	if (due.nominal_ms > w->deadline_ms)
		end_nominal(w, w->at.nominal_ms, DISPOSITION_EXPIRED);
	if (due.latest_ms > w->deadline_ms) {
		int64_t before_ms = w->deadline_ms - wait.latest_ms; /* later than that: refused */
		weigh(w, larger(w->at.earliest_ms, before_ms + 1), w->at.latest_ms);
		w->certain = false;
	}
	if (due.earliest_ms > w->deadline_ms)
		return false;
	w->stage = next->stage;
	w->visit = next->visit;
	w->at = due;
	w->at.latest_ms = smaller(due.latest_ms, w->deadline_ms);
	w->at.nominal_ms = smaller(due.nominal_ms, w->at.latest_ms);
	return true;
}

/* Whether it is handled when it comes out of the stage: not when it is too old by then. */
static bool still_young(struct walk *w)
{
	if (w->at.nominal_ms > w->expire_ms)
		end_nominal(w, w->at.nominal_ms, DISPOSITION_EXPIRED);
	if (w->at.latest_ms > w->expire_ms) {
		weigh(w, larger(w->at.earliest_ms, w->expire_ms + 1), w->at.latest_ms);
		w->certain = false;
	}
	if (w->at.earliest_ms > w->expire_ms)
		return false;
	w->at.latest_ms = smaller(w->at.latest_ms, w->expire_ms);
	w->at.nominal_ms = smaller(w->at.nominal_ms, w->expire_ms);
	return true;
}

static bool walk(struct walk *w)
{
	for (;;) {
		if (!call_all(w))
			return false;
		struct route_facts facts = {
			.verdict = STAGGER_RETRY,
			.stage = w->stage,
			.read_stage = read_stage(&w->chain, w->stage),
			.visit = w->visit,
			.call = w->chain.in_place_attempts,
		};
		struct route next = route_next(&w->chain, &facts);
		if (next.place != PLACE_STAGE) {
			weigh(w, w->at.earliest_ms, w->at.latest_ms);
			w->plan.by_jitter = !w->certain;
			end_nominal(w, w->at.nominal_ms, DISPOSITION_EXHAUSTED);
			return true;
		}
		if (!schedule(w, &next) || !still_young(w))
			return true;
	}
}

enum stagger_status plan_make(struct plan *out, const struct stagger_chain *chain,
			      struct stagger_error *err)
{
	struct walk w = {
		.plan = {.dead = {.earliest_ms = INT64_MAX}},
		.chain = *chain,
		.deadline_ms = chain->deadline_ms != 0 ? chain->deadline_ms : INT64_MAX,
		.expire_ms = chain->expire_ms != 0 ? chain->expire_ms : INT64_MAX,
		.stage = CHAIN_MAIN,
		.visit = 1,
		.certain = true,
	};

	w.chain.deadline_ms = 0;
	w.chain.n_never = w.chain.n_only = 0;
	w.chain.stop_instead_of_dead_letter = false;
	if (!walk(&w)) {
		plan_clear(&w.plan);
		return fail_memory(err);
	}
	*out = w.plan;
	return STAGGER_OK;
}

void plan_clear(struct plan *plan)
{
	free(plan->calls);
	*plan = (struct plan){0};
}

int64_t plan_jitter_messages(const struct stagger_chain *chain, int32_t stage, int64_t per_second)
{
	return mul_saturated(chain_jitter_ms(chain, stage), per_second) / 1000;
}

int64_t plan_retention_ms(const struct stagger_chain *chain)
{
	return topic_retention_ms(chain->longest_wait_ms, chain->retention_margin_ms);
}
