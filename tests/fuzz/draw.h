/* SPDX-License-Identifier: Apache-2.0
 *
 * A fuzzer's bytes as choices, so that it can steer what is valid but for what it means. When they
 * are used up every choice is the first. */
#ifndef TESTS_FUZZ_DRAW_H
#define TESTS_FUZZ_DRAW_H

#include <string.h>

#include <stagger/message.h>

struct draw {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t draw_byte(struct draw *d)
{
	if (d->left == 0)
		return 0;
	d->left--;
	return *d->at++;
}

/* Below n, from as many bytes as that takes. */
static inline size_t draw_below(struct draw *d, size_t n)
{
	size_t number = 0;

	for (size_t rest = n - 1; rest > 0; rest >>= 8)
		number = number << 8 | draw_byte(d);
	return number % n;
}

/* A view of at most so many of them. */
static inline struct stagger_bytes draw_bytes(struct draw *d, size_t most)
{
	size_t size = draw_below(d, most + 1);

	if (size > d->left)
		size = d->left;
	struct stagger_bytes bytes = {d->at, size};
	d->at += size;
	d->left -= size;
	return bytes;
}

/* Mostly small, at times of any size. */
static inline int64_t draw_number(struct draw *d)
{
	static const int64_t edges[] = {0,	   1,	      -1,	     63,	64,
					INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX, INT64_MIN + 1};
	uint8_t kind = draw_byte(d);
	uint64_t number = 0;

	if (kind < 128)
		return kind;
	if (kind < 192)
		return edges[kind % (sizeof(edges) / sizeof(edges[0]))];
	for (int i = 0; i < 8; i++)
		number = number << 8 | draw_byte(d);
	return (int64_t)number;
}

#endif
