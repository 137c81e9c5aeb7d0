/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts dead letters by one of their marks. */
#ifndef DEAD_COUNT_H
#define DEAD_COUNT_H

#include "dead/letter.h"

#define COUNT_MAX_GROUPS 10000 /* the rest is one group, COUNT_OTHERS */
#define COUNT_OTHERS "(others)"
#define COUNT_NO_ENVELOPE "(no envelope)"

enum count_by { COUNT_CLASS, COUNT_TOPIC, COUNT_STAGE, COUNT_HOUR, COUNT_CHAIN, COUNT_DISPOSITION };

struct count_group {
	char *name;                /* of COUNT_HOUR: "2026-01-02T03Z" */
	int64_t n;
	int64_t first_ms, last_ms; /* of what is in it; -1: not known */
};
struct count {
	enum count_by by;
	struct count_group *groups;
	size_t n;
	int64_t total;
	size_t *slots, room; /* a table by name: numbers of groups from 1, 0 is free */
};

void count_init(struct count *c, enum count_by by);
/* False without memory. */
STAGGER_MUST_USE bool count_add(struct count *c, const struct dead_letter *letter);
/* Hours in their order, all else the most frequent first. Nothing is added afterwards. */
void count_sort(struct count *c);
void count_clear(struct count *c);

#endif
