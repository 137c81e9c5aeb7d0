/* SPDX-License-Identifier: Apache-2.0
 *
 * The source port of one life of a member, and what the broker does for it. It keeps strictly to
 * the port's contract and takes note of each breach by the engine. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "base/error.h"
#include "testing/broker.h"
#include "testing/group.h"

struct fake_ask { /* a partition of ask_bounds() */
	struct list link; // fake_source.asks
	struct fake_log *log;
	void *lane;
};

/* -- assignment -------------------------------------------------------------------------- */
static enum stagger_status start(void *self, struct stagger_error *err)
{
	struct fake_source *s = self;
	(void)err;
	if (s->started)
		fake_violation(s->world, s->member->number, "started twice");
	s->started = true;
	s->member->news = true;
	return STAGGER_OK;
}

static enum stagger_status assign(void *self, struct port_start *list, size_t n,
				  struct stagger_error *err)
{
	struct fake_source *s = self;
	size_t made = 0;
	struct fake_lane **lanes = calloc(n + 1, sizeof(struct fake_lane *));
	for (; lanes != NULL && made < n; made++) {
		lanes[made] = fake_lane_new(s, &list[made]);
		if (lanes[made] == NULL)
			break;
	}
	if (lanes == NULL || made < n) {
		while (made > 0)
			free(lanes[--made]);
		free(lanes);
		return fail_memory(err);
	}
	if (!s->granted)
		fake_violation(s->world, s->member->number, "assign outside an ASSIGN");
	s->member->calls.assigns++;
	if (s->fresh && s->world->watch.assigned != NULL)
		s->world->watch.assigned(s->world->watch.user, s->member->number, n);
	s->fresh = false;
	fake_events_drop(s, PORT_RESET);
	fake_bounds_drop(s, list, n);
	for (size_t i = 0; i < n; i++)
		list[i].handle = lanes[i];
	fake_lanes_set(s, lanes, n);
	return STAGGER_OK;
}

static void asks_clear(struct fake_source *s)
{
	for (struct list *l = list_first(&s->asks); l != NULL; l = list_first(&s->asks)) {
		list_remove(l);
		free(container_of(l, struct fake_ask, link));
	}
}

static void let_go(struct fake_source *s)
{
	s->granted = false;
	fake_lanes_retire(s);
	asks_clear(s);
	const struct world_watch *watch = &s->world->watch;
	if (s->n_in_flight > 0 && watch->struck != NULL)
		watch->struck(watch->user, s->member->number, true, PORT_REBALANCE);
	fake_commits_unanswered(s);
	fake_events_drop(s, PORT_RESET);
	fake_events_drop(s, PORT_BOUNDS);
	fake_events_drop(s, PORT_COMMITTED);
}

static void unassign(void *self)
{
	struct fake_source *s = self;
	if (s->granted)
		fake_violation(s->world, s->member->number, "unassign outside a REVOKE");
	let_go(s);
	fake_sink_orphan(s->member->sink);
	s->told_lost = false;
	fake_group_unassigned(s);
}

static void leave(void *self, bool remove)
{
	struct fake_source *s = self;
	if (s->left || s->failed)
		return;
	let_go(s);
	s->expired_us = 0;
	fake_events_drop(s, PORT_ASSIGN);
	fake_events_drop(s, PORT_REVOKE);
	fake_group_leave(s, remove);
	fake_event_push(s, fake_event_new(s, PORT_LEFT, 0));
}

static bool next_event(void *self, struct port_event *out)
{
	struct fake_source *s = self;
	if (!fake_event_next(s, out))
		return false;
	if (out->kind == PORT_ASSIGN)
		s->granted = s->fresh = true;
	if (out->kind == PORT_REVOKE || out->kind == PORT_FAILED)
		s->granted = false;
	if (out->kind == PORT_REVOKE)
		s->told_lost = out->lost;
	return true;
}

static int64_t resume_lead_ms(void *self)
{
	(void)self;
	return FAKE_RESUME_LEAD_MS;
}

static void commit(void *self, const struct port_commit *list, size_t n)
{
	struct fake_source *s = self;
	const struct world_watch *watch = &s->world->watch;
	for (size_t i = 0; i < n; i++) {
		const struct fake_log *log =
			fake_log_find(s->world, list[i].topic, list[i].partition);
		if (log == NULL || fake_lane_of(s, log) == NULL)
			fake_violation(s->world, s->member->number,
				       "commit of '%s' partition %d, which is not assigned",
				       list[i].topic, list[i].partition);
		if (watch->sent != NULL)
			watch->sent(watch->user, s->member->number, &list[i], s->told_lost);
	}
	if (s->told_lost)
		fake_violation(s->world, s->member->number, "commit after a loss");
	fake_commit(s, list, n);
}

