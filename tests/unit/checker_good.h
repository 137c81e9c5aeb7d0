/* SPDX-License-Identifier: Apache-2.0
 *
 * Two small good histories for test_checker.c, and what edits them. */
#ifndef UNIT_CHECKER_GOOD_H
#define UNIT_CHECKER_GOOD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "history.h"

#define MAIN "t"
#define FIRST "t.g.retry.1s"
#define SECOND "t.g.retry.5s"
#define DLT "t.g.dlt"
#define BOOT_MS 1000000 /* boot-time clock = wall clock + that */

static const struct history_config config = {
	.group = "g",
	.topic = MAIN,
	.dlt = DLT,
	.stages = {{"retry.1s", FIRST, 1000, 1, false}, {"retry.5s", SECOND, 5000, 2, false}},
	.n_stages = 2,
	.order = "partition",
	.jitter = 0.1,
	.jitter_max_ms = 30000,
	.longest_wait_ms = 3600000,
	.max_uncommitted = 64,
	.in_place_attempts = 2,
};

static struct history_event *add(struct history *h, enum history_kind kind, const char *id,
				 int64_t at_ms)
{
	struct history_event event = {HISTORY_EVENT(kind)};
	const char *topic = kind == HISTORY_DEAD || kind == HISTORY_DRAINED ? DLT : MAIN;

	event.id = id;
	event.at_ms = at_ms;
	event.topic = topic;
	event.partition = 0;
	if (kind != HISTORY_PRODUCED && kind != HISTORY_DEAD && kind != HISTORY_DRAINED &&
	    kind != HISTORY_REMAINS) {
		event.member = "m1";
		event.boot_ms = at_ms + BOOT_MS;
	}
	if (id != NULL) { /* id 1 is at offset 0 */
		event.offset = id[0] - '1';
		event.stage = "main";
		event.value_hash = (uint64_t)id[0];
		event.key_hash = 7;
		event.original_topic = MAIN;
		event.original_partition = 0;
		event.original_offset = event.offset;
		event.visit = 1;
		event.attempt = 1;
	}
	history_append(h, &event);
	return &h->events[h->n - 1];
}

static struct history_event *find(struct history *h, enum history_kind kind, const char *id,
				  int nth)
{
	for (size_t i = 0; i < h->n; i++) {
		struct history_event *event = &h->events[i];
		bool same = id == NULL || (event->id != NULL && strcmp(event->id, id) == 0);
		if (event->kind == kind && same && nth-- == 0)
			return event;
	}
	fail_msg("no such event");
	return NULL;
}

static void drop(struct history *h, struct history_event *event)
{
	size_t after = (size_t)(h->events + h->n - event) - 1;

	memmove(event, event + 1, after * sizeof(*event));
	h->n--;
}

/* Moves *from to just before *to. */
static void move(struct history_event *from, struct history_event *to)
{
	struct history_event moved = *from;

	if (from > to) {
		memmove(to + 1, to, (size_t)(from - to) * sizeof(*to));
		*to = moved;
	} else {
		memmove(from, from + 1, (size_t)(to - from - 1) * sizeof(*to));
		to[-1] = moved;
	}
}

static void handle(struct history *h, const char *id, int64_t at_ms, const char *verdict)
{
	add(h, HISTORY_HANDLING, id, at_ms);
	add(h, HISTORY_HANDLED, id, at_ms + 1)->verdict = history_text(h, verdict);
}

static void in_first_stage(struct history *h, struct history_event *event)
{
	event->topic = history_text(h, FIRST);
	event->stage = history_text(h, "retry.1s");
	event->offset = 0;
	event->due_ms = 2301;
	event->attempt = 3;
	event->first_seen_ms = 1310;
	event->first_seen_boot_ms = 1310 + BOOT_MS;
}

static struct history_counters *counters_of(struct history *h)
{
	return h->counters[h->n_counters - 1];
}

