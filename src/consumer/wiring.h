/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an engine, its ports and its workers together for one consumer. wiring.c is the only file
 * that sees every room. */
#ifndef CONSUMER_WIRING_H
#define CONSUMER_WIRING_H

#include <stagger/consumer.h>

#include "core/port.h"

struct engine;
struct wake;

/* A world to run in: kafka's, or the fake one. */
struct wiring_world {
	struct port_clock clock;
	struct port_source source;
	struct port_sink sink;
	bool inline_workers; /* whatever the chains say: one thread, the caller's */
	uint64_t seed;
};
/* Names that a world needs to know; borrowed from the consumer. */
struct wiring_names {
	const char *group, *instance; /* instance NULL: a dynamic member */
	const char *const *topics;    /* to subscribe: main and retry stages of every chain */
	size_t n_topics;
	int64_t session_timeout_ms;
};
/* Checks that every chain has a handler and what else run() checks before it connects. */
STAGGER_MUST_USE enum stagger_status wiring_check(struct stagger_consumer *c,
						  struct stagger_error *err);
struct wiring_names wiring_names(const struct stagger_consumer *c);
/* Makes workers and an engine in that world and starts it. *out is borrowed: the consumer
 * owns it. */
STAGGER_MUST_USE enum stagger_status wiring_attach(struct stagger_consumer *c,
						   const struct wiring_world *world,
						   struct engine **out, struct stagger_error *err);
/* One turn of the engine, a stop that was asked for first; *again_boot_us: when it wants the next.
 * False: it has ended. */
bool wiring_turn(struct stagger_consumer *c, int64_t *again_boot_us);
/* Stops the workers, frees the engine. The consumer can be attached again (testing: a restart). */
void wiring_detach(struct stagger_consumer *c);
/* The librdkafka world, made on first use and owned by the consumer. */
STAGGER_MUST_USE enum stagger_status wiring_kafka(struct stagger_consumer *c,
						  struct wiring_world *out,
						  struct stagger_error *err);

#endif
