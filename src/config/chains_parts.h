/* SPDX-License-Identifier: Apache-2.0
 *
 * Between chains.c and chain_lists.c; nobody else's. */
#ifndef CONFIG_CHAINS_PARTS_H
#define CONFIG_CHAINS_PARTS_H

#include "config/bind.h"
#include "core/chain.h"
#include "core/topics.h"

/* One chain under way. */
struct chain_build {
	struct bind *b;
	const char *name;
	const struct node *key; /* of the chain, for what is nobody else's fault */
	struct given given;     /* its own, and the defaults' where it has none */
	struct node *routes[2]; /* its own, then the defaults': maps merge; or NULL */
	struct stagger_chain_options o;
	struct stagger_stage_options stages[CHAIN_MAX_STAGES];
	struct node *stage_nodes[CHAIN_MAX_STAGES];
	size_t n_stages;
	bool bad; /* a finding: it is not built */
};

struct node *chain_given(const struct chain_build *x, const char *path);
/* What a topic's words stand for in this chain; {delay} and {n} as samples. */
struct topic_words chain_words(const struct chain_build *x, bool of_stage);
/* A finding at a node, in the words of a function that knows the chain. */
void chain_refuse(struct chain_build *x, const struct node *node, const char *path,
		  const struct stagger_error *err);

/* Reading, without a chain yet: retry.stages, retry.in_place.on, never, only and routes. */
void stages_read(struct chain_build *x);
void on_read(struct chain_build *x);
void patterns_read(struct chain_build *x);
/* The calls. */
void stages_add(struct chain_build *x, struct stagger_chain *chain);
void patterns_add(struct chain_build *x, struct stagger_chain *chain);

#endif
