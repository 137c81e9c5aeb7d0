/* SPDX-License-Identifier: Apache-2.0
 *
 * order and owned_only: calls against the order of their lane, and against who owned it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct front { /* how far first calls of one lane and strand have come */
	uint32_t epoch;
	size_t last, latest; /* events: of the highest offset, and of the latest due */
};
struct strand {
	size_t started;    /* its last call's event */
	bool open;         /* which has not returned */
	uint32_t epoch;    /* of that call's lane */
};
struct lane {
	uint32_t epoch;
	bool owned;
	size_t gone;       /* its last revoke */
	size_t since;      /* ours in each assignment since that event */
	size_t assignment; /* the last one it was part of */
};
struct call { /* of a record by one process: the last one */
	size_t started, ended; /* events */
	bool deferred, settled;
};
struct walk {
	struct check *c;
	struct map front_places, strand_places, call_places;
	struct front *fronts;
	struct strand *strands;
	struct lane *lanes;
	struct call *calls;
	bool by_key, by_partition;
	size_t *assignments; /* of each process */
};

/* The strand's own part of a key: 0 for order partition. False: no constraint. */
static bool strand_key(const struct walk *w, const struct check_where *where, uint64_t *key)
{
	*key = 0;
	if (w->by_partition)
		return true;
	if (!w->by_key || where->message == CHECK_NONE)
		return false;
	*key = (uint64_t)(uintptr_t)w->c->messages[where->message].key;
	return *key != 0;
}

static struct strand *strand_of(struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	struct map_key key = {0, where->process, (uint64_t)w->c->h->events[i].partition};

	if (where->process == CHECK_NONE || !strand_key(w, where, &key.a))
		return NULL;
	size_t fresh = w->strand_places.n;
	size_t s = map_put(&w->strand_places, key, fresh);
	if (s == fresh) {
		w->strands = map_grow(w->strands, s + 1, sizeof(*w->strands));
		w->strands[s] = (struct strand){CHECK_NONE, false, 0};
	}
	return &w->strands[s];
}

static struct front *front_of(struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	struct map_key key = {0, where->lane, 0};

	if (where->lane == CHECK_NONE || !strand_key(w, where, &key.a))
		return NULL;
	size_t fresh = w->front_places.n;
	size_t f = map_put(&w->front_places, key, fresh);
	if (f == fresh)
		w->fronts = map_grow(w->fronts, f + 1, sizeof(*w->fronts));
	if (f == fresh || w->fronts[f].epoch != w->lanes[where->lane].epoch)
		w->fronts[f] = (struct front){w->lanes[where->lane].epoch, CHECK_NONE, CHECK_NONE};
	return &w->fronts[f];
}

/* In main nothing waits for its due, also not what came back there. */
static int64_t waited_for_ms(const struct walk *w, size_t i)
{
	return w->c->where[i].back ? 0 : w->c->h->events[i].due_ms;
}

static struct call *call_of(struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	size_t fresh = w->call_places.n;
	size_t c = map_put(&w->call_places, (struct map_key){where->record, where->process, 0}, fresh);

	if (c == fresh) {
		w->calls = map_grow(w->calls, c + 1, sizeof(*w->calls));
		w->calls[c] = (struct call){CHECK_NONE, CHECK_NONE, false, false};
	}
	return &w->calls[c];
}

/* Read after it, and not due before it. */
static bool overtook(const struct walk *w, size_t other, size_t i)
{
	return other != CHECK_NONE && w->c->h->events[other].offset > w->c->h->events[i].offset &&
	       waited_for_ms(w, other) >= waited_for_ms(w, i);
}

static void judge_first_call(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	struct front *front = front_of(w, i);

	if (front == NULL)
		return;
	size_t other = overtook(w, front->last, i) ? front->last : front->latest;
	if (overtook(w, other, i))
		check_fail(w->c, CHECKER_ORDER,
			   "id %s handled after id %s in %s, partition %d offsets %" PRId64
			   " and %" PRId64,
			   check_id(event), check_id(&w->c->h->events[other]), check_stage(event),
			   event->partition, event->offset, w->c->h->events[other].offset);
	if (front->last == CHECK_NONE || event->offset > w->c->h->events[front->last].offset)
		front->last = i;
	if (front->latest == CHECK_NONE || waited_for_ms(w, i) >= waited_for_ms(w, front->latest))
		front->latest = i;
}

