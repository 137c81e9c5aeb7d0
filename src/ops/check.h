/* SPDX-License-Identifier: Apache-2.0
 *
 * What a look at the brokers says of a chain file: its topics, whether its group may be read, what
 * is stranded. Nothing is printed here. */
#ifndef OPS_CHECK_H
#define OPS_CHECK_H

#include "ops/topics.h"

#define OPS_MAX_STRANDED 100 /* topics named; the rest is counted */

struct ops_question {
	struct ops_chains chains;
	const char *group;
	bool allow_stranded, create_topics;
	struct wish_help help;
};
enum ops_about { OPS_ABOUT_TOPIC, OPS_ABOUT_STRANDED, OPS_ABOUT_GROUP };
struct ops_finding {
	enum ops_about about;
	enum wish_severity severity; /* REFUSED: a consumer would not start */
	const char *topic;           /* or NULL; the chain's, or the check's */
	const char *difference;      /* of a topic: wish_difference_name(); else NULL */
	char text[OPS_TEXT];         /* what is the case */
	char mend[OPS_TEXT];         /* what to do, or "" */
};
struct ops_check {
	struct ops_topics topics;
	struct ops_finding *list;    /* the worst first */
	size_t n;
	struct admin_lag *stranded;  /* owns the names of stranded topics */
};

/* "topic", "stranded", "group" */
const char *ops_about_name(enum ops_about about);
/* On OK *out is yours, clear it before the chains go. What single questions were refused is a
 * finding; UNREACHABLE: the brokers answer no more. */
STAGGER_MUST_USE enum stagger_status ops_check(struct ops_check *out, struct tool *tool,
					       const struct ops_question *question,
					       struct stagger_error *err);
void ops_check_clear(struct ops_check *check);

#endif