static void stop(struct history *h, const char *member)
{
	struct history_counters counters = {
		.handled = 6, .done = 3, .dead_lettered = 1, .hops = 2, .not_retriable = 1};
	struct history_event stopped = {HISTORY_EVENT(HISTORY_STOPPED)};

	add(h, HISTORY_STOP, NULL, 3000)->member = history_text(h, member);
	add(h, HISTORY_REVOKED, NULL, 3050)->member = history_text(h, member);
	stopped.member = member;
	stopped.at_ms = 3060;
	stopped.counters = &counters;
	history_append(h, &stopped);
}

/* Member m1, four messages: 1 is done; 2 fails twice in place, hops and is done in retry.1s; 3 is
 * dead; 4 is deferred and done. */
static void good(struct history *h)
{
	static const char *const ids[] = {"1", "2", "3", "4"};
	struct history_event *hop;

	history_configure(h, &config);
	add(h, HISTORY_STARTED, NULL, 900);
	for (size_t i = 0; i < 4; i++)
		add(h, HISTORY_PRODUCED, ids[i], 1000 + (int64_t)i);
	add(h, HISTORY_ASSIGNED, NULL, 1050);
	add(h, HISTORY_ASSIGNED, NULL, 1050)->topic = history_text(h, FIRST);
	add(h, HISTORY_ASSIGNED, NULL, 1050)->topic = history_text(h, SECOND);
	handle(h, "1", 1100, "done");
	handle(h, "2", 1102, "retry");
	handle(h, "2", 1300, "retry");
	h->events[h->n - 1].attempt = h->events[h->n - 2].attempt = 2;
	hop = add(h, HISTORY_HOPPED, "2", 1303);
	hop->to_topic = history_text(h, FIRST);
	hop->failed_ms = 1301;
	hop->due_ms = 2301;
	handle(h, "3", 1304, "dead_letter");
	add(h, HISTORY_DEAD_LETTERED, "3", 1306)->reason = history_text(h, "not_retriable");
	handle(h, "4", 1307, "deferred");
	add(h, HISTORY_HANDLED, "4", 1330)->verdict = history_text(h, "done");
	h->events[h->n - 1].settled = true;
	add(h, HISTORY_COMMITTED, NULL, 1400)->next_offset = 4;
	handle(h, "2", 2305, "done");
	in_first_stage(h, &h->events[h->n - 2]);
	in_first_stage(h, &h->events[h->n - 1]);
	add(h, HISTORY_COMMITTED, NULL, 2400)->next_offset = 1;
	h->events[h->n - 1].topic = history_text(h, FIRST);
	stop(h, "m1");
	add(h, HISTORY_DRAINED, NULL, 3100);
	add(h, HISTORY_DEAD, "3", 3100);
}

/* m1 goes away without a commit (unless the edit says so), m2 handles 1 and 2 again. */
static void take_over(struct history *h)
{
	history_configure(h, &config);
	h->config.in_place_attempts = 1;
	add(h, HISTORY_STARTED, NULL, 900);
	add(h, HISTORY_PRODUCED, "1", 1000);
	add(h, HISTORY_PRODUCED, "2", 1000);
	add(h, HISTORY_ASSIGNED, NULL, 1050);
	handle(h, "1", 1100, "done");
	handle(h, "2", 1200, "done");
	add(h, HISTORY_FAULT, NULL, 1300)->reason = history_text(h, "kill");
	add(h, HISTORY_STARTED, NULL, 1400);
	add(h, HISTORY_ASSIGNED, NULL, 1500);
	handle(h, "1", 1600, "done");
	handle(h, "2", 1700, "done");
	for (size_t i = h->n - 6; i < h->n; i++)
		h->events[i].member = history_text(h, "m2");
	stop(h, "m2");
	counters_of(h)->handled = counters_of(h)->done = 2;
	counters_of(h)->dead_lettered = counters_of(h)->hops = counters_of(h)->not_retriable = 0;
}

#endif
