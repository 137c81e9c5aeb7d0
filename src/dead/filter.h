/* SPDX-License-Identifier: Apache-2.0
 *
 * Which dead letters are meant. Everything that is given must fit; what an envelope says cannot fit
 * a record that is none. */
#ifndef DEAD_FILTER_H
#define DEAD_FILTER_H

#include "core/match.h"
#include "dead/letter.h"

struct dead_filter {
	const char *chain, *code, *disposition; /* as the envelope says; NULL: any */
	const char *key;                        /* of the original record, its bytes; NULL: any */
	const char *topic;                      /* the original one; NULL: any */
	bool by_class;
	struct match match;                     /* with by_class: of the last error */
	int64_t since_ms, until_ms;             /* put there at or after since, before until */
};
#define DEAD_FILTER_ANY                                                                            \
	(struct dead_filter)                                                                       \
	{                                                                                          \
		.since_ms = INT64_MIN, .until_ms = INT64_MAX                                       \
	}

bool dead_filter_fits(const struct dead_filter *filter, const struct dead_letter *letter);

#endif
