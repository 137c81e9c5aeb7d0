/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds between calls: the ring's first entry is unfinished (a finished prefix is popped at
 * once), so next is its offset; everything below seen is finished but the unfinished entries; no
 * entry lies in a `before` run; next <= seen. */
#include "core/offsets.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/mutant.h"

#define FIRST_ROOM 16
#define KEPT_ROOM  8192 /* entries; a larger ring is freed when it runs empty */
#define FINISHED   UINT64_C(1)

static uint64_t *entry_at(const struct offsets *o, size_t i)
{
	return &o->ring[(o->head + i) & (o->room - 1)];
}

static int64_t offset_at(const struct offsets *o, size_t i)
{
	return (int64_t)(*entry_at(o, i) >> 1);
}

static int64_t run_end(const struct offsets_run *run)
{
	return run->from + run->n;
}

/* Moves next to the first offset that is not known to be finished. */
static void advance(struct offsets *o)
{
	o->next = o->n > 0 ? offset_at(o, 0) : o->seen;
	for (; o->at_before < o->n_before; o->at_before++) {
		const struct offsets_run *run = &o->before[o->at_before];

		if (run->from > o->next)
			break;
		if (run_end(run) > o->next)
			o->next = run_end(run);
	}
	if (o->seen < o->next)
		o->seen = o->next;
	if (o->n_before > 0 && o->at_before == o->n_before) {
		free(o->before);
		o->before = NULL;
		o->n_before = 0;
		o->at_before = 0;
	}
}

enum stagger_status offsets_start(struct offsets *o, int64_t next, const struct offsets_run *before,
				  size_t n, struct stagger_error *err)
{
	struct offsets_run *copy = NULL;

	while (n > 0 && run_end(before) <= next) {
		before++;
		n--;
	}
	if (n > 0) {
		copy = calloc(n, sizeof(*copy));
		if (!copy)
			return fail_memory(err);
	}
	for (size_t i = 0; i < n; i++)
		copy[i] = before[i];
	*o = (struct offsets){.seen = next, .before = copy, .n_before = n};
	advance(o);
	return STAGGER_OK;
}

void offsets_clear(struct offsets *o)
{
	free(o->ring);
	free(o->before);
	*o = (struct offsets){0};
}

static bool grow(struct offsets *o)
{
	size_t room = o->room > 0 ? 2 * o->room : FIRST_ROOM;
	uint64_t *ring = calloc(room, sizeof(*ring));

	if (!ring)
		return false;
	for (size_t i = 0; i < o->n; i++)
		ring[i] = *entry_at(o, i);
	free(o->ring);
	o->ring = ring;
	o->room = room;
	o->head = 0;
	return true;
}

