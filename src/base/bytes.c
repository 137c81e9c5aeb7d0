/* SPDX-License-Identifier: Apache-2.0
 *
 * Views of bytes that somebody else owns, and saturating arithmetic. */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

bool bytes_equal(struct stagger_bytes a, struct stagger_bytes b)
{
	if (a.data == NULL || b.data == NULL)
		return a.data == b.data;
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

bool bytes_is(struct stagger_bytes a, const char *text)
{
	return bytes_equal(a, bytes_text(text));
}

char *bytes_dup(struct stagger_bytes a)
{
	if (a.data == NULL)
		a.size = 0;
	char *copy = malloc(a.size + 1);
	if (copy == NULL)
		return NULL;
	if (a.size > 0)
		memcpy(copy, a.data, a.size);
	copy[a.size] = '\0';
	return copy;
}

uint64_t bytes_hash(struct stagger_bytes a)
{
	const unsigned char *p = a.data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < a.size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	// FNV's low bits are weak on short keys, and tables take the low bits.
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

int64_t add_saturated(int64_t a, int64_t b)
{
	int64_t sum;
	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

int64_t mul_saturated(int64_t a, int64_t b)
{
	int64_t product;
	if (!__builtin_mul_overflow(a, b, &product))
		return product;
	return (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
}
