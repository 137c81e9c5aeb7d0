/* SPDX-License-Identifier: Apache-2.0
 *
 * The coordinator: eager rounds. A round revokes from every live member that owns something, waits
 * until all have unassigned, raises the generation and deals each topic's partitions by range. A
 * member that owned nothing is not told to revoke, as librdkafka does not either. */
#define _GNU_SOURCE
#include "testing/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "consumer/wiring.h"
#include "testing/broker.h"

#define GROUP_FENCED 82 /* Kafka's FENCED_INSTANCE_ID */

struct fake_group *fake_group_need(struct stagger_world *w, const char *name)
{
	for (struct list *l = w->groups.next; l != &w->groups; l = l->next) {
		struct fake_group *g = container_of(l, struct fake_group, link);
		if (strcmp(g->name, name) == 0)
			return g;
	}
	struct fake_group *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	g->name = bytes_dup(bytes_text(name));
	if (g->name == NULL) {
		free(g);
		return NULL;
	}
	list_push_back(&w->groups, &g->link);
	return g;
}

/* -- seats ------------------------------------------------------------------------------- */
static void seat_disown(struct fake_seat *seat)
{
	for (size_t i = 0; i < seat->n_owned; i++) {
		struct fake_claim *claim = fake_claim_find(seat->group, seat->owned[i]);
		if (claim != NULL && claim->owner == seat)
			claim->owner = NULL;
	}
	free(seat->owned);
	seat->owned = NULL;
	seat->n_owned = 0;
}

static bool seat_own(struct fake_seat *seat, struct fake_log *log)
{
	void *owned = seat->owned;
	if (!fake_grow(&owned, seat->n_owned))
		return false;
	seat->owned = owned;
	struct fake_claim *claim = fake_claim_need(seat->group, log);
	if (claim == NULL)
		return false;
	claim->owner = seat;
	seat->owned[seat->n_owned++] = log;
	return true;
}

static void seat_free(struct fake_seat *seat)
{
	free(seat->owned);
	free(seat->topics);
	free(seat);
}

/* Ends the membership: another round. */
static void seat_remove(struct fake_seat *seat)
{
	struct fake_group *g = seat->group;
	size_t at = 0;
	while (g->seats[at] != seat)
		at++;
	g->n_seats--;
	for (; at < g->n_seats; at++)
		g->seats[at] = g->seats[at + 1];
	if (seat->source != NULL)
		seat->source->seat = NULL;
	seat_disown(seat);
	seat_free(seat);
	g->preparing = true;
}

static struct fake_seat *seat_new(struct fake_source *s, const struct wiring_names *names)
{
	struct fake_group *g = s->group;
	void *seats = g->seats;
	if (!fake_grow(&seats, g->n_seats))
		return NULL;
	g->seats = seats;
	struct fake_seat *seat = calloc(1, sizeof(*seat));
	if (seat == NULL)
		return NULL;
	seat->topics = calloc(names->n_topics + 1, sizeof(struct fake_topic *));
	for (size_t i = 0; seat->topics != NULL && i < names->n_topics; i++) {
		seat->topics[i] = fake_topic_need(s->world, names->topics[i]);
		seat->n_topics += seat->topics[i] != NULL;
	}
	if (seat->topics == NULL || seat->n_topics < names->n_topics) {
		seat_free(seat);
		return NULL;
	}
	seat->group = g;
	seat->member = s->member->number;
	seat->instance = names->instance;
	size_t at = g->n_seats++;
	for (; at > 0 && g->seats[at - 1]->member > seat->member; at--)
		g->seats[at] = g->seats[at - 1];
	g->seats[at] = seat;
	g->preparing = true;
	return seat;
}

static struct fake_seat *seat_of_instance(const struct fake_group *g, const char *instance)
{
	for (size_t i = 0; instance != NULL && i < g->n_seats; i++) {
		const char *other = g->seats[i]->instance;
		if (other != NULL && strcmp(other, instance) == 0)
			return g->seats[i];
	}
	return NULL;
}

