/* SPDX-License-Identifier: Apache-2.0
 *
 * A tiny engine for tests of the fake world alone, in place of src/engine and src/consumer: it
 * answers events, reads what is ready, forwards, commits. What it does wrong, a test asked for. */
#ifndef UNIT_TINY_ENGINE_H
#define UNIT_TINY_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* cmocka's: base/error.h has another */

#include "base/bytes.h"
#include "base/error.h"
#include "consumer/wiring.h"
#include "engine/engine.h"
#include "testing/world.h"

#define TINY_LANES   32
#define TINY_RECORDS 256

struct engine {
	struct wiring_world ports;
	struct stagger_consumer *consumer;
	struct port_start lanes[TINY_LANES];
	size_t n_lanes;
	bool revoked, committing, dirty, leaving, over;
	enum stagger_status status;
	char text[64];
};
struct stagger_consumer {
	const char *group, *instance;
	const char *topics[4];
	size_t n_topics;
	struct engine *engine;
	/* How it behaves. */
	const char *forward;      /* copies each record there, same partition */
	bool slow_revoke;         /* does not unassign */
	bool deaf;                /* takes no events */
	bool inbox;               /* something for its next turn, without news */
	bool no_fetch, no_commit, no_reports, keep_pins, spins;
	int64_t tick_us;          /* 0: wakes for news only */
	bool unfit;               /* wiring_check() refuses it */
	bool attach_fails;
	void (*handle)(void *user, const struct port_record *r);
	void *user;
	/* What happened to it, over all its lives. */
	char seen[TINY_RECORDS];  /* first bytes of the values, in order */
	size_t n_seen;
	char story[512];          /* "ready assign(4) revoke(4) ..." */
	struct port_report reports[TINY_RECORDS];
	size_t n_reports;
	enum port_fault commit_fault; /* of the last answer's first partition */
	size_t n_answers;
	int64_t woken_us[TINY_RECORDS];
	size_t n_turns, n_inbox;
	bool *freed;
};

static inline void tiny_tell(struct stagger_consumer *c, const char *what, size_t n)
{
	size_t used = strlen(c->story);
	snprintf(c->story + used, sizeof(c->story) - used, "%s(%zu) ", what, n);
}

/* -- src/consumer ------------------------------------------------------------------------ */
enum stagger_status wiring_check(struct stagger_consumer *c, struct stagger_error *err)
{
	return c->unfit ? fail(err, STAGGER_INVALID, "unfit") : STAGGER_OK;
}

struct wiring_names wiring_names(const struct stagger_consumer *c)
{
	return (struct wiring_names){ .group = c->group, .instance = c->instance,
				      .topics = c->topics, .n_topics = c->n_topics };
}

enum stagger_status wiring_attach(struct stagger_consumer *c, const struct wiring_world *world,
				  struct engine **out, struct stagger_error *err)
{
	if (c->attach_fails)
		return fail(err, STAGGER_FATAL, "cannot be attached");
	struct engine *e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->ports = *world;
	e->consumer = c;
	c->engine = e;
	*out = e;
	return e->ports.source.start(e->ports.source.self, err);
}

void wiring_detach(struct stagger_consumer *c)
{
	free(c->engine);
	c->engine = NULL;
}

void stagger_consumer_free(struct stagger_consumer **c)
{
	assert_null((*c)->engine);
	*(*c)->freed = true;
	*c = NULL;
}

/* -- src/engine -------------------------------------------------------------------------- */
static inline int64_t tiny_now_us(const struct engine *e)
{
	return e->ports.clock.boot_us(e->ports.clock.self);
}

static inline void tiny_assign(struct engine *e)
{
	struct stagger_error error;
	assert_int_equal(e->ports.source.assign(e->ports.source.self, e->lanes, e->n_lanes, &error),
			 STAGGER_OK);
}

static inline void tiny_assigned(struct engine *e, const struct port_event *event)
{
	assert_true(event->n <= TINY_LANES);
	e->n_lanes = event->n;
	for (size_t i = 0; i < event->n; i++) {
		const struct port_partition *p = &event->partitions[i];
		const char *topic = NULL;
		for (size_t k = 0; k < e->consumer->n_topics; k++) {
			if (strcmp(e->consumer->topics[k], p->topic) == 0)
				topic = e->consumer->topics[k];
		}
		assert_non_null(topic);
		e->lanes[i] = (struct port_start){ .topic = topic, .partition = p->partition,
						   .lane = &e->lanes[i] };
		e->lanes[i].offset = p->committed < p->log_start ? p->log_start : p->committed;
	}
	tiny_assign(e);
}