static void ask_bounds(void *self, void *const *handles, size_t n)
{
	struct fake_source *s = self;
	for (size_t i = 0; i < n; i++) {
		struct fake_lane *lane =
			fake_lane_held(s, handles[i], "bounds with a stale handle");
		struct fake_ask *ask = lane == NULL ? NULL : calloc(1, sizeof(*ask));
		if (ask == NULL)
			continue;
		ask->log = lane->log;
		ask->lane = lane->lane;
		list_push_back(&s->asks, &ask->link);
	}
}

/* -- the broker's side ------------------------------------------------------------------- */
/* The engine may have assigned again meanwhile: only lanes that are still there are answered. */
static bool answer_bounds(struct fake_source *s)
{
	bool busy = !list_empty(&s->asks);
	for (struct list *l = list_first(&s->asks); l != NULL; l = list_first(&s->asks)) {
		const struct fake_ask *ask = container_of(l, struct fake_ask, link);
		const struct fake_lane *lane = fake_lane_of(s, ask->log);
		struct fake_event *e = NULL;
		if (lane != NULL && lane->lane == ask->lane)
			e = fake_event_new(s, PORT_BOUNDS, 1);
		if (e != NULL)
			fake_event_set(e, 0,
				       &(struct port_partition){ .topic = ask->log->topic->name,
								 .partition = ask->log->partition,
								 .committed = -1,
								 .log_start = ask->log->start,
								 .log_end = ask->log->end,
								 .lane = ask->lane });
		fake_event_push(s, e);
		list_remove(l);
		free(container_of(l, struct fake_ask, link));
	}
	return busy;
}

/* That its session is over, when that is due. */
static bool learn(struct fake_source *s)
{
	if (s->expired_us == 0 || s->expired_us > s->world->clock.boot_us)
		return false;
	s->expired_us = 0;
	struct fake_event *e = fake_event_new(s, PORT_REVOKE, s->n_lanes);
	for (size_t i = 0; e != NULL && i < s->n_lanes; i++) {
		const struct fake_log *log = s->lanes[i]->log;
		fake_event_set(e, i, &(struct port_partition){ .topic = log->topic->name,
							       .partition = log->partition });
	}
	if (e != NULL)
		e->event.lost = true;
	fake_event_push(s, e);
	return true;
}

bool fake_source_step(struct fake_source *s)
{
	if (s->world->silent || !s->started || s->failed)
		return false;
	bool busy = false;
	if (!s->contacted && !s->left) {
		s->contacted = true;
		fake_event_push(s, fake_event_new(s, PORT_READY, 0));
		if (!fake_group_join(s))
			fake_violation(s->world, s->member->number, "out of memory for the join");
		busy = true;
	}
	busy |= fake_commits_step(s);
	busy |= answer_bounds(s);
	busy |= learn(s);
	return busy;
}

/* -- life -------------------------------------------------------------------------------- */
struct fake_source *fake_source_new(struct fake_member *m)
{
	struct fake_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->world = m->world;
	s->member = m;
	list_init(&s->events);
	list_init(&s->stale);
	list_init(&s->ready);
	list_init(&s->asks);
	list_init(&s->commits);
	return s;
}

void fake_source_free(struct fake_source **source)
{
	struct fake_source *s = *source;
	if (s == NULL)
		return;
	fake_lanes_retire(s);
	asks_clear(s);
	fake_events_clear(s);
	fake_commits_free(s);
	for (struct list *l = list_first(&s->stale); l != NULL; l = list_first(&s->stale)) {
		list_remove(l);
		free(container_of(l, struct fake_lane, link));
	}
	for (size_t i = 0; i < s->n_pins; i++)
		free(s->pins[i]);
	free(s->pins);
	free(s->failure);
	free(s);
	*source = NULL;
}

struct port_source fake_source_port(struct fake_source *s)
{
	return (struct port_source){ .self = s,
				     .start = start,
				     .next_event = next_event,
				     .assign = assign,
				     .unassign = unassign,
				     .ready = fake_ready,
				     .fetch = fake_fetch,
				     .release = fake_release,
				     .hold = fake_hold,
				     .resume_lead_ms = resume_lead_ms,
				     .commit = commit,
				     .ask_bounds = ask_bounds,
				     .leave = leave };
}
