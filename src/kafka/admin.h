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

struct admin_lag {
	const char *topic;   /* the caller's */
	int32_t partitions;  /* asked for 0..partitions-1 */
	int64_t unread;      /* from the group's commit (without one: from the log's start) to the
			      * end, summed up; -1: cannot be asked for */
	int32_t n_committed; /* partitions with a commit of the group */
};
/* What the group has not read, by a tool that was given a group (which may be another). DENIED,
 * UNREACHABLE: it cannot be asked for at all. */
STAGGER_MUST_USE enum stagger_status admin_lags(struct tool *tool, const char *group,
						struct admin_lag *list, size_t n,
						struct stagger_error *err);

/* Whose stranded topics: they match a pattern, and no rule names them. */
struct admin_naming {
	const struct topic_pattern *patterns;
	size_t n_patterns;
	const struct wish_rule *rules;
	size_t n_rules;
	const char *group;
};
/* Topics of the naming that no stage reads and that hold messages which the group has not read.
 * *out is one block with its names, yours, free() it; NULL when *n is 0. */
STAGGER_MUST_USE enum stagger_status admin_stranded(struct tool *tool,
						    const struct admin_naming *naming,
						    struct admin_lag **out, size_t *n,
						    struct stagger_error *err);

#endif
