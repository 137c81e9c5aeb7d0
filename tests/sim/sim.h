/* SPDX-License-Identifier: Apache-2.0
 *
 * A seeded random run: several members of the real engine on the fake world, faults at random, the
 * checker at the end. One seed decides everything; what is cut out of a story leaves the rest of it
 * as it was, since each step draws from a stream of its own. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/random.h"
#include "checker.h"
#include "fuzz/draw.h"
#include "sim/mutants.h"
#include "testing/world.h"

#define SIM_STEPS          60
#define SIM_MAX_MEMBERS    8
#define SIM_MAX_PARTITIONS 20 /* with those that are added */
#define SIM_MAX_STAGES     3
#define SIM_MAX_OPEN       64 /* deferred calls that wait for their settle */
#define SIM_MAX_HEADERS    3

/* X(name as printed, constant). Counted when it strikes. */
#define SIM_FAULTS(X)                                                                              \
	X("kills", KILL)                                                                           \
	X("deaths inside a callback", CRASH)                                                       \
	X("stops", STOP)                                                                           \
	X("rebalances", REBALANCE)                                                                 \
	X("lost sessions", LOSE)                                                                   \
	X("sessions lost unnoticed", EXPIRE)                                                       \
	X("dead members forgotten", FORGET)                                                        \
	X("fatal consumers", FAIL_SOURCE)                                                          \
	X("refused copies", FAIL_PRODUCE)                                                          \
	X("fatal producers", FATAL_PRODUCER)                                                       \
	X("refused commits", FAIL_COMMIT)                                                          \
	X("held reports", HOLD_REPORTS)                                                            \
	X("slow brokers", SLOW_BROKER)                                                             \
	X("full queues", QUEUE_FULL)                                                               \
	X("limits of size", MAX_MESSAGE)                                                           \
	X("silences", SILENCE)                                                                     \
	X("leader changes", LEADER)                                                                \
	X("slow fetches", SLOW_FETCH)                                                              \
	X("clock steps", WALL_STEP)                                                                \
	X("clocks apart", SKEW)                                                                    \
	X("gaps", GAP)                                                                             \
	X("retention", TRIM)                                                                       \
	X("truncations", TRUNCATE)                                                                 \
	X("topics made again", RECREATE)                                                           \
	X("partitions added", ADD_PARTITION)                                                       \
	X("slow calls", SLOW_CALL)                                                                 \
	X("hanging calls", HANG)                                                                   \
	X("settles after a revoke", LATE_SETTLE)

enum sim_fault {
#define X(name, constant) SIM_##constant,
	SIM_FAULTS(X)
#undef X
	SIM_N_FAULTS,
	SIM_N_DRAWN = SIM_SLOW_CALL /* the others come with messages */
};

struct sim_open { /* a deferred call */
	struct stagger_ticket ticket;
	const struct stagger_message *message;
	int64_t settle_ms; /* boot clock */
	int64_t revokes;   /* of its member, when it was called */
	bool twice;        /* settled a second time, in vain */
};
struct sim_member {
	struct sim *sim;
	int32_t number;    /* the world's */
	char name[16];
	bool alive;
	bool changed;      /* runs the chain as it is after the change */
	int64_t crash_in;  /* it dies in that callback from now; 0: not */
	int64_t revokes;
	int64_t skew_ms;
	struct sim_open open[SIM_MAX_OPEN];
	size_t n_open;
};
/* What is left out of a story. */
struct sim_cuts {
	bool plain;   /* one chain that never changes and handles in its stages, nobody else there */
	int32_t steps, members; /* at most; 0: all */
	bool faults[SIM_STEPS], batches[SIM_STEPS]; /* true: not that step's */
};
struct sim_view { /* what is printed while it runs */
	bool json, story;
	const char *message, *topic; /* of that story; NULL: all */
	int32_t partition;
};
struct sim {
	uint64_t seed;
	struct draw *tape; /* of a fuzzer: draws are taken from it; NULL: from the seed */
	struct random random; /* of the present step */
	const struct sim_cuts *cuts;
	const struct sim_view *view;
	struct stagger_world *world;
	struct history history;
	struct sim_member members[SIM_MAX_MEMBERS];
	int32_t n_members, partitions;
	int64_t delays_ms[SIM_MAX_STAGES];
	int32_t visits[SIM_MAX_STAGES];
	size_t n_stages;
	enum stagger_order order;
	double jitter;
	bool fixed;           /* static members */
	bool silent, slow;    /* the broker does not answer; it takes its time */
	bool skewed;          /* members' clocks differ */
	int64_t late_ms;      /* boot clock: until when copies may still be on their way */
	int32_t in_place_attempts, max_in_flight, max_waiting;
	int64_t in_place_delay_ms;
	int64_t max_uncommitted, max_ahead, report_delay_ms, commit_delay_ms, spread_ms;
	int64_t next_id, faults[SIM_N_FAULTS], n_faults;
	bool republish, turns;   /* the mode; turned by the change */
	int32_t retiring;        /* the stage that the change retires, -1 none */
	bool shared, strangers;  /* shared topics; records of others in our topics */
	bool shifts;             /* logs are truncated and made again */
	int64_t deploys, foreign, republished;
};

