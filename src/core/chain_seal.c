/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a declared chain whole once its group is known. All names are resolved aside and moved in
 * at the end, so that a chain that is refused is as it was. */
#define _GNU_SOURCE
#include "core/chain_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "core/topics.h"

#define LEAST_LONGEST_WAIT_MS INT64_C(3600000)

struct names {
	char *stages[CHAIN_MAX_STAGES + 1];
	char *routes[CHAIN_MAX_PATTERNS];
	char *dead_letter; /* NULL: it stops instead */
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < CHAIN_MAX_STAGES + 1; i++)
		free(names->stages[i]);
	for (size_t i = 0; i < CHAIN_MAX_PATTERNS; i++)
		free(names->routes[i]);
	free(names->dead_letter);
}

static enum stagger_status add_default_stages(struct stagger_chain *chain,
					      struct stagger_error *err)
{
	static const int64_t delays_ms[3] = {60000, 300000, 1800000};
	enum stagger_status status = STAGGER_OK;

	for (size_t i = 0; i < 3 && status == STAGGER_OK; i++)
		status = stagger_chain_stage(chain, delays_ms[i], 1, NULL, err);
	return status;
}

static void drop_stages(struct stagger_chain *chain)
{
	while (chain->n_stages > 1) {
		struct chain_stage *last = &chain->stages[--chain->n_stages];

		free(last->name);
		free(last->topic);
		*last = (struct chain_stage){0};
	}
}

static enum stagger_status expand(const struct stagger_chain *chain, char **out,
				  const char *pattern, const struct topic_words *words,
				  struct stagger_error *err)
{
	struct stagger_error inner = {0};
	enum stagger_status status = topic_expand(out, pattern, words, &inner);

	return status == STAGGER_OK ? STAGGER_OK : chain_fail(chain, status, &inner, err);
}

static enum stagger_status resolve(const struct stagger_chain *chain, const char *group,
				   struct names *names, struct stagger_error *err)
{
	struct topic_words words = {.topic = chain->topic, .group = group, .chain = chain->name};
	enum stagger_status status =
		expand(chain, &names->stages[CHAIN_MAIN], chain->topic, &words, err);
	char delay[DURATION_TEXT];
	char n[12];

	if (status == STAGGER_OK && !chain->stop_instead_of_dead_letter)
		status = expand(chain, &names->dead_letter, chain->dead_letter_template, &words,
				err);
	for (size_t i = 0; i < chain->n_routes && status == STAGGER_OK; i++)
		status = expand(chain, &names->routes[i], chain->routes[i].topic, &words, err);
	words.delay = delay;
	words.n = n;
	for (int32_t i = 1; i < chain->n_stages && status == STAGGER_OK; i++) {
		const struct chain_stage *stage = &chain->stages[i];

		duration_format(stage->delay_ms, delay);
		snprintf(n, sizeof(n), "%d", (int)i);
		status = expand(chain, &names->stages[i],
				stage->topic != NULL ? stage->topic : chain->retry_template, &words,
				err);
	}
	return status;
}

/* The stage that has this topic, among the first n; or NULL. */
static const char *taken_by(const struct stagger_chain *chain, const struct names *names, int32_t n,
			    const char *topic)
{
	for (int32_t i = 0; i < n; i++) {
		if (strcmp(names->stages[i], topic) == 0)
			return chain->stages[i].name;
	}
	return NULL;
}

static enum stagger_status check_loops(const struct stagger_chain *chain, const struct names *names,
				       struct stagger_error *err)
{
	for (int32_t i = 1; i < chain->n_stages; i++) {
		const char *other = taken_by(chain, names, i, names->stages[i]);
		if (other != NULL)
			return fail(err, STAGGER_INVALID,
				    "chain '%s': loop: %s and %s are both topic '%s'", chain->name,
				    other, chain->stages[i].name, names->stages[i]);
	}
	const char *other = names->dead_letter != NULL
				    ? taken_by(chain, names, chain->n_stages, names->dead_letter)
				    : NULL;
	if (other != NULL)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': loop: %s and the dead-letter topic are both topic '%s'",
			    chain->name, other, names->dead_letter);
	for (size_t i = 0; i < chain->n_routes; i++) {
		other = taken_by(chain, names, chain->n_stages, names->routes[i]);
		if (other != NULL)
			return fail(err, STAGGER_INVALID,
				    "chain '%s': loop: a dead-letter route leads to '%s' of %s",
				    chain->name, names->routes[i], other);
	}
	return STAGGER_OK;
}

