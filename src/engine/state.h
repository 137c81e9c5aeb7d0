/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine inside: what its files share. Everything here belongs to the loop thread but what
 * struct tickets locks. Who owns a record at any time stands in record.c's table. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <pthread.h>

#include "base/heap.h"
#include "base/histogram.h"
#include "base/list.h"
#include "base/random.h"
#include "base/ring.h"
#include "core/budget.h"
#include "core/envelope.h"
#include "core/offsets.h"
#include "core/route.h"
#include "core/shrink.h"
#include "core/waiting.h"
#include "engine/engine.h"
#include "engine/record.h"

#define ENGINE_TURN_US        5000 /* a turn hands back after this */
#define ENGINE_FETCH_MAX      256  /* records taken from a lane before the next lane has its turn */
#define ENGINE_REPORTS_MAX    1024 /* delivery reports looked at in one go */
#define ENGINE_KEY_STRANDS    64   /* strands of a column with order: key */
#define ENGINE_COMMIT_LANES   1000 /* lanes in one commit (400 lanes x 4,000 bytes fail whole) */
#define ENGINE_COMMIT_BYTES   (512 * 1024) /* metadata in one commit */
#define ENGINE_AHEAD_AGAIN_MS 1000 /* a lane's ahead set alone is written at most this often */
#define ENGINE_SILENT_MS      2000 /* a hop without a report for so long: its lane is failing */
#define ENGINE_RETRY_MIN_MS   100  /* a failing lane tries again after this, doubling */
#define ENGINE_RETRY_MAX_MS   5000
#define ENGINE_STEP_MS        100  /* the clocks moved apart by more between two seconds: a step */
#define ENGINE_LAST_COMMIT_MS 1000 /* at least, for a revoke's last commit */
#define ENGINE_LEAVE_MS       5000 /* for the group to be left at the end of a clean stop */

struct chain_state;
struct column;
struct strand;
struct lane;
struct deferral;
struct commit;

/* "Now", taken once per turn and passed down by this. */
struct instant {
	int64_t wall_us, boot_us, wall_ms, boot_ms;
};

/* -- strands and columns ----------------------------------------------------------------- */
struct strand {
	struct column *column;
	struct ring again;           /* in-place waits that are over: before all else */
	struct ring main;            /* FIFO */
	struct heap stages;          /* by due, then offset */
	struct heap_node turn_stages; /* in chain->with_stages */
	struct list turn_main;       /* in chain->with_main */
	bool loose;                  /* no constraint: many slices at once */
	bool main_last;              /* its last slice was of main */
	int32_t out;                 /* slices with the workers */
	/* records that wait in place or are deferred: an ordered strand waits */
	int32_t held;
	size_t most;                 /* messages of its next slice, by how the last one ended */
};
struct column {
	struct chain_state *chain;
	int32_t partition;
	struct strand *single;       /* order partition, none, and null keys */
	struct strand **keyed;       /* ENGINE_KEY_STRANDS, each made on first use */
};
struct chain_state {
	struct engine *engine;
	const struct stagger_chain *chain;
	struct envelope_facts facts; /* what each hop's facts have alike, measured once */
	struct port_workers workers;
	struct heap with_stages;     /* strands that can give stage records, by the earliest due */
	struct list with_main;       /* strands that can give main records, in turn */
	int32_t n_with_main;
	bool turn_stages;            /* whose turn it is */
	int32_t out;                 /* slices with the workers */
	struct port_slice *free_slices;
	struct port_slice *slices;   /* all of them, one block */
	int32_t n_slices;
	struct column **columns;
	int32_t n_columns;
	int32_t *topics;             /* the sink's numbers, by stage */
	int32_t dead_letter_topic;
	int32_t *routes;
	const struct port_call **stuck; /* by worker: the call that was reported */
	int64_t *stuck_since_us;
};

