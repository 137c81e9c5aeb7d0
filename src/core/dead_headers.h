/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers on DLT records: Kafka's own family (KIP-1191), text in UTF-8, numbers in decimal, and
 * those originals that a reader of the outer record needs. */
#ifndef CORE_DEAD_HEADERS_H
#define CORE_DEAD_HEADERS_H

#include "core/envelope.h"

/* Original headers that are copied outside at most; the rest stays inside only. */
#define DEAD_HEADERS_MAX_COPIED 16
#define DEAD_HEADERS_MAX (6 + DEAD_HEADERS_MAX_COPIED)

struct dead_headers {
	struct stagger_header headers[DEAD_HEADERS_MAX];
	size_t n;
	char partition[12], offset[24], delivery_count[12]; /* what the decimal ones point at */
	char *names; /* malloc'd copies of borrowed names, or NULL */
};
/* __dlq.errors.topic .partition .offset .group .delivery.count .message, then the original
 * traceparent, tracestate, __key_schema_id and apicurio.key.*. Borrows from *e. False without
 * memory. */
STAGGER_MUST_USE bool dead_headers_make(struct dead_headers *out, const struct envelope *e);
void dead_headers_clear(struct dead_headers *h);

#endif
