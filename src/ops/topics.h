/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of chains beside what they should be, and the missing ones made. Main topics are their
 * producers': looked at, never touched. Nothing is printed here. */
#ifndef OPS_TOPICS_H
#define OPS_TOPICS_H

#include "core/wish.h"

struct stagger_chain;
struct tool;

#define OPS_TEXT 1024

enum ops_state {
	OPS_FITS,       /* there, and as it should be */
	OPS_DIFFERS,    /* there; the findings say how it differs */
	OPS_MISSING,    /* there is none, and it is not made here: the text says why */
	OPS_MADE,
	OPS_WOULD_MAKE, /* dry run: the broker would */
	OPS_FAILED,     /* it could not be looked at, or made: the text says why */
};
struct ops_topic {
	const char *chain;            /* the first that has it */
	struct wish_rule rule;        /* texts are the chain's */
	struct wish_topic found, wish;
	struct wish_topic main_topic; /* as it is; partitions 0: there is none */
	struct wish_findings findings;
	enum ops_state state;
	enum stagger_status status;   /* FAILED: DENIED or INVALID */
	char text[OPS_TEXT];          /* MISSING, FAILED */
};
struct ops_topics {
	struct ops_topic *list;
	size_t n;
};
struct ops_chains { /* sealed */
	const struct stagger_chain *const *list;
	size_t n;
};

/* "exists", "differs", "missing", "made", "would be made", "failed" */
const char *ops_state_name(enum ops_state state);
/* Looks only. On OK *out is yours, clear it with ops_topics_clear(), before the chains go. */
STAGGER_MUST_USE enum stagger_status ops_topics_look(struct ops_topics *out, struct tool *tool,
						     const struct ops_chains *chains,
						     struct stagger_error *err);
/* Looks, and makes what is missing beside a main topic that is there; dry_run: asks the broker
 * whether it would. OK also when single topics failed. */
STAGGER_MUST_USE enum stagger_status ops_topics_create(struct ops_topics *out, struct tool *tool,
						       const struct ops_chains *chains,
						       bool dry_run, struct stagger_error *err);
void ops_topics_clear(struct ops_topics *topics);

/* What became of it: all is as it should be for a start; some of it is; nothing is. */
enum ops_outcome { OPS_DONE, OPS_PARTLY, OPS_NOTHING };
enum ops_outcome ops_topics_outcome(const struct ops_topics *topics);

#endif
