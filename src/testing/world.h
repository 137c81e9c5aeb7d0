/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake world inside: an in-memory broker, a group coordinator with the eager protocol, virtual
 * clocks, members with inline workers. Behind core/port.h; tests reach what testing.h does not
 * show: several members, faults, partitions with gaps, the history of commits. Single-threaded,
 * deterministic: the same calls and seed give the same run. */
#ifndef TESTING_WORLD_H
#define TESTING_WORLD_H

#include <stagger/testing.h>

#include "core/port.h"

struct world_options {
	int32_t partitions;      /* of topics made on first use; 0 = 4 */
	uint64_t seed;           /* of members' jitter */
	int64_t wall_start_ms;   /* 0 = 2026-01-01T00:00:00Z */
	int64_t report_delay_ms; /* produce -> durable and reported; 0 = in the same instant */
	int64_t commit_delay_ms; /* commit -> judged by the coordinator and answered */
	int64_t spread_ms;       /* both take up to so much longer, at random */
};

STAGGER_MUST_USE enum stagger_status world_new(struct stagger_world **out,
					       const struct world_options *o,
					       struct stagger_error *err);
void world_free(struct stagger_world **w); /* consumers too */
/* A member joins the group of its consumer (rebalance). The world owns the consumer from now on.
 * *member is its number, from 0. Group, instance and topics come from wiring_names(). */
STAGGER_MUST_USE enum stagger_status world_join(struct stagger_world *w,
						struct stagger_consumer **take_consumer,
						int32_t *member, struct stagger_error *err);
/* Takes the consumer back out of the world, as after a kill. */
struct stagger_consumer *world_part(struct stagger_world *w, int32_t member);
/* kill -9: no commit; the group rebalances at the next settle, but a static member's partitions
 * stay its own. Produces that were not due yet are lost, those that wait for held reports are
 * durable. Inside a callback of that member: what it does from then on has no effect, and a restart
 * may follow at once. */
void world_kill(struct stagger_world *w, int32_t member);
/* The session of a dead static member ends. */
void world_forget(struct stagger_world *w, int32_t member);
/* After a kill or an end. */
STAGGER_MUST_USE enum stagger_status world_restart(struct stagger_world *w, int32_t member,
						   struct stagger_error *err);
/* stagger_consumer_stop() and its end; time passes if the drain needs it. */
void world_stop(struct stagger_world *w, int32_t member);
struct stagger_consumer *world_member(const struct stagger_world *w, int32_t member);
bool world_ended(const struct stagger_world *w, int32_t member, enum stagger_status *status,
		 struct stagger_error *err);                 /* its engine has ended, and how */
/* What it had counted when its engine ended; NULL after a kill. Valid until its next life. */
const struct stagger_stats *world_final_stats(const struct stagger_world *w, int32_t member);
void world_rebalance(struct stagger_world *w);               /* revoke all, assign again */
/* Its session expires: revoke with lost. */
void world_lose(struct stagger_world *w, int32_t member);
/* The same of one that reads, but it learns of it only later; until then it goes on. */
void world_expire(struct stagger_world *w, int32_t member, int64_t late_ms);

/* Time. world_settle runs everything that can happen at this instant; stagger_world_advance() moves
 * in steps from timer to timer. Inside a callback both do nothing. */
void world_settle(struct stagger_world *w);
bool world_livelocked(const struct stagger_world *w); /* a settle gave up: the instant had no end */
/* Until done() (NULL: never) says so, asked after each step; false when max_ms passed. */
bool world_advance_until(struct stagger_world *w, bool (*done)(void *user), void *user,
			 int64_t max_ms);
int64_t world_wall_ms(const struct stagger_world *w);
int64_t world_boot_ms(const struct stagger_world *w);
void world_step_wall(struct stagger_world *w, int64_t ms);   /* the wall clock alone jumps */
/* A member's wall clock is that much ahead of the world's from now on. */
void world_skew(struct stagger_world *w, int32_t member, int64_t ms);
int64_t world_wall_of(const struct stagger_world *w, int32_t member);
/* Inside a callback: what it does takes so long. Everybody else stands still meanwhile. */
void world_pass(struct stagger_world *w, int64_t ms);

/* Topics. */
/* Before first use; later it can add partitions. */
void world_topic(struct stagger_world *w, const char *topic, int32_t partitions);
struct world_record {
	int64_t offset, timestamp_ms;
	struct stagger_bytes key, value;
	const struct stagger_header *headers;
	size_t n_headers;
};
/* The record's offset is ignored. */
STAGGER_MUST_USE enum stagger_status world_produce(struct stagger_world *w, const char *topic,
						   int32_t partition,
						   const struct world_record *record,
						   struct stagger_error *err);
