/* SPDX-License-Identifier: Apache-2.0
 *
 * One chain at many sizes: what its members count in memory that they share, and what the broker
 * says afterwards. */
#ifndef BENCH_SCALE_H
#define BENCH_SCALE_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCALE_MAX_MEMBERS 16
#define SCALE_MAX_STAGES 16

/* One process. CPU is that of all its threads. */
struct scale_member {
	_Atomic int64_t calls, early;
	_Atomic bool begun;
	int64_t start_cpu_us, work_cpu_us;  /* until its first call; from there to the end */
	int64_t rest_cpu_us, rest_kib;      /* afterwards, when there is nothing to do */
	int64_t peak_kib;
	int64_t hop_failures, commit_failures, head_of_line, assigned;
	int64_t p50_us, p99_us, max_us;     /* lateness */
};

struct scale_shared {
	sem_t over; /* posted once for each member, when all is finished */
	_Atomic bool complete;
	int64_t began_us;
	_Atomic int64_t first_us, main_us, last_us; /* first call; last of main; last dead letter */
	_Atomic int64_t seen, dead;                 /* messages, each counted once */
	struct scale_member members[SCALE_MAX_MEMBERS];
	/* a bit for each message that was called, then one for each that is dead */
	_Atomic unsigned char bits[];
};

struct scale_run {
	const char *brokers, *topic, *delays, *set;
	int64_t count, share, members, workers, expected, in_flight, rest_s, limit_s;
	int64_t failing; /* of count: so many fail, at every call */
	int64_t delays_ms[SCALE_MAX_STAGES];
	int n_stages;
	char group[128];
	struct scale_shared *shared;
};

/* Whether that message always fails: a share of all, whatever partition they are in. */
bool scale_fails(int64_t id, int64_t percent);
/* "T", "T.retry.1" ..., "T.dlt": 0 is main, the DLT comes after the stages. */
void scale_topic(const struct scale_run *run, int place, char *name, size_t size);
/* Runs a member to the end; its figures are in shared. Ends the process when it cannot start. */
void scale_member_run(struct scale_run *run, int64_t number);
/* Messages of main and the stages before which the group has not committed. */
int64_t scale_uncommitted(const struct scale_run *run);
/* Records in the DLT. */
int64_t scale_dead_letters(const struct scale_run *run);

#endif
