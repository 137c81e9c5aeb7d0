/* SPDX-License-Identifier: Apache-2.0
 *
 * Framing, and the text of the schema that our fingerprint stands for (embed.py makes it an array
 * at build time, so that what is published is envelope.avsc byte for byte). */
#include "codec/framing.h"

#include "base/error.h"

extern const char envelope_avsc[];

const char *envelope_schema_text(void)
{
	return envelope_avsc;
}

bool framing_is(struct stagger_bytes bytes)
{
	const unsigned char *at = bytes.data;

	if (at == NULL || bytes.size == 0)
		return false;
	return at[0] == 0 || (bytes.size > 1 && at[0] == 0xc3 && at[1] == 0x01);
}

size_t framing_size(enum envelope_framing kind)
{
	return kind == ENVELOPE_REGISTRY ? 5 : ENVELOPE_FRAME_MAX;
}

unsigned char *framing_put(unsigned char *to, const struct framing *framing)
{
	if (framing->kind == ENVELOPE_REGISTRY) {
		*to++ = 0;
		for (int shift = 24; shift >= 0; shift -= 8)
			*to++ = (unsigned char)((uint32_t)framing->schema_id >> shift);
		return to;
	}
	*to++ = 0xc3;
	*to++ = 0x01;
	for (int shift = 0; shift < 64; shift += 8)
		*to++ = (unsigned char)(framing->fingerprint >> shift);
	return to;
}

enum stagger_status framing_take(struct framing *out, struct stagger_bytes *body,
				 struct stagger_bytes bytes, struct stagger_error *err)
{
	const unsigned char *at = bytes.data;
	struct framing framing = {.kind = ENVELOPE_SINGLE_OBJECT};

	if (!framing_is(bytes))
		return fail(err, STAGGER_CORRUPT,
			    "envelope: byte 0: neither C3 01 (single object) nor 00 (registry)");
	if (at[0] == 0)
		framing.kind = ENVELOPE_REGISTRY;
	size_t size = framing_size(framing.kind);
	if (bytes.size < size)
		return fail(err, STAGGER_CORRUPT,
			    "envelope: byte %zu: the bytes end inside the framing", bytes.size);
	if (framing.kind == ENVELOPE_REGISTRY) {
		uint32_t id = 0;
		for (size_t i = 1; i < size; i++)
			id = id << 8 | at[i];
		framing.schema_id = (int32_t)id;
	} else {
		for (size_t i = size; i-- > 2;)
			framing.fingerprint = framing.fingerprint << 8 | at[i];
	}
	*out = framing;
	*body = (struct stagger_bytes){at + size, bytes.size - size};
	return STAGGER_OK;
}
