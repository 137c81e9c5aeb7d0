/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdict table of semantics.md, row by row, as one pure function. */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include <stagger/verdict.h>

#include "core/chain.h"

/* Dispositions, as envelopes carry them. */
#define DISPOSITION_RETRY         "retry"
#define DISPOSITION_EXHAUSTED     "attempts_exhausted"
#define DISPOSITION_NOT_RETRIABLE "not_retriable"
#define DISPOSITION_EXPIRED       "expired"
#define DISPOSITION_UNDECODABLE   "undecodable"
#define DISPOSITION_FOREIGN       "foreign"
#define DISPOSITION_TOO_LARGE     "too_large"

#define CLASS_NO_VERDICT "NoVerdict"

enum place {
	PLACE_FINISHED,    /* the offset is done */
	PLACE_WAIT,        /* in place: another call after wait_ms, the strand waits */
	PLACE_STAGE,       /* hop to stage, visit, due_ms */
	PLACE_DEAD_LETTER, /* hop to the DLT with disposition */
	PLACE_HALT         /* the consumer stops, the message unfinished */
};
struct route {
	enum place place;
	int32_t stage, visit;
	int64_t due_ms, wait_ms;
	bool clamped;            /* retry_after was beyond longest_wait */
	const char *disposition;
};
struct route_facts {
	enum stagger_verdict verdict;    /* not DEFER; 0 = none given */
	const char *error_class, *error_code; /* code may be NULL; class NULL = "" */
	int64_t retry_after_ms;          /* 0 = none */
	/* where it is; CHAIN_DLT: a stage this chain does not know */
	int32_t stage;
	int64_t stage_delay_ms;          /* of an unknown stage; else ignored */
	/* whose in-place retries apply: main's when it came back there, else stage */
	int32_t read_stage;
	int32_t visit;                   /* n-th visit of that stage, from 1 */
	int32_t call;                    /* n-th call of this visit, from 1 */
	int64_t first_failed_ms;         /* 0: this is the first failure */
	int64_t now_ms;                  /* last_failed_at: the loop's wall clock */
	double jitter, backoff_jitter;   /* uniform in [-1, 1]: the randomness is the caller's */
};

struct route route_next(const struct stagger_chain *chain, const struct route_facts *facts);
/* The row before any call: older than expire by its original timestamp. */
bool route_expired(const struct stagger_chain *chain, int64_t timestamp_ms, int64_t now_ms);
/* Whether a failure in that stage may be retried in place (so that a slice must stop at it). */
bool route_may_wait(const struct stagger_chain *chain, int32_t stage);

#endif
