/* SPDX-License-Identifier: Apache-2.0
 *
 * attempts_correct and payload_intact: what each call, hop and dead letter says of its message. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct visit { /* of one record: the calls of one process; two may have it at once, if the session
		* of one is over and it does not know */
	size_t started; /* the event of the last call */
	int32_t last, calls; /* attempt of the last call; how many */
	bool retry;          /* the last verdict */
};
struct start { /* of one record */
	int32_t attempt; /* of its first call; 0: none yet */
	size_t process;  /* who called it last */
};
struct walk {
	struct check *c;
	struct map places;
	struct visit *visits;
	struct start *starts; /* of each record */
	uint64_t *seen;  /* attempts of each message, one bit each; 63 stands for all above */
	uint64_t *hops;  /* those told by its hops into each stage */
	size_t *left;    /* of each lane: its last revoke or reset */
	bool producers;  /* the history knows who produced */
};

static uint64_t bit_of(int32_t attempt)
{
	return UINT64_C(1) << (attempt < 0 ? 0 : attempt > 63 ? 63 : attempt);
}

static void judge_payload(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	size_t m = w->c->where[i].message;

	if (m == CHECK_NONE || !w->producers)
		return;
	const struct history_event *produced = w->c->messages[m].produced;
	const char *what = NULL;
	if (produced == NULL)
		what = "was never produced";
	else if (event->value_hash != produced->value_hash)
		what = "has another value";
	else if (event->key_hash != produced->key_hash)
		what = "has another key";
	else if (event->headers_hash != produced->headers_hash)
		what = "has other headers";
	else if (event->original_topic != produced->topic ||
		 event->original_partition != produced->partition ||
		 event->original_offset != produced->offset)
		what = "names another origin";
	if (what != NULL)
		check_fail(w->c, CHECKER_PAYLOAD_INTACT,
			   "id %s %s in %s, partition %d offset %" PRId64,
			   check_id(event), what, check_stage(event), event->partition,
			   event->offset);
}

/* Calls that a visit may hold: of main, or where it came back to. */
static int32_t calls_of(const struct check *c, const struct check_where *where)
{
	int32_t calls = c->h->config.in_place_attempts;
	bool in_main = where->stage == 0 || where->back;

	return calls < 1 || (!in_main && !c->h->config.in_place_everywhere) ? 1 : calls;
}

static int32_t visits_of(const struct check *c, int32_t stage)
{
	if (stage < 1 || stage == CHECK_DLT)
		return 1;
	return c->h->config.stages[stage - 1].visits;
}

static bool is_retired(const struct check *c, size_t process, int32_t stage)
{
	return c->h->config.stages[stage - 1].retired &&
	       (process == CHECK_NONE || !c->processes[process].before);
}

int32_t check_next_stage(const struct check *c, size_t i, int32_t stage, int32_t visit)
{
	size_t process = c->where[i].process;
	bool leaves = stage > 0 && is_retired(c, process, stage);
	int64_t delay_ms = leaves ? c->h->config.stages[stage - 1].delay_ms : 0;

	if (!leaves && visit < visits_of(c, stage))
		return stage;
	for (int32_t to = leaves ? 1 : stage + 1; to <= (int32_t)c->h->config.n_stages; to++)
		if (!is_retired(c, process, to) && c->h->config.stages[to - 1].delay_ms >= delay_ms)
			return to;
	return CHECK_DLT;
}

static struct visit *visit_of(struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	size_t fresh = w->places.n;
	size_t v = map_put(&w->places, (struct map_key){where->record, where->process, 0}, fresh);

	if (v == fresh) {
		w->visits = map_grow(w->visits, v + 1, sizeof(*w->visits));
		w->visits[v] = (struct visit){0, 0, 0, false};
	}
	return &w->visits[v];
}

static uint64_t *hops_into(const struct walk *w, size_t message, int32_t stage)
{
	return &w->hops[message * (w->c->h->config.n_stages + 1) + (size_t)stage];
}

/* A copy goes on where the hop that made it left off. */
static bool goes_on(const struct walk *w, size_t i)
{
	const struct check_where *where = &w->c->where[i];
	uint64_t before = bit_of(w->c->h->events[i].attempt - 1);

	if (where->message == CHECK_NONE)
		return true;
	bool all_told = w->c->h->config.exact && !w->c->truncates && where->stage > 0 && where->stage != CHECK_DLT &&
			w->c->messages[where->message].repeated == 0;
	return ((all_told ? *hops_into(w, where->message, where->stage)
			  : w->seen[where->message]) & before) != 0;
}

/* A report may be told after its copy was handled: all hops are taken first. */
static void take_hops(struct walk *w)
{
	for (size_t i = 0; i < w->c->h->n; i++) {
		const struct history_event *event = &w->c->h->events[i];
		const struct check_where *where = &w->c->where[i];
		if (event->kind == HISTORY_HOPPED && where->message != CHECK_NONE &&
		    where->to > 0 && where->to != CHECK_DLT)
			*hops_into(w, where->message, where->to) |= bit_of(event->attempt);
	}
}

static void judge_attempt(struct walk *w, size_t i, struct visit *visit)
{
	struct check *c = w->c;
	const struct history_event *event = &c->h->events[i];
	const struct check_where *where = &c->where[i];
	struct start *start = &w->starts[where->record];
	bool first = start->attempt == 0;
	bool same = visit->calls > 0 && start->process == where->process &&
		    (where->lane == CHECK_NONE || w->left[where->lane] < visit->started);
	bool next = visit->retry && event->attempt == visit->last + 1;
	bool good;

	if (first && where->stage == 0 && !where->back)
		good = event->attempt == 1;
	else if (first)
		good = event->attempt > 1 && goes_on(w, i);
	else if (same)
		good = next;
	else
		good = event->attempt == start->attempt || next;
	if (!good)
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s has attempt %d after %d in %s, partition %d offset %" PRId64,
			   check_id(event), event->attempt, visit->last, check_stage(event),
			   event->partition, event->offset);
	if (first)
		start->attempt = event->attempt;
	start->process = where->process;
	if (!next)
		visit->calls = 0;
}

