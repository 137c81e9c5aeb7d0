/* SPDX-License-Identifier: Apache-2.0
 *
 * The only file that sees every room: puts ports, workers and engine together for one consumer. */
#define _GNU_SOURCE
#include "consumer/wiring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "consumer/state.h"
#include "core/chain.h"
#include "core/topics.h"
#include "core/wish.h"
#include "engine/engine.h"
#include "kafka/kafka.h"
#include "workers/workers.h"

enum stagger_status wiring_check(struct stagger_consumer *c, struct stagger_error *err)
{
	if (c->n_chains == 0)
		return fail(err, STAGGER_INVALID, "there is no chain: stagger_consumer_add()");
	for (size_t i = 0; i < c->n_chains; i++)
		if (c->chains[i].handler == NULL)
			return fail(err, STAGGER_INVALID,
				    "chain '%s' has no handler: stagger_consumer_on()",
				    c->chains[i].chain->name);
	return STAGGER_OK;
}

struct wiring_names wiring_names(const struct stagger_consumer *c)
{
	return (struct wiring_names){
		.group = c->o.group,
		.instance = c->o.instance,
		.topics = (const char *const *)c->topics,
		.n_topics = c->n_topics,
		.session_timeout_ms = c->o.session_timeout_ms,
	};
}

/* -- workers ----------------------------------------------------------------------------- */

/* Workers are made before the engine: tickets reach it through the consumer. */
static const struct stagger_message *defer(void *consumer, struct stagger_message *message,
					   struct stagger_ticket *ticket)
{
	struct stagger_consumer *c = consumer;
	return engine_defer(c->engine, message, ticket);
}

static enum stagger_status workers_new(struct stagger_consumer *c, struct consumer_chain *of,
				       const struct wiring_world *world, struct port_workers *out,
				       struct stagger_error *err)
{
	struct workers_options o = {
		.chain = of->chain->name,
		.n = of->chain->workers,
		.handler = of->handler,
		.user = of->user,
		.worker_start = c->o.worker_start,
		.worker_stop = c->o.worker_stop,
		.hook_user = c->o.user,
		.clock = world->clock,
		.wake = c->wake,
		.defer = defer,
		.tickets = c,
	};
	enum stagger_status status;
	if (world->inline_workers || of->chain->workers == STAGGER_INLINE) {
		o.n = 1;
		status = inline_new(&of->inline_workers, &o, err);
		if (status == STAGGER_OK)
			*out = inline_port(of->inline_workers);
	} else {
		status = pool_new(&of->pool, &o, err);
		if (status == STAGGER_OK)
			*out = pool_port(of->pool);
	}
	return status;
}

/* -- engine ------------------------------------------------------------------------------ */

static struct engine_options engine_options_of(const struct stagger_consumer *c,
					       const struct wiring_world *world)
{
	const struct stagger_consumer_options *o = &c->o;
	const char *client_id = consumer_property(c, "client.id");
	return (struct engine_options){
		.group = o->group,
		.client_id = client_id != NULL && utf8_valid(bytes_text(client_id)) ? client_id
										      : "stagger",
		.host = c->host,
		.formerly = o->formerly,
		.leave = o->leave,
		.drain_timeout_ms = o->drain_timeout_ms,
		.revoke_timeout_ms = o->revoke_timeout_ms,
		.commit_interval_ms = o->commit_interval_ms,
		.pause_after_ms = o->pause_after_ms,
		.max_in_flight = o->max_in_flight,
		.max_in_flight_bytes = o->max_in_flight_bytes,
		.max_waiting = o->max_waiting,
		.max_waiting_bytes = o->max_waiting_bytes,
		.max_uncommitted = o->max_uncommitted,
		.max_ahead = o->max_ahead,
		.seed = world->seed,
		.clock = world->clock,
		.source = world->source,
		.sink = world->sink,
		.log = c->log,
		.wake = c->wake,
		.event = o->event,
		.user = o->user,
	};
}

