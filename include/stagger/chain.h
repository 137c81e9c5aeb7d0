/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain declared in C: one main topic, its retry stages in order, its dead-letter topic. Not
 * thread-safe; given away by stagger_consumer_add(). */
#ifndef STAGGER_CHAIN_H
#define STAGGER_CHAIN_H

#include <stagger/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stagger_chain;

enum stagger_order {
	STAGGER_ORDER_PARTITION, /* calls of one partition number never overlap */
	STAGGER_ORDER_KEY,       /* calls for one key never overlap */
	STAGGER_ORDER_NONE
};
enum stagger_backoff {
	STAGGER_BACKOFF_DEFAULT, /* exponential */
	STAGGER_BACKOFF_IMMEDIATE,
	STAGGER_BACKOFF_FIXED,
	STAGGER_BACKOFF_EXPONENTIAL
};

/* The family of headers on a dead letter; the names are those of the field's own tools. */
enum stagger_dead_letter_headers {
	STAGGER_HEADERS_DEFAULT, /* kafka */
	STAGGER_HEADERS_KAFKA,   /* __dlq.errors.*: Kafka itself, from 4.4 (KIP-1191) */
	STAGGER_HEADERS_CONNECT, /* __connect.errors.*: Kafka Connect */
	STAGGER_HEADERS_SPRING,  /* kafka_dlt-*: Spring Kafka */
	STAGGER_HEADERS_NONE     /* none of ours */
};

#define STAGGER_INLINE (-1)        /* workers: handlers run inside run() or dispatch() */
#define STAGGER_OFF    INT64_C(-1) /* a duration whose meaning is "none" */

/* Durations are milliseconds. Shares are 0.2 for 20 %. 0 and NULL mean the default that
 * is named. */
struct stagger_chain_options {
	size_t size;
	const char *topic;             /* main topic; NULL = the chain's name */
	const char *retry_topic;       /* template; NULL = "{topic}.{group}.retry.{delay}" */
	const char *dead_letter_topic; /* template; NULL = "{topic}.{group}.dlt" */
	enum stagger_order order;      /* default: per partition */
	int32_t workers;               /* threads of this chain, 1..1024 or STAGGER_INLINE; 0 = 1 */
	/* main, where the group has no commit: at the end, not the start */
	bool start_latest;
	bool stop_instead_of_dead_letter; /* stop at the first message that would reach the DLT */
	/* When due, the original goes back to main with one header more, and the handler is called
	 * there; default: it is called where the message waited. */
	bool republish;
	/* Several groups share the retry topics: an envelope of another group is finished, not
	 * handled; default: it is a dead letter. */
	bool shared_topics;
	int32_t in_place_attempts;     /* calls per visit, the first included, 1..100; 0 = 1 */
	enum stagger_backoff in_place_backoff;
	int64_t in_place_delay_ms;     /* before the second call, 1..300000; 0 = 200 */
	int64_t in_place_max_delay_ms; /* cap after the multiplier, 1..300000; 0 = 300000 */
	double in_place_multiplier;    /* 1..10; 0 = 2 */
	double in_place_jitter;        /* 0..1, uniform both ways */
	/* stages where it applies, NULL-ended: "main", "retry.5m", "all"; NULL = main */
	const char *const *in_place_on;
	double jitter;                 /* of a stage's delay, 0..0.5, uniform both ways */
	/* bound of the jitter, 1..3600000; 0 = 30000, STAGGER_OFF = no jitter */
	int64_t jitter_max_ms;
	/* no retry is due later than this after the first failure; 0 = none */
	int64_t deadline_ms;
	/* older by the original timestamp: DLT unhandled; 0 = none */
	int64_t expire_ms;
	int64_t longest_wait_ms; /* clamp of retry_after and forged dues; 0 = the longest delay
				  * with jitter, at least 1 h. 60000..365 d */
	/* reported as stuck, never killed; 0 = 300000, STAGGER_OFF */
	int64_t handler_timeout_ms;
	/* into the envelope; at most 127 bytes */
	const char *value_content_type, *key_content_type;
	enum stagger_dead_letter_headers dead_letter_headers;
	/* What the chain's topics should be, where they are created or checked. */
	int64_t dead_letter_retention_ms; /* 0 = for ever, at most 3650 d */
	int32_t replication, min_insync_replicas; /* 1..7; 0 = as main has them */
	/* stages are kept for longest_wait + this, at most 365 d; 0 = 7 d, STAGGER_OFF = none */
	int64_t retention_margin_ms;
};
#define STAGGER_CHAIN_OPTIONS_INIT STAGGER_INIT(struct stagger_chain_options)

/* Builds a chain named [a-z0-9_-]{1,64}. o NULL = all defaults. On STAGGER_OK *out is yours until
 * stagger_consumer_add() takes it. Without any stagger_chain_stage() the stages are 1m, 5m, 30m. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_new(struct stagger_chain **out, const char *name,
		  const struct stagger_chain_options *o, struct stagger_error *err);
/* Appends a stage: delay 1 ms..365 d, attempts (visits) 1..100 with 0 = 1, topic NULL = the
 * template. delay_ms STAGGER_OFF, as the only stage: none at all, straight to the DLT. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_stage(struct stagger_chain *chain, int64_t delay_ms, int32_t attempts,
		    const char *topic, struct stagger_error *err);
/* The same with all that a stage can have. */
struct stagger_stage_options {
	size_t size;
	int64_t delay_ms;  /* as above */
	int32_t attempts;  /* 0 = 1 */
	const char *name;  /* as envelopes carry it, 1..64 of [a-z0-9._-]; NULL = "retry.{delay}" */
	const char *topic; /* NULL = the template */
	/* Still read and handled, no longer written to: how a stage is taken out without leaving
	 * messages behind. */
	bool retired;
};
#define STAGGER_STAGE_OPTIONS_INIT STAGGER_INIT(struct stagger_stage_options)
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_stage_with(struct stagger_chain *chain, const struct stagger_stage_options *o,
			 struct stagger_error *err);
/* A failure that matches goes to the DLT at once. Patterns: "Name", "Prefix*", "Name/Code",
 * "Name/Code*"; at most 64. never and only exclude each other. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_never(struct stagger_chain *chain, const char *pattern, struct stagger_error *err);
/* Only failures that match are retried; all others go to the DLT at once. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_only(struct stagger_chain *chain, const char *pattern, struct stagger_error *err);
/* Dead letters whose last error matches go to that topic; the first match wins; at most 64. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_chain_route(struct stagger_chain *chain, const char *pattern, const char *topic,
		    struct stagger_error *err);
/* For a chain that was not given away. */
STAGGER_API void stagger_chain_free(struct stagger_chain **chain);

#ifdef __cplusplus
}
#endif
#endif
