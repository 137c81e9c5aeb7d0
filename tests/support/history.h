/* SPDX-License-Identifier: Apache-2.0
 *
 * A history: what members, producers, fault makers and the final reading of the topics say
 * happened, one event after the other. The simulation appends events in memory, real runs read
 * them from JSON lines; the checker sees no difference. Out of memory ends the program: this is
 * test code. */
#ifndef SUPPORT_HISTORY_H
#define SUPPORT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"

/* X(name as in "event", constant) */
#define HISTORY_KINDS(X)                                                                           \
	X("config", CONFIG)               /* what the chain is: see struct history_config */       \
	X("produced", PRODUCED)           /* by a producer: acknowledged */                        \
	X("started", STARTED)             /* a member's process begins */                          \
	X("assigned", ASSIGNED)           /* without a topic: an assignment, its parts follow */   \
	X("revoked", REVOKED)             /* lost: without a farewell */                           \
	X("handling", HANDLING)           /* a call begins */                                      \
	X("handled", HANDLED)             /* a call ends; settled: a deferred one */               \
	X("hopped", HOPPED)               /* into a stage, durable */                              \
	X("dead_lettered", DEAD_LETTERED) /* into a DLT, durable */                                \
	X("committing", COMMITTING)       /* a commit leaves; lost: its session is over */         \
	X("committed", COMMITTED)                                                                  \
	X("paused", PAUSED)                                                                        \
	X("resumed", RESUMED)                                                                      \
	X("reparked", REPARKED)                                                                    \
	X("reset", RESET)                                                                          \
	X("stopped", STOPPED)             /* a clean stop, with all counters */                    \
	X("stop", STOP)                   /* by the test: member was told to stop */               \
	X("fault", FAULT)                 /* by the test: kill, broker, clock, deleted... */  \
	X("remains", REMAINS)             /* at the end: a record of main or a stage */            \
	X("dead", DEAD)                   /* at the end: a record of a DLT */                      \
	X("drained", DRAINED)             /* at the end: that topic was read to its end */

enum history_kind {
	HISTORY_NONE,
#define X(name, constant) HISTORY_##constant,
	HISTORY_KINDS(X)
#undef X
};

/* The statistics of a clean stop; the names are those of stagger_stats. */
#define HISTORY_COUNTERS(X)                                                                        \
	X(handled) X(done) X(retried) X(retried_in_place) X(dead_lettered) X(expired)              \
	X(attempts_exhausted) X(not_retriable) X(undecodable) X(foreign) X(too_large)              \
	X(hops) X(hop_failures) X(hop_repeated) X(shrunk) X(route_fallback) X(reparked)            \
	X(republished) X(header_ignored) X(early) X(head_of_line) X(due_clamped)                   \
	X(clock_steps) X(lateness_p50_us) X(lateness_p99_us) X(lateness_max_us) X(commits)         \
	X(commit_failures) X(commit_metadata_dropped) X(ahead_dropped) X(skipped_ahead)            \
	X(expired_by_retention) X(log_reset) X(duplicates_bound) X(assigned) X(revoked)            \
	X(lost) X(late_completion) X(stuck) X(deferred) X(in_flight) X(in_flight_bytes)            \
	X(waiting) X(waiting_bytes)

struct history_counters {
#define X(name) int64_t name;
	HISTORY_COUNTERS(X)
#undef X
};

/* Texts are NULL where they do not apply; make one with HISTORY_EVENT. */
struct history_event {
	enum history_kind kind;
	int32_t partition, original_partition; /* -1: none */
	int32_t attempt, visit;                /* 0: none */
	int64_t at_ms, boot_ms;                /* wall and boot-time clock of the process */
	int64_t offset, original_offset, next_offset; /* -1: none */
	int64_t due_ms, failed_ms, retry_after_ms;    /* 0: none */
	int64_t first_seen_ms, first_seen_boot_ms;
	uint64_t value_hash, key_hash, headers_hash; /* map_hash() of the bytes; 0: none */
	const char *member, *group, *id;             /* member: the process that says it, or is meant */
	const char *topic, *original_topic, *to_topic, *stage;
	const char *verdict, *error_class;
	const char *reason; /* disposition, why a reset, kind of a fault, "before" of STARTED */
	const char *key, *script;                    /* key: text; NULL also for Kafka's null key */
	bool lost, settled;
	const struct history_counters *counters; /* with STOPPED */
};
#define HISTORY_EVENT(k)                                                                           \
	.kind = (k), .partition = -1, .original_partition = -1, .offset = -1,                      \
	.original_offset = -1, .next_offset = -1

#define HISTORY_MAX_STAGES 32

struct history_stage {
	const char *name, *topic;
	int64_t delay_ms;
	int32_t visits;
	bool retired; /* but for processes that started with the reason "before" */
};
/* 0 and NULL: not said, the rules that need it look away. */
struct history_config {
	const char *group, *topic, *dlt;
	struct history_stage stages[HISTORY_MAX_STAGES]; /* in order, without main */
	size_t n_stages;
	const char *order; /* "partition", "key", "none" */
	double jitter;
	int64_t jitter_max_ms, longest_wait_ms, max_uncommitted, drain_timeout_ms;
	int32_t in_place_attempts; /* calls of a visit */
	bool in_place_everywhere;
	bool republish;         /* what is due may go back to main */
	/* Of a simulation: one thread told it all in the order in which it happened; whatever took
	 * records away is told, too; COMMITTED is the broker's word. */
	bool exact;
	bool revoke_is_fault;   /* embedded broker: it refuses the commit of a revoke */
	int64_t progress_ms;    /* what is overdue for longer at the end has stalled; 0 = 10000 */
	int64_t max_lateness_ms; /* 0: only reported */
};

struct history {
	struct history_event *events;
	size_t n, room;
	struct history_config config;
	char **texts; /* every text once, so that equal ones are the same pointer */
	size_t n_texts, room_texts;
	struct map text_places;
	struct history_counters **counters;
	size_t n_counters;
};

void history_clear(struct history *h);
/* Copies the event and its texts. */
void history_append(struct history *h, const struct history_event *event);
/* Sets h->config to a copy; its texts are copied. */
void history_configure(struct history *h, const struct history_config *config);
/* The one copy of that text; NULL stays NULL. */
const char *history_text(struct history *h, const char *text);
/* Reads one JSON line; config lines change h->config, fields they do not name stay. False: not a
 * line of a history, why[size] says what is wrong. */
bool history_read_line(struct history *h, const char *line, char *why, size_t size);
/* Appends a file's lines; a last line without its newline (a killed writer) is left out. */
bool history_read_file(struct history *h, const char *path, char *why, size_t size);
/* Sorts events of several files by at_ms; within a file, which begins at starts[i], order is kept.
 * */
void history_merge(struct history *h, const size_t *starts, size_t n_files);

/* One JSON line with its newline; what does not apply is left out. Returns its length, at most
 * size - 1 (a line that does not fit becomes empty). Any thread. */
size_t history_write(const struct history_event *event, char *line, size_t size);
size_t history_write_config(const struct history_config *config, char *line, size_t size);
const char *history_kind_name(enum history_kind kind);

#endif