/* Below n, from the present step's stream, or from the tape. */
int64_t sim_pick(struct sim *s, int64_t n);
/* Begins the stream of that step for that purpose. */
void sim_stream(struct sim *s, int step, char purpose);
void sim_append(struct sim *s, struct history_event *event, const struct sim_member *m);
void sim_fault(struct sim *s, const char *kind, const struct sim_member *m);

/* run.c: a whole story, judged. False: the world could not even be made. */
bool sim_run(struct sim *s, struct checker_result *result);
void sim_clear(struct sim *s);
/* Its parts, after sim_choose(): members join; time passes, deferred calls are settled on their
 * time; faults end, the dead come back, all is worked off, stopped and read. */
bool sim_begin(struct sim *s);
void sim_advance(struct sim *s, int64_t ms);
bool sim_finish(struct sim *s);

/* member.c */
bool sim_join(struct sim *s, int32_t i);
void sim_kill(struct sim *s, struct sim_member *m);
void sim_stop(struct sim *s, struct sim_member *m);
void sim_fence(struct sim *s, struct sim_member *m);
bool sim_restart(struct sim *s, struct sim_member *m);
bool sim_deploy(struct sim *s); /* one more member gets the changed chain */
/* handler.c */
enum stagger_verdict sim_handle(const struct stagger_message *message, struct stagger_failure *why,
				void *member);
/* Counts one of its callbacks; true: it died in it. */
bool sim_dies(struct sim_member *m);
void sim_settle_due(struct sim *s);
int64_t sim_next_settle(const struct sim *s); /* boot ms, INT64_MAX none */

/* story.c */
void sim_choose(struct sim *s);
void sim_produce(struct sim *s, int64_t n);
void sim_drain(struct sim *s);
/* Tells of the records from that offset on that they are taken away. */
void sim_drain_from(struct sim *s, const char *topic, int32_t partition, int64_t offset);

/* strangers.c */
/* Headers for a message of ours, at most SIM_MAX_HEADERS; valid until the next call. */
size_t sim_headers(struct sim *s, struct stagger_header headers[SIM_MAX_HEADERS]);
void sim_stranger(struct sim *s); /* puts another group's record into one of our topics */

/* faults.c */
void sim_random_fault(struct sim *s);
void sim_calm(struct sim *s); /* some of them end */
void sim_mend(struct sim *s); /* all of them end, but who is dead stays so */
const char *sim_fault_name(enum sim_fault fault);

/* trace.c: one event as a line of a story, if the view wants it */
void sim_trace(const struct sim *s, const struct history_event *event);

/* watch.c: progress on a terminal, and an end for a seed that has none. limit_s 0: none. */
void watch_begin(uint64_t seed, unsigned limit_s);
void watch_end(uint64_t done, uint64_t of);

/* cover.c: what the engine's states were seen to do; sums can be added up over processes. */
#define COVER_RECORD   10
#define COVER_GATE     6
#define COVER_FAREWELL 4
struct cover {
	int64_t records[COVER_RECORD][COVER_RECORD];
	int64_t shut[COVER_GATE], opened[COVER_GATE];
	int64_t farewells[COVER_FAREWELL][COVER_FAREWELL];
};
extern struct cover cover_now;
/* Prints it; false: something that must happen never did. */
bool cover_report(const struct cover *c);

/* shrink.c: makes the story of a failing seed smaller while it breaks the same rule. */
void sim_shrink(uint64_t seed, struct sim_cuts *cuts, const char *command);

/* report.c: sums over seeds */
#define TOTALS_EVENTS 400 /* of 100 events each */
#define TOTALS_FAULTS 64
struct totals {
	int64_t seeds, failed, events, produced, dead, republished, deploys, foreign, hours_ms;
	int64_t faults[SIM_N_FAULTS];
	int64_t by_events[TOTALS_EVENTS], by_faults[TOTALS_FAULTS];
	int64_t broken[CHECKER_N_RULES]; /* seeds */
	uint64_t first_broken;           /* the first seed that broke the mutant's rule, 0 none */
	struct cover cover;
};
void totals_add(struct totals *t, const struct sim *s, const struct checker_result *r);
void totals_merge(struct totals *to, const struct totals *from);
/* False: a kind of fault or a state never happened in a run that is long enough for all. */
bool totals_report(const struct totals *t, double seconds);

#endif
