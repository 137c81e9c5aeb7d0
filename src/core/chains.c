/* SPDX-License-Identifier: Apache-2.0
 *
 * Chains declared in C and chains of a file meet here: both must keep apart in the same way. */
#include "core/chains.h"

#include <string.h>

#include "base/error.h"

static enum stagger_status dead_letters_apart(const struct stagger_chain *from,
					      const struct stagger_chain *to,
					      struct stagger_error *err)
{
	for (size_t i = 0; i <= from->n_routes; i++) {
		const char *topic =
			i < from->n_routes ? from->routes[i].topic : from->dead_letter_topic;
		if (topic != NULL && chain_stage_of(to, topic) != CHAIN_DLT)
			return fail(err, STAGGER_INVALID,
				    "the dead-letter topic '%s' of chain '%s' is a stage of chain "
				    "'%s'",
				    topic, from->name, to->name);
	}
	return STAGGER_OK;
}

enum stagger_status chains_apart(const struct stagger_chain *first,
				 const struct stagger_chain *second, struct stagger_error *err)
{
	if (strcmp(first->name, second->name) == 0)
		return fail(err, STAGGER_INVALID, "chain '%s' was added before", second->name);
	for (int32_t s = 0; s < second->n_stages; s++)
		if (chain_stage_of(first, second->stages[s].topic) != CHAIN_DLT)
			return fail(err, STAGGER_INVALID,
				    "chains '%s' and '%s' share the topic '%s'", first->name,
				    second->name, second->stages[s].topic);
	enum stagger_status status = dead_letters_apart(second, first, err);
	return status == STAGGER_OK ? dead_letters_apart(first, second, err) : status;
}
