/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain file as a tree of plain nodes, each with its place. An alias is the node of its anchor
 * once more, never a copy: what is written in n bytes takes O(n). */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "config/arena.h"
#include "config/report.h"

#define TREE_MAX_NODES 65536
#define TREE_MAX_DEPTH 16   /* maps and lists within each other */
#define TREE_MAX_PAIRS 2048 /* of one map: they are compared with each other */

enum node_kind { NODE_NULL, NODE_SCALAR, NODE_MAP, NODE_LIST };

struct node;
struct pair {
	struct node *key; /* a scalar */
	struct node *value;
};
struct node {
	enum node_kind kind;
	struct place place; /* of a map or list: where it begins */
	const char *text;   /* scalar; after expand_tree(): with what `${...}` stands for */
	bool plain;         /* written without quotes */
	bool exact;         /* the file's bytes at the place are the text's */
	bool is_key;
	bool expanded;      /* some of it came out of `${...}`: never shown */
	bool secret;        /* never shown, by the name of its key */
	bool refused;       /* a finding says why: nothing more about it */
	struct pair *pairs; /* map; each key once */
	size_t n_pairs;
	struct node **items; /* list */
	size_t n_items;
};
struct tree {
	struct node **nodes; /* all, in the order of the file */
	size_t n_nodes;
	struct node *root; /* NULL: an empty file */
	bool broken;       /* read in part only: findings say why */
};

/* Parses the report's source. What is wrong becomes findings. */
void tree_parse(struct tree *tree, struct arena *arena, struct report *report);
/* The value of a key, or NULL. map NULL: NULL. */
struct node *tree_get(const struct node *map, const char *key);
/* The place of byte at of the node's text, size bytes long; its whole place when that is not known.
 */
struct place node_part(const struct node *node, size_t at, size_t size);
/* Whether it or an element of it must not be shown. NULL: no. */
bool node_secret(const struct node *node);

/* expand.c: replaces `${...}` in every value. */
void expand_tree(const struct tree *tree, struct arena *arena, struct report *report);

#endif