enum stagger_status wiring_attach(struct stagger_consumer *c, const struct wiring_world *world,
				  struct engine **out, struct stagger_error *err)
{
	struct engine_chain *chains = calloc(c->n_chains + 1, sizeof(*chains));
	if (chains == NULL)
		return fail_memory(err);
	enum stagger_status status = STAGGER_OK;
	for (size_t i = 0; status == STAGGER_OK && i < c->n_chains; i++) {
		chains[i].chain = c->chains[i].chain;
		status = workers_new(c, &c->chains[i], world, &chains[i].workers, err);
	}
	struct engine_options o = engine_options_of(c, world);
	if (status == STAGGER_OK)
		status = engine_new(&c->engine, &o, chains, c->n_chains, err);
	free(chains);
	if (status == STAGGER_OK)
		status = engine_start(c->engine, err);
	if (status != STAGGER_OK) {
		wiring_detach(c);
		return status;
	}
	*out = c->engine;
	return STAGGER_OK;
}

bool wiring_turn(struct stagger_consumer *c, int64_t *again_boot_us)
{
	if (!c->stop_passed && atomic_load(&c->stop_asked)) {
		c->stop_passed = true;
		engine_stop(c->engine);
	}
	return engine_turn(c->engine, again_boot_us);
}

void wiring_detach(struct stagger_consumer *c)
{
	for (size_t i = 0; i < c->n_chains; i++) {
		pool_free(&c->chains[i].pool);
		inline_free(&c->chains[i].inline_workers);
	}
	engine_free(&c->engine);
	c->stop_passed = false; /* a stop asked for before run() counts */
	atomic_store(&c->stop_asked, false);
}

/* -- the librdkafka world ---------------------------------------------------------------- */

static int64_t clock_wall(void *self)
{
	(void)self;
	return clock_wall_us();
}

static int64_t clock_boot(void *self)
{
	(void)self;
	return clock_boot_us();
}

static enum stagger_status kafka_make(struct stagger_consumer *c, struct stagger_error *err)
{
	if (consumer_property(c, "bootstrap.servers") == NULL)
		return fail(err, STAGGER_INVALID,
			    "bootstrap.servers is not set: stagger_consumer_set(c, "
			    "\"bootstrap.servers\", \"host:9092\", &err), or \"embedded\"");
	struct wish_rule *topics = calloc(c->n_chains * WISH_MAX_TOPICS, sizeof(*topics));
	struct topic_pattern *patterns = calloc(c->n_chains, sizeof(*patterns));
	struct kafka_property *properties = calloc(c->n_properties, sizeof(*properties));
	enum stagger_status status = STAGGER_NO_MEMORY;
	if (topics == NULL || patterns == NULL || properties == NULL) {
		(void)fail_memory(err);
		goto out;
	}
	for (size_t i = 0; i < c->n_properties; i++)
		properties[i] = (struct kafka_property){ c->properties[i].name,
							 c->properties[i].value };
	struct kafka_options o = {
		.group = c->o.group,
		.instance = c->o.instance,
		.session_timeout_ms = c->o.session_timeout_ms,
		.start_timeout_ms = c->o.start_timeout_ms,
		.prefetch_bytes = c->o.prefetch_bytes,
		.expected_partitions = c->o.expected_partitions,
		.properties = properties,
		.n_properties = c->n_properties,
		.topics = topics,
		.patterns = patterns,
		.n_patterns = c->n_chains,
		.file = c->file,
		.create_topics = c->o.create_topics,
		.allow_stranded = c->o.allow_stranded,
		.log = c->log,
		.wake = c->wake,
	};
	for (size_t i = 0; i < c->n_chains; i++) {
		wish_add(topics, &o.n_topics, c->chains[i].chain);
		patterns[i] = wish_pattern(c->chains[i].chain, c->o.group);
	}
	status = kafka_new(&c->kafka, &o, err);
out:
	free(topics);
	free(patterns);
	free(properties);
	return status;
}

enum stagger_status wiring_kafka(struct stagger_consumer *c, struct wiring_world *out,
				 struct stagger_error *err)
{
	if (c->kafka == NULL) {
		enum stagger_status status = kafka_make(c, err);
		if (status != STAGGER_OK)
			return status;
	}
	uint64_t seed;
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = (uint64_t)clock_wall_us();
	*out = (struct wiring_world){
		.clock = { .wall_us = clock_wall, .boot_us = clock_boot },
		.source = kafka_source(c->kafka),
		.sink = kafka_sink(c->kafka),
		.seed = seed,
	};
	return STAGGER_OK;
}
