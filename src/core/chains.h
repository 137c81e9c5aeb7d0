/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds among the chains of one group. */
#ifndef CORE_CHAINS_H
#define CORE_CHAINS_H

#include "core/chain.h"

/* Two sealed chains: other names, no topic that both read, no dead letter of one in a stage of the
 * other (that would be a loop). */
STAGGER_MUST_USE enum stagger_status chains_apart(const struct stagger_chain *first,
						  const struct stagger_chain *second,
						  struct stagger_error *err);

#endif
