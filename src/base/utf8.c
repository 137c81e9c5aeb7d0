/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 by table 3-7 of the Unicode standard: no overlong forms, no surrogates, at most U+10FFFF.
 * Java, Python and Go replace the same maximal sequences, so all readers see the same text. */
#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define REPLACEMENT_SIZE 3

/* Lead bytes, the range of the byte that follows, and how many follow; the rest is 80..BF. */
static const struct {
	unsigned char first, last, low, high, more;
} leads[] = {
	{0xC2, 0xDF, 0x80, 0xBF, 1}, {0xE0, 0xE0, 0xA0, 0xBF, 2}, {0xE1, 0xEC, 0x80, 0xBF, 2},
	{0xED, 0xED, 0x80, 0x9F, 2}, {0xEE, 0xEF, 0x80, 0xBF, 2}, {0xF0, 0xF0, 0x90, 0xBF, 3},
	{0xF1, 0xF3, 0x80, 0xBF, 3}, {0xF4, 0xF4, 0x80, 0x8F, 3},
};

static struct stagger_bytes rest_of(struct stagger_bytes text, size_t from)
{
	const unsigned char *p = text.data;
	return (struct stagger_bytes){.data = p + from, .size = text.size - from};
}

size_t utf8_step(struct stagger_bytes text, bool *valid)
{
	const unsigned char *p = text.data;

	*valid = p[0] < 0x80;
	if (*valid)
		return 1;
	size_t row = 0;
	while (row < sizeof(leads) / sizeof(leads[0]) && p[0] > leads[row].last)
		row++;
	if (row == sizeof(leads) / sizeof(leads[0]) || p[0] < leads[row].first)
		return 1;

	unsigned char low = leads[row].low;
	unsigned char high = leads[row].high;
	for (size_t i = 1; i <= leads[row].more; i++) {
		if (i >= text.size || p[i] < low || p[i] > high)
			return i;
		low = 0x80;
		high = 0xBF;
	}
	*valid = true;
	return (size_t)leads[row].more + 1;
}

bool utf8_valid(struct stagger_bytes text)
{
	bool valid = true;
	for (size_t i = 0; i < text.size && valid;)
		i += utf8_step(rest_of(text, i), &valid);
	return valid;
}

size_t utf8_cut(struct stagger_bytes text, size_t max)
{
	if (text.size <= max)
		return text.size;
	for (size_t back = 1; back <= 3 && back <= max; back++) {
		bool valid;
		size_t n = utf8_step(rest_of(text, max - back), &valid);
		if (valid && n > back)
			return max - back;
	}
	return max;
}

/* How many bytes from there on are ASCII without NUL, looked at eight at a time; at most max. */
static size_t plain_run(const unsigned char *p, size_t max)
{
	size_t n = 0;

	for (; n + 8 <= max; n += 8) {
		uint64_t eight;
		memcpy(&eight, p + n, 8);
		eight |= eight - UINT64_C(0x0101010101010101); // a NUL borrows
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (n < max && p[n] != '\0' && p[n] < 0x80)
		n++;
	return n;
}

size_t utf8_clean(char *to, size_t room, struct stagger_bytes text)
{
	const unsigned char *p = text.data;
	size_t used = 0;

	assert(room >= 1);
	for (size_t i = 0; i < text.size;) {
		size_t room_left = room - 1 - used;
		size_t left = text.size - i;
		size_t plain = plain_run(p + i, left < room_left ? left : room_left);
		memcpy(to + used, p + i, plain);
		used += plain;
		i += plain;
		if (i == text.size)
			break;
		bool valid;
		size_t n = utf8_step(rest_of(text, i), &valid);
		bool keep = valid && p[i] != '\0';
		size_t size = keep ? n : REPLACEMENT_SIZE;
		if (size > room - 1 - used)
			break;
		memcpy(to + used, keep ? (const void *)(p + i) : REPLACEMENT, size);
		used += size;
		i += n;
	}
	to[used] = '\0';
	return used;
}
