/* SPDX-License-Identifier: Apache-2.0
 *
 * Read beside "Verdicts and where a message goes" of docs/semantics.md: the order of the checks
 * here is the order of its rows. Pure, so that every row is a line of a table test. */
#include "core/route.h"

#include "base/bytes.h"
#include "base/mutant.h"
#include "core/backoff.h"
#include "core/schedule.h"

static struct route dead_letter(const struct stagger_chain *chain, const char *disposition)
{
	return (struct route){
		.place = chain->stop_instead_of_dead_letter ? PLACE_HALT : PLACE_DEAD_LETTER,
		.stage = CHAIN_DLT,
		.visit = 1,
		.disposition = disposition,
	};
}

static bool any_fits(const struct match *list, size_t n, const char *error_class, const char *code)
{
	for (size_t i = 0; i < n; i++) {
		if (match_fits(&list[i], error_class, code))
			return true;
	}
	return false;
}

static bool retriable(const struct stagger_chain *chain, const char *error_class, const char *code)
{
	if (any_fits(chain->never, chain->n_never, error_class, code))
		return false;
	return chain->n_only == 0 || any_fits(chain->only, chain->n_only, error_class, code);
}

/* Where a message goes whose own stage takes no more: the first one that waits no shorter. */
static int32_t stage_no_shorter(const struct stagger_chain *chain, int64_t delay_ms)
{
	for (int32_t s = CHAIN_MAIN + 1; s < chain->n_stages; s++) {
		if (!chain->stages[s].retired && chain->stages[s].delay_ms >= delay_ms)
			return s;
	}
	return CHAIN_DLT;
}

/* The stage of the next visit and which visit that is; CHAIN_DLT: none is left. */
static int32_t next_stage(const struct stagger_chain *chain, const struct route_facts *facts,
			  int32_t *visit)
{
	*visit = 1;
	if (facts->stage == CHAIN_DLT) /* unknown: the chain was changed under its messages */
		return stage_no_shorter(chain, facts->stage_delay_ms);
	const struct chain_stage *stage = &chain->stages[facts->stage];
	if (stage->retired)
		return stage_no_shorter(chain, stage->delay_ms);
	if (facts->visit + MUTANT(stage_counted_twice) < stage->visits) {
		*visit = facts->visit + 1;
		return facts->stage;
	}
	for (int32_t next = facts->stage + 1; next < chain->n_stages; next++) {
		if (!chain->stages[next].retired || MUTANT(retired_stage_used))
			return next;
	}
	return CHAIN_DLT;
}

static struct route retry(const struct stagger_chain *chain, const struct route_facts *facts)
{
	if (facts->call < chain->in_place_attempts && route_may_wait(chain, facts->read_stage) &&
	    facts->retry_after_ms <= 0)
		return (struct route){
			.place = PLACE_WAIT,
			.stage = facts->stage,
			.visit = facts->visit,
			.wait_ms = backoff_wait_ms(chain, facts->call, facts->backoff_jitter),
		};

	int32_t visit;
	int32_t stage = next_stage(chain, facts, &visit);
	if (stage == CHAIN_DLT)
		return dead_letter(chain, DISPOSITION_EXHAUSTED);
	struct schedule_due due =
		schedule_due(chain, stage, facts->now_ms, facts->retry_after_ms, facts->jitter);
	int64_t first_ms = facts->first_failed_ms != 0 ? facts->first_failed_ms : facts->now_ms;
	if (chain->deadline_ms != 0 && due.due_ms > add_saturated(first_ms, chain->deadline_ms))
		return dead_letter(chain, DISPOSITION_EXPIRED);
	return (struct route){
		.place = PLACE_STAGE,
		.stage = stage,
		.visit = visit,
		.due_ms = due.due_ms,
		.clamped = due.clamped,
		.disposition = DISPOSITION_RETRY,
	};
}

struct route route_next(const struct stagger_chain *chain, const struct route_facts *facts)
{
	const char *error_class = facts->error_class;

	switch (facts->verdict) {
	case STAGGER_DONE:
		return (struct route){.place = PLACE_FINISHED};
	case STAGGER_HALT:
		return (struct route){.place = PLACE_HALT};
	case STAGGER_DEAD_LETTER:
		return dead_letter(chain, DISPOSITION_NOT_RETRIABLE);
	case STAGGER_RETRY:
		break;
	case STAGGER_DEFER:
		break;
	}
	if (facts->verdict != STAGGER_RETRY) /* a handler may return any number: nothing is lost */
		error_class = CLASS_NO_VERDICT;
	if (!retriable(chain, error_class, facts->error_code))
		return dead_letter(chain, DISPOSITION_NOT_RETRIABLE);
	return retry(chain, facts);
}

bool route_expired(const struct stagger_chain *chain, int64_t timestamp_ms, int64_t now_ms)
{
	return chain->expire_ms != 0 && timestamp_ms >= 0 &&
	       now_ms > add_saturated(timestamp_ms, chain->expire_ms);
}

bool route_may_wait(const struct stagger_chain *chain, int32_t stage)
{
	return chain->in_place_attempts > 1 && stage != CHAIN_DLT && chain->stages[stage].in_place;
}
