/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's face: what moves messages between source, workers and sink. All engine state belongs
 * to the loop thread, the one that calls engine_turn(); the exceptions are named. It knows no
 * world: clock, source, sink and workers are ports, and it waits by telling when it wants to be
 * called. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stagger/consumer.h>

#include "core/chain.h"
#include "core/port.h"

struct engine;
struct log;
struct wake;

/* All set: defaults are the caller's business. Durations in ms. Borrowed until engine_free(). */
struct engine_options {
	const char *group, *client_id, *host;
	const char *const *formerly; /* NULL-ended, or NULL */
	bool leave;
	int64_t drain_timeout_ms, revoke_timeout_ms, commit_interval_ms, pause_after_ms;
	int64_t max_in_flight, max_in_flight_bytes, max_waiting, max_waiting_bytes;
	int64_t max_uncommitted, max_ahead;
	uint64_t seed;               /* of all jitter */
	struct port_clock clock;
	struct port_source source;
	struct port_sink sink;
	struct log *log;
	/* signalled by what settles from other threads; NULL: nobody waits */
	struct wake *wake;
	void (*event)(const struct stagger_event *event, void *user); /* or NULL */
	void *user;
};
struct engine_chain {
	const struct stagger_chain *chain; /* sealed */
	struct port_workers workers;
};

STAGGER_MUST_USE enum stagger_status engine_new(struct engine **out,
						const struct engine_options *options,
						const struct engine_chain *chains, size_t n,
						struct stagger_error *err);
/* First contact begins; what follows happens in turns. */
STAGGER_MUST_USE enum stagger_status engine_start(struct engine *e, struct stagger_error *err);
/* Does what can be done now, for at most about 5 ms, and says when it wants to be called again at
 * the latest (boot clock, us; now or before: there is more). False: it has ended, see
 * engine_result(). */
bool engine_turn(struct engine *e, int64_t *wake_boot_us);
/* Why it ended: OK after a clean stop, else HALTED, TIMEOUT, FATAL, DENIED, TOPICS, UNREACHABLE. */
enum stagger_status engine_result(const struct engine *e, struct stagger_error *err);
/* Begins the drain; loop thread. */
void engine_stop(struct engine *e);
/* Frees at once, whatever runs: workers must have ended. Nothing is committed. */
void engine_free(struct engine **e);

/* Any thread. */
enum stagger_status engine_settle(struct engine *e, struct stagger_ticket ticket,
				  const struct stagger_outcome *outcome, struct stagger_error *err);
STAGGER_MUST_USE enum stagger_status
engine_stats(struct engine *e, const struct stagger_stats **out, struct stagger_error *err);
/* For port_context.defer: takes a ticket for the call that runs on this thread. */
const struct stagger_message *engine_defer(void *engine, struct stagger_message *message,
					   struct stagger_ticket *ticket);

#endif
