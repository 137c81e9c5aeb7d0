/* SPDX-License-Identifier: Apache-2.0
 *
 * The ports: everything the engine asks of the world. kafka/ implements source and sink on
 * librdkafka, workers/ the workers, base/clock.c the clock, testing/ all of them in memory; the
 * engine never knows which. Each slot states its contract. All slots are mandatory and are called
 * on the loop thread only; none blocks. Whoever has news for the loop signals its struct wake. */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include <stagger/verdict.h>

struct failure;
struct stagger_pair;

/* What went wrong with one record, hop or commit, told apart by what the engine does about it. */
enum port_fault {
	PORT_FINE = 0,
	PORT_RETRIABLE,          /* try again */
	PORT_TOO_LARGE,          /* message too large, here or at the broker */
	PORT_NO_TOPIC,           /* topic or partition unknown: keep trying, say so */
	PORT_DENIED,             /* not authorized: keep trying, say so */
	/* commit: rebalance in progress, unknown member, illegal generation */
	PORT_REBALANCE,
	PORT_METADATA_TOO_LARGE, /* commit */
	/* refused for good for a reason of its own (invalid record, ...) */
	PORT_REFUSED,
	PORT_FATAL,              /* sink: the producer is dead, see port_sink.rebuild */
};

/* -- clock ------------------------------------------------------------------------------- */
struct port_clock {
	void *self;
	int64_t (*wall_us)(void *self); /* since the epoch; may step */
	int64_t (*boot_us)(void *self); /* never steps, counts suspension */
};

/* -- source: one group's consumer -------------------------------------------------------- */
/* One record as it was fetched. key, value and the texts inside headers live in the pin until
 * release(); the headers array itself is malloc'd (or NULL) and becomes the receiver's to free().
 */
struct port_record {
	int64_t offset;
	int64_t timestamp_ms;    /* -1: none */
	bool log_append_time;
	struct stagger_bytes key, value;
	struct stagger_header *headers;
	size_t n_headers;
	void *pin;
};

/* A partition in an event; texts are valid until the next call of next_event(). */
struct port_partition {
	const char *topic;
	int32_t partition;
	/* ASSIGN: next_offset of the last commit, -1 none; COMMITTED: as asked */
	int64_t committed;
	struct stagger_bytes metadata;  /* ASSIGN: of that commit, NULL data when none */
	/* ASSIGN: how long the topic keeps a record; 0: not known, or for ever */
	int64_t retention_ms;
	int64_t log_start, log_end;     /* ASSIGN, BOUNDS: first offset, and one past the last */
	enum port_fault fault;          /* COMMITTED: this partition's result */
	void *lane;                     /* RESET, BOUNDS, COMMITTED: as given to assign() */
};

enum port_event_kind {
	/* first contact was good: topics are there, partitions() answers; joining */
	PORT_READY = 1,
	PORT_ASSIGN, /* partitions are ours, with committed, metadata, log start and end: answer
		      * with assign(). The whole list (eager), may be empty */
	PORT_REVOKE, /* all partitions are taken: answer with unassign() when done. lost: they are
		      * somebody else's already. Also comes when an ASSIGN was under way */
	/* fetching these failed: their position is outside the log; ask_bounds() */
	PORT_RESET,
	PORT_BOUNDS,    /* answer to ask_bounds() */
	PORT_COMMITTED, /* answer to commit() */
	PORT_LEFT,      /* answer to leave(): the group was left */
	PORT_FAILED,    /* for good: status, code and text say why. No further event comes */
};
struct port_event {
	enum port_event_kind kind;
	const struct port_partition *partitions;
	size_t n;
	bool lost;                  /* REVOKE */
	enum stagger_status status; /* FAILED */
	int32_t kafka_code;         /* FAILED, or 0 */
	const char *text;           /* FAILED */
};

struct port_start { /* one partition to read */
	const char *topic;
	int32_t partition;
	int64_t offset;  /* the next one to be read, a number */
	bool paused;     /* start it held: as by hold() */
	void *lane;      /* the caller's; comes back from ready() and in events until unassigned */
	/* OUT: the port's, for the slots below, valid until the next (un)assign() */
	void *handle;
};
struct port_commit {
	const char *topic;
	int32_t partition;
	int64_t next_offset;
	struct stagger_bytes metadata; /* NULL data: none */
	void *lane;
};

struct port_source {
	void *self;
	/* First contact, then join the group; events follow. Fails only for what needs
	 * no broker. */
	enum stagger_status (*start)(void *self, struct stagger_error *err);
	/* The next event, or false. Texts and lists live until the next call. */
	bool (*next_event)(void *self, struct port_event *out);
	/* Reads exactly these from now on; replaces an earlier list (rooms and calls stay the
	 * caller's), forgets what was prefetched. Every handle is set. All lanes count as ready. */
	enum stagger_status (*assign)(void *self, struct port_start *list, size_t n,
				      struct stagger_error *err);
	/* Ends a revoke: nothing is read; no old lane pointer is ever returned afterwards. */
	void (*unassign)(void *self);
	/* Lanes whose queue became non-empty since asked last; each at most once. May have false
	 * ones. */
	size_t (*ready)(void *self, void **lanes, size_t max);
	/* Takes up to max records in offset order; fewer than max (0 too) means the queue is empty
	 * and ready() will tell of the next. Never blocks. */
	size_t (*fetch)(void *self, void *handle, struct port_record *out, size_t max);
	/* Gives a fetched record's memory back; each pin exactly once, also after unassign(). */
	void (*release)(void *self, void *pin);
	/* Pauses or resumes at the next offset to be read: what was prefetched and not fetch()ed
	 * comes again after the resume. Only lanes that are in the other state. Synchronous, so one
	 * list a turn. */
	void (*hold)(void *self, void *const *handles, size_t n, bool pause);
	/* How long before its due a paused lane is to be resumed so that its records are there: the
	 * longest idle wait of a fetch, at least 1 s, plus 100 ms. */
	int64_t (*resume_lead_ms)(void *self);
	/* One in flight at a time; answered by PORT_COMMITTED with the same list in the same order,
	 * or not at all once unassign() was called. Lists are copied. */
	void (*commit)(void *self, const struct port_commit *list, size_t n);
	/* Log start and end, asked off the loop thread, again until known: PORT_BOUNDS. */
	void (*ask_bounds)(void *self, void *const *handles, size_t n);
	/* Clean end, after the last commit: a dynamic member leaves the group; a static one only
	 * when remove is set. Implies unassign(). PORT_LEFT follows. Safe before READY. */
	void (*leave)(void *self, bool remove);
};

