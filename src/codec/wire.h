/* SPDX-License-Identifier: Apache-2.0
 *
 * Avro's binary primitives. Writing is unchecked: the caller has measured first. Reading takes
 * hostile bytes: the first failure is kept and empties the cursor, so that a reader is a straight
 * list of fields and looks for a failure once, at its end. Inline: this is the hot path. */
#ifndef CODEC_WIRE_H
#define CODEC_WIRE_H

#include <string.h>

#include "base/utf8.h"

static inline uint64_t wire_zigzag(int64_t n)
{
	return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

/* Most numbers are lengths, counts and branches of one byte, here as below. */
static inline size_t wire_long_size(int64_t n)
{
	uint64_t bits = wire_zigzag(n);

	if (__builtin_expect(bits < 0x80, 1))
		return 1;
	return (size_t)(63 - __builtin_clzll(bits)) / 7 + 1;
}

/* NULL data counts as empty. */
static inline size_t wire_bytes_size(struct stagger_bytes bytes)
{
	size_t size = bytes.data == NULL ? 0 : bytes.size;

	return wire_long_size((int64_t)size) + size;
}

/* [null, X]: NULL data is null. */
static inline size_t wire_maybe_size(struct stagger_bytes bytes)
{
	return bytes.data == NULL ? 1 : 1 + wire_bytes_size(bytes);
}

static inline unsigned char *wire_put_long(unsigned char *to, int64_t n)
{
	uint64_t bits = wire_zigzag(n);

	while (bits >= 0x80) {
		*to++ = (unsigned char)(bits | 0x80);
		bits >>= 7;
	}
	*to++ = (unsigned char)bits;
	return to;
}

/* n bytes, of half to twice half (at most 16, a constant), in two moves that may overlap. */
__attribute__((always_inline)) static inline void
wire_two_moves(unsigned char *to, const unsigned char *from, size_t n, size_t half)
{
	unsigned char low[16];
	unsigned char high[16];

	memcpy(low, from, half);
	memcpy(high, from + n - half, half);
	memcpy(to, low, half);
	memcpy(to + n - half, high, half);
}

/* Most texts are shorter than a call of memcpy() is worth. */
static inline void wire_copy(unsigned char *to, const unsigned char *from, size_t n)
{
	if (n > 32) {
		memcpy(to, from, n);
	} else if (n >= 16) {
		wire_two_moves(to, from, n, 16);
	} else if (n >= 8) {
		wire_two_moves(to, from, n, 8);
	} else if (n >= 4) {
		wire_two_moves(to, from, n, 4);
	} else if (n > 0) {
		to[0] = from[0];
		to[n / 2] = from[n / 2];
		to[n - 1] = from[n - 1];
	}
}

static inline unsigned char *wire_put_raw(unsigned char *to, struct stagger_bytes bytes)
{
	if (bytes.data == NULL || bytes.size == 0)
		return to;
	wire_copy(to, bytes.data, bytes.size);
	return to + bytes.size;
}

static inline unsigned char *wire_put_bytes(unsigned char *to, struct stagger_bytes bytes)
{
	to = wire_put_long(to, bytes.data == NULL ? 0 : (int64_t)bytes.size);
	return wire_put_raw(to, bytes);
}

static inline unsigned char *wire_put_maybe(unsigned char *to, struct stagger_bytes bytes)
{
	*to++ = bytes.data == NULL ? 0 : 2;
	return bytes.data == NULL ? to : wire_put_bytes(to, bytes);
}

/* What is left to read, and the first failure: which field, at which byte, why. */
struct wire {
	const unsigned char *at, *end;
	const unsigned char *failed; /* NULL while all is well */
	const char *field, *why;
};

/* An array or map that is being read, from {0}. */
struct wire_blocks {
	uint64_t left;
	const unsigned char *end; /* of a block that tells its size, else NULL */
};

__attribute__((cold)) static inline void wire_fail(struct wire *w, const char *field,
						   const unsigned char *at, const char *why)
{
	if (w->failed == NULL) {
		w->failed = at;
		w->field = field;
		w->why = why;
	}
	w->at = w->end;
}

/* A number of 2 to 8 bytes with 8 to look at: their groups of 7 bits are drawn together in pairs,
 * in fours, in eights. False: it is longer. */
static inline bool wire_take_eight(struct wire *w, int64_t *n)
{
	uint64_t x;

	memcpy(&x, w->at, 8);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		x = __builtin_bswap64(x);
	uint64_t ends = ~x & UINT64_C(0x8080808080808080);
	if (ends == 0)
		return false;
	unsigned last = (unsigned)__builtin_ctzll(ends); /* the top bit of the last byte */
	x &= UINT64_MAX >> (63 - last);
	x &= UINT64_C(0x7f7f7f7f7f7f7f7f);
	x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
	x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
	x = (x & UINT64_C(0x000000000fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
	w->at += last / 8 + 1;
	*n = (int64_t)((x >> 1) ^ (0 - (x & 1)));
	return true;
}

__attribute__((noinline, unused)) static int64_t wire_take_long_slowly(struct wire *w,
								       const char *field)
{
	const unsigned char *at = w->at;
	uint64_t bits = 0;
	int64_t n;

	if (w->end - at >= 8 && wire_take_eight(w, &n))
		return n;
	for (unsigned shift = 0;; shift += 7) {
		if (at == w->end) {
			wire_fail(w, field, w->at, "the bytes end here");
			return 0;
		}
		uint64_t byte = *at++;
		if (shift == 63 && byte > 1) {
			wire_fail(w, field, w->at, "the number has more than 64 bits");
			return 0;
		}
		bits |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	w->at = at;
	return (int64_t)((bits >> 1) ^ (0 - (bits & 1)));
}

static inline int64_t wire_take_long(struct wire *w, const char *field)
{
	if (__builtin_expect(w->at == w->end || *w->at >= 0x80, 0))
		return wire_take_long_slowly(w, field);
	int64_t bits = *w->at++;
	return (bits >> 1) ^ -(bits & 1);
}

static inline int32_t wire_take_int(struct wire *w, const char *field)
{
	const unsigned char *start = w->at;
	int64_t n = wire_take_long(w, field);

	if (n < INT32_MIN || n > INT32_MAX) {
		wire_fail(w, field, start, "the number has more than 32 bits");
		return 0;
	}
	return (int32_t)n;
}

static inline bool wire_take_bool(struct wire *w, const char *field)
{
	if (w->at == w->end || *w->at > 1) {
		wire_fail(w, field, w->at,
			  w->at == w->end ? "the bytes end here" : "a boolean is 0 or 1");
		return false;
	}
	return *w->at++ == 1;
}

/* Of [null, X]: false for null. */
static inline bool wire_take_branch(struct wire *w, const char *field)
{
	const unsigned char *start = w->at;
	int64_t branch = wire_take_long(w, field);

	if (branch != 0 && branch != 1)
		wire_fail(w, field, start, "the union has no such branch");
	return branch == 1;
}

/* A view of the input; empty bytes have data, too. */
static inline struct stagger_bytes wire_take_bytes(struct wire *w, const char *field)
{
	const unsigned char *start = w->at;
	int64_t size = wire_take_long(w, field);

	if (size < 0 || size > w->end - w->at) {
		wire_fail(w, field, start,
			  size < 0 ? "the length is negative" : "the length is beyond the bytes");
		return (struct stagger_bytes){0};
	}
	struct stagger_bytes bytes = {w->at, (size_t)size};
	w->at += size;
	return bytes;
}

/* UTF-8 without NUL, since texts become C strings; ASCII is told apart eight bytes at a time. */
static inline bool wire_is_text(struct stagger_bytes text)
{
	const unsigned char *at = text.data;
	size_t left = text.size;
	uint64_t seen = 0;

	for (; left >= 8; left -= 8, at += 8) {
		uint64_t eight;
		memcpy(&eight, at, 8);
		seen |= eight | (eight - UINT64_C(0x0101010101010101));
	}
	seen &= UINT64_C(0x8080808080808080);
	for (; left > 0; left--, at++)
		seen |= (uint64_t)(*at == 0 || *at >= 0x80);
	return seen == 0 || (utf8_valid(text) && memchr(text.data, 0, text.size) == NULL);
}

static inline struct stagger_bytes wire_take_text(struct wire *w, const char *field)
{
	const unsigned char *start = w->at;
	struct stagger_bytes text = wire_take_bytes(w, field);

	if (!wire_is_text(text)) {
		wire_fail(w, field, start, "the text is not UTF-8 or holds a NUL");
		return (struct stagger_bytes){0};
	}
	return text;
}

static inline struct stagger_bytes wire_take_maybe_text(struct wire *w, const char *field)
{
	return wire_take_branch(w, field) ? wire_take_text(w, field) : (struct stagger_bytes){0};
}

static inline struct stagger_bytes wire_take_maybe_bytes(struct wire *w, const char *field)
{
	return wire_take_branch(w, field) ? wire_take_bytes(w, field) : (struct stagger_bytes){0};
}

/* The head of the next block; false at the end of the array. least: the fewest bytes of an item. */
static inline bool wire_next_block(struct wire *w, struct wire_blocks *blocks, size_t least,
				   const char *field)
{
	const unsigned char *start = w->at;

	if (blocks->end != NULL && blocks->end != w->at)
		wire_fail(w, field, start, "the block's size is not that of its items");
	int64_t count = wire_take_long(w, field);
	blocks->end = NULL;
	if (count < 0) {
		int64_t size = wire_take_long(w, field);
		if (size < 0 || size > w->end - w->at)
			wire_fail(w, field, start, "the block's size is beyond the bytes");
		else
			blocks->end = w->at + size;
	}
	blocks->left = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
	if (blocks->left > (size_t)(w->end - w->at) / least)
		wire_fail(w, field, start, "the block has more items than bytes");
	return w->failed == NULL && blocks->left > 0;
}

/* True when an item follows: take it, then ask again. */
static inline bool wire_next(struct wire *w, struct wire_blocks *blocks, size_t least,
			     const char *field)
{
	if (w->failed != NULL)
		return false;
	if (blocks->left == 0 && !wire_next_block(w, blocks, least, field))
		return false;
	blocks->left--;
	return true;
}

#endif
