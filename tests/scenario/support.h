/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenarios share: a rig that is the real engine in the fake world, with a handler that
 * obeys the message's value and remembers every call and event. One row of the contract is one test
 * function; the list of rows stands in rows_*.md. Real delays: 30 minutes take microseconds. */
#ifndef SCENARIO_SUPPORT_H
#define SCENARIO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/world.h"

#define SECOND   INT64_C(1000)
#define MINUTE   (60 * SECOND)
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define START_MS INT64_C(1767225600000) /* of the world's wall clock: 2026-01-01T00:00:00Z */

#define GROUP     "billing"
#define MAIN      "orders"
#define RETRY_1M  "orders.billing.retry.1m"
#define RETRY_5M  "orders.billing.retry.5m"
#define RETRY_30M "orders.billing.retry.30m"
#define DLT       "orders.billing.dlt"

static const char *const in_every_stage[] = { "all", NULL }; /* of in_place_on */

#define RIG_CALLS   8192 /* remembered; more fails the test */
#define RIG_EVENTS  16384
#define RIG_TICKETS 256
#define RIG_MEMBERS 8

/* -- what a scenario asks for ------------------------------------------------------------ */
struct setup_stage {
	int64_t delay_ms; /* STAGGER_OFF as the only one: no stages */
	int32_t visits;
};
struct setup_place { /* what few stages have */
	bool retired;
	const char *name, *topic; /* NULL: the defaults */
};
struct setup_route {
	const char *pattern, *topic;
};
/* Zero and NULL: the defaults of consumer.h and chain.h, one partition a topic, one member. The
 * group is GROUP, the chain MAIN; user, event and log of the consumer are the rig's. */
struct setup {
	struct stagger_consumer_options consumer;
	struct stagger_chain_options chain;
	struct setup_stage stages[8]; /* until delay_ms 0; none: 1m, 5m, 30m */
	struct setup_place places[8]; /* of the stage of the same number */
	const char *never[4], *only[4];
	struct setup_route routes[4];
	struct world_options world;
	int32_t members; /* to join at once; 0 = 1, -1 = none yet */
};
#define SETUP_INIT                                                                                 \
	{ .consumer = STAGGER_INIT(struct stagger_consumer_options),                               \
	  .chain = STAGGER_INIT(struct stagger_chain_options),                                     \
	  .world = { .partitions = 1, .seed = 1 } }

/* -- what it saw ------------------------------------------------------------------------- */
/* The value is "<id>:<script>[:<class>[/<code>]][:<after_ms>]". The script's n-th letter is obeyed at
 * attempt n, the last one repeats:
 *   D done                R retry (class "Bad" when none is given)   P retry_after <after_ms>
 *   X dead letter         A defer: the ticket is kept, see rig_settle()
 *   B defer, settled with done before the handler returns            T takes a ticket, then done
 *   E defer without a ticket                                         H halt
 *   0 no verdict                                                     9 a number that is no verdict
 * A value without a colon is done; id is then the whole value. */
struct call {
	int32_t member;
	char id[32], key[32], stage[32], read_topic[64];
	int32_t attempt, visit, replays, partition, read_partition;
	int64_t offset, read_offset, timestamp_ms;
	int64_t wall_ms, boot_ms, due_ms, first_failed_ms, first_seen_ms, first_seen_boot_ms;
	char error_class[64], error_code[32], error_message[64]; /* of the attempt before; "" = NULL */
	char letter;                                             /* what it obeyed */
};
struct seen {
	enum stagger_event_kind kind;
	int32_t member, partition;
	int64_t offset, wall_ms, due_ms, failed_ms, retry_after_ms;
	char topic[64], to_topic[64], reason[128], error_class[64];
	char id[32]; /* of its message, "" without */
	int32_t attempt;
};