/* -- sink: one idempotent producer ------------------------------------------------------- */
struct port_hop {
	int32_t topic;                /* from topic() */
	int32_t partition;
	struct stagger_bytes key, value;      /* copied; a value without data is null */
	const struct stagger_header *headers; /* copied */
	size_t n_headers;
	void *opaque;                 /* comes back in the report; never NULL */
};
struct port_report {
	void *opaque;
	enum port_fault fault;
	int32_t kafka_code;
};
struct port_sink {
	void *self;
	/* The number of a topic, made known on first use; -1 without memory. Stable for life. */
	int32_t (*topic)(void *self, const char *name);
	/* Partition count, or -1 while it is unknown (asked off the loop thread; the
	 * wake tells). */
	int32_t (*partitions)(void *self, int32_t topic);
	/* Hands one record over. *full: nothing was taken, the queue is full; reports will make
	 * room. FINE: a report follows, exactly one, unless rebuild() comes first. Any other fault:
	 * at once. */
	enum port_fault (*produce)(void *self, const struct port_hop *hop, bool *full);
	/* Delivery reports, oldest first; never blocks. After a fatal error reports of what was
	 * acknowledged still come, those of the rest are PORT_FATAL. */
	size_t (*reports)(void *self, struct port_report *out, size_t max);
	/* A new producer in the place of a dead one; nothing of the old one is reported afterwards.
	 * The old one is destroyed off the loop thread. */
	enum stagger_status (*rebuild)(void *self, struct stagger_error *err);
};

/* -- workers: the threads (or the loop itself) that run one chain's handler -------------- */
/* Of the thread that runs a handler, for the functions a handler may call. */
struct port_context {
	void *local;                     /* what worker_start made */
	struct stagger_failure *failure; /* scratch of this thread, cleared before each call */
	/* Takes a ticket for the running call and returns the copy of its message, or NULL. */
	const struct stagger_message *(*defer)(void *tickets, struct stagger_message *message,
					       struct stagger_ticket *ticket);
	void *tickets;
};

/* One message on its way to a handler; part of the engine's record. The worker's from submit()
 * until the slice comes back: it reads message, sets context during the call, and writes verdict,
 * failure, started and took. */
struct port_call {
	struct stagger_message message;     /* first: a handler's m leads back to its call */
	const char *group;                  /* for stagger_message_id() */
	const struct stagger_pair *attributes; /* of the envelope, NUL-terminated */
	size_t n_attributes;
	const struct port_context *context; /* while the handler runs, else NULL */
	/* what the handler left, malloc'd; NULL when it left nothing */
	struct failure *failure;
	int64_t started_us, started_boot_us; /* wall and boot-time clock at the start */
	int32_t took_us;
	enum stagger_verdict verdict;       /* 0: the handler gave none */
	bool ticket;                        /* the handler took a ticket; set by defer */
};

#define PORT_SLICE_MAX 256     /* calls */
/* a worker gives the slice back after this, or at the first failure */
#define PORT_SLICE_US  2000

/* Messages of one strand, called one after the other. */
struct port_slice {
	struct port_slice *next;       /* for whoever owns it at the moment */
	void *strand;                  /* the engine's */
	size_t n, n_called;            /* the first n_called were called, the rest is untouched */
	/* of retry stages: timed one by one, taken in turn with main's */
	bool stages;
	bool stop_at_failure;          /* an in-place retry may follow: give the rest back */
	/* an ordered strand waits for the settle: give the rest back */
	bool stop_at_defer;
	struct port_call *calls[PORT_SLICE_MAX];
};
struct port_workers {
	void *self;
	int32_t n;                     /* threads; 1 for inline */
	/* Hands a slice over; slices run side by side on different threads, those of stages and of
	 * main in turn, each kind in the order submitted. Never fails: a slice is a list node. */
	void (*submit)(void *self, struct port_slice *slice);
	/* A slice that came back, or NULL. */
	struct port_slice *(*done)(void *self);
	/* While on, slices come back as soon as the running call ends, untouched if they had not
	 * begun. */
	void (*interrupt)(void *self, bool on);
	/* Inline workers run slices here until until_boot_us; threads ignore it. */
	void (*run)(void *self, int64_t until_boot_us);
	/* The call that runs now and when it started (boot clock), thread by thread, for the
	 * watchdog: false when i >= n; *call NULL when idle. The call is still the worker's: read
	 * message only. */
	bool (*running)(void *self, int32_t i, const struct port_call **call,
			int64_t *since_boot_us);
};

#endif
