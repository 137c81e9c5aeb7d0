/* SPDX-License-Identifier: Apache-2.0
 *
 * The direct writer and reader of our one schema (envelope.avsc), byte-identical to avro-c and
 * about twenty times as fast. The reader takes hostile bytes: it never reads past them, never
 * allocates more than a small multiple of them, never leaks. */
#ifndef CODEC_ENVELOPE_CODEC_H
#define CODEC_ENVELOPE_CODEC_H

#include "core/envelope.h"

/* CRC-64-AVRO of the canonical form of envelope.avsc. Avro Java 1.11.4 (SchemaNormalization) and
 * fastavro 1.13.1 say the same; test_framing.c derives it from the text, and
 * tests/readers/fastavro_check.py from fastavro again. */
#define ENVELOPE_FINGERPRINT UINT64_C(0x4cda6b8c6fce1614)
#define ENVELOPE_SIZE_MAX INT32_MAX /* bytes of one record */
#define ENVELOPE_FRAME_MAX 10 /* C3 01 + fingerprint; the registry's is 5 */

/* Bytes the envelope takes when written, framing included, exactly. */
size_t envelope_size(const struct envelope *e);
/* Writes so many bytes. Framing, fingerprint (0: ours) and schema id as the envelope says. */
void envelope_put(const struct envelope *e, void *to, size_t size);
/* The same into a malloc'd buffer of exactly that size; *out is yours. Refuses what the
 * format cannot hold (ENVELOPE_SIZE_MAX). */
STAGGER_MUST_USE enum stagger_status envelope_write(const struct envelope *e, void **out,
						    size_t *size, struct stagger_error *err);
/* Reads any framing. *out is one malloc'd block (free with envelope_free()) that borrows from
 * bytes. Our own fingerprint: the exact length is required; another: the prefix rule, what follows
 * is the tail. A registry id: the exact length, else the prefix rule. A tail needs a group and a
 * topic before it. Texts must be UTF-8 without NUL, but a header's name may be any bytes without
 * NUL. CORRUPT: not an envelope; the text names field and byte. */
STAGGER_MUST_USE enum stagger_status envelope_read(struct envelope **out,
						   struct stagger_bytes bytes,
						   struct stagger_error *err);
void envelope_free(struct envelope **e);

/* The schema's text, byte for byte as in envelope.avsc. */
const char *envelope_schema_text(void);

#endif
