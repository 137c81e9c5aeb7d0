/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer: handlers, run, stop. Several in one process are fine: no global state, no signal
 * handler, no environment. */
#ifndef STAGGER_CONSUMER_H
#define STAGGER_CONSUMER_H

#include <stagger/chain.h>
#include <stagger/stats.h>
#include <stagger/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stagger_consumer;

enum stagger_level {
	STAGGER_LOG_DEFAULT,
	STAGGER_LOG_ERROR,
	STAGGER_LOG_WARN,
	STAGGER_LOG_INFO,
	STAGGER_LOG_DEBUG
};

enum stagger_event_kind {
	STAGGER_ASSIGNED = 1,  /* one event a partition, as REVOKING, REVOKED and LOST */
	/* handlers have ended, the commit comes next: flush your buffers here */
	STAGGER_REVOKING,
	STAGGER_REVOKED,
	STAGGER_LOST,          /* the session expired: the partition is somebody else's already */
	/* message, to_topic, due_ms, failed_ms, retry_after_ms; now durable */
	STAGGER_HOPPED,
	/* message, to_topic, reason (the disposition), failed_ms; now durable */
	STAGGER_DEAD_LETTERED,
	STAGGER_COMMITTED,     /* offset is next_offset */
	STAGGER_STUCK,         /* message: its handler is past handler_timeout */
	STAGGER_STALLED,       /* reason: the lane makes no progress */
	STAGGER_RECOVERED,
	STAGGER_PAUSED,        /* due_ms is that of the lane's head */
	STAGGER_RESUMED,
	STAGGER_REPARKED,      /* message: moved to the tail of its own topic, same due */
	STAGGER_RESET,         /* offset: where the lane goes on; reason says why */
	STAGGER_LATE           /* message: due but held back by a bound (head_of_line) */
};
/* Made by the library; valid during the callback. Ignore kinds you don't know. topic, partition and
 * offset are those of the record as read. Fields a kind does not name are NULL, -1 or 0. */
struct stagger_event {
	enum stagger_event_kind kind;
	const char *chain, *topic;
	int32_t partition;
	int64_t offset;
	const struct stagger_message *message;
	const char *to_topic, *error_class, *reason;
	int64_t due_ms, failed_ms, retry_after_ms;
};

/* Durations are milliseconds; 0 and NULL mean the default that is named. */
struct stagger_consumer_options {
	size_t size;
	const char *group;              /* group.id; required */
	/* group.instance.id; NULL = a dynamic member. "{host}" expands */
	const char *instance;
	const char *const *formerly;    /* NULL-ended: former names of this group, at most 16 */
	bool leave;                     /* a static member leaves the group at a clean stop */
	/* start although topics of a chain's naming pattern hold unread messages of this group that
	 * no stage reads */
	bool allow_stranded;
	bool create_topics;             /* make the chain's missing topics at start; never main */
	int64_t session_timeout_ms;     /* 4000..1800000; 0 = 45000 with instance, else 10000 */
	/* brokers unreachable at start, at most 3600000; 0 or STAGGER_OFF = try for ever */
	int64_t start_timeout_ms;
	/* clean stop: for handlers and hops, at most 3600000; 0 = 30000, STAGGER_OFF = none */
	int64_t drain_timeout_ms;
	/* rebalance: for handlers and hops, at most 240000; 0 = 5000, STAGGER_OFF = none */
	int64_t revoke_timeout_ms;
	int64_t commit_interval_ms;     /* the tick, 10..60000; 0 = 100 */
	int32_t max_in_flight;          /* messages, all chains, 1..1048576; 0 = 4096 */
	int64_t max_in_flight_bytes;    /* 1 MiB..64 GiB; 0 = 64 MiB */
	int32_t max_waiting;            /* messages of one lane's room, 1..10000000; 0 = 16384 */
	int64_t max_waiting_bytes;      /* of the process, 1 MiB..64 GiB; 0 = 64 MiB */
	/* offsets handed out, finish not committed, 64..16777216; 0 = 65536 */
	int64_t max_uncommitted;
	/* offsets finished beyond next_offset in a lane, 64..1048576; 0 = 1048576 */
	int64_t max_ahead;
	/* a lane that waits longer is paused, 100..3600000; 0 = 30000 */
	int64_t pause_after_ms;
	int64_t prefetch_bytes;         /* librdkafka's queues of all partitions; 0 = 256 MiB */
	int32_t expected_partitions;    /* prefetch_bytes is shared among so many; 0 = 64 */
	enum stagger_level log_level;   /* default INFO */
	bool log_json;                  /* one JSON object a line, not logfmt */
	int32_t log_rate;               /* lines per second and site; 0 = 10 */
	void *user;                     /* for the callbacks below */
	/* Any thread, never two at once; line has no newline. NULL = stderr. */
	void (*log)(enum stagger_level level, const char *line, void *user);
	/* Loop thread; must not block, but in REVOKING for what is left of revoke_timeout. */
	void (*event)(const struct stagger_event *event, void *user);
	/* On each worker thread before its first handler; NULL result = run() fails. */
	void *(*worker_start)(const char *chain, int32_t worker, void *user);
	/* On the same thread after its last. */
	void (*worker_stop)(void *local, void *user);
};
#define STAGGER_CONSUMER_OPTIONS_INIT STAGGER_INIT(struct stagger_consumer_options)

