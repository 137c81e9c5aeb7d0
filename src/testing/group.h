/* SPDX-License-Identifier: Apache-2.0
 *
 * One coordinator per group name: seats, rounds of the eager protocol with range assignment,
 * generations, and commits that are judged by generation and ownership as a real broker does. */
#ifndef TESTING_GROUP_H
#define TESTING_GROUP_H

#include "testing/fake.h"

enum fake_seat_state {
	SEAT_JOINING,  /* waits for the end of the round, owns nothing */
	SEAT_OWNING,
	SEAT_REVOKING, /* was sent a REVOKE, has not unassigned yet */
};
struct fake_seat {
	struct fake_group *group;
	struct fake_source *source; /* NULL: a static member that is gone; keeps what it owns */
	int32_t member;
	const char *instance;       /* NULL: dynamic; the consumer's */
	struct fake_topic **topics;
	size_t n_topics;
	enum fake_seat_state state;
	struct fake_log **owned;
	size_t n_owned;
};
struct fake_group {
	struct list link; // stagger_world.groups
	char *name;
	struct fake_seat **seats; /* by member */
	size_t n_seats;
	bool preparing;   /* a round is wanted or under way */
	int64_t generation;
};
/* What a group holds in one log. */
struct fake_claim {
	struct list by_log; // fake_log.claims
	const struct fake_group *group;
	const struct fake_seat *owner;
	int64_t next_offset; /* -1: no commit */
	struct stagger_bytes metadata;
};

/* group.c. The group of that name, made if need be; NULL without memory. */
struct fake_group *fake_group_need(struct stagger_world *w, const char *name);
bool fake_group_join(struct fake_source *s); /* false without memory */
/* A dynamic member's seat goes, a static one's stays without it, unless remove. */
void fake_group_leave(struct fake_source *s, bool remove);
void fake_group_unassigned(struct fake_source *s);
/* Goes on with every group's round; true when something happened. */
bool fake_groups_step(struct stagger_world *w);
void fake_groups_free(struct stagger_world *w);

/* fake_commit.c */
struct fake_claim *fake_claim_find(const struct fake_group *group, const struct fake_log *log);
struct fake_claim *fake_claim_need(const struct fake_group *group, struct fake_log *log);
void fake_claims_free(struct fake_log *log);
void fake_commit(struct fake_source *s, const struct port_commit *list, size_t n);
/* Judges and answers what is due. */
bool fake_commits_step(struct fake_source *s);
int64_t fake_commits_next_us(const struct fake_source *s); /* INT64_MAX when none */
void fake_commits_unanswered(struct fake_source *s); /* after unassign() */
void fake_commits_free(struct fake_source *s);

#endif