struct rig {
	struct stagger_world *w;
	struct setup setup;
	struct rig_member {
		struct rig *rig;
		int32_t number;
	} members[RIG_MEMBERS];
	int32_t n_members;
	/* Called in the handler before it obeys: for attributes, clock steps, stops. */
	void (*in_handler)(struct rig *rig, const struct stagger_message *m,
			   struct stagger_failure *why);
	void *user; /* the test's */
	/* Called for each event, after it is remembered. */
	void (*in_event)(struct rig *rig, const struct stagger_event *event);
	struct call calls[RIG_CALLS];
	size_t n_calls;
	struct seen events[RIG_EVENTS];
	size_t n_events;
	struct stagger_ticket tickets[RIG_TICKETS]; /* of A, in the order they were taken */
	const struct stagger_message *deferred[RIG_TICKETS];
	size_t n_tickets;
	const struct stagger_stats *stats[RIG_MEMBERS];
	char *text;   /* of rig_story() */
	char *log;    /* all lines, newline after each */
	size_t n_log;
};

/* NULL: all defaults. Fails the test when something is refused. */
struct rig *rig_new(const struct setup *setup);
/* Also fails the test when the engine broke the port's contract, livelocked, or handled early. */
void rig_free(struct rig *rig);
struct rig *rig_after_an_hour(const struct setup *setup, const char *value); /* of one message */
int32_t rig_join(struct rig *rig); /* one more member of the same setup; settles */

/* -- doing ------------------------------------------------------------------------------- */
void rig_send(struct rig *rig, const char *key, const char *value); /* to MAIN by key; not yet read */
/* To any place; key NULL: null; timestamp -1: none, 0: now. */
void rig_put(struct rig *rig, const char *topic, int32_t partition, const char *key,
	     const char *value, int64_t timestamp_ms);
void rig_advance(struct rig *rig, int64_t ms); /* 0: what can happen now */
void rig_spend(struct rig *rig, int64_t us);   /* in a callback: it takes that long, by both clocks */
void rig_crash(struct rig *rig);               /* kill -9 of member 0 and its restart; settles */
enum stagger_status rig_settle(struct rig *rig, size_t ticket, enum stagger_verdict verdict);
enum stagger_status rig_settle_with(struct rig *rig, size_t ticket,
				    const struct stagger_outcome *outcome);

/* -- looking ----------------------------------------------------------------------------- */
/* Since the start of the world. */
int64_t rig_now(const struct rig *rig);
/* All calls from the i-th on as "id/stage/attempt id/stage/attempt ..."; valid until asked again. */
const char *rig_story(struct rig *rig, size_t from);
#define expect_story(rig, text) assert_string_equal(rig_story(rig, 0), text)
const struct call *rig_call(const struct rig *rig, size_t i); /* fails the test when there is none */
size_t rig_calls_of(const struct rig *rig, const char *id);
const struct call *rig_call_of(const struct rig *rig, const char *id, size_t i);
size_t rig_events(const struct rig *rig, enum stagger_event_kind kind);
const struct seen *rig_event(const struct rig *rig, enum stagger_event_kind kind, size_t i);
bool rig_logged(const struct rig *rig, const char *text);
/* The i-th record of a topic as an envelope; fails the test when it is none. */
const struct stagger_envelope *rig_envelope(struct rig *rig, const char *topic, size_t i);
size_t rig_count(const struct rig *rig, const char *topic);
/* Fails the test when the DLT does not hold exactly one letter of that disposition. */
const struct stagger_envelope *rig_dead(struct rig *rig, const char *disposition);
/* Of now, of member 0 or m; valid until asked again. */
const struct stagger_stats *rig_stats(struct rig *rig);
const struct stagger_stats *rig_stats_of(struct rig *rig, int32_t m);
/* That lane of member 0 now; fails the test when it has none. */
const struct stagger_lane_stats *rig_lane(struct rig *rig, const char *topic, int32_t partition);
int64_t rig_committed(const struct rig *rig, const char *topic, int32_t partition);
/* How member m ended; fails the test when it has not. */
enum stagger_status rig_ended(const struct rig *rig, int32_t m, struct stagger_error *err);

#endif