/* -- lanes ------------------------------------------------------------------------------- */
enum gate { /* reasons why a lane is not read now */
	GATE_NOT_DUE = 1 << 0,   /* the next record cannot be due before the room's head */
	GATE_ROOM = 1 << 1,      /* the room is full */
	GATE_AHEAD = 1 << 2,     /* max_ahead */
	GATE_FAILING = 1 << 3,   /* hops fail */
	GATE_FAREWELL = 1 << 4,  /* revoke or stop */
	GATE_RESET = 1 << 5      /* its log bounds are being asked */
};
struct lane {
	struct chain_state *chain;
	struct column *column;
	const char *topic;
	int32_t stage, partition;
	void *handle;
	unsigned gate;
	bool listed;                 /* in engine->ready: its queue may hold records */
	struct list ready_link;
	struct list dirty_link;      /* engine->dirty: something finished since the last commit */
	struct offsets offsets;
	struct waiting room;
	struct heap_node due;        /* engine->dues: the room's head */
	struct heap_node resume;     /* engine->resumes, while paused */
	int64_t retention_ms;        /* of its topic; 0: not known, or for ever */
	/* wall: when its room's oldest has waited half of that, 0: look */
	int64_t old_at_ms;
	bool paused;
	/* engine->holding: to be paused or resumed at the end of the turn */
	struct list hold_link;
	bool hold_wanted;
	int64_t position;            /* next offset to be read */
	int64_t bound_since_ms;      /* wall: since when a bound holds it back, 0 not */
	/* Commits. Records handed out, of those finished, of those covered by the last commit. */
	int64_t handed, finished, covered;
	int64_t committed;           /* next_offset of the last good commit, -1 none */
	int64_t ahead_sent_boot_ms;
	bool sending, must_commit, retry_commit, no_metadata;
	bool bare; /* its last commit went without its ahead set: again in a second */
	bool refused; /* its last commit failed */
	int64_t commit_failures;     /* in a row */
	int64_t sent_next, sent_finished, sent_dropped;
	/* Hops */
	struct list parked, hopping; /* records, oldest first */
	int64_t n_parked, n_hopping, n_errored;
	bool failing;
	int64_t retry_boot_ms, retry_wait_ms;
	struct list exiles;          /* records of an earlier epoch, to be met again */
	int64_t in_flight;
};

/* -- targets: one partition of a topic that hops go to ----------------------------------- */
struct target {
	int64_t in_flight;
	bool solo;                   /* the one in flight must stay alone */
};
struct targets { /* of one sink topic */
	struct target **by_partition; /* each made on first use, so that hops may point at it */
	int32_t n;
};

/* -- tickets ----------------------------------------------------------------------------- */
struct ticket_slot {
	uint64_t check;              /* 0: free */
	struct record *record;
	struct failure *failure;     /* of the outcome */
	enum stagger_verdict verdict;
	bool settled;
	struct deferral *abandoned;  /* STALE already, but the copy lives until the settle */
	uint64_t next;               /* free list or settled list: slot number + 1, 0 = end */
};
struct tickets { /* any thread, under the lock */
	pthread_mutex_t lock;
	struct ticket_slot *slots;
	size_t n, room;
	uint64_t free_slot, settled_first, settled_last, last_check;
	int64_t open, late;          /* late: settled after the partition had gone */
};

/* -- farewell: a revoke or a stop -------------------------------------------------------- */
enum farewell {
	FAREWELL_NONE,
	FAREWELL_FINISHING, /* running calls and hops end */
	FAREWELL_COMMITTING,
	FAREWELL_LEAVING    /* stop only */
};

struct counters { /* of struct stagger_stats, same names */
	int64_t handled, done, retried, retried_in_place, dead_lettered, expired,
		attempts_exhausted, not_retriable, undecodable, foreign, too_large, hops,
		hop_failures, hop_repeated, shrunk, route_fallback, reparked, republished,
		header_ignored, early, head_of_line,
		due_clamped, clock_steps, commits, commit_failures, commit_metadata_dropped,
		ahead_dropped, skipped_ahead, expired_by_retention, log_reset, assigned, revoked,
		lost, late_completion, stuck;
};

struct engine {
	struct engine_options o;
	struct chain_state *chains;
	size_t n_chains;
	struct instant now;
	struct random random;
	struct budget budget;
	pthread_mutex_t lock;        /* stats from other threads: held during a turn */

	struct lane **lanes;
	size_t n_lanes;
	struct list ready, dirty, holding;
	struct list gone;            /* replaced lanes that a commit in flight still names */
	struct heap dues, resumes, backoffs;
	struct list pinned;
	struct list exiles;
	struct list slabs;           /* memory of records */
	struct record *free_records;
	struct targets *targets;     /* by sink topic */
	int32_t n_targets;
	struct tickets tickets;

