/* SPDX-License-Identifier: Apache-2.0
 *
 * Good envelopes, said otherwise and then damaged. Lists in other blocks, with and without their
 * sizes, and numbers in more bytes than they need are the same envelope. With a length, a branch, a
 * count, a size or any other number replaced, cut or extended, they are read or refused, within the
 * bound of memory; a block that lies about its size and one that ends early are refused. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "envelopes.h"
#include "fuzz.h"

#define LONG_MAX_BYTES 10
/* Of the bytes that a recoding takes: each may become a number, and an item of two a block. */
#define GROWS(n) ((LONG_MAX_BYTES + 1) * (n) * 2 + 64)

/* envelope.avsc: n number, s text or bytes, b boolean, ?x [null, x], {} record, [] array or map. */
static const char schema[] = "s?nnnnsss?s?ssnn?n?snn"
			     "s?ss?s?{s?ss?s}"
			     "[ssnnn?nns?ss?s]n[ss]"
			     "?s?s?nb[s?s]?s?s";

struct recoder {
	const uint8_t *at; /* what our writer wrote: taken without a look at its end */
	uint8_t *to;
	struct draw *draw;
	int damages;       /* 0: it says the same */
	bool lies;         /* one of them is a block's size */
};

static int64_t take(struct recoder *r)
{
	uint64_t bits = 0;
	unsigned shift = 0;

	do
		bits |= (uint64_t)(*r->at & 0x7f) << shift;
	while (shift += 7, *r->at++ >= 0x80);
	return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
}

/* One in 64 is another number, and one in eight longer than it need be. */
static void put(struct recoder *r, int64_t n)
{
	uint8_t how = draw_byte(r->draw);
	size_t least = how % 8 == 2 ? how / 8 % LONG_MAX_BYTES : 0;

	if (how % 64 == 1) {
		int64_t other = how < 128 ? add_saturated(n, (int64_t)draw_below(r->draw, 5) - 2)
					  : draw_number(r->draw);
		r->damages += other != n;
		n = other;
	}
	uint64_t bits = (uint64_t)n << 1 ^ (n < 0 ? UINT64_MAX : 0);
	size_t used = 0;
	for (; bits >= 0x80 || used + 1 < least; used++) {
		*r->to++ = (uint8_t)(bits | 0x80);
		bits >>= 7;
	}
	*r->to++ = (uint8_t)bits;
}

static void copy(struct recoder *r, size_t size)
{
	memcpy(r->to, r->at, size);
	r->at += size;
	r->to += size;
}

static const char *skip(const char *shape)
{
	static const char open[] = "{[";
	size_t depth = 0;

	while (*shape == '?')
		shape++;
	do
		if (strchr(open, *shape) != NULL)
			depth++;
		else if (*shape == '}' || *shape == ']')
			depth--;
	while (shape++, depth > 0);
	return shape;
}

static const char *recode(struct recoder *r, const char *shape);

static void recode_all(struct recoder *r, const char *shape, char end)
{
	while (*shape != end)
		shape = recode(r, shape);
}

/* Some of its items, as a block; its head is only known behind them. */
static void recode_block(struct recoder *r, const char *item, int64_t n)
{
	uint8_t head[3 * LONG_MAX_BYTES];
	uint8_t *start = r->to;
	bool sized = draw_below(r->draw, 2) == 1;

	for (int64_t i = 0; i < n; i++)
		recode_all(r, item, ']');
	size_t size = (size_t)(r->to - start);
	struct recoder of_head = {NULL, head, r->draw, r->damages, r->lies};
	put(&of_head, sized ? -n : n);
	int damages = of_head.damages;
	if (sized)
		put(&of_head, (int64_t)size);
	r->lies = of_head.lies || of_head.damages > damages;
	size_t grown = (size_t)(of_head.to - head);
	memmove(start + grown, start, size);
	memcpy(start, head, grown);
	r->to = start + grown + size;
	r->damages = of_head.damages;
}

static void recode_list(struct recoder *r, const char *item)
{
	for (int64_t left = take(r), n; left > 0; left -= n) {
		n = draw_below(r->draw, 2) == 0 ? left : 1 + (int64_t)draw_below(r->draw, 8);
		n = n < left ? n : left;
		recode_block(r, item, n);
		if (n == left) {
			int64_t end = take(r); /* ours writes one block */
			must(end == 0);
		}
	}
	put(r, 0);
}

/* One of the shape; returns what follows it. */
static const char *recode(struct recoder *r, const char *shape)
{
	int64_t n;

	switch (*shape) {
	case 'n':
		put(r, take(r));
		break;
	case 's':
		n = take(r);
		put(r, n);
		copy(r, (size_t)n);
		break;
	case 'b':
		n = draw_below(r->draw, 64) == 1 ? draw_byte(r->draw) : *r->at;
		r->damages += n != *r->at++;
		*r->to++ = (uint8_t)n;
		break;
	case '?':
		n = take(r);
		put(r, n);
		if (n == 1)
			(void)recode(r, shape + 1);
		break;
	case '{':
		recode_all(r, shape + 1, '}');
		break;
	case '[':
		recode_list(r, shape + 1);
		break;
	default:
		must(false); /* no letter of the schema */
	}
	return skip(shape);
}

/* Ends early, or goes on for longer than it says. */
static size_t cut(struct draw *d, size_t size, uint8_t *to)
{
	struct stagger_bytes more;

	switch (draw_below(d, 8)) {
	case 1:
		return size - draw_below(d, size);
	case 2:
		more = draw_bytes(d, LONG_MAX_BYTES);
		memcpy(to + size, more.size == 0 ? "" : more.data, more.size);
		return size + more.size;
	default:
		return size;
	}
}

/* recoded: how many bytes there were before some were cut or added. */
static void check(const struct recoder *r, const struct envelope *from, size_t recoded,
		  struct stagger_bytes bytes)
{
	struct envelope *e = envelope_read_within(bytes);
	bool ours = from->framing == ENVELOPE_SINGLE_OBJECT && from->fingerprint == 0;
	bool whole = bytes.size == recoded;

	if (r->damages == 0 && whole) {
		must(e != NULL);
		envelope_must_equal(e, from);
	} else if (r->damages == 0 && (ours || (bytes.size < recoded && from->tail.size == 0))) {
		must(e == NULL);
	} else if (r->damages == 1 && r->lies) {
		must(e == NULL);
	} else if (e != NULL) {
		(void)envelope_must_last(e);
	}
	envelope_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct shape s;
	struct draw of_shape = {data + size / 2, size - size / 2};
	struct draw d = {data, size / 2};
	void *written;
	size_t n;

	shape_draw(&s, &of_shape);
	must(envelope_write(&s.e, &written, &n, NULL) == STAGGER_OK);
	must(envelope_must_last(&s.e) == n);
	uint8_t *bytes = malloc(GROWS(n));
	must(bytes != NULL);
	struct recoder r = {written, bytes, &d, 0, false};
	copy(&r, s.e.framing == ENVELOPE_REGISTRY ? 5 : 10);
	recode_all(&r, schema, '\0');
	must(n - (size_t)(r.at - (const uint8_t *)written) == s.e.tail.size);
	copy(&r, s.e.tail.size);
	size_t recoded = (size_t)(r.to - bytes);
	check(&r, &s.e, recoded, (struct stagger_bytes){bytes, cut(&d, recoded, bytes)});
	free(bytes);
	free(written);
	return 0;
}
