/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-64-AVRO, the fingerprint of a schema's canonical form in single-object framing. */
#ifndef CODEC_CRC64_H
#define CODEC_CRC64_H

#include <stagger/message.h>

uint64_t crc64_avro(struct stagger_bytes bytes);

#endif
