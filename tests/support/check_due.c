/* SPDX-License-Identifier: Apache-2.0
 *
 * due_correct: every due is recomputed from the failure it comes from, so that a late due cannot
 * make a late call look punctual. */
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"

#define ROUNDING_MS 1
#define TURN_MS 1000 /* the loop reads its clock once a turn, perhaps before the handler ended */
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct span {
	int64_t low_ms, high_ms;
};

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The dues that a hop into that stage may have. */
static struct span due_span(const struct history_config *config, int32_t stage,
			    const struct history_event *hop)
{
	int64_t delay_ms = config->stages[stage - 1].delay_ms;
	int64_t jitter_ms = (int64_t)((double)delay_ms * config->jitter + 0.5);
	int64_t longest_ms = config->longest_wait_ms > 0 ? config->longest_wait_ms : 365 * DAY_MS;

	if (config->jitter_max_ms > 0)
		jitter_ms = smaller(jitter_ms, config->jitter_max_ms);
	int64_t low_ms = larger(delay_ms - jitter_ms, hop->retry_after_ms);
	int64_t high_ms = larger(delay_ms + jitter_ms, hop->retry_after_ms);
	return (struct span){hop->failed_ms + smaller(low_ms, longest_ms) - ROUNDING_MS,
			     hop->failed_ms + smaller(high_ms, longest_ms) + ROUNDING_MS};
}

struct due { /* of one message: hops with their dues, newest first */
	const char *topic;
	int64_t due_ms, failed_ms;
	size_t next;
};
struct dues {
	struct check *c;
	struct due *list;
	size_t n;
	size_t *heads;       /* of each message */
	size_t *handled;     /* of each record: its last verdict */
	size_t *handled_by;  /* the process that gave it */
	bool steps;          /* a clock was moved: failures are not compared with calls */
};

static void judge_hop(struct dues *d, size_t i)
{
	struct check *c = d->c;
	const struct history_event *hop = &c->h->events[i];
	int32_t stage = c->where[i].to;
	size_t record = c->where[i].record;

	if (stage < 1 || stage == CHECK_DLT)
		return;
	struct span span = due_span(&c->h->config, stage, hop);
	if (hop->due_ms < span.low_ms || hop->due_ms > span.high_ms)
		check_fail(c, CHECKER_DUE_CORRECT,
			   "id %s failed at %" PRId64 " and is due in %s at %" PRId64
			   ", not within %" PRId64 "..%" PRId64,
			   check_id(hop), hop->failed_ms, hop->to_topic, hop->due_ms, span.low_ms,
			   span.high_ms);
	if (d->steps || record == CHECK_NONE || d->handled[record] == CHECK_NONE ||
	    d->handled_by[record] != c->where[i].process)
		return;
	int64_t verdict_ms = c->h->events[d->handled[record]].at_ms;
	if (hop->failed_ms > hop->at_ms || hop->failed_ms < verdict_ms - TURN_MS)
		check_fail(c, CHECKER_DUE_CORRECT,
			   "id %s failed at %" PRId64 ", but its verdict came at %" PRId64
			   " and its hop to %s was durable at %" PRId64,
			   check_id(hop), hop->failed_ms, verdict_ms, hop->to_topic, hop->at_ms);
}

static void take_hop(struct dues *d, size_t i, const char *topic)
{
	const struct history_event *hop = &d->c->h->events[i];
	size_t message = d->c->where[i].message;

	if (message == CHECK_NONE)
		return;
	d->list[d->n] = (struct due){topic, hop->due_ms, hop->failed_ms,
				  d->heads[message]};
	d->heads[message] = d->n++;
}

/* A copy waits for the due of a hop into its topic. A killed member may have made a hop it could
 * not tell of; then there is nothing to compare with. */
static void judge_call(struct dues *d, size_t i, bool faults)
{
	struct check *c = d->c;
	const struct history_event *event = &c->h->events[i];
	size_t message = c->where[i].message;

	if (event->due_ms == 0 || message == CHECK_NONE || c->where[i].stage < 1)
		return;
	for (size_t due = d->heads[message]; due != CHECK_NONE; due = d->list[due].next) {
		if (d->list[due].topic != event->topic || d->list[due].due_ms != event->due_ms)
			continue;
		int64_t skew_ms = d->list[due].failed_ms - event->first_seen_ms;
		if (event->first_seen_ms > 0 && skew_ms > c->result->skew_ms)
			c->result->skew_ms = skew_ms;
		return;
	}
	if (!faults)
		check_fail(c, CHECKER_DUE_CORRECT,
			   "id %s has the due %" PRId64 " in %s, partition %d offset %" PRId64
			   ", which no hop gave it",
			   check_id(event), event->due_ms, check_stage(event), event->partition,
			   event->offset);
}

/* A hop's report may be told after the copy was handled elsewhere: all hops are taken first. */
static void walk(struct dues *d)
{
	struct check *c = d->c;
	bool faults = false;

	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		faults = faults || check_hits(c, event);
		d->steps = d->steps || check_fault(event, "clock");
		if (event->kind == HISTORY_HOPPED)
			take_hop(d, i, event->to_topic);
		else if (event->kind == HISTORY_REPARKED)
			take_hop(d, i, event->topic);
	}
	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		size_t record = c->where[i].record;
		c->at = i;
		if (event->kind == HISTORY_HANDLED && record != CHECK_NONE &&
		    !check_verdict(event, "deferred")) {
			d->handled[record] = i;
			d->handled_by[record] = c->where[i].process;
		}
		if (event->kind == HISTORY_HOPPED)
			judge_hop(d, i);
		else if (event->kind == HISTORY_HANDLING)
			judge_call(d, i, faults);
	}
}

void check_due(struct check *c)
{
	struct dues d = {.c = c};

	d.list = map_grow(NULL, c->h->n + 1, sizeof(*d.list));
	d.heads = map_grow(NULL, c->n_messages + 1, sizeof(*d.heads));
	d.handled = map_grow(NULL, c->n_records + 1, sizeof(*d.handled));
	d.handled_by = map_grow(NULL, c->n_records + 1, sizeof(*d.handled_by));
	for (size_t i = 0; i < c->n_messages; i++)
		d.heads[i] = CHECK_NONE;
	for (size_t i = 0; i < c->n_records; i++)
		d.handled[i] = CHECK_NONE;
	walk(&d);
	free(d.list);
	free(d.heads);
	free(d.handled);
	free(d.handled_by);
}