/* -- events ------------------------------------------------------------------------------ */
static struct fake_event *seat_event(const struct fake_seat *seat, enum port_event_kind kind)
{
	struct fake_event *e = fake_event_new(seat->source, kind, seat->n_owned);
	for (size_t i = 0; e != NULL && i < seat->n_owned; i++) {
		const struct fake_log *log = seat->owned[i];
		const struct fake_claim *claim = fake_claim_find(seat->group, log);
		fake_event_set(e, i,
			       &(struct port_partition){ .topic = log->topic->name,
							 .partition = log->partition,
							 .committed = claim->next_offset,
							 .metadata = claim->metadata,
							 .retention_ms = log->topic->retention_ms,
							 .log_start = log->start,
							 .log_end = log->end });
	}
	return e;
}

static void seat_assign(struct fake_seat *seat)
{
	seat->state = SEAT_OWNING;
	if (seat->source != NULL)
		fake_event_push(seat->source, seat_event(seat, PORT_ASSIGN));
}

static void seat_revoke(struct fake_seat *seat, bool lost)
{
	struct fake_event *e = seat_event(seat, PORT_REVOKE);
	if (e != NULL)
		e->event.lost = lost;
	seat->state = SEAT_REVOKING;
	fake_event_push(seat->source, e);
}

static void source_fail(struct fake_source *s, enum stagger_status status, int32_t kafka_code,
			const char *text)
{
	struct fake_event *e = fake_event_new(s, PORT_FAILED, 0);
	if (e == NULL || s->failure != NULL) {
		fake_event_free(e);
		return;
	}
	s->failure = bytes_dup(bytes_text(text));
	e->event.status = status;
	e->event.kafka_code = kafka_code;
	e->event.text = s->failure == NULL ? "out of memory" : s->failure;
	fake_event_push(s, e);
}

/* -- what members do --------------------------------------------------------------------- */
/* A static member that comes back takes its seat, and what it owns, without a round. */
static void seat_take(struct fake_seat *seat, struct fake_source *s)
{
	if (seat->source != NULL) {
		seat->source->seat = NULL;
		source_fail(seat->source, STAGGER_FATAL, GROUP_FENCED, "fenced instance id");
	}
	seat->source = s;
	seat->member = s->member->number;
	s->seat = seat;
	seat->state = SEAT_JOINING;
	if (!seat->group->preparing)
		seat_assign(seat);
}

bool fake_group_join(struct fake_source *s)
{
	struct wiring_names names = wiring_names(s->member->consumer);
	s->group = fake_group_need(s->world, names.group);
	if (s->group == NULL)
		return false;
	struct fake_seat *seat = seat_of_instance(s->group, names.instance);
	if (seat == NULL)
		seat = seat_new(s, &names);
	if (seat == NULL)
		return false;
	seat_take(seat, s);
	return true;
}

void fake_group_leave(struct fake_source *s, bool remove)
{
	struct fake_seat *seat = s->seat;
	s->rejoin = false;
	if (seat == NULL)
		return;
	if (seat->instance == NULL || remove) {
		seat_remove(seat);
		return;
	}
	seat->source = NULL;
	s->seat = NULL;
}

void fake_group_unassigned(struct fake_source *s)
{
	if (s->seat != NULL)
		s->seat->state = SEAT_JOINING;
	if (s->rejoin && !fake_group_join(s))
		fake_violation(s->world, s->member->number, "out of memory for the join");
	s->rejoin = false;
}

/* -- rounds ------------------------------------------------------------------------------ */
static bool seat_reads(const struct fake_seat *seat, const struct fake_topic *topic)
{
	for (size_t i = 0; i < seat->n_topics; i++) {
		if (seat->topics[i] == topic)
			return true;
	}
	return false;
}

/* Kafka's range assignor: neighbours stay together, the first members get the remainder. */
static bool deal_topic(struct fake_group *g, struct fake_topic *topic)
{
	int32_t n_readers = 0;
	for (size_t i = 0; i < g->n_seats; i++)
		n_readers += seat_reads(g->seats[i], topic);
	int32_t next = 0;
	int32_t nth = 0;
	for (size_t i = 0; i < g->n_seats; i++) {
		if (!seat_reads(g->seats[i], topic))
			continue;
		int32_t share = topic->n_logs / n_readers + (nth < topic->n_logs % n_readers);
		for (int32_t end = next + share; next < end; next++) {
			if (!seat_own(g->seats[i], topic->logs[next]))
				return false;
		}
		nth++;
	}
	return true;
}

