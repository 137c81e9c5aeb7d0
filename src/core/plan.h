/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chain means in time: the calls of a message that always fails, from the first one to the
 * dead-letter topic. Handlers take no time here, topics are read at once, nobody says retry_after.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/chain.h"

#define PLAN_NEVER INT64_C(-1)

/* Milliseconds since the first call: as early as jitter can make it, without jitter, as late. A
 * call that only jitter makes possible has the nominal time PLAN_NEVER. */
struct plan_time {
	int64_t earliest_ms, nominal_ms, latest_ms;
};
struct plan_call {
	int32_t attempt, stage, visit, call; /* each from 1, the stage as chain.h numbers it */
	struct plan_time at;
	bool certain; /* no jitter can bring the deadline or expire before it */
};
struct plan {
	struct plan_call *calls;
	size_t n;
	struct plan_time dead;     /* in the DLT, or at the stop that stands for it */
	const char *disposition;   /* of the nominal way */
	bool by_jitter;            /* which disposition it is depends on the jitter */
};

/* The chain must be sealed. On STAGGER_OK clear *out with plan_clear(). */
STAGGER_MUST_USE enum stagger_status plan_make(struct plan *out, const struct stagger_chain *chain,
					       struct stagger_error *err);
void plan_clear(struct plan *plan);

/* Calls of one visit of that stage, in-place retries included: where the mode is republish they
 * are made in main, as main's are. */
int32_t plan_calls(const struct stagger_chain *chain, int32_t stage);

/* Messages that jitter makes wait in memory, for all members together, when per_second messages
 * fail into that stage: on average. A lane is read until no record can be due before the earliest
 * that waits, so it holds what fails within one jitter; at most twice that. */
int64_t plan_jitter_messages(const struct stagger_chain *chain, int32_t stage, int64_t per_second);
/* retention.ms that a stage's topic needs. */
int64_t plan_retention_ms(const struct stagger_chain *chain);

#endif
