/* SPDX-License-Identifier: Apache-2.0
 *
 * offsets_monotone: commits only go up while a lane is owned, and never pass an unfinished offset.
 * */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"

#define SPAN_MAX 10000000 /* offsets looked at for one commit */

struct log {
	int64_t passed; /* offsets below were looked at */
	bool truncated; /* commits of before may arrive after those of the new lane */
	bool shifts;    /* it will be, or was: offsets are given twice */
};
struct known { /* an offset of a log */
	size_t record; /* the last of the records that it had */
	bool finished; /* one of them is */
	size_t first;  /* the event that told of the first of them */
};
struct walk {
	struct check *c;
	struct map offsets; /* (topic, partition, offset) -> known */
	struct known *known;
	int64_t *last;     /* each lane: its last commit in this assignment, -1 none */
	struct map places; /* (topic, partition) -> logs */
	struct log *logs;
};

static struct log *log_of(struct walk *w, const struct history_event *event)
{
	size_t fresh = w->places.n;
	size_t log = map_put(&w->places, check_log(w->c, event), fresh);

	if (log == fresh) {
		w->logs = map_grow(w->logs, log + 1, sizeof(*w->logs));
		w->logs[log] = (struct log){0, false, false};
	}
	return &w->logs[log];
}

static struct map_key key_of(const struct check *c, const struct history_event *event,
			     int64_t offset)
{
	struct map_key key = check_log(c, event);

	key.c = (uint64_t)offset;
	return key;
}

/* Also of what is told only later; not where a later record got the offset. */
static void know_all(struct walk *w)
{
	for (size_t r = 0; r < w->c->n_records; r++) {
		const struct check_record *record = &w->c->records[r];
		size_t fresh = w->offsets.n;
		const struct history_event *told = &w->c->h->events[record->first];
		size_t k = map_put(&w->offsets, key_of(w->c, told, record->offset), fresh);
		if (k == fresh)
			w->known = map_grow(w->known, k + 1, sizeof(*w->known));
		size_t first = k == fresh ? record->first : w->known[k].first;
		w->known[k] = (struct known){r, false,
					     first < record->first ? first : record->first};
	}
}

static struct known *known_at(const struct walk *w, const struct history_event *event,
			      int64_t offset)
{
	size_t k = map_get(&w->offsets, key_of(w->c, event, offset));

	return k == MAP_NONE ? NULL : &w->known[k];
}

/* What a truncation took needs no finish, nor need offsets that are given again. */
static void truncate(struct walk *w, const struct history_event *event)
{
	for (size_t k = 0; k < w->offsets.n; k++) {
		const struct check_record *record = &w->c->records[w->known[k].record];
		if (record->topic == event->topic && record->partition == event->partition &&
		    record->offset >= event->next_offset && record->offset < event->offset)
			w->known[k].finished = true;
	}
}

static void pass(int64_t *passed, int64_t offset)
{
	if (offset > *passed)
		*passed = offset;
}

/* Of another group, in a topic of ours. If one were handled, payload_intact would say so. */
static bool is_anothers(const struct check *c, size_t message)
{
	return message != CHECK_NONE && c->result->produced > 0 &&
	       c->messages[message].produced == NULL;
}

static void judge_commit(struct walk *w, size_t i)
{
	struct check *c = w->c;
	const struct history_event *event = &c->h->events[i];
	int64_t *last = &w->last[c->where[i].lane];
	struct log *log = log_of(w, event);
	int64_t *passed = &log->passed;

	if (event->next_offset < *last && !log->truncated)
		check_fail(c, CHECKER_OFFSETS_MONOTONE,
			   "%s committed %" PRId64 " after %" PRId64 " in %s, partition %d",
			   event->member, event->next_offset, *last, check_stage(event),
			   event->partition);
	*last = event->next_offset;
	for (int64_t offset = *passed;
	     offset < event->next_offset && offset - *passed < SPAN_MAX; offset++) {
		const struct known *known = known_at(w, event, offset);
		if (known == NULL || known->finished || (log->shifts && known->first > i))
			continue;
		size_t message = c->records[known->record].message;
		if (is_anothers(c, message))
			continue; /* finished without a word */
		check_fail(c, CHECKER_OFFSETS_MONOTONE,
			   "%s committed %" PRId64 " past id %s, unfinished in %s, partition %d "
			   "offset %" PRId64,
			   event->member, event->next_offset,
			   message == CHECK_NONE ? "-" : c->messages[message].id,
			   check_stage(event), event->partition, offset);
	}
	pass(passed, event->next_offset);
}

void check_offsets(struct check *c)
{
	struct walk w = {.c = c};

	know_all(&w);
	for (size_t i = 0; i < c->h->n; i++)
		if (check_truncates(&c->h->events[i]))
			log_of(&w, &c->h->events[i])->shifts = true;
	w.last = map_grow(NULL, c->n_lanes + 1, sizeof(*w.last));
	for (size_t l = 0; l < c->n_lanes; l++)
		w.last[l] = -1;
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		const struct check_where *where = &c->where[i];
		c->at = i;
		if (check_truncates(event)) {
			truncate(&w, event);
			log_of(&w, event)->truncated = true;
		}
		if (check_fault(event, "retention") && event->topic != NULL)
			pass(&log_of(&w, event)->passed, event->next_offset);
		if (where->lane == CHECK_NONE)
			continue;
		if (event->kind == HISTORY_ASSIGNED || event->kind == HISTORY_RESET)
			w.last[where->lane] = -1;
		if (event->kind == HISTORY_RESET && event->offset >= 0)
			log_of(&w, event)->passed = event->offset;
		if (event->kind == HISTORY_COMMITTED)
			judge_commit(&w, i);
		if (where->record != CHECK_NONE &&
		    (check_verdict(event, "done") || event->kind == HISTORY_HOPPED ||
		     event->kind == HISTORY_DEAD_LETTERED || event->kind == HISTORY_REPARKED))
			known_at(&w, event, event->offset)->finished = true;
	}
	map_clear(&w.places);
	free(w.logs);
	map_clear(&w.offsets);
	free(w.known);
	free(w.last);
}