static void take_handling(struct walk *w, size_t i)
{
	struct check *c = w->c;
	const struct history_event *event = &c->h->events[i];
	const struct check_where *where = &c->where[i];
	struct visit *visit = visit_of(w, i);

	judge_payload(w, i);
	judge_attempt(w, i, visit);
	visit->calls++;
	visit->last = event->attempt;
	visit->started = i;
	visit->retry = false;
	if (where->message != CHECK_NONE)
		w->seen[where->message] |= bit_of(event->attempt);
	if (where->stage >= 0 && visit->calls > calls_of(c, where))
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s called %d times in one visit of %s, partition %d offset %" PRId64,
			   check_id(event), visit->calls, check_stage(event), event->partition,
			   event->offset);
	if (where->stage >= 0 && event->visit > visits_of(c, where->stage))
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s is on visit %d of %s, partition %d offset %" PRId64,
			   check_id(event), event->visit, check_stage(event), event->partition,
			   event->offset);
}

static void judge_hop(struct walk *w, size_t i)
{
	struct check *c = w->c;
	const struct history_event *event = &c->h->events[i];
	const struct check_where *where = &c->where[i];
	const struct visit *visit = visit_of(w, i);

	if (where->stage < 0 || where->stage == CHECK_DLT || where->to < 0)
		return;
	if (where->to == 0 && c->h->config.republish && where->stage > 0 && !where->back)
		return; /* back to main: it is due, and was not called */
	if (where->to != check_next_stage(c, i, where->stage, event->visit))
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s hopped from %s (visit %d) to %s, partition %d offset %" PRId64,
			   check_id(event), check_stage(event), event->visit, event->to_topic,
			   event->partition, event->offset);
	else if (visit->calls > 0 && event->retry_after_ms == 0 &&
		 visit->calls < calls_of(c, where))
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s hopped after %d of %d calls in %s, partition %d offset %" PRId64,
			   check_id(event), visit->calls, calls_of(c, where),
			   check_stage(event), event->partition, event->offset);
}

static void judge_dead_letter(struct walk *w, size_t i)
{
	struct check *c = w->c;
	const struct history_event *event = &c->h->events[i];
	int32_t stage = c->where[i].stage;

	if (event->reason == NULL || strcmp(event->reason, "attempts_exhausted") != 0 ||
	    stage < 0 || stage == CHECK_DLT)
		return;
	if (check_next_stage(c, i, stage, event->visit) != CHECK_DLT)
		check_fail(c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s exhausted on visit %d of %s, partition %d offset %" PRId64,
			   check_id(event), event->visit, check_stage(event), event->partition,
			   event->offset);
}

static void judge_dead(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	size_t m = w->c->where[i].message;

	judge_payload(w, i);
	if (m != CHECK_NONE && event->attempt > 0 && (w->seen[m] & bit_of(event->attempt)) == 0)
		check_fail(w->c, CHECKER_ATTEMPTS_CORRECT,
			   "id %s is dead after %d attempts, which were not made", check_id(event),
			   event->attempt);
}

static void take(struct walk *w, size_t i)
{
	const struct history_event *event = &w->c->h->events[i];
	const struct check_where *where = &w->c->where[i];

	if ((event->kind == HISTORY_REVOKED || check_begins_anew(event)) &&
	    where->lane != CHECK_NONE)
		w->left[where->lane] = i;
	else if (event->kind == HISTORY_DEAD)
		judge_dead(w, i);
	if (where->record == CHECK_NONE)
		return;
	if (event->kind == HISTORY_HANDLING) {
		take_handling(w, i);
	} else if (event->kind == HISTORY_HANDLED && visit_of(w, i)->calls > 0) {
		visit_of(w, i)->retry = check_verdict(event, "retry");
	} else if (event->kind == HISTORY_HOPPED) {
		judge_hop(w, i);
	} else if (event->kind == HISTORY_DEAD_LETTERED) {
		judge_dead_letter(w, i);
	}
}

void check_calls(struct check *c)
{
	struct walk w = {.c = c, .producers = c->result->produced > 0};

	w.starts = map_grow(NULL, c->n_records + 1, sizeof(*w.starts));
	w.seen = map_grow(NULL, c->n_messages + 1, sizeof(*w.seen));
	w.left = map_grow(NULL, c->n_lanes + 1, sizeof(*w.left));
	size_t n_hops = c->n_messages * (c->h->config.n_stages + 1) + 1;
	w.hops = map_grow(NULL, n_hops, sizeof(*w.hops));
	memset(w.hops, 0, n_hops * sizeof(*w.hops));
	take_hops(&w);
	memset(w.starts, 0, (c->n_records + 1) * sizeof(*w.starts));
	memset(w.seen, 0, (c->n_messages + 1) * sizeof(*w.seen));
	memset(w.left, 0, (c->n_lanes + 1) * sizeof(*w.left));
	for (size_t i = 0; i < c->h->n; i++) {
		c->at = i;
		take(&w, i);
	}
	map_clear(&w.places);
	free(w.visits);
	free(w.starts);
	free(w.seen);
	free(w.hops);
	free(w.left);
}