int32_t world_partitions(const struct stagger_world *w, const char *topic);
/* Records since the topic was made, trimmed ones included. */
size_t world_size(const struct stagger_world *w, const char *topic, int32_t partition);
const struct world_record *world_record(const struct stagger_world *w, const char *topic,
					int32_t partition, size_t i);
/* Offsets that are never delivered. */
void world_gap(struct stagger_world *w, const char *topic, int32_t partition, int64_t n);
/* Retention. */
void world_trim(struct stagger_world *w, const char *topic, int32_t partition, int64_t before);
/* The log ends there now, as after an unclean election; commits stay. */
void world_truncate(struct stagger_world *w, const char *topic, int32_t partition, int64_t end);
/* Empty, offsets from 0; commits stay. */
void world_recreate(struct stagger_world *w, const char *topic);

int64_t world_log_start(const struct stagger_world *w, const char *topic, int32_t partition);
int64_t world_log_end(const struct stagger_world *w, const char *topic, int32_t partition);

/* Faults. n = how often (INT64_MAX: until cleared with 0). */
/* topic NULL: any. at_once: produce() says it, else the report. A topic's own fault goes first. */
void world_fail_produce(struct stagger_world *w, const char *topic, enum port_fault fault,
			int64_t n, bool at_once);
void world_fail_commit(struct stagger_world *w, enum port_fault fault, int64_t n);
void world_hold_reports(struct stagger_world *w, bool hold);  /* delivery reports wait */
void world_queue_full(struct stagger_world *w, bool full);    /* produce says *full */
/* A larger one is TOO_LARGE, and so is all that its member produced to the partition in the same
 * instant. Key, value and headers count; 0: no limit. */
/* What members are told at their assignments; world_trim() is what deletes. */
void world_retention(struct stagger_world *w, const char *topic, int64_t ms);
void world_max_message(struct stagger_world *w, const char *topic, size_t bytes);
void world_fail_source(struct stagger_world *w, int32_t member, enum stagger_status status,
		       int32_t kafka_code, const char *text);  /* PORT_FAILED */
/* From now on; see the options. */
void world_delays(struct stagger_world *w, int64_t report_ms, int64_t commit_ms,
		  int64_t spread_ms);
void world_silence(struct stagger_world *w, bool on);         /* broker down: nothing answers */
/* One partition gives nothing to fetches for so long, and takes nothing (a leader change). */
void world_away(struct stagger_world *w, const char *topic, int32_t partition, int64_t fetch_ms,
		int64_t produce_ms);

/* What was committed: next_offset or -1, and its metadata. */
int64_t world_committed(const struct stagger_world *w, const char *group, const char *topic,
			int32_t partition, struct stagger_bytes *metadata);
/* Observers for checkers: called for each accepted commit, each copy that became durable. */
struct world_watch {
	void *user;
	void (*committed)(void *user, int32_t member, const struct port_commit *commit);
	/* Called for each commit that leaves, partition by partition; lost: its member knows that
	 * its session is over. */
	void (*sent)(void *user, int32_t member, const struct port_commit *commit, bool lost);
	/* An assignment was taken, of so many partitions (not: the same ones read on). */
	void (*assigned)(void *user, int32_t member, size_t n);
	/* An injected fault struck one of its commits or copies. A commit is also struck when its
	 * session is over and it does not know yet, or when it waits for no answer any more. */
	void (*struck)(void *user, int32_t member, bool commit, enum port_fault fault);
	/* A copy of that member is durable, or may become so, and its engine will not connect its
	 * report with the record it left: it was killed, or has given its partitions back. */
	void (*orphaned)(void *user, int32_t member, const char *topic,
			 const struct world_record *record);
	void (*produced)(void *user, int32_t member /* -1: world_produce */, const char *topic,
			 int32_t partition, const struct world_record *record);
};
void world_observe(struct stagger_world *w, const struct world_watch *watch);
/* Counts of port calls of a member, for tests about pauses and cost. */
struct world_calls {
	int64_t turns, fetches, pauses, resumes, commits, assigns, in_flight_commits_max;
	int64_t paused_now; /* partitions */
	int64_t paused_fetches; /* fetches of a paused partition: must stay 0 */
};
struct world_calls world_calls(const struct stagger_world *w, int32_t member);
/* What engines did against core/port.h: the first breach as a text, NULL while there is none; and
 * how many there were. Stale handles, pins given back twice or never, commits of what is not
 * assigned or while another is in flight, assign outside an ASSIGN, ... */
const char *world_violation(const struct stagger_world *w);
int64_t world_violations(const struct stagger_world *w);

#endif
