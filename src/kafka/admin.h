/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tool may ask brokers and have made: topics with their settings, and what a group has not
 * read of them. Every call is bounded. */
#ifndef KAFKA_ADMIN_H
#define KAFKA_ADMIN_H

#include "core/wish.h"
#include "kafka/tool.h"

#define ADMIN_TEXT 256

struct admin_topic {
	const char *name;           /* the caller's */
	/* described: as it is (partitions 0: there is none); create: how to make it, where 0 stands
	 * for the broker's default */
	struct wish_topic is;
	enum stagger_status status; /* OK; DENIED: no permission; INVALID: refused, text says why */
	int32_t kafka_code;
	bool existed;               /* create: it is there already, and was left as it is */
	char text[ADMIN_TEXT];      /* when status is not OK */
};
/* How topics are. A topic that may not be seen is DENIED; where only settings may not be read, or
 * the broker has no admin API, is.known stays false. UNREACHABLE: no metadata came. */
STAGGER_MUST_USE enum stagger_status admin_describe(struct tool *tool, struct admin_topic *list,
						    size_t n, struct stagger_error *err);
/* Makes topics with explicit settings; validate_only: the broker only says whether it would. OK
 * also when single topics failed: they say so. */
STAGGER_MUST_USE enum stagger_status admin_create(struct tool *tool, struct admin_topic *list,
						  size_t n, bool validate_only,
						  struct stagger_error *err);

struct admin_name {
	const char *name;
	int32_t partitions;
};
/* All topics that may be seen, as one block; *out is yours, free() it. */
STAGGER_MUST_USE enum stagger_status admin_list(struct tool *tool, struct admin_name **out,
						size_t *n, struct stagger_error *err);

struct admin_lag {
	const char *topic;   /* the caller's */
	int32_t partitions;  /* asked for 0..partitions-1 */
	int64_t unread;      /* from the group's commit (without one: from the log's start) to the
			      * end, summed up; -1: cannot be asked for */
	int32_t n_committed; /* partitions with a commit of the group */
};
/* What the group has not read. DENIED, UNREACHABLE: it cannot be asked for at all. */
STAGGER_MUST_USE enum stagger_status admin_lags(struct tool *tool, const char *group,
						struct admin_lag *list, size_t n,
						struct stagger_error *err);

#endif