	int64_t n_called, n_deferred, n_hopping, n_parked; /* of live lanes */
	bool sink_full, sink_dead, pump, progress;
	int64_t n_in_sink;           /* handed over, no report yet; exiles too */
	uint64_t hops_decided;
	struct hop *free_hops;
	void *written;               /* an envelope on its way to the sink */
	size_t written_room;
	int64_t tick_boot_ms, tick;  /* the last tick, and its number */
	int64_t second_boot_ms;      /* the last clock comparison */
	/* wall - boot, last second and when keys were made */
	int64_t clocks_apart_ms, clocks_keyed_ms;
	struct commit *commit;       /* room to gather one in */
	bool commit_out, commit_now;
	bool commit_failed;          /* the last one: not again before the tick */
	bool commit_refused;         /* a revoke's last one: the group has gone on without it */

	enum farewell farewell;
	bool stopping, revoking, ended;
	int64_t farewell_boot_ms;    /* its deadline */
	const char *farewell_key;    /* the setting that says so */
	enum stagger_status result;
	struct stagger_error error;

	struct counters count;
	struct histogram lateness;
};

static inline void farewell_set(struct engine *e, enum farewell farewell)
{
	COVER(farewell, (int)e->farewell, (int)farewell);
	e->farewell = farewell;
}

/* loop.c */
struct instant engine_now(const struct engine *e);
void engine_end(struct engine *e, enum stagger_status status, int32_t kafka_code, const char *text);
void engine_no_memory(struct engine *e); /* ends it with STAGGER_NO_MEMORY */

/* message.c: what the handler sees of a record that was read from a stage */
bool message_fill(struct record *r);
/* attributes.c */
bool attributes_change(struct record *r, const struct failure *failure);
void attributes_free(struct attributes **attributes);
/* The changes as failure attributes for the envelope; *n 0 when there are none. */
struct stagger_pair *attributes_changes(const struct record *r, size_t *n);

/* lane.c */
struct lane *lane_new(struct chain_state *chain, int32_t stage,
		      int32_t partition);
void lane_free(struct engine *e, struct lane *lane); /* records outlive it or are dropped */
void lanes_bury(struct engine *e);                   /* those gone: no commit names them any more */
void lane_open(struct engine *e, struct lane *lane, unsigned gate);
void lane_shut(struct lane *lane, unsigned gate);
void lane_list(struct engine *e, struct lane *lane); /* its queue may hold records */
void lane_dirty(struct engine *e, struct lane *lane);
void lane_timer(struct engine *e, struct lane *lane); /* after the room's head changed */
void lane_bound(struct engine *e, struct lane *lane); /* a bound holds it back from now on */

/* column.c */
struct column *column_get(struct chain_state *chain, int32_t partition);
struct strand *column_strand(struct column *column, struct stagger_bytes key);
void columns_clear(struct chain_state *chain);

/* strand.c */
bool strand_put(struct record *r);       /* QUEUED by its due or at the tail */
bool strand_put_again(struct record *r); /* after an in-place wait */
/* a record waits in place or is deferred */
void strand_hold(struct strand *s);
void strand_release(struct strand *s);
void strand_update(struct strand *s);
void strands_drop(struct engine *e);                       /* all that is queued, at a farewell */
void strands_drop_lane(struct engine *e, struct lane *lane); /* and what waits in place */
void strands_dispatch(struct engine *e);                   /* slices to the workers */
void strands_collect(struct engine *e);                    /* slices from the workers */

/* intake.c */
void intake_run(struct engine *e);
void intake_due(struct engine *e); /* rooms -> strands */
void intake_gates(struct engine *e, struct lane *lane);
bool intake_is_ours(const struct engine *e, const struct envelope *envelope);
void intake_foreign(struct engine *e, struct record *r); /* finished, not handled */
/* republish.c */
bool republish_waits(const struct lane *lane); /* in its room, while its hops fail */
bool republish_begin(struct engine *e, struct record *r); /* due; false: it is handled here */
void republish_compose(const struct record *r, struct envelope *out);
enum port_fault republish_produce(struct engine *e, struct record *r,
				  const struct envelope *envelope, int32_t partition, bool *full);
