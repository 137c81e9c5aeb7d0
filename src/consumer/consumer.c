/* SPDX-License-Identifier: Apache-2.0
 *
 * The public consumer's configuration: open, set, add, on, free. Nothing here connects. */
#define _GNU_SOURCE
#include <stagger/consumer.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/wake.h"
#include "consumer/state.h"
#include "consumer/wiring.h"
#include "core/chain.h"
#include "core/chains.h"
#include "engine/engine.h"
#include "kafka/kafka.h"

enum stagger_status stagger_consumer_open(struct stagger_consumer **out, const char *path,
					  const struct stagger_consumer_options *options,
					  struct stagger_error *err)
{
	if (path != NULL)
		return consumer_load(out, path, options, err);
	struct stagger_consumer *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return fail_memory(err);
	if (gethostname(c->host, sizeof(c->host) - 1) != 0)
		strcpy(c->host, "localhost");
	enum stagger_status status = options_take(&c->o, options, c->host, err);
	if (status == STAGGER_OK) {
		struct log_options log = { .level = c->o.log_level, .json = c->o.log_json,
					   .rate = c->o.log_rate, .write = c->o.log,
					   .user = c->o.user };
		status = log_new(&c->log, &log, err);
	}
	if (status == STAGGER_OK)
		status = wake_new(&c->wake, err);
	if (status != STAGGER_OK) {
		stagger_consumer_free(&c);
		return status;
	}
	*out = c;
	return STAGGER_OK;
}

static enum stagger_status open_only(const struct stagger_consumer *c, const char *what,
				     struct stagger_error *err)
{
	if (atomic_load(&c->phase) == CONSUMER_OPEN && c->engine == NULL)
		return STAGGER_OK;
	return fail(err, STAGGER_STATE, "%s after run() or start()", what);
}

const char *consumer_property(const struct stagger_consumer *c, const char *name)
{
	for (size_t i = c->n_properties; i > 0; i--)
		if (strcmp(c->properties[i - 1].name, name) == 0)
			return c->properties[i - 1].value;
	return NULL;
}

enum stagger_status stagger_consumer_set(struct stagger_consumer *c, const char *kafka_property,
					 const char *value, struct stagger_error *err)
{
	enum stagger_status status = open_only(c, "set()", err);
	if (status != STAGGER_OK)
		return status;
	if (kafka_property == NULL || value == NULL)
		return fail(err, STAGGER_INVALID, "set(): property and value must not be NULL");
	if (c->n_properties == CONSUMER_MAX_PROPERTIES)
		return fail(err, STAGGER_INVALID, "more than %d properties",
			    CONSUMER_MAX_PROPERTIES);
	status = kafka_check_property(kafka_property, value, err);
	if (status != STAGGER_OK)
		return status;
	struct property *properties =
		realloc(c->properties, (c->n_properties + 1) * sizeof(*properties));
	if (properties == NULL)
		return fail_memory(err);
	c->properties = properties;
	struct property p = { strdup(kafka_property), strdup(value) };
	if (p.name == NULL || p.value == NULL) {
		free(p.name);
		free(p.value);
		return fail_memory(err);
	}
	c->properties[c->n_properties++] = p;
	return STAGGER_OK;
}

/* For one more chain and its topics: what comes after it needs no memory. */
static enum stagger_status make_room(struct stagger_consumer *c, struct stagger_error *err)
{
	if (c->n_chains == CONSUMER_MAX_CHAINS)
		return fail(err, STAGGER_INVALID, "more than %d chains", CONSUMER_MAX_CHAINS);
	struct consumer_chain *chains = realloc(c->chains, (c->n_chains + 1) * sizeof(*chains));
	if (chains == NULL)
		return fail_memory(err);
	c->chains = chains;
	char **topics =
		realloc(c->topics, (c->n_topics + CHAIN_MAX_STAGES + 1) * sizeof(*topics));
	if (topics == NULL)
		return fail_memory(err);
	c->topics = topics;
	return STAGGER_OK;
}

