/* SPDX-License-Identifier: Apache-2.0
 *
 * A consumer from a chain file: the same calls that a program in C makes, in the file's order. */
#define _GNU_SOURCE
#include <string.h>

#include "base/error.h"
#include "config/config.h"
#include "consumer/state.h"

static enum stagger_status apply(struct stagger_consumer *c, struct config *config,
				 struct stagger_error *err)
{
	enum stagger_status status = STAGGER_OK;

	for (size_t i = 0; i < config->n_properties && status == STAGGER_OK; i++)
		status = stagger_consumer_set(c, config->properties[i].name,
					      config->properties[i].value, err);
	for (size_t i = 0; i < config->n_chains && status == STAGGER_OK; i++)
		status = consumer_take(c, &config->chains[i], err);
	return status;
}

enum stagger_status consumer_load(struct stagger_consumer **out, const char *path,
				  const struct stagger_consumer_options *options,
				  struct stagger_error *err)
{
	struct stagger_consumer_options set;
	struct stagger_consumer *c = NULL;
	struct config *config;

	if (!options_copy(&set, options))
		return fail(err, STAGGER_INVALID,
			    "options.size is not set, use "
			    "STAGGER_CONSUMER_OPTIONS_INIT");
	enum stagger_status status = config_load(&config, path, set.group, NULL, err);
	if (status != STAGGER_OK)
		return status;
	config_overlay(&config->consumer, &set);
	status = stagger_consumer_open(&c, NULL, &config->consumer, err);
	if (status == STAGGER_OK)
		status = apply(c, config, err);
	if (status == STAGGER_OK && (c->file = strdup(path)) == NULL)
		status = fail_memory(err);
	config_free(&config);
	if (status != STAGGER_OK) {
		stagger_consumer_free(&c);
		return status;
	}
	*out = c;
	return STAGGER_OK;
}
