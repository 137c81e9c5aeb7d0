/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes first when a hop is too large: a fixed order, the payload last and only for the DLT. */
#ifndef CORE_SHRINK_H
#define CORE_SHRINK_H

#include "core/envelope.h"

enum shrink {
	SHRINK_NONE,
	SHRINK_DETAIL,       /* error_detail */
	SHRINK_FIRST_DETAIL, /* and first_error.error_detail */
	SHRINK_HISTORY,      /* and history but its first and last */
	SHRINK_PAYLOAD,      /* and key, value and headers: payload_omitted; the DLT only */
	SHRINK_IMPOSSIBLE    /* nothing is left to drop */
};
/* The step after this one. A step that would change nothing in *e is passed over. */
enum shrink shrink_next(const struct envelope *e, enum shrink step, bool dead_letter);
/* Drops all up to and including step; history is rearranged in *room. */
void shrink_apply(struct envelope *e, struct envelope_room *room, enum shrink step);

#endif
