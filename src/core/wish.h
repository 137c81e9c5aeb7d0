/* SPDX-License-Identifier: Apache-2.0
 *
 * What each topic of a chain should be, how the one that is there differs, and what to do about it.
 * One decision for the start of a consumer, `stagger check` and `stagger topics create`. */
#ifndef CORE_WISH_H
#define CORE_WISH_H

#include <stagger/error.h>

#include "core/topics.h"

#define WISH_MAX_TOPICS 98 /* of one chain: main, 32 stages, the DLT, 64 routes */
#define WISH_ENVELOPE_BYTES 65536 /* what a stage's record may be larger than main's */

struct stagger_chain;

enum wish_role { WISH_MAIN, WISH_STAGE, WISH_DEAD };
/* What a chain says of one of its topics. Texts are borrowed. */
struct wish_rule {
	const char *topic;
	const char *main_topic;    /* of its chain; for main itself the same text */
	enum wish_role role;
	bool republish;            /* main: due messages are produced back to it */
	int64_t longest_wait_ms;   /* stage: a message may wait so long in it */
	int64_t retention_ms;      /* it should be kept: -1 for ever, 0 unsaid (main) */
	int32_t replication, min_insync_replicas; /* 0: as main has them */
};
/* A topic as it is, or as it should be made. */
struct wish_topic {
	int32_t partitions;        /* 0: there is none */
	int32_t replication;       /* 0: unknown, or the broker's default */
	bool known;                /* what follows could be read */
	bool compacted;
	int32_t min_insync_replicas;             /* 0: the broker's default */
	int64_t retention_ms, retention_bytes;   /* -1: for ever, unbounded */
	int64_t max_message;       /* max.message.bytes; 0: the broker's default */
};

enum wish_severity {
	WISH_NOTE,    /* worth knowing where somebody asks: check, topics create */
	WISH_WARNING, /* a consumer says so at its start */
	WISH_REFUSED, /* a consumer does not start */
};
enum wish_difference {
	WISH_MISSING,
	WISH_COMPACTED,
	WISH_RETENTION,
	WISH_RETENTION_BYTES,
	WISH_MIN_INSYNC,
	WISH_REPLICATION,
	WISH_PARTITIONS,
	WISH_MAX_MESSAGE,
};
#define WISH_DIFFERENCES 8
struct wish_finding {
	enum wish_difference what;
	enum wish_severity severity;
};
struct wish_findings {
	struct wish_finding list[WISH_DIFFERENCES];
	size_t n;
	enum wish_severity worst; /* NOTE when n is 0 */
};

/* Appends the topics of a sealed chain that list[*n] does not have yet; there must be room for
 * WISH_MAX_TOPICS. Of a DLT that is shared the longest retention counts. */
void wish_add(struct wish_rule *list, size_t *n, const struct stagger_chain *chain);
/* How the chain names its stages for that group. Texts are borrowed from both. */
struct topic_pattern wish_pattern(const struct stagger_chain *chain, const char *group);
/* "note", "warning", "error" */
const char *wish_severity_name(enum wish_severity severity);
/* "main", "stage", "dead letters" */
const char *wish_role_name(enum wish_role role);
/* As it should be made beside that main. partitions 0: it cannot, main is missing. */
struct wish_topic wish_of(const struct wish_rule *rule, const struct wish_topic *main_topic);
struct wish_findings wish_compare(const struct wish_rule *rule, const struct wish_topic *found,
				  const struct wish_topic *main_topic);

/* -- in words (wish_text.c) -------------------------------------------------------------- */

/* All that one topic's findings are about. */
struct wish_case {
	const struct wish_rule *rule;
	const struct wish_topic *found, *main_topic;
};
/* How the reader mends things. */
struct wish_help {
	const char *servers; /* bootstrap.servers */
	const char *file;    /* the chain's, or NULL: declared in C */
};
/* "missing", "retention": for programs that read. */
const char *wish_difference_name(enum wish_difference what);
/* One difference, after the topic's name: "is compacted: newer messages ...". Returns text. */
const char *wish_say(char *text, size_t size, const struct wish_case *of,
		     enum wish_difference what);
/* The command that mends all of them that are at least so severe; "" when none does. */
const char *wish_mend(char *text, size_t size, const struct wish_case *of,
		      const struct wish_findings *findings, enum wish_severity least,
		      const struct wish_help *help);
/* A whole topic, for a line of its own: "'orders.g.retry.1m' is compacted: ...; is kept for ...:
 * COMMAND". What is less severe is left out, and so is the command that makes a missing topic of a
 * file: one makes them all. */
const char *wish_line(char *text, size_t size, const struct wish_case *of,
		      const struct wish_findings *findings, enum wish_severity least,
		      const struct wish_help *help);
/* A topic that no stage reads, for a line of its own: "'orders.g.retry.5m' holds 3 unread ...". */
const char *wish_stranded(char *text, size_t size, const char *topic, int64_t unread,
			  const char *group, bool allowed);

#endif