/* main takes no record so large: it is handled in its stage */
void republish_refused(struct engine *e, struct record *r);
/* a record of main; false: it goes no further */
bool republish_take(struct engine *e, struct record *r);
/* settle.c */
void settle_call(struct engine *e, struct record *r);      /* after a call returned */
void settle_verdict(struct engine *e, struct record *r, enum stagger_verdict verdict);
void settle_backoffs(struct engine *e);
void settle_dead(struct engine *e, struct record *r, const char *disposition); /* without a call */
/* defer.c */
bool tickets_init(struct tickets *t);
void tickets_clear(struct tickets *t);
void tickets_take_settled(struct engine *e);
void ticket_close(struct engine *e, struct record *r);     /* STALE from now on */
bool ticket_settled(struct engine *e, struct record *r, enum stagger_verdict *verdict);
/* hop.c, report.c */
void hop_free(struct engine *e, struct record *r); /* it has none afterwards */
void hops_clear(struct engine *e);
/* hop_write.c: its envelope, which borrows from the record and *room; false without memory. */
bool hop_compose(const struct record *r, struct envelope *out, struct envelope_room *room);
/* Its bytes, handed to the sink. */
enum port_fault hop_produce(struct engine *e, struct record *r, const struct envelope *envelope,
			    int32_t partition, bool *full);
void hop_begin(struct engine *e, struct record *r, const struct route *route);
void hop_repark(struct engine *e, struct record *r);
void hop_to_main(struct engine *e, struct record *r);
/* of an exile that came back undelivered */
void hop_again(struct engine *e, struct record *r);
void hop_pump(struct engine *e, struct lane *lane);
void hops_pump(struct engine *e);
void hop_leave_producer(struct engine *e, struct record *r); /* out of hopping and its target */
/* the next step, or the DLT; false: neither */
bool hop_shrink(struct engine *e, struct record *r);
void hop_fall_back(struct engine *e, struct record *r);    /* from a route to the chain's DLT */
void hop_fault(struct engine *e, struct record *r, enum port_fault fault);
void hop_durable(struct engine *e, struct record *r);      /* finishes the record it left */
void reports_take(struct engine *e);
void hops_silent(struct engine *e);                        /* no report for 2 s */
/* repark.c */
void repark_run(struct engine *e, struct lane *lane);
/* hold.c */
void hold_consider(struct engine *e, struct lane *lane); /* its gate was shut: pause it? */
void hold_resume(struct engine *e, struct lane *lane);
void hold_resume_due(struct engine *e);
void hold_apply(struct engine *e);                       /* one list a turn */
/* commit.c */
void commit_run(struct engine *e, bool last);
void commit_done(struct engine *e, const struct port_event *event);
bool commit_needed(const struct engine *e);
/* assign.c */
void assign_take(struct engine *e, const struct port_event *event);
void assign_reset(struct engine *e, const struct port_event *event);
void assign_bounds(struct engine *e, const struct port_event *event);
bool assign_again(struct engine *e);
/* farewell.c */
void farewell_begin(struct engine *e, bool stop);
void farewell_lost(struct engine *e);
void farewell_step(struct engine *e);
/* exile.c: calls and hops that outlive their lane */
void exile_send(struct engine *e, struct record *r);
/* all that is called or deferred; NULL: of all lanes */
void exiles_send_lane(struct engine *e, struct lane *lane);
void exiles_adopt(struct engine *e, struct lane *lane);
void exile_abandon(struct engine *e, struct record *r); /* nobody will take its verdict */
void exiles_abandon(struct engine *e);   /* those whose partition is not ours any more */
/* An earlier epoch's record of that offset, or NULL; those of lower ones come no more. */
struct record *exile_meet(struct engine *e, struct lane *lane, int64_t offset);
void exile_return(struct engine *e, struct lane *lane, struct record *r);
/* events.c */
void event_lane(struct engine *e, enum stagger_event_kind kind, const struct lane *lane,
		int64_t offset, const char *reason);
void event_record(struct engine *e, enum stagger_event_kind kind, const struct record *r,
		  const char *reason);
void events_stuck(struct engine *e);

#endif
