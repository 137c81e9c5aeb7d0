/* SPDX-License-Identifier: Apache-2.0
 *
 * One chain: its stages, its rules. Built by stagger_chain_new() and friends (chain.c implements
 * them), made whole by chain_seal() when a consumer takes it, immutable from then on. */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include <stagger/chain.h>
#include <stagger/message.h>

#include "core/match.h"

#define CHAIN_MAX_STAGES   32
#define CHAIN_MAX_PATTERNS 64
#define CHAIN_MAX_NAME     64
#define CHAIN_LONGEST_DELAY_MS (INT64_C(365) * 24 * 3600 * 1000)

/* Stage numbers: 0 is main, 1..n_retries the retry stages in order, CHAIN_DLT the dead-letter
 * topic. */
#define CHAIN_MAIN 0
#define CHAIN_DLT  (-1)

struct chain_stage {
	char *name;        /* "main", "retry.5m" */
	char *topic;       /* resolved by chain_seal() */
	int64_t delay_ms;  /* 0 for main */
	int32_t visits;    /* 1 for main */
	bool in_place;     /* in-place retries apply here; set by chain_seal() */
	bool retired;      /* still read, no longer written to */
};
struct chain_route {
	struct match match;
	char *topic;
};

struct stagger_chain {
	char *name;
	enum stagger_order order;
	int32_t workers;               /* threads, or STAGGER_INLINE */
	bool start_latest, stop_instead_of_dead_letter, republish, shared_topics;
	int32_t in_place_attempts;     /* >= 1 */
	enum stagger_backoff in_place_backoff; /* never DEFAULT */
	int64_t in_place_delay_ms, in_place_max_delay_ms;
	double in_place_multiplier, in_place_jitter, jitter;
	int64_t jitter_max_ms;         /* 0 = no jitter */
	int64_t deadline_ms, expire_ms, handler_timeout_ms; /* 0 = none */
	int64_t longest_wait_ms;       /* set by chain_seal() when it was default */
	char *value_content_type, *key_content_type; /* or NULL */
	char **in_place_on;            /* NULL-ended names, "all"; NULL = main */
	enum stagger_dead_letter_headers dead_letter_headers; /* never DEFAULT */
	/* what its topics should be: retention 0 = for ever, the numbers 0 = as main's */
	int64_t dead_letter_retention_ms, retention_margin_ms;
	int32_t replication, min_insync_replicas;
	char *topic, *retry_template, *dead_letter_template;
	struct chain_stage *stages;    /* stages[0] is main */
	int32_t n_stages;              /* main included: n_retries + 1 */
	bool no_stages;                /* declared: straight to the DLT */
	char *dead_letter_topic;       /* resolved by chain_seal(); NULL when it stops instead */
	struct match *never, *only;
	size_t n_never, n_only;
	struct chain_route *routes;
	size_t n_routes;
	bool sealed;
};

/* Fills default stages, resolves the templates for the group, checks the whole: no topic twice, no
 * loop, names of Kafka's alphabet. */
STAGGER_MUST_USE enum stagger_status chain_seal(struct stagger_chain *chain, const char *group,
						struct stagger_error *err);
/* The stage whose topic that is, CHAIN_DLT when none. */
int32_t chain_stage_of(const struct stagger_chain *chain, const char *topic);
/* The stage of that name (as envelopes carry it), CHAIN_DLT when none. */
int32_t chain_stage_named(const struct stagger_chain *chain, struct stagger_bytes name);
/* The jitter of that stage: min(delay * jitter, jitter_max_ms). */
int64_t chain_jitter_ms(const struct stagger_chain *chain, int32_t stage);
/* Where a dead letter with that error goes: the first route that matches, or NULL: the
 * chain's own. */
const char *chain_dead_letter_route(const struct stagger_chain *chain, const char *error_class,
				    const char *error_code);

#endif
