/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files that build a chain (chain.c, chain_options.c, chain_seal.c); nobody else's. */
#ifndef CORE_CHAIN_PARTS_H
#define CORE_CHAIN_PARTS_H

#include "core/chain.h"

/* Checks o and copies it, defaults filled in, into a chain that has its name. */
STAGGER_MUST_USE enum stagger_status chain_take_options(struct stagger_chain *chain,
							const struct stagger_chain_options *o,
							struct stagger_error *err);
/* Expands a name or template with words that stand for the shortest ones there can be: what is
 * wrong then is wrong with every group. of_stage: {delay} and {n} are allowed. */
STAGGER_MUST_USE enum stagger_status chain_check_topic(const struct stagger_chain *chain,
						       const char *pattern, bool of_stage,
						       struct stagger_error *err);
/* Passes on what a helper said that knows no chain: its text with the chain's name before it. */
enum stagger_status chain_fail(const struct stagger_chain *chain, enum stagger_status status,
			       const struct stagger_error *inner, struct stagger_error *err);
/* A malloc'd copy into *to; NULL is copied by doing nothing. False without memory. */
STAGGER_MUST_USE bool chain_copy(char **to, const char *text);

#endif