/* The first run of what was finished before that ends beyond offset; n_before when none does. */
static size_t run_beyond(const struct offsets *o, int64_t offset)
{
	size_t low = o->at_before;
	size_t high = o->n_before;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (run_end(&o->before[middle]) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum offsets_seen offsets_see(struct offsets *o, int64_t offset)
{
	if (offset < o->seen)
		return OFFSETS_FINISHED;

	size_t run = run_beyond(o, offset);
	bool finished = run < o->n_before && o->before[run].from <= offset;

	if (MUTANT(gap_never_finished) && offset > o->seen)
		(void)offsets_see(o, o->seen);
	if (!finished) {
		if (o->n == o->room && !grow(o))
			return OFFSETS_NO_MEMORY;
		o->n++;
		*entry_at(o, o->n - 1) = (uint64_t)offset << 1;
	}
	o->seen = add_saturated(offset, 1);
	if (o->n <= 1 || o->n_before > 0) /* else next is an entry before this one */
		advance(o);
	return finished ? OFFSETS_FINISHED : OFFSETS_NEW;
}

/* The first entry at or beyond offset, n when there is none. */
static size_t index_of(const struct offsets *o, int64_t offset)
{
	if (o->n == 0 || offset <= offset_at(o, 0))
		return 0;

	/* No entry stands further from the first than its offset does, and exactly there where no
	 * offset is missing. */
	uint64_t distance = (uint64_t)(offset - offset_at(o, 0));
	size_t low = 1;
	size_t high = distance < o->n ? (size_t)distance : o->n;

	if (high < o->n && offset_at(o, high) == offset)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (offset_at(o, middle) < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t *unfinished_entry(const struct offsets *o, int64_t offset)
{
	size_t i = index_of(o, offset);
	if (i == o->n || offset_at(o, i) != offset || (*entry_at(o, i) & FINISHED))
		return NULL;
	return entry_at(o, i);
}

static void pop_finished(struct offsets *o)
{
	while (o->n > 0 && (*entry_at(o, 0) & FINISHED)) {
		o->head = (o->head + 1) & (o->room - 1);
		o->n--;
		o->n_finished--;
	}
	if (o->n == 0 && o->room > KEPT_ROOM) {
		free(o->ring);
		o->ring = NULL;
		o->room = 0;
		o->head = 0;
	}
}

bool offsets_finish(struct offsets *o, int64_t offset)
{
	uint64_t *entry = unfinished_entry(o, offset);

	if (!entry)
		return false;
	*entry |= FINISHED;
	o->n_finished++;
	if (offset == o->next) {
		pop_finished(o);
		advance(o);
	}
	return true;
}

bool offsets_unfinished(const struct offsets *o, int64_t offset)
{
	return unfinished_entry(o, offset) != NULL;
}

int64_t offsets_next(const struct offsets *o)
{
	return o->next;
}

size_t offsets_ahead(const struct offsets *o)
{
	return o->n_finished;
}

size_t offsets_tracked(const struct offsets *o)
{
	return o->n;
}

int64_t offsets_ahead_from(const struct offsets *o, int64_t from)
{
	int64_t count = 0;

	for (size_t i = index_of(o, from); i < o->n; i++)
		count += (int64_t)(*entry_at(o, i) & FINISHED);
	for (size_t i = run_beyond(o, from); i < o->n_before; i++) {
		const struct offsets_run *run = &o->before[i];

		count += run->from < from ? run_end(run) - from : run->n;
	}
	return count;
}

/* The run at or beyond from when all entries are behind it: what is finished up to seen, joined
 * with what was finished before. */
static bool walk_beyond(const struct offsets *o, struct offsets_walk *at, int64_t from,
			struct offsets_run *run)
{
	int64_t end = from < o->seen ? o->seen : from;

	for (; at->before < o->n_before; at->before++) {
		const struct offsets_run *next = &o->before[at->before];

		if (next->from > end && end > from)
			break;
		if (next->from > end)
			from = next->from;
		if (run_end(next) > end)
			end = run_end(next);
	}
	at->from = end;
	*run = (struct offsets_run){.from = from, .n = end - from};
	return end > from;
}

bool offsets_walk(const struct offsets *o, struct offsets_walk *at, struct offsets_run *run)
{
	int64_t from = at->from > o->next ? at->from : o->next;
	bool records = false; /* and not only a gap since from */

	if (at->before < o->at_before)
		at->before = o->at_before;
	if (o->n_finished == 0 && at->before == o->n_before)
		return false;
	while (at->ring < o->n) {
		uint64_t entry = *entry_at(o, at->ring++);
		int64_t offset = (int64_t)(entry >> 1);

		while (at->before < o->n_before && o->before[at->before].from < offset) {
			at->before++;
			records = true;
		}
		if (entry & FINISHED) {
			records = true;
			continue;
		}
		if (records) {
			at->from = offset + 1;
			*run = (struct offsets_run){.from = from, .n = offset - from};
			return true;
		}
		from = offset + 1;
	}
	return walk_beyond(o, at, from, run);
}

struct offsets_begin offsets_begin(int64_t committed, int64_t log_start, int64_t log_end,
				   bool from_latest)
{
	if (committed < 0)
		return (struct offsets_begin){.offset = from_latest ? log_end : log_start,
					       .commit = true};
	if (committed > log_end)
		return (struct offsets_begin){.offset = log_start, .reset = true, .commit = true};
	if (committed < log_start)
		return (struct offsets_begin){.offset = log_start,
					       .lost = log_start - committed,
					       .keep_ahead = true,
					       .commit = true};
	return (struct offsets_begin){.offset = committed, .keep_ahead = true};
}
