/* SPDX-License-Identifier: Apache-2.0
 *
 * offsets_monotone: commits only go up while a lane is owned, and never pass an unfinished offset.
 * */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"

#define SPAN_MAX 10000000 /* offsets looked at for one commit */

struct walk {
	struct check *c;
	bool *finished;    /* each record */
	int64_t *last;     /* each lane: its last commit in this assignment, -1 none */
	struct map places; /* (topic, partition) -> passed */
	int64_t *passed;   /* offsets below were looked at */
};

static int64_t *passed_of(struct walk *w, const struct history_event *event)
{
	size_t fresh = w->places.n;
	size_t log = map_put(&w->places, check_log(w->c, event), fresh);

	if (log == fresh) {
		w->passed = map_grow(w->passed, log + 1, sizeof(*w->passed));
		w->passed[log] = 0;
	}
	return &w->passed[log];
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
	int64_t *passed = passed_of(w, event);

	if (event->next_offset < *last)
		check_fail(c, CHECKER_OFFSETS_MONOTONE,
			   "%s committed %" PRId64 " after %" PRId64 " in %s, partition %d",
			   event->member, event->next_offset, *last, check_stage(event),
			   event->partition);
	*last = event->next_offset;
	for (int64_t offset = *passed;
	     offset < event->next_offset && offset - *passed < SPAN_MAX; offset++) {
		size_t record = check_record_at(c, event, offset);
		if (record == CHECK_NONE || w->finished[record])
			continue;
		size_t message = c->records[record].message;
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

	w.finished = map_grow(NULL, c->n_records + 1, sizeof(*w.finished));
	w.last = map_grow(NULL, c->n_lanes + 1, sizeof(*w.last));
	for (size_t r = 0; r < c->n_records; r++)
		w.finished[r] = false;
	for (size_t l = 0; l < c->n_lanes; l++)
		w.last[l] = -1;
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		const struct check_where *where = &c->where[i];
		if (check_fault(event, "retention") && event->topic != NULL)
			pass(passed_of(&w, event), event->next_offset);
		if (where->lane == CHECK_NONE)
			continue;
		if (event->kind == HISTORY_ASSIGNED || event->kind == HISTORY_RESET)
			w.last[where->lane] = -1;
		if (event->kind == HISTORY_RESET && event->offset >= 0)
			*passed_of(&w, event) = event->offset;
		if (event->kind == HISTORY_COMMITTED)
			judge_commit(&w, i);
		if (where->record != CHECK_NONE &&
		    (check_verdict(event, "done") || event->kind == HISTORY_HOPPED ||
		     event->kind == HISTORY_DEAD_LETTERED || event->kind == HISTORY_REPARKED))
			w.finished[where->record] = true;
	}
	map_clear(&w.places);
	free(w.passed);
	free(w.finished);
	free(w.last);
}
