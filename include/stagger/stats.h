/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics: a copy taken at one instant, library-made, immutable. Counters count since open(). */
#ifndef STAGGER_STATS_H
#define STAGGER_STATS_H

#include <stagger/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stagger_consumer;

struct stagger_lane_stats {
	const char *chain, *stage, *topic;
	int32_t partition;
	bool paused, stalled;
	int64_t next_offset;    /* lowest offset that is not finished */
	int64_t committed;      /* next_offset of the last good commit, -1 before it */
	int64_t position;       /* the next offset to be read */
	int64_t waiting;        /* messages in the waiting room */
	int64_t overdue;        /* of those, past their due */
	int64_t in_flight;      /* taken and neither finished nor waiting */
	int64_t finished_ahead; /* finished beyond next_offset */
	int64_t next_due_ms;    /* of the room's head, 0 when empty */
};

struct stagger_stats {
	int64_t at_ms;
	/* Messages */
	int64_t handled;              /* handler calls that returned */
	int64_t done;                 /* messages finished by a DONE */
	int64_t retried;              /* verdicts that led to a hop into a stage */
	int64_t retried_in_place;     /* verdicts that led to an in-place retry */
	int64_t dead_lettered;        /* dead letters, durable */
	int64_t expired;              /* of those: disposition expired */
	int64_t attempts_exhausted;   /* of those */
	int64_t not_retriable;        /* of those */
	int64_t undecodable;          /* of those */
	int64_t too_large;            /* of those */
	/* another group's: dead letters, and what was finished unhandled (shared_topics, copies
	 * that another group put back to main) */
	int64_t foreign;
	/* Hops */
	int64_t hops;                 /* copies that became durable, dead letters included */
	int64_t hop_failures;         /* delivery reports that were errors */
	int64_t hop_repeated;         /* produced again after a fatal producer error */
	int64_t shrunk;               /* shrink steps taken */
	int64_t route_fallback;       /* routed dead letters that went to the chain's DLT instead */
	int64_t reparked;             /* heads moved to the tail of their topic */
	int64_t republished;          /* due messages that went back to main */
	int64_t header_ignored;       /* records of main whose header of ours does not count */
	/* Time */
	int64_t early;                /* handler starts before due by both clocks; must stay 0 */
	int64_t head_of_line;         /* messages that a bound made late */
	int64_t due_clamped;          /* forged or too far due times */
	int64_t clock_steps;          /* steps of the wall clock */
	/* handler start minus due, stages */
	int64_t lateness_p50_us, lateness_p99_us, lateness_max_us;
	/* Offsets */
	int64_t commits;              /* good commits, counted per lane */
	int64_t commit_failures;
	int64_t commit_metadata_dropped; /* commits sent again without the ahead set */
	int64_t ahead_dropped;        /* finished offsets that did not fit into the metadata */
	int64_t skipped_ahead;        /* records skipped because the ahead set had them finished */
	int64_t expired_by_retention; /* offsets deleted by the broker before they were read */
	int64_t log_reset;            /* lanes whose topic was truncated or made again */
	int64_t duplicates_bound;     /* offsets handed out whose finish is not committed, now */
	/* Rebalance and calls */
	int64_t assigned, revoked, lost; /* partitions */
	int64_t late_completion;      /* verdicts that came after their partition had gone */
	int64_t stuck;                /* handlers now past handler_timeout */
	int64_t deferred;             /* tickets now open */
	int64_t in_flight, in_flight_bytes, waiting, waiting_bytes; /* now, of the process */
	const struct stagger_lane_stats *const *lanes;
	size_t n_lanes;
};

/* Any thread. On STAGGER_OK *out is yours, free with stagger_stats_free(). */
STAGGER_API STAGGER_MUST_USE enum stagger_status
stagger_consumer_stats(const struct stagger_consumer *c, const struct stagger_stats **out,
		       struct stagger_error *err);
STAGGER_API void stagger_stats_free(const struct stagger_stats **stats);

#ifdef __cplusplus
}
#endif
#endif
