/* SPDX-License-Identifier: Apache-2.0
 *
 * no_loss and progress: where every produced message is at the end. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define PROGRESS_MS 10000 /* overdue for that long at the end: it stands */

struct log {
	int64_t committed; /* what the group has finished of it */
	int64_t start;     /* retention took what is below */
	int64_t given;     /* offsets below were given to two messages: a truncation */
	bool stands;       /* it was said that the commit does */
};
struct logs {
	struct map places;
	struct log *at;
};

static struct log *log_of(const struct check *c, struct logs *logs,
			  const struct history_event *event)
{
	size_t fresh = logs->places.n;
	size_t log = map_put(&logs->places, check_log(c, event), fresh);

	if (log == fresh) {
		logs->at = map_grow(logs->at, log + 1, sizeof(*logs->at));
		logs->at[log] = (struct log){-1, 0, 0, false};
	}
	return &logs->at[log];
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

	if (c->where[i].stage == 0 && message->produced != NULL &&
	    message->produced->partition == event->partition &&
	    message->produced->offset == event->offset)
		due_ms = message->produced->at_ms;
	if (due_ms != 0 && end_ms - due_ms > bound_ms)
		check_fail(c, CHECKER_PROGRESS,
			   "id %s stands in %s, partition %d offset %lld, %lld ms after its due",
			   message->id, check_stage(event), event->partition,
			   (long long)event->offset, (long long)(end_ms - due_ms));
}

/* What the fault makers and the group did to a log, and whether that event finished its record. */
static bool take(struct check *c, struct logs *logs, size_t i)
{
	const struct history_event *event = &c->h->events[i];

	if (event->kind == HISTORY_COMMITTED && event->topic != NULL)
		log_of(c, logs, event)->committed = event->next_offset;
	else if (check_fault(event, "retention") && event->topic != NULL)
		log_of(c, logs, event)->start = event->next_offset;
	if (check_truncates(event)) {
		struct log *log = log_of(c, logs, event);
		log->given = event->offset > log->given ? event->offset : log->given;
		log->start = event->next_offset < log->start ? event->next_offset : log->start;
	}
	return check_verdict(event, "done") || event->kind == HISTORY_HOPPED ||
	       event->kind == HISTORY_DEAD_LETTERED || event->kind == HISTORY_REPARKED;
}

/* What waited in a topic that somebody deleted went with it. */
static void mark_deleted(const struct check *c, bool *waiting)
{
	const char **copies = map_grow(NULL, c->n_messages + 1, sizeof(*copies));

	for (size_t m = 0; m < c->n_messages; m++)
		copies[m] = NULL;
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		size_t m = c->where[i].message;
		if (event->kind == HISTORY_HOPPED && m != CHECK_NONE)
			copies[m] = event->to_topic;
		for (m = 0; check_fault(event, "deleted") && m < c->n_messages; m++)
			waiting[m] = waiting[m] || copies[m] == event->topic;
	}
	free(copies);
}

/* The owner of a log ended cleanly: the first record beyond its commit is an unfinished one. */
static void judge_commit(struct check *c, size_t i, struct log *log, bool finished)
{
	const struct history_event *event = &c->h->events[i];

	if (!c->h->config.exact || log->stands || event->offset < log->given)
		return;
	if (finished)
		check_fail(c, CHECKER_PROGRESS,
			   "the commit of %s, partition %d stands at %lld, but id %s, offset %lld is "
			   "finished",
			   event->topic, event->partition, (long long)log->committed,
			   check_id(event), (long long)event->offset);
	log->stands = true;
}

/* Marks the messages of which a copy waits, or waited when retention took it. The topics are read
 * last, after every commit. */
static void mark_waiting(struct check *c, bool *waiting)
{
	struct logs logs = {.at = NULL};
	int64_t end_ms = end_of(c);
	bool *finished = map_grow(NULL, c->n_records + 1, sizeof(*finished));

	for (size_t r = 0; r < c->n_records; r++)
		finished[r] = false;
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		size_t m = c->where[i].message;
		size_t record = c->where[i].record;
		c->at = i;
		if (take(c, &logs, i) && record != CHECK_NONE)
			finished[record] = true;
		if (event->kind != HISTORY_REMAINS || m == CHECK_NONE || record == CHECK_NONE)
			continue;
		struct log *log = log_of(c, &logs, event);
		bool gone = event->reason != NULL && strcmp(event->reason, "truncated") == 0;
		bool taken = event->offset < log->start || gone;
		bool open = !taken && event->offset >= log->committed;
		if (open)
			judge_commit(c, i, log, finished[record]);
		if (!open && (finished[record] || (!taken && event->offset >= log->given)))
			continue;
		if (open && event->offset >= log->given && !waiting[m] && c->messages[m].endings == 0)
			judge_progress(c, i, end_ms);
		waiting[m] = true;
	}
	map_clear(&logs.places);
	free(logs.at);
	free(finished);
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
	mark_deleted(c, waiting);
	mark_waiting(c, waiting);
	for (size_t m = 0; m < c->n_messages; m++)
		lost += is_lost(&c->messages[m], waiting[m]);
	/* what a real broker's retention took is counted, not named */
	bool counted = !c->h->config.exact &&
		       lost <= c->sums.expired_by_retention + c->sums.log_reset;
	for (size_t m = 0; !counted && m < c->n_messages; m++) {
		const struct history_event *produced = c->messages[m].produced;
		c->at = c->messages[m].last;
		if (is_lost(&c->messages[m], waiting[m]))
			check_fail(c, CHECKER_NO_LOSS,
				   "id %s of %s, partition %d offset %lld is nowhere: "
				   "not done, not dead, not waiting",
				   c->messages[m].id, produced->topic, produced->partition,
				   (long long)produced->offset);
	}
	free(waiting);
}
