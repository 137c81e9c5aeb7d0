/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers on DLT records: the family that the chain names, as that family's own writer writes them,
 * and those originals that a reader of the outer record needs. */
#ifndef CORE_DEAD_HEADERS_H
#define CORE_DEAD_HEADERS_H

#include <stagger/chain.h>

#include "core/envelope.h"

/* Original headers that are copied outside at most; the rest stays inside only. */
#define DEAD_HEADERS_MAX_COPIED 16
#define DEAD_HEADERS_MAX_OWN    10 /* of the largest family */
#define DEAD_HEADERS_MAX        (DEAD_HEADERS_MAX_OWN + DEAD_HEADERS_MAX_COPIED)

struct dead_headers {
	struct stagger_header headers[DEAD_HEADERS_MAX];
	size_t n;
	/* what the numbers point at, in decimal or big-endian */
	char partition[12], offset[24], timestamp[8], delivery_count[12];
	char *names; /* malloc'd copies of borrowed names, or NULL */
};
/* The family's, then the original traceparent, tracestate, __key_schema_id and apicurio.key.*.
 * Borrows from *e. False without memory. */
STAGGER_MUST_USE bool dead_headers_make(struct dead_headers *out,
					enum stagger_dead_letter_headers family,
					const struct envelope *e);
void dead_headers_clear(struct dead_headers *h);

#endif