static inline void tiny_commit(struct engine *e)
{
	struct port_commit list[TINY_LANES];
	if (e->n_lanes == 0 || e->committing || e->consumer->no_commit)
		return;
	for (size_t i = 0; i < e->n_lanes; i++)
		list[i] = (struct port_commit){ .topic = e->lanes[i].topic,
						.partition = e->lanes[i].partition,
						.next_offset = e->lanes[i].offset,
						.metadata = bytes_text("m"),
						.lane = e->lanes[i].lane };
	e->dirty = false;
	e->committing = true;
	e->ports.source.commit(e->ports.source.self, list, e->n_lanes);
}

static inline void tiny_unassign(struct engine *e)
{
	e->n_lanes = 0;
	e->revoked = false;
	e->committing = false;
	e->ports.source.unassign(e->ports.source.self);
}

static inline void tiny_bounds(struct engine *e, const struct port_partition *p)
{
	struct port_start *lane = p->lane;
	tiny_tell(e->consumer, "bounds", (size_t)p->log_end);
	lane->offset = p->log_start;
	tiny_assign(e);
}

static inline void tiny_event(struct engine *e, const struct port_event *event)
{
	struct stagger_consumer *c = e->consumer;
	const struct port_partition *p = event->partitions;
	switch (event->kind) {
	case PORT_READY:
		tiny_tell(c, "ready", event->n);
		break;
	case PORT_ASSIGN:
		tiny_tell(c, "assign", event->n);
		tiny_assigned(e, event);
		break;
	case PORT_REVOKE:
		tiny_tell(c, event->lost ? "lost" : "revoke", event->n);
		e->revoked = true;
		break;
	case PORT_RESET:
		tiny_tell(c, "reset", event->n);
		e->ports.source.ask_bounds(e->ports.source.self,
					   &((struct port_start *)p->lane)->handle, 1);
		break;
	case PORT_BOUNDS:
		tiny_bounds(e, p);
		break;
	case PORT_COMMITTED:
		e->committing = false;
		c->commit_fault = p->fault;
		c->n_answers++;
		break;
	case PORT_LEFT:
		tiny_tell(c, "left", event->n);
		e->over = true;
		break;
	case PORT_FAILED:
		tiny_tell(c, "failed", (size_t)event->kafka_code);
		snprintf(e->text, sizeof(e->text), "%s", event->text);
		e->status = event->status;
		e->over = true;
		break;
	}
}

static inline void tiny_forward(struct engine *e, const struct port_start *lane,
				const struct port_record *r)
{
	struct port_sink *sink = &e->ports.sink;
	struct port_hop hop = { .topic = sink->topic(sink->self, e->consumer->forward),
				.partition = lane->partition, .key = r->key, .value = r->value,
				.headers = r->headers,
				.n_headers = r->n_headers, .opaque = e };
	bool full = false;
	(void)sink->produce(sink->self, &hop, &full);
}

static inline void tiny_take(struct engine *e, struct port_start *lane, struct port_record *r)
{
	struct stagger_consumer *c = e->consumer;
	assert_true(c->n_seen < TINY_RECORDS - 1);
	c->seen[c->n_seen++] = r->value.size == 0 ? '-' : *(const char *)r->value.data;
	if (c->handle != NULL)
		c->handle(c->user, r);
	if (c->forward != NULL)
		tiny_forward(e, lane, r);
	lane->offset = r->offset + 1;
	e->dirty = true;
	free(r->headers);
	if (!c->keep_pins)
		e->ports.source.release(e->ports.source.self, r->pin);
}

static inline void tiny_read(struct engine *e)
{
	struct port_source *source = &e->ports.source;
	struct port_record records[2];
	void *lane = NULL;
	while (!e->consumer->no_fetch && source->ready(source->self, &lane, 1) == 1) {
		struct port_start *start = lane;
		size_t n = 2;
		while (n == 2) {
			n = source->fetch(source->self, start->handle, records, 2);
			for (size_t i = 0; i < n; i++)
				tiny_take(e, start, &records[i]);
		}
	}
}

