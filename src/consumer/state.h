/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer inside: what its files share. Configuration until run() or start(), then a shell
 * around an engine. One thread at a time but where the public header says otherwise. */
#ifndef CONSUMER_STATE_H
#define CONSUMER_STATE_H

#include <stdatomic.h>

#include <stagger/consumer.h>

#define CONSUMER_MAX_CHAINS     256
#define CONSUMER_MAX_PROPERTIES 1024

struct engine;
struct inline_workers;
struct kafka;
struct log;
struct pool;
struct wake;

struct property {
	char *name, *value;
};
struct consumer_chain {
	struct stagger_chain *chain; /* sealed */
	stagger_handler handler;     /* NULL: none yet */
	void *user;
	struct pool *pool;           /* one of the two while attached */
	struct inline_workers *inline_workers;
};
enum consumer_phase { CONSUMER_OPEN, CONSUMER_RUNNING, CONSUMER_ENDED };

struct stagger_consumer {
	struct stagger_consumer_options o; /* defaults filled in; texts are ours */
	char *file;                        /* that its chains came from, or NULL */
	struct property *properties;
	size_t n_properties;
	struct consumer_chain *chains;
	size_t n_chains;
	char **topics;                     /* main and stages, for wiring_names(); borrowed texts */
	size_t n_topics;
	char host[256];
	struct log *log;
	struct wake *wake;
	struct kafka *kafka;
	struct engine *engine;
	_Atomic(enum consumer_phase) phase;
	atomic_bool stop_asked;
	bool stop_passed;                  /* on to the engine */
};

/* options.c: a whole struct from one that may be shorter, or NULL. False: its size is not set. */
bool options_copy(struct stagger_consumer_options *out, const struct stagger_consumer_options *in);
/* Checks ranges, fills defaults, copies texts. */
STAGGER_MUST_USE enum stagger_status options_take(struct stagger_consumer_options *out,
						  const struct stagger_consumer_options *in,
						  const char *host, struct stagger_error *err);
void options_clear(struct stagger_consumer_options *o);
/* load.c: opens from a chain file. */
STAGGER_MUST_USE enum stagger_status consumer_load(struct stagger_consumer **out, const char *path,
						   const struct stagger_consumer_options *options,
						   struct stagger_error *err);
/* Takes a chain that is sealed for the consumer's group, and nulls *take_chain. */
STAGGER_MUST_USE enum stagger_status consumer_take(struct stagger_consumer *c,
						   struct stagger_chain **take_chain,
						   struct stagger_error *err);
/* The value of a property, the last one set, or NULL. */
const char *consumer_property(const struct stagger_consumer *c, const char *name);

#endif
