/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracks the finished offsets of one lane: the only place that says what may be committed. A ring
 * of the records that were SEEN, not of offsets, so that gaps (compaction, markers) cost nothing
 * and are finished when a later record arrives. Allocated on first use. */
#ifndef CORE_OFFSETS_H
#define CORE_OFFSETS_H

#include <stagger/error.h>

struct offsets_run { /* finished offsets from, ..., from + n - 1 */
	int64_t from, n;
};
struct offsets {
	uint64_t *ring;        /* (offset << 1) | finished, ascending */
	size_t head, n, room;
	int64_t next;          /* next_offset */
	int64_t seen;          /* one past the highest offset seen */
	size_t n_finished;     /* finished entries in the ring: beyond next */
	struct offsets_run *before; /* what the ahead set said, not yet passed */
	size_t n_before, at_before;
};

/* Starts at next with what the ahead set says is finished (copied; ascending, disjoint, > 0 long,
 * runs below next are ignored). */
STAGGER_MUST_USE enum stagger_status offsets_start(struct offsets *o, int64_t next,
						   const struct offsets_run *before, size_t n,
						   struct stagger_error *err);
void offsets_clear(struct offsets *o);

enum offsets_seen {
	OFFSETS_NEW,      /* tracked from now on; finish it */
	OFFSETS_FINISHED, /* was finished before (ahead set, or below next): skip it */
	OFFSETS_NO_MEMORY
};
/* A record arrived. Offsets ascend; one below seen was finished or is tracked already: FINISHED. */
enum offsets_seen offsets_see(struct offsets *o, int64_t offset);
/* The record is done. False when it is not an unfinished tracked one. */
bool offsets_finish(struct offsets *o, int64_t offset);
bool offsets_unfinished(const struct offsets *o, int64_t offset);
int64_t offsets_next(const struct offsets *o);
/* Finished offsets beyond next, as records (gaps not counted). */
size_t offsets_ahead(const struct offsets *o);
/* Tracked records, finished or not: what max_ahead bounds. */
size_t offsets_tracked(const struct offsets *o);

/* Runs of finished offsets beyond next, ascending: *at starts at 0; false at the end. Includes what
 * the ahead set said and was not read again yet. Gaps join runs; a gap alone is none, since nobody
 * will read it. */
struct offsets_walk {
	size_t ring, before;
	int64_t from;
};
bool offsets_walk(const struct offsets *o, struct offsets_walk *at, struct offsets_run *run);
/* Of those: finished records at or beyond from, and offsets that the ahead set said. */
int64_t offsets_ahead_from(const struct offsets *o, int64_t from);

struct offsets_begin {
	int64_t offset;
	int64_t lost;      /* offsets that retention deleted, or 0 */
	bool reset;        /* the log ends before what was committed: truncated or made again */
	bool keep_ahead;   /* the ahead set still holds */
	bool commit;       /* commit the start at once */
};
/* Where to begin: committed -1 = none; latest only for main. */
struct offsets_begin offsets_begin(int64_t committed, int64_t log_start, int64_t log_end,
				   bool from_latest);

#endif