bool engine_turn(struct engine *e, int64_t *wake_boot_us)
{
	struct stagger_consumer *c = e->consumer;
	struct port_event event;
	c->woken_us[c->n_turns++ % TINY_RECORDS] = tiny_now_us(e);
	c->n_inbox += c->inbox;
	c->inbox = false;
	while (!e->over && !c->deaf && e->ports.source.next_event(e->ports.source.self, &event))
		tiny_event(e, &event);
	if (e->over)
		return false;
	if (!e->revoked && !e->leaving)
		tiny_read(e);
	while (!c->no_reports && c->n_reports < TINY_RECORDS
	       && e->ports.sink.reports(e->ports.sink.self, &c->reports[c->n_reports], 1) == 1)
		c->n_reports++;
	if (e->dirty && !e->revoked)
		tiny_commit(e);
	if (e->revoked && !c->slow_revoke)
		tiny_unassign(e);
	*wake_boot_us = c->tick_us > 0 ? tiny_now_us(e) + c->tick_us : INT64_MAX;
	if (c->spins)
		*wake_boot_us = 0;
	return true;
}

bool wiring_turn(struct stagger_consumer *c, int64_t *again_boot_us)
{
	return engine_turn(c->engine, again_boot_us);
}

enum stagger_status engine_result(const struct engine *e, struct stagger_error *err)
{
	if (e->status != STAGGER_OK)
		return fail(err, e->status, "%s", e->text);
	return STAGGER_OK;
}

enum stagger_status engine_stats(struct engine *e, const struct stagger_stats **out,
				 struct stagger_error *err)
{
	(void)e;
	(void)out;
	return fail(err, STAGGER_STATE, "the tiny engine counts nothing");
}

void stagger_stats_free(const struct stagger_stats **stats)
{
	*stats = NULL;
}

void engine_stop(struct engine *e)
{
	e->leaving = true;
	e->ports.source.leave(e->ports.source.self, false);
}

/* -- src/consumer/envelope.c: an "envelope" begins with E -------------------------------- */
enum stagger_status stagger_envelope_read(const struct stagger_envelope **out,
					  struct stagger_bytes bytes, struct stagger_error *err)
{
	if (bytes.size == 0 || *(const char *)bytes.data != 'E')
		return fail(err, STAGGER_CORRUPT, "no envelope");
	struct stagger_envelope *e = calloc(1, sizeof(*e));
	assert_non_null(e);
	e->value = bytes;
	*out = e;
	return STAGGER_OK;
}

void stagger_envelope_free(const struct stagger_envelope **e)
{
	free((void *)(uintptr_t)*e);
	*e = NULL;
}

/* -- for tests --------------------------------------------------------------------------- */
struct bench {
	struct stagger_world *w;
	struct stagger_consumer c[4];
	bool freed[4];
};

/* A world whose topic "a" has four partitions, "b" three, and no member yet. */
static inline void bench_open(struct bench *b, const struct world_options *o)
{
	struct stagger_error error;
	memset(b, 0, sizeof(*b));
	assert_int_equal(world_new(&b->w, o, &error), STAGGER_OK);
	world_topic(b->w, "a", 4);
	world_topic(b->w, "b", 3);
	for (size_t i = 0; i < 4; i++)
		b->c[i] = (struct stagger_consumer){ .group = "g", .topics = { "a" }, .n_topics = 1,
						     .freed = &b->freed[i] };
}

static inline void bench_join(struct bench *b, int32_t i)
{
	struct stagger_error error;
	struct stagger_consumer *c = &b->c[i];
	int32_t member = -1;
	assert_int_equal(world_join(b->w, &c, &member, &error), STAGGER_OK);
	assert_null(c);
	assert_int_equal(member, i);
	world_settle(b->w);
}

static inline void bench_send(struct bench *b, int32_t partition, const char *value)
{
	struct stagger_error error;
	struct world_record r = { .timestamp_ms = 7, .value = bytes_text(value) };
	assert_int_equal(world_produce(b->w, "a", partition, &r, &error), STAGGER_OK);
}

static inline int64_t bench_committed(const struct bench *b, int32_t partition)
{
	return world_committed(b->w, "g", "a", partition, NULL);
}

/* The ports' contract was kept, and nothing spun. */
static inline void bench_close(struct bench *b)
{
	assert_null(world_violation(b->w));
	assert_false(world_livelocked(b->w));
	world_free(&b->w);
	assert_null(b->w);
}

#endif
