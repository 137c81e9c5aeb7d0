/* SPDX-License-Identifier: Apache-2.0
 *
 * What the targets of envelopes share: bytes read with an eye on the memory they cost, written and
 * read again; and good envelopes of whatever a fuzzer draws. */
#ifndef TESTS_FUZZ_ENVELOPES_H
#define TESTS_FUZZ_ENVELOPES_H

#include "codec/envelope_codec.h"
#include "draw.h"

/* What reading n bytes may allocate, and refusing them nothing: an item of a list stands in two
 * bytes at least, and takes 32. */
#define READ_MOST(n) (sizeof(struct envelope) + 16 * (n))

/* NULL: refused. Free with envelope_free(). */
struct envelope *envelope_read_within(struct stagger_bytes bytes);
/* Aborts unless it is the same when it was written and read, and written again. Returns how many
 * bytes it takes. */
size_t envelope_must_last(const struct envelope *e);
/* Aborts unless they are. */
void envelope_must_equal(const struct envelope *a, const struct envelope *b);

#define SHAPE_HISTORY    (ENVELOPE_MAX_HISTORY + 4) /* more than the reader expects of each list */
#define SHAPE_ATTRIBUTES 20
#define SHAPE_HEADERS    36
#define SHAPE_TEXT       200

struct shape {
	struct envelope e;
	struct envelope_attempt history[SHAPE_HISTORY];
	struct envelope_pair attributes[SHAPE_ATTRIBUTES];
	struct envelope_header headers[SHAPE_HEADERS];
	char texts[16384];
	size_t used; /* of texts; what does not fit is empty */
};

/* A good one of any framing, with a tail where one may be. It borrows from itself and from what is
 * drawn. */
void shape_draw(struct shape *s, struct draw *d);

#endif
