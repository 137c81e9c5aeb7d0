/* SPDX-License-Identifier: Apache-2.0
 *
 * Damaged bytes, always the same ones for a seed. */
#ifndef UNIT_MUTANTS_H
#define UNIT_MUTANTS_H

#include "envelope_samples.h"

static inline uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline struct stagger_bytes mutant(struct stagger_bytes from, uint64_t *seed)
{
	static const char bombs[][10] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
					 "\xfe\xff\xff\xff\x0f", "\x80\x80\x80\x80\x80\x40",
					 "\x01\x02", "\x03\xff\x01", "\x80\x80\x80\x80"};
	size_t more = next_random(seed) % 16;
	unsigned char *bytes = malloc(from.size + more + 1);
	size_t size = from.size;
	size_t place = next_random(seed) % size;

	assert_non_null(bytes);
	memcpy(bytes, from.data, size);
	switch (next_random(seed) % 5) {
	case 0: /* flip a few bits */
		for (uint64_t flips = 1 + next_random(seed) % 4; flips > 0; flips--) {
			uint64_t bit = next_random(seed) % (8 * size);
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
		}
		break;
	case 1: /* truncate */
		size = place;
		break;
	case 2: /* extend */
		for (; more > 0; more--)
			bytes[size++] = (unsigned char)next_random(seed);
		break;
	case 3: { /* put a length or count that is a bomb */
		size_t n = sizeof(bombs[0]);
		if (n > size - place)
			n = size - place;
		memcpy(bytes + place, bombs[next_random(seed) % 6], n);
		break;
	}
	default: /* take a piece out */
		more = more < size - place ? more : size - place;
		memmove(bytes + place, bytes + place + more, size - place - more);
		size -= more;
	}
	struct stagger_bytes exact = sample_copy((struct stagger_bytes){bytes, size});
	free(bytes);
	return exact;
}

#endif
