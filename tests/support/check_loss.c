/* SPDX-License-Identifier: Apache-2.0
 *
 * no_loss and progress: where every produced message is at the end. */
#include <stdlib.h>

#include "check.h"

#define PROGRESS_MS 10000 /* overdue for that long at the end: it stands */

struct logs { /* what the group has finished of each partition */
	struct map places;
	int64_t *committed;
};

static int64_t *committed_of(struct logs *logs, const struct history_event *event)
{
	struct map_key key = {(uint64_t)(uintptr_t)event->topic, (uint64_t)event->partition, 0};
	size_t fresh = logs->places.n;
	size_t log = map_put(&logs->places, key, fresh);

	if (log == fresh) {
		logs->committed = map_grow(logs->committed, log + 1, sizeof(*logs->committed));
		logs->committed[log] = -1;
	}
	return &logs->committed[log];
}

static int64_t end_of(const struct check *c)
{
	int64_t end_ms = 0;

	for (size_t i = 0; i < c->h->n; i++)
		if (c->h->events[i].member != NULL && c->h->events[i].at_ms > end_ms)
			end_ms = c->h->events[i].at_ms;
	return end_ms;
}

static void judge_progress(struct check *c, size_t i, int64_t end_ms)
{
	const struct history_event *event = &c->h->events[i];
	const struct check_message *message = &c->messages[c->where[i].message];
	int64_t bound_ms = c->h->config.progress_ms == 0 ? PROGRESS_MS : c->h->config.progress_ms;
	int64_t due_ms = event->due_ms;

	if (c->where[i].stage == 0 && message->produced != NULL)
		due_ms = message->produced->at_ms;
	if (due_ms != 0 && end_ms - due_ms > bound_ms)
		check_fail(c, CHECKER_PROGRESS,
			   "id %s stands in %s, partition %d offset %lld, %lld ms after its due",
			   message->id, check_stage(event), event->partition,
			   (long long)event->offset, (long long)(end_ms - due_ms));
}

/* Marks the messages of which a copy waits. The topics are read last, after every commit. */
static void mark_waiting(struct check *c, bool *waiting)
{
	struct logs logs = {.committed = NULL};
	int64_t end_ms = end_of(c);

	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		size_t m = c->where[i].message;
		if (event->kind == HISTORY_COMMITTED && event->topic != NULL)
			*committed_of(&logs, event) = event->next_offset;
		if (event->kind != HISTORY_REMAINS || m == CHECK_NONE || event->topic == NULL ||
		    event->offset < *committed_of(&logs, event))
			continue;
		if (!waiting[m] && c->messages[m].endings == 0)
			judge_progress(c, i, end_ms);
		waiting[m] = true;
	}
	map_clear(&logs.places);
	free(logs.committed);
}

static bool is_lost(const struct check_message *message, bool waiting)
{
	return message->produced != NULL && message->endings == 0 && !waiting;
}

void check_loss(struct check *c)
{
	bool *waiting = map_grow(NULL, c->n_messages + 1, sizeof(*waiting));
	int64_t lost = 0;

	for (size_t m = 0; m < c->n_messages; m++)
		waiting[m] = false;
	mark_waiting(c, waiting);
	for (size_t m = 0; m < c->n_messages; m++)
		lost += is_lost(&c->messages[m], waiting[m]);
	/* what retention took is counted, not named */
	bool counted = lost <= c->sums.expired_by_retention + c->sums.log_reset;
	for (size_t m = 0; !counted && m < c->n_messages; m++) {
		const struct history_event *produced = c->messages[m].produced;
		if (is_lost(&c->messages[m], waiting[m]))
			check_fail(c, CHECKER_NO_LOSS,
				   "id %s of %s, partition %d offset %lld is nowhere: "
				   "not done, not dead, not waiting",
				   c->messages[m].id, produced->topic, produced->partition,
				   (long long)produced->offset);
	}
	free(waiting);
}
