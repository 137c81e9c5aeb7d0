/* SPDX-License-Identifier: Apache-2.0
 *
 * The one header of ours on a record of main: an envelope without its payload, which is the record
 * itself. It makes a copy that goes back to main the same message with the same past. Whoever may
 * write to main may forge it, so it is judged here and nowhere else. */
#ifndef CODEC_REPLAY_HEADER_H
#define CODEC_REPLAY_HEADER_H

#include "core/envelope.h"

#define REPLAY_HEADER     "__stagger.envelope"
#define REPLAY_HEADER_MAX (64 * 1024) /* bytes of its value; no envelope of ours has more */

/* Bytes of its value for that message, exactly. */
size_t replay_header_size(const struct envelope *e);
/* Whether it would count on a record of that topic. If not, its message cannot go back there. */
bool replay_header_fits(const struct envelope *e, const char *topic);
/* Writes them into a malloc'd buffer; key, value and headers of *e stay out. */
STAGGER_MUST_USE enum stagger_status replay_header_write(const struct envelope *e, void **out,
							 size_t *size, struct stagger_error *err);
/* The last header of that name, or NULL: earlier ones came with the original record. */
const struct stagger_header *replay_header_find(const struct stagger_header *headers, size_t n);
/* Reads header, which is one of m's, as the envelope of that message: key, value and the other
 * headers are m's. *out is one malloc'd block (free with envelope_free()) that borrows from m's
 * bytes. CORRUPT: it does not count, because it is none of ours or speaks of another topic than
 * m was read from; the text says which. */
STAGGER_MUST_USE enum stagger_status replay_header_read(struct envelope **out,
							const struct stagger_message *m,
							const struct stagger_header *header,
							struct stagger_error *err);

#endif