/* Between two calls of one visit its strand waits. */
static void judge_in_place(struct walk *w, size_t i, const struct strand *strand)
{
	const struct history_event *event = &w->c->h->events[i];
	const struct call *call = call_of(w, i);

	if (strand == NULL || strand->started == CHECK_NONE || call->deferred ||
	    strand->epoch != w->lanes[w->c->where[i].lane].epoch ||
	    w->c->where[strand->started].record == w->c->where[i].record)
		return;
	const struct history_event *other = &w->c->h->events[strand->started];
	check_fail(w->c, CHECKER_ORDER,
		   "id %s handled between attempts %d and %d of id %s in %s, partition %d "
		   "offset %" PRId64,
		   check_id(other), event->attempt - 1, event->attempt, check_id(event),
		   check_stage(event), event->partition, event->offset);
}

static void judge_owner(struct walk *w, size_t i, const struct strand *strand)
{
	const struct history_event *event = &w->c->h->events[i];
	const struct lane *lane = &w->lanes[w->c->where[i].lane];

	if (!lane->owned)
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "id %s handled by %s, which does not own %s, partition %d "
			   "offset %" PRId64,
			   check_id(event), event->member, check_stage(event), event->partition,
			   event->offset);
	else if (strand != NULL && strand->open && strand->epoch == lane->epoch)
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "id %s handled while id %s of its strand is, in %s, partition %d "
			   "offset %" PRId64,
			   check_id(event), check_id(&w->c->h->events[strand->started]),
			   check_stage(event), event->partition, event->offset);
}

/* Whether that lane was this process's all the time since the call began, but for rebalances that
 * brought it back: then its late verdict counts, and nothing starts again before it. */
static bool kept(const struct walk *w, size_t i, size_t started)
{
	const struct check_where *where = &w->c->where[i];
	const struct lane *lane = &w->lanes[where->lane];

	return lane->since < started && lane->assignment == w->assignments[where->process];
}

static void judge_again(struct walk *w, size_t i, const struct call *call)
{
	const struct history_event *event = &w->c->h->events[i];

	if (!w->c->h->config.exact || call->started == CHECK_NONE ||
	    call->settled)
		return;
	if (call->deferred && kept(w, i, call->started))
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "id %s handled again while it is deferred in %s, partition %d "
			   "offset %" PRId64,
			   check_id(event), check_stage(event), event->partition, event->offset);
}

static void judge_settle(struct walk *w, size_t i, const struct call *call)
{
	const struct history_event *event = &w->c->h->events[i];

	if (!w->c->h->config.exact || call->started == CHECK_NONE)
		return;
	if (!kept(w, i, call->started))
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "id %s settled by %s after its partition had gone, in %s, partition %d "
			   "offset %" PRId64,
			   check_id(event), event->member, check_stage(event), event->partition,
			   event->offset);
}

static void take_handling(struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	const struct history_event *event = &w->c->h->events[i];
	struct strand *strand = strand_of(w, i);
	struct call *call = call_of(w, i);
	bool again = call->ended != CHECK_NONE && call->started != CHECK_NONE &&
		     check_verdict(&w->c->h->events[call->ended], "retry") &&
		     event->attempt == w->c->h->events[call->started].attempt + 1;

	judge_owner(w, i, strand);
	judge_again(w, i, call);
	if (again)
		judge_in_place(w, i, strand);
	else
		judge_first_call(w, i);
	*call = (struct call){i, CHECK_NONE, false, false};
	if (strand != NULL)
		*strand = (struct strand){i, true, w->lanes[where->lane].epoch};
}