static void round_end(struct stagger_world *w, struct fake_group *g)
{
	bool dealt = true;
	g->preparing = false;
	g->generation++;
	for (size_t i = 0; i < g->n_seats; i++)
		seat_disown(g->seats[i]);
	for (size_t i = 0; i < w->n_topics; i++)
		dealt &= deal_topic(g, w->topics[i]);
	if (!dealt)
		fake_violation(w, -1, "out of memory for a rebalance");
	for (size_t i = 0; i < g->n_seats; i++)
		seat_assign(g->seats[i]);
}

static bool group_step(struct stagger_world *w, struct fake_group *g)
{
	if (!g->preparing)
		return false;
	bool busy = false;
	bool waiting = false;
	for (size_t i = 0; i < g->n_seats; i++) {
		struct fake_seat *seat = g->seats[i];
		if (seat->source == NULL)
			continue;
		if (seat->state == SEAT_OWNING && seat->n_owned > 0) {
			seat_revoke(seat, false);
			busy = true;
		}
		waiting |= seat->state == SEAT_REVOKING;
	}
	if (waiting)
		return busy;
	round_end(w, g);
	return true;
}

bool fake_groups_step(struct stagger_world *w)
{
	bool busy = false;
	for (struct list *l = w->groups.next; !w->silent && l != &w->groups; l = l->next)
		busy |= group_step(w, container_of(l, struct fake_group, link));
	return busy;
}

void fake_groups_free(struct stagger_world *w)
{
	for (struct list *l = list_first(&w->groups); l != NULL; l = list_first(&w->groups)) {
		struct fake_group *g = container_of(l, struct fake_group, link);
		list_remove(l);
		for (size_t i = 0; i < g->n_seats; i++)
			seat_free(g->seats[i]);
		free(g->seats);
		free(g->name);
		free(g);
	}
}

/* -- the world's functions --------------------------------------------------------------- */
static struct fake_source *source_of(const struct stagger_world *w, int32_t member)
{
	if (member < 0 || (size_t)member >= w->n_members)
		return NULL;
	return w->members[member]->source;
}

void world_rebalance(struct stagger_world *w)
{
	for (struct list *l = w->groups.next; l != &w->groups; l = l->next)
		container_of(l, struct fake_group, link)->preparing = true;
}

/* Who owns nothing has nothing to lose and just joins again; who is in the middle of a revoke
 * learns from its commits, and joins again after its unassign(). */
void world_lose(struct stagger_world *w, int32_t member)
{
	struct fake_source *s = source_of(w, member);
	struct fake_seat *seat = s == NULL ? NULL : s->seat;
	if (seat == NULL)
		return;
	seat->group->preparing = true;
	bool owns = seat->state == SEAT_OWNING && seat->n_owned > 0;
	if (owns)
		seat_revoke(seat, true);
	else if (seat->state != SEAT_REVOKING)
		return;
	s->rejoin = true;
	seat_remove(seat);
}

void world_expire(struct stagger_world *w, int32_t member, int64_t late_ms)
{
	struct fake_source *s = source_of(w, member);
	struct fake_seat *seat = s == NULL ? NULL : s->seat;
	if (seat == NULL || seat->state != SEAT_OWNING || s->n_lanes == 0)
		return;
	s->rejoin = true;
	s->expired_us = add_saturated(w->clock.boot_us, mul_saturated(late_ms, 1000));
	seat_remove(seat);
}

void world_forget(struct stagger_world *w, int32_t member)
{
	for (struct list *l = w->groups.next; l != &w->groups; l = l->next) {
		struct fake_group *g = container_of(l, struct fake_group, link);
		for (size_t i = g->n_seats; i > 0; i--) {
			struct fake_seat *seat = g->seats[i - 1];
			if (seat->member == member && seat->source == NULL)
				seat_remove(seat);
		}
	}
}

void world_fail_source(struct stagger_world *w, int32_t member, enum stagger_status status,
		       int32_t kafka_code, const char *text)
{
	struct fake_source *s = source_of(w, member);
	if (s == NULL)
		return;
	fake_group_leave(s, false);
	source_fail(s, status, kafka_code, text);
}
