/* SPDX-License-Identifier: Apache-2.0
 *
 * The ahead set as commit metadata: "sg1:" restarts ":" then pairs gap,run in base 36, comma
 * separated; gap counted from next_offset or from the end of the run before. Restarts is 0 for now.
 * At most 4,000 bytes; what does not fit is left out, the newest first. */
#ifndef CORE_AHEAD_H
#define CORE_AHEAD_H

#include <stagger/message.h>

#include "core/offsets.h"

#define AHEAD_MAX 4000 /* bytes; a broker takes 4,096 (offset.metadata.max.bytes) */

struct ahead_text {
	size_t size;     /* 0: nothing is ahead, no metadata */
	int64_t dropped; /* finished records that did not fit */
};
/* Writes into text[AHEAD_MAX]. */
struct ahead_text ahead_write(char text[AHEAD_MAX], const struct offsets *offsets);
/* Reads runs into a malloc'd array (*out NULL when there are none). False: not ours or malformed,
 * which is ignored (*out NULL, *n 0). Memory is bounded by the text's size. */
bool ahead_read(struct offsets_run **out, size_t *n, struct stagger_bytes metadata,
		int64_t next_offset);

#endif
