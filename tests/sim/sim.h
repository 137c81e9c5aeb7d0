/* SPDX-License-Identifier: Apache-2.0
 *
 * A seeded random run: several members of the real engine on the fake world, faults at random, the
 * checker at the end. One seed decides everything. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/random.h"
#include "history.h"
#include "testing/world.h"

#define SIM_MAX_MEMBERS 4
#define SIM_MAX_STAGES  3
#define SIM_MAX_OPEN    64 /* deferred calls that wait for their settle */

/* X(name as printed, constant) */
#define SIM_FAULTS(X)                                                                              \
	X("kills", KILL)                                                                           \
	X("stops", STOP)                                                                           \
	X("rebalances", REBALANCE)                                                                 \
	X("lost sessions", LOSE)                                                                   \
	X("dead members forgotten", FORGET)                                                        \
	X("fatal consumers", FAIL_SOURCE)                                                          \
	X("refused copies", FAIL_PRODUCE)                                                          \
	X("fatal producers", FATAL_PRODUCER)                                                       \
	X("refused commits", FAIL_COMMIT)                                                          \
	X("held reports", HOLD_REPORTS)                                                            \
	X("full queues", QUEUE_FULL)                                                               \
	X("limits of size", MAX_MESSAGE)                                                           \
	X("silences", SILENCE)                                                                     \
	X("clock steps", WALL_STEP)                                                                \
	X("gaps", GAP)                                                                             \
	X("trims", TRIM)

enum sim_fault {
#define X(name, constant) SIM_##constant,
	SIM_FAULTS(X)
#undef X
	SIM_N_FAULTS
};

struct sim_open { /* a deferred call */
	struct stagger_ticket ticket;
	const struct stagger_message *message;
	int64_t settle_ms; /* boot clock */
};
struct sim_member {
	struct sim *sim;
	int32_t number;          /* the world's */
	char name[16];
	bool alive;
	bool changed;            /* runs the chain as it is after the change */
	struct sim_open open[SIM_MAX_OPEN];
	size_t n_open;
};
struct sim {
	struct random random;
	struct stagger_world *world;
	struct history history;
	struct sim_member members[SIM_MAX_MEMBERS];
	int32_t n_members, partitions;
	int64_t delays_ms[SIM_MAX_STAGES];
	int32_t visits[SIM_MAX_STAGES];
	size_t n_stages;
	enum stagger_order order;
	double jitter;
	bool fixed;              /* static members */
	bool silent;
	int32_t in_place_attempts, max_in_flight, max_waiting;
	int64_t max_uncommitted, max_ahead, report_delay_ms, commit_delay_ms;
	int64_t next_id, faults[SIM_N_FAULTS];
	bool trace;
	/* What a share of the stories has more, drawn from a stream of its own, so that a seed's story
	 * is the same otherwise. */
	struct random more;
	bool plain;              /* asked for: nothing of it */
	bool republish, turns;   /* the mode; turned by the change */
	int32_t retiring;        /* the stage that the change retires, -1 none */
	bool shared, strangers;  /* shared topics; records of others in our topics */
	int64_t deploys, foreign;
};

/* Below n. */
int64_t sim_pick(struct sim *s, int64_t n);
int64_t sim_pick_more(struct sim *s, int64_t n);
void sim_append(struct sim *s, struct history_event *event, const char *member);
void sim_fault(struct sim *s, const char *kind, const char *member);

/* member.c */
bool sim_join(struct sim *s, int32_t i);
void sim_kill(struct sim *s, struct sim_member *m);
void sim_stop(struct sim *s, struct sim_member *m);
void sim_fence(struct sim *s, struct sim_member *m);
bool sim_restart(struct sim *s, struct sim_member *m);
bool sim_deploy(struct sim *s); /* one more member gets the changed chain */
void sim_settle_due(struct sim *s);
int64_t sim_next_settle(const struct sim *s); /* boot ms, INT64_MAX none */

/* story.c */
void sim_choose(struct sim *s, uint64_t seed);
void sim_produce(struct sim *s, int64_t n);
void sim_drain(struct sim *s);

/* strangers.c */
void sim_choose_more(struct sim *s, uint64_t seed);
/* Headers for a message of ours, at most SIM_MAX_HEADERS; valid until the next call. */
#define SIM_MAX_HEADERS 3
size_t sim_headers(struct sim *s, struct stagger_header headers[SIM_MAX_HEADERS]);
void sim_stranger(struct sim *s); /* puts another group's record into one of our topics */

/* faults.c */
void sim_random_fault(struct sim *s);
void sim_calm(struct sim *s); /* some of them end */
void sim_mend(struct sim *s); /* all of them end, but who is dead stays so */

/* watch.c: progress on a terminal, and an end for a seed that has none. limit_s 0: none. */
void watch_begin(uint64_t seed, unsigned limit_s);
void watch_end(uint64_t done, uint64_t of);

#endif