static void take_handled(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	struct strand *strand = strand_of(w, i);
	struct call *call = call_of(w, i);

	if (call->started != CHECK_NONE)
		call->ended = i;
	if (check_verdict(event, "deferred"))
		call->deferred = true;
	if (event->settled) {
		judge_settle(w, i, call);
		call->settled = true;
	}
	if (strand != NULL && !event->settled && strand->open &&
	    w->c->where[strand->started].record == w->c->where[i].record)
		strand->open = false;
}

static void judge_after_revoke(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	const struct lane *lane = &w->lanes[w->c->where[i].lane];
	size_t record = w->c->where[i].record;

	if (lane->owned || lane->gone == CHECK_NONE)
		return;
	if (event->kind == HISTORY_COMMITTED || event->kind == HISTORY_COMMITTING)
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "%s committed %" PRId64 " of %s, partition %d, after it was revoked",
			   event->member, event->next_offset, check_stage(event),
			   event->partition);
	else if (record != CHECK_NONE && call_of(w, i)->ended != CHECK_NONE &&
		 call_of(w, i)->ended > lane->gone)
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "id %s %s by %s after its revoke, from %s, partition %d offset %" PRId64,
			   check_id(event), history_kind_name(event->kind), event->member,
			   check_stage(event), event->partition, event->offset);
}

static void take_assigned(struct walk *w, size_t i, struct lane *lane)
{
	size_t assignment = w->assignments[w->c->where[i].process];

	if (lane->assignment + 1 != assignment)
		lane->since = i;
	lane->assignment = assignment;
	lane->owned = true;
	lane->epoch++;
}

static void take(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	const struct check_where *where = &w->c->where[i];
	struct lane *lane = where->lane == CHECK_NONE ? NULL : &w->lanes[where->lane];

	if (event->kind == HISTORY_ASSIGNED && event->topic == NULL)
		w->assignments[where->process]++;
	if (lane == NULL)
		return;
	if (event->kind == HISTORY_ASSIGNED) {
		take_assigned(w, i, lane);
	} else if (event->kind == HISTORY_REVOKED) {
		lane->owned = false;
		lane->gone = i;
		lane->epoch++;
	} else if (event->kind == HISTORY_RESET) {
		lane->epoch++;
		lane->since = check_begins_anew(event) ? i : lane->since;
	} else if (event->kind == HISTORY_COMMITTING && event->lost) {
		check_fail(w->c, CHECKER_OWNED_ONLY,
			   "%s committed %" PRId64 " of %s, partition %d, after its session was over",
			   event->member, event->next_offset, check_stage(event), event->partition);
	} else if (event->kind == HISTORY_HANDLING && where->record != CHECK_NONE) {
		take_handling(w, i);
	} else if (event->kind == HISTORY_HANDLED && where->record != CHECK_NONE) {
		take_handled(w, i);
	} else if (event->kind == HISTORY_HOPPED || event->kind == HISTORY_DEAD_LETTERED ||
		   event->kind == HISTORY_COMMITTING ||
		   (event->kind == HISTORY_COMMITTED && !w->c->h->config.exact)) {
		judge_after_revoke(w, i);
	}
}

void check_order(struct check *c)
{
	const char *order = c->h->config.order;
	struct walk w = {.c = c};

	w.by_key = order != NULL && strcmp(order, "key") == 0;
	w.by_partition = order != NULL && strcmp(order, "partition") == 0;
	w.lanes = map_grow(NULL, c->n_lanes + 1, sizeof(*w.lanes));
	w.assignments = map_grow(NULL, c->n_processes + 1, sizeof(*w.assignments));
	memset(w.assignments, 0, (c->n_processes + 1) * sizeof(*w.assignments));
	for (size_t i = 0; i < c->n_lanes; i++)
		w.lanes[i] = (struct lane){1, false, CHECK_NONE, 0, 0};
	for (size_t i = 0; i < c->h->n; i++) {
		c->at = i;
		take(&w, i);
	}
	map_clear(&w.front_places);
	map_clear(&w.strand_places);
	map_clear(&w.call_places);
	free(w.fronts);
	free(w.strands);
	free(w.lanes);
	free(w.calls);
	free(w.assignments);
}
