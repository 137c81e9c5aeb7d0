/* SPDX-License-Identifier: Apache-2.0
 *
 * The first bytes of an envelope: C3 01 and a fingerprint (Avro single object), or 00 and a schema
 * registry's id. They tell each other apart, so reading needs no setting. */
#ifndef CODEC_FRAMING_H
#define CODEC_FRAMING_H

#include "codec/envelope_codec.h"

struct framing {
	enum envelope_framing kind;
	uint64_t fingerprint; /* SINGLE_OBJECT, as written: never 0 for our own */
	int32_t schema_id;    /* REGISTRY */
};

/* By the first one or two bytes only; the rest may be missing. */
bool framing_is(struct stagger_bytes bytes);
size_t framing_size(enum envelope_framing kind);
unsigned char *framing_put(unsigned char *to, const struct framing *framing);
/* *body is what follows. CORRUPT: neither framing, or cut inside it. */
STAGGER_MUST_USE enum stagger_status framing_take(struct framing *out, struct stagger_bytes *body,
						  struct stagger_bytes bytes,
						  struct stagger_error *err);

#endif
