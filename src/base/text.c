/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded text building, and did-you-mean by optimal string alignment: insert, delete, replace and
 * swap of neighbours cost one each, which covers what typing fingers do. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool text_add(char *to, size_t room, size_t *used, const char *fmt, ...)
{
	if (*used >= room)
		return false;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(to + *used, room - *used, fmt, args);
	va_end(args);
	if (n < 0) {
		to[*used] = '\0';
		return false;
	}
	bool fits = (size_t)n < room - *used;
	*used = fits ? *used + (size_t)n : room - 1;
	return fits;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Both at most TEXT_MAX_WORD long. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t rows[3][TEXT_MAX_WORD + 1]; // row i % 3 holds the distances of a's first i bytes

	for (size_t k = 0; k <= n_b; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		row[0] = i;
		for (size_t k = 1; k <= n_b; k++) {
			size_t best = least(above[k], row[k - 1]) + 1;
			best = least(best, above[k - 1] + (a[i - 1] != b[k - 1]));
			bool swapped = i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
				       a[i - 2] == b[k - 1];
			if (swapped)
				best = least(best, rows[(i - 2) % 3][k - 2] + 1);
			row[k] = best;
		}
	}
	return rows[n_a % 3][n_b];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t size = strlen(word);
	if (size > TEXT_MAX_WORD)
		return NULL;
	const char *nearest = NULL;
	size_t limit = size < 3 ? 1 : size / 3;

	for (size_t i = 0; i < n; i++) {
		size_t name_size = strlen(names[i]);
		if (name_size > TEXT_MAX_WORD)
			continue;
		size_t d = distance(word, size, names[i], name_size);
		if (d < limit || (d == limit && nearest == NULL)) {
			nearest = names[i];
			limit = d;
		}
	}
	return nearest;
}

size_t text_packed(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

const char *text_pack(char **at, const char *text)
{
	return bytes_pack(at, (struct stagger_bytes){ text, text_packed(text) }).data;
}

struct stagger_bytes bytes_pack(char **at, struct stagger_bytes bytes)
{
	if (bytes.data == NULL)
		return bytes;
	struct stagger_bytes copy = { *at, bytes.size };
	if (bytes.size > 0)
		memcpy(*at, bytes.data, bytes.size);
	*at += bytes.size;
	return copy;
}
