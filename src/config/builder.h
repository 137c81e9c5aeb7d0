/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts a tree together from what a parser says, one event after the other. What is wrong becomes
 * findings. */
#ifndef CONFIG_BUILDER_H
#define CONFIG_BUILDER_H

#include "config/tree.h"

struct anchor {
	const char *name;
	struct node *node;
};
/* An open map or list. */
struct frame {
	struct node *node;
	struct node *key;   /* read, its value is not; or NULL */
	bool skip_value;    /* the key was refused */
	const char *anchor; /* known from the end of the node on: no circles */
};
struct builder {
	struct tree *tree;
	struct arena *arena;
	struct report *report;
	struct frame frames[TREE_MAX_DEPTH];
	size_t depth;
	struct anchor *anchors;
	size_t n_anchors;
	bool stop; /* a limit was reached, or memory is short: no more events */
};
/* Texts are the arena's; anchor NULL: none. */
struct written {
	const char *text; /* NULL: nothing stands there */
	size_t size;
	struct place place;
	bool plain; /* without quotes */
};

void builder_scalar(struct builder *b, const struct written *w, const char *anchor);
void builder_open(struct builder *b, enum node_kind kind, struct place place, const char *anchor);
void builder_close(struct builder *b);
void builder_alias(struct builder *b, const char *name, struct place place);
void builder_stop(struct builder *b, struct place place, const char *why);
/* For a parser that gave up: what it read of secrets, and what may follow of one. */
void builder_hide_secrets(struct builder *b);

#endif
