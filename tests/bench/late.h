/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of the bench lateness: what was asked for, what was seen. Its parts: late_calls.c is the
 * handler, late_members.c the consumers, late_feed.c what is produced, lateness.c all else. */
#ifndef BENCH_LATE_H
#define BENCH_LATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <stagger/stagger.h>

#include "spread.h"

#define LATE_CHAIN "lateness"
#define LATE_WISHES 16        /* different delays that handlers ask for */
#define LATE_SLOW_MS 20       /* how long a slow handler takes */
#define LATE_IN_PLACE_CALLS 3 /* of a visit */
#define LATE_IN_PLACE_MS 20   /* between them */

/* What a message does in main: the bytes of its value. */
enum late_deed { LATE_FAILS = 'x', LATE_SPREAD = 's', LATE_FINISHES = 'd' };

/* What one partition of the stage is to the run. */
struct late_partition {
	_Atomic int32_t owner; /* member number, 0 before the first */
	_Atomic bool moved;    /* at the last rebalance it came from another member */
	/* The call before, where calls are repeated in place; they never overlap in a partition. */
	int64_t offset, due_ms, returned_us;
};

struct late {
	const char *brokers, *topic, *set, *histogram;
	int64_t partitions, rate, hops, first, visits, delay_ms, workers, limit_s, waiting, backlog,
		max_waiting, visitor_ms, slow, in_place;
	double jitter;
	int64_t wishes_ms[LATE_WISHES]; /* of retry_after */
	int64_t n_wishes;

	char group[128];
	int64_t messages;
	int64_t began_us;
	struct late_partition *at; /* of each partition */
	/* Calls in the stage: where the partition stayed, and where it had moved; and second calls
	 * in place, counted from the instant when they should begin. */
	struct spread stayed, moved, again;
	struct spread beginning; /* the first calls: of new topics, on a broker that is cold */
	struct spread timer; /* of a bare thread that sleeps until an instant: the machine's part */
	_Atomic int64_t n_late, n_slow, early, finished;
	_Atomic bool enough; /* calls, or whatever else ended it */
	/* Of members that have gone, and in the end of all; the visitors' thread's, then main's. */
	int64_t visits_of_others, stats_early, head_of_line, hop_failures, commit_failures,
		clock_steps, reparked, retried_in_place;
};

/* Partitions 0 .. are put aside, their calls are not measured: slow ones, or such with in-place
 * retries. */
static inline int64_t late_aside(const struct late *late)
{
	return late->slow + late->in_place;
}

struct late_member {
	struct late *late;
	int32_t number; /* from 1 */
	struct stagger_consumer *consumer;
};

/* A handler; user is the member. */
enum stagger_verdict late_call(const struct stagger_message *m, struct stagger_failure *why,
			       void *user);

enum stagger_status late_member_open(struct late_member *member, struct stagger_error *err);
/* Its statistics go to the run's; *out, unless NULL, to the caller. */
void late_member_close(struct late_member *member, const struct stagger_stats **out);
/* Thread: another member that comes for visitor_ms and goes for as long, again and again. */
void *late_visitors(void *late);

/* What must be there before the consumer starts. */
void late_preload(struct late *late);
/* Threads: what is due at the pace that is asked for; the same for partitions put aside. */
void *late_feed(void *late);
void *late_feed_aside(void *late);

#endif