static enum stagger_status take(struct stagger_consumer *c, struct stagger_chain **take_chain,
				struct stagger_error *err)
{
	struct stagger_chain *chain = *take_chain;
	enum stagger_status status = STAGGER_OK;
	for (size_t i = 0; i < c->n_chains && status == STAGGER_OK; i++)
		status = chains_apart(c->chains[i].chain, chain, err);
	if (status != STAGGER_OK)
		return status;
	for (int32_t s = 0; s < chain->n_stages; s++)
		c->topics[c->n_topics++] = chain->stages[s].topic;
	c->chains[c->n_chains++] = (struct consumer_chain){ .chain = chain };
	*take_chain = NULL;
	return STAGGER_OK;
}

enum stagger_status consumer_take(struct stagger_consumer *c, struct stagger_chain **take_chain,
				  struct stagger_error *err)
{
	enum stagger_status status = make_room(c, err);
	return status == STAGGER_OK ? take(c, take_chain, err) : status;
}

enum stagger_status stagger_consumer_add(struct stagger_consumer *c,
					 struct stagger_chain **take_chain,
					 struct stagger_error *err)
{
	enum stagger_status status = open_only(c, "add()", err);
	if (status != STAGGER_OK)
		return status;
	if (take_chain == NULL || *take_chain == NULL)
		return fail(err, STAGGER_INVALID, "add(): there is no chain");
	status = make_room(c, err); /* first: a chain can be sealed only once */
	if (status == STAGGER_OK)
		status = chain_seal(*take_chain, c->o.group, err);
	return status == STAGGER_OK ? take(c, take_chain, err) : status;
}

enum stagger_status stagger_consumer_on(struct stagger_consumer *c, const char *chain,
					stagger_handler handler, void *user,
					struct stagger_error *err)
{
	enum stagger_status status = open_only(c, "on()", err);
	if (status != STAGGER_OK)
		return status;
	if (handler == NULL)
		return fail(err, STAGGER_INVALID, "on(): the handler is NULL");
	bool found = false;
	for (size_t i = 0; i < c->n_chains; i++) {
		struct consumer_chain *of = &c->chains[i];
		if (chain != NULL ? strcmp(of->chain->name, chain) != 0 : of->handler != NULL)
			continue;
		of->handler = handler;
		of->user = user;
		found = true;
	}
	if (!found && chain != NULL)
		return fail(err, STAGGER_INVALID, "on(): there is no chain '%s'", chain);
	return STAGGER_OK;
}

enum stagger_status stagger_settle(struct stagger_consumer *c, struct stagger_ticket t,
				   const struct stagger_outcome *outcome, struct stagger_error *err)
{
	if (c->engine == NULL)
		return fail(err, STAGGER_STALE, "settle: the consumer does not run");
	return engine_settle(c->engine, t, outcome, err);
}

enum stagger_status stagger_consumer_stats(const struct stagger_consumer *c,
					   const struct stagger_stats **out,
					   struct stagger_error *err)
{
	if (c->engine == NULL)
		return fail(err, STAGGER_STATE, "statistics before run() or start()");
	return engine_stats(c->engine, out, err);
}

void stagger_consumer_free(struct stagger_consumer **consumer)
{
	if (consumer == NULL || *consumer == NULL)
		return;
	struct stagger_consumer *c = *consumer;
	*consumer = NULL;
	wiring_detach(c);
	kafka_free(&c->kafka);
	for (size_t i = 0; i < c->n_chains; i++)
		stagger_chain_free(&c->chains[i].chain);
	for (size_t i = 0; i < c->n_properties; i++) {
		free(c->properties[i].name);
		free(c->properties[i].value);
	}
	free(c->chains);
	free(c->properties);
	free(c->file);
	free(c->topics);
	wake_free(&c->wake);
	log_free(&c->log);
	options_clear(&c->o);
	free(c);
}
