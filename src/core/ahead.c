/* SPDX-License-Identifier: Apache-2.0
 *
 * Finished runs <-> commit metadata. Anybody may commit metadata for a group, so reading trusts
 * nothing; what is refused costs repeated calls, never a lost message. */
#include "core/ahead.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX   "sg1:"
#define RESTARTS "0:"
#define BASE     36
#define PAIR_MAX 32 /* two commas, two numbers of at most 13 digits */

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static size_t put_number(char *to, int64_t number)
{
	char reversed[PAIR_MAX];
	size_t n = 0;

	do {
		reversed[n++] = digits[number % BASE];
		number /= BASE;
	} while (number > 0);
	for (size_t i = 0; i < n; i++)
		to[i] = reversed[n - 1 - i];
	return n;
}

struct ahead_text ahead_write(char text[AHEAD_MAX], const struct offsets *offsets)
{
	struct ahead_text written = {0};
	struct offsets_walk at = {0};
	struct offsets_run run;
	int64_t end = offsets_next(offsets);
	char pair[PAIR_MAX];

	while (offsets_walk(offsets, &at, &run)) {
		size_t n = 0;

		if (written.size == 0) {
			written.size = sizeof(PREFIX RESTARTS) - 1;
			memcpy(text, PREFIX RESTARTS, written.size);
		} else {
			pair[n++] = ',';
		}
		n += put_number(pair + n, run.from - end);
		pair[n++] = ',';
		n += put_number(pair + n, run.n);
		if (written.size + n > AHEAD_MAX) {
			written.dropped = offsets_ahead_from(offsets, run.from);
			break;
		}
		memcpy(text + written.size, pair, n);
		written.size += n;
		end = run.from + run.n;
	}
	return written;
}

static bool take_char(struct stagger_bytes *text, char c)
{
	const char *at = text->data;

	if (text->size == 0 || *at != c)
		return false;
	text->data = at + 1;
	text->size--;
	return true;
}

/* A number of at least one digit. */
static bool take_number(struct stagger_bytes *text, int64_t *number)
{
	const char *at = text->data;
	size_t n = 0;

	*number = 0;
	for (; n < text->size; n++) {
		const char *digit = memchr(digits, at[n], BASE);

		if (!digit)
			break;
		if (*number > (INT64_MAX - (digit - digits)) / BASE)
			return false;
		*number = *number * BASE + (digit - digits);
	}
	if (n == 0)
		return false;
	text->data = at + n;
	text->size -= n;
	return true;
}

/* One pair; *end is where the run before ended. Neither a gap nor a run is ever 0. */
static bool take_run(struct stagger_bytes *text, int64_t *end, struct offsets_run *run)
{
	int64_t gap;

	if (!take_number(text, &gap) || gap == 0 || gap > INT64_MAX - *end)
		return false;
	run->from = *end + gap;
	if (!take_char(text, ',') || !take_number(text, &run->n) || run->n == 0 ||
	    run->n > INT64_MAX - run->from)
		return false;
	*end = run->from + run->n;
	return true;
}

static bool take_head(struct stagger_bytes *text)
{
	int64_t restarts;

	for (const char *c = PREFIX; *c; c++)
		if (!take_char(text, *c))
			return false;
	return take_number(text, &restarts) && take_char(text, ':');
}

/* As many pairs as the text can hold. */
static size_t count_pairs(struct stagger_bytes text)
{
	const char *at = text.data;
	size_t commas = 0;

	for (size_t i = 0; i < text.size; i++)
		commas += at[i] == ',';
	return commas / 2 + 1;
}

bool ahead_read(struct offsets_run **out, size_t *n, struct stagger_bytes metadata,
		int64_t next_offset)
{
	*out = NULL;
	*n = 0;
	if (next_offset < 0 || !take_head(&metadata))
		return false;
	if (metadata.size == 0)
		return true;

	struct offsets_run *runs = calloc(count_pairs(metadata), sizeof(*runs));
	size_t n_runs = 0;
	bool good = runs != NULL;

	while (good) {
		good = take_run(&metadata, &next_offset, &runs[n_runs++]);
		if (!good || !take_char(&metadata, ','))
			break;
	}
	if (!good || metadata.size > 0) {
		free(runs);
		return false;
	}
	*out = runs;
	*n = n_runs;
	return true;
}