static enum stagger_status check_in_place_on(const struct stagger_chain *chain,
					     struct stagger_error *err)
{
	for (size_t i = 0; chain->in_place_on != NULL && chain->in_place_on[i] != NULL; i++) {
		const char *name = chain->in_place_on[i];
		if (strcmp(name, "all") != 0 &&
		    chain_stage_named(chain, bytes_text(name)) == CHAIN_DLT)
			return fail(err, STAGGER_INVALID,
				    "chain '%s': in_place_on: there is no stage '%s'", chain->name,
				    name);
	}
	return STAGGER_OK;
}

static bool is_in_place(const struct stagger_chain *chain, int32_t stage)
{
	if (chain->in_place_on == NULL)
		return stage == CHAIN_MAIN;
	for (size_t i = 0; chain->in_place_on[i] != NULL; i++) {
		if (strcmp(chain->in_place_on[i], "all") == 0 ||
		    strcmp(chain->in_place_on[i], chain->stages[stage].name) == 0)
			return true;
	}
	return false;
}

static int64_t longest_delay_ms(const struct stagger_chain *chain)
{
	int64_t longest_ms = 0;

	for (int32_t i = 1; i < chain->n_stages; i++) {
		if (chain->stages[i].delay_ms > longest_ms)
			longest_ms = chain->stages[i].delay_ms;
	}
	return longest_ms;
}

static enum stagger_status check_longest_wait(const struct stagger_chain *chain,
					      struct stagger_error *err)
{
	int64_t longest_ms = longest_delay_ms(chain);

	if (chain->longest_wait_ms == 0 || chain->longest_wait_ms >= longest_ms)
		return STAGGER_OK;
	char wait[DURATION_TEXT];
	char delay[DURATION_TEXT];
	return fail(err, STAGGER_INVALID,
		    "chain '%s': longest_wait %s is shorter than the longest delay %s", chain->name,
		    duration_format(chain->longest_wait_ms, wait),
		    duration_format(longest_ms, delay));
}

static void adopt(struct stagger_chain *chain, struct names *names)
{
	int64_t delay_ms = longest_delay_ms(chain);

	for (int32_t i = 0; i < chain->n_stages; i++) {
		free(chain->stages[i].topic);
		chain->stages[i].topic = names->stages[i];
		chain->stages[i].in_place = is_in_place(chain, i);
	}
	for (size_t i = 0; i < chain->n_routes; i++) {
		free(chain->routes[i].topic);
		chain->routes[i].topic = names->routes[i];
	}
	chain->dead_letter_topic = names->dead_letter;
	if (chain->longest_wait_ms == 0) {
		int64_t jitter_ms = (int64_t)((double)delay_ms * chain->jitter);

		chain->longest_wait_ms = add_saturated(delay_ms, jitter_ms);
		if (chain->longest_wait_ms < LEAST_LONGEST_WAIT_MS)
			chain->longest_wait_ms = LEAST_LONGEST_WAIT_MS;
	}
	chain->sealed = true;
}

enum stagger_status chain_seal(struct stagger_chain *chain, const char *group,
			       struct stagger_error *err)
{
	bool by_default = chain->n_stages == 1 && !chain->no_stages;
	struct names names = {0};
	enum stagger_status status = STAGGER_OK;

	if (chain->sealed)
		return fail(err, STAGGER_STATE, "chain '%s' was given away", chain->name);
	if (by_default)
		status = add_default_stages(chain, err);
	if (status == STAGGER_OK)
		status = check_longest_wait(chain, err);
	if (status == STAGGER_OK)
		status = check_in_place_on(chain, err);
	if (status == STAGGER_OK)
		status = resolve(chain, group, &names, err);
	if (status == STAGGER_OK)
		status = check_loops(chain, &names, err);
	if (status == STAGGER_OK) {
		adopt(chain, &names);
		return STAGGER_OK;
	}
	free_names(&names);
	if (by_default)
		drop_stages(chain);
	return status;
}
