/* SPDX-License-Identifier: Apache-2.0
 *
 * Bit by bit, without a table: only schemas are fingerprinted, once each, never messages. */
#include "codec/crc64.h"

#define CRC64_EMPTY UINT64_C(0xc15d213aa4d7a795)

uint64_t crc64_avro(struct stagger_bytes bytes)
{
	const unsigned char *data = bytes.data;
	uint64_t crc = CRC64_EMPTY;

	for (size_t i = 0; i < bytes.size; i++) {
		uint64_t step = (crc ^ data[i]) & 0xff;
		for (int bit = 0; bit < 8; bit++)
			step = (step >> 1) ^ (CRC64_EMPTY & (0 - (step & 1)));
		crc = (crc >> 8) ^ step;
	}
	return crc;
}