/* Reads and checks; connects nothing. path is a chain file (stagger.yaml(5)), or NULL: all is
 * declared in C. options may be NULL when there is a file; what they set wins over it. INVALID: the
 * text has all findings, each with file, line, column and a caret. On STAGGER_OK *out is yours,
 * free with stagger_consumer_free(). */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_open(struct stagger_consumer **out, const char *path,
		      const struct stagger_consumer_options *options, struct stagger_error *err);
/* Sets a librdkafka property for every client, or with the prefix "consumer." or "producer." for
 * that one only. "bootstrap.servers" is required; "embedded" starts the embedded broker in this
 * process ("embedded.partitions", "embedded.port"). Keys that stagger owns are refused with the
 * option to use instead. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_set(struct stagger_consumer *c, const char *kafka_property, const char *value,
		     struct stagger_error *err);
/* Takes the chain on STAGGER_OK and nulls *take_chain. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_add(struct stagger_consumer *c, struct stagger_chain **take_chain,
		     struct stagger_error *err);
/* chain NULL: every chain without a handler of its own. user must outlive free(); the library never
 * frees it. A chain without a handler fails run(). */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_on(struct stagger_consumer *c, const char *chain, stagger_handler handler,
		    void *user, struct stagger_error *err);
/* Runs on the calling thread until stop(); OK after a clean stop. TIMEOUT: a handler is stuck;
 * free() will then wait for it, or just exit. Once per consumer. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_run(struct stagger_consumer *c, struct stagger_error *err);
/* The same, and SIGINT or SIGTERM stops it (a second one ends the process); the old handlers are
 * put back. For programs that are one consumer; one call at a time in a process. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_run_until_signal(struct stagger_consumer *c, struct stagger_error *err);
/* For your own loop, instead of run(): start, wait until fd is readable (level-triggered, the same
 * fd for life, owned by the consumer), dispatch. Always from one thread. dispatch works at most
 * about 5 ms, more is signalled by fd; with STAGGER_INLINE handlers run inside it. STAGGER_STOPPED:
 * finished, take fd out. */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_start(struct stagger_consumer *c, int *fd, struct stagger_error *err);
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_dispatch(struct stagger_consumer *c, struct stagger_error *err);
/* Begins the drain. Any thread, any signal handler, any number of times. */
STAGGER_API void stagger_consumer_stop(struct stagger_consumer *c);
/* Settles a deferred message. Any thread, until free(). STALE changes nothing. */
STAGGER_API enum stagger_status stagger_settle(struct stagger_consumer *c, struct stagger_ticket t,
					       const struct stagger_outcome *outcome,
					       struct stagger_error *err);
/* After run() returned, or dispatch() said STOPPED or failed; waits for stuck handlers. */
STAGGER_API void stagger_consumer_free(struct stagger_consumer **c);

#ifdef __cplusplus
}
#endif
#endif
