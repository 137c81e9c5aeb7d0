/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is checked where it is declared, so that an error names the call that is wrong; only
 * what needs the group or the whole chain (names, loops, the longest wait) is for
 * chain_seal(). */
#define _GNU_SOURCE
#include "core/chain_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "core/topics.h"

#define MAX_VISITS 100

enum stagger_status chain_fail(const struct stagger_chain *chain, enum stagger_status status,
			       const struct stagger_error *inner, struct stagger_error *err)
{
	fail(err, status, "chain '%s': %s", chain->name, inner->text);
	if (err != NULL)
		err->column = inner->column;
	return status;
}

bool chain_copy(char **to, const char *text)
{
	if (text == NULL)
		return true;
	*to = strdup(text);
	return *to != NULL;
}

enum stagger_status chain_check_topic(const struct stagger_chain *chain, const char *pattern,
				      bool of_stage, struct stagger_error *err)
{
	const struct topic_words words = {
		.topic = chain->topic,
		.group = "g",
		.chain = chain->name,
		.delay = of_stage ? "1m" : NULL,
		.n = of_stage ? "1" : NULL,
	};
	struct stagger_error inner = {0};
	char *name = NULL;
	enum stagger_status status = topic_expand(&name, pattern, &words, &inner);

	free(name);
	return status == STAGGER_OK ? STAGGER_OK : chain_fail(chain, status, &inner, err);
}

static bool name_valid(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return size >= 1 && size <= CHAIN_MAX_NAME && name[size] == '\0';
}

enum stagger_status stagger_chain_new(struct stagger_chain **out, const char *name,
				      const struct stagger_chain_options *o,
				      struct stagger_error *err)
{
	if (name == NULL || !name_valid(name))
		return fail(err, STAGGER_INVALID, "chain '%s': a name is [a-z0-9_-]{1,%d}",
			    name != NULL ? name : "", CHAIN_MAX_NAME);
	if (o != NULL && o->size == 0)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': options of size 0: start from STAGGER_CHAIN_OPTIONS_INIT",
			    name);
	struct stagger_chain_options own = {0};
	if (o != NULL)
		memcpy(&own, o, o->size < sizeof(own) ? o->size : sizeof(own));
	struct stagger_chain *chain = calloc(1, sizeof(*chain));
	if (chain == NULL)
		return fail_memory(err);
	chain->stages = calloc(CHAIN_MAX_STAGES + 1, sizeof(*chain->stages));
	if (chain->stages == NULL || !chain_copy(&chain->name, name) ||
	    !chain_copy(&chain->stages[CHAIN_MAIN].name, "main")) {
		stagger_chain_free(&chain);
		return fail_memory(err);
	}
	chain->stages[CHAIN_MAIN].visits = 1;
	chain->n_stages = 1;
	enum stagger_status status = chain_take_options(chain, &own, err);
	if (status != STAGGER_OK) {
		stagger_chain_free(&chain);
		return status;
	}
	*out = chain;
	return STAGGER_OK;
}

static enum stagger_status check_open(const struct stagger_chain *chain, struct stagger_error *err)
{
	if (chain == NULL)
		return fail(err, STAGGER_INVALID, "there is no chain");
	if (chain->sealed)
		return fail(err, STAGGER_STATE, "chain '%s' was given away", chain->name);
	return STAGGER_OK;
}

static bool stage_name_valid(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return size >= 1 && size <= CHAIN_MAX_NAME && name[size] == '\0';
}

/* The name must tell stages apart: in envelopes it says where a message waits. */
static enum stagger_status check_stage_name(const struct stagger_chain *chain, const char *name,
					    struct stagger_error *err)
{
	if (!stage_name_valid(name))
		return fail(err, STAGGER_INVALID,
			    "chain '%s': stage '%s': a name is [a-z0-9._-]{1,%d}", chain->name,
			    name, CHAIN_MAX_NAME);
	if (strcmp(name, "dlt") == 0 || strcmp(name, "all") == 0)
		return fail(err, STAGGER_INVALID, "chain '%s': no stage may be named '%s'",
			    chain->name, name);
	if (chain_stage_named(chain, bytes_text(name)) != CHAIN_DLT)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': two stages are named '%s': give one a name, or use "
			    "attempts or another delay",
			    chain->name, name);
	return STAGGER_OK;
}

static enum stagger_status check_stage(const struct stagger_chain *chain,
				       const struct stagger_stage_options *o,
				       struct stagger_error *err)
{
	if (chain->no_stages)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': a stage after STAGGER_OFF: it has none", chain->name);
	if (o->delay_ms == STAGGER_OFF && chain->n_stages > 1)
		return fail(err, STAGGER_INVALID, "chain '%s': STAGGER_OFF must be the only stage",
			    chain->name);
	if (o->delay_ms == STAGGER_OFF)
		return STAGGER_OK;
	if (o->delay_ms < 1 || o->delay_ms > CHAIN_LONGEST_DELAY_MS)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': a stage's delay of %lld ms is not within 1 ms..365d",
			    chain->name, (long long)o->delay_ms);
	if (o->attempts < 0 || o->attempts > MAX_VISITS)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': %d attempts of a stage are not within 1..%d", chain->name,
			    (int)o->attempts, MAX_VISITS);
	if (chain->n_stages > CHAIN_MAX_STAGES)
		return fail(err, STAGGER_INVALID, "chain '%s': more than %d stages", chain->name,
			    CHAIN_MAX_STAGES);
	return o->topic != NULL ? chain_check_topic(chain, o->topic, true, err) : STAGGER_OK;
}

static enum stagger_status add_stage(struct stagger_chain *chain,
				     const struct stagger_stage_options *o,
				     struct stagger_error *err)
{
	struct chain_stage stage = {
		.delay_ms = o->delay_ms,
		.visits = o->attempts != 0 ? o->attempts : 1,
		.retired = o->retired,
	};
	char delay[DURATION_TEXT];
	char by_delay[sizeof("retry.") + DURATION_TEXT];

	snprintf(by_delay, sizeof(by_delay), "retry.%s", duration_format(o->delay_ms, delay));
	const char *name = o->name != NULL ? o->name : by_delay;
	enum stagger_status status = check_stage_name(chain, name, err);
	if (status != STAGGER_OK)
		return status;
	if (!chain_copy(&stage.name, name) || !chain_copy(&stage.topic, o->topic)) {
		free(stage.name);
		return fail_memory(err);
	}
	chain->stages[chain->n_stages++] = stage;
	return STAGGER_OK;
}

enum stagger_status stagger_chain_stage_with(struct stagger_chain *chain,
					     const struct stagger_stage_options *o,
					     struct stagger_error *err)
{
	struct stagger_stage_options own = STAGGER_STAGE_OPTIONS_INIT;
	enum stagger_status status = check_open(chain, err);

	if (status != STAGGER_OK)
		return status;
	if (o == NULL || o->size == 0)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': a stage without options, start from "
			    "STAGGER_STAGE_OPTIONS_INIT",
			    chain->name);
	memcpy(&own, o, o->size < sizeof(own) ? o->size : sizeof(own));
	status = check_stage(chain, &own, err);
	if (status != STAGGER_OK)
		return status;
	if (own.delay_ms == STAGGER_OFF) {
		chain->no_stages = true;
		return STAGGER_OK;
	}
	return add_stage(chain, &own, err);
}

enum stagger_status stagger_chain_stage(struct stagger_chain *chain, int64_t delay_ms,
					int32_t attempts, const char *topic,
					struct stagger_error *err)
{
	struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;

	o.delay_ms = delay_ms;
	o.attempts = attempts;
	o.topic = topic;
	return stagger_chain_stage_with(chain, &o, err);
}

/* Reads a pattern of a list that holds n already. */
static enum stagger_status take_pattern(const struct stagger_chain *chain, struct match *out,
					size_t n, const char *pattern, struct stagger_error *err)
{
	if (n == CHAIN_MAX_PATTERNS)
		return fail(err, STAGGER_INVALID, "chain '%s': more than %d patterns of a kind",
			    chain->name, CHAIN_MAX_PATTERNS);
	struct stagger_error inner = {0};
	enum stagger_status status = match_parse(out, pattern, &inner);
	return status == STAGGER_OK ? STAGGER_OK : chain_fail(chain, status, &inner, err);
}

static enum stagger_status add_pattern(const struct stagger_chain *chain, struct match **list,
				       size_t *n, const char *pattern, struct stagger_error *err)
{
	struct match match;
	enum stagger_status status = take_pattern(chain, &match, *n, pattern, err);

	if (status != STAGGER_OK)
		return status;
	if (*list == NULL)
		*list = calloc(CHAIN_MAX_PATTERNS, sizeof(**list));
	if (*list == NULL) {
		match_clear(&match);
		return fail_memory(err);
	}
	(*list)[(*n)++] = match;
	return STAGGER_OK;
}

enum stagger_status stagger_chain_never(struct stagger_chain *chain, const char *pattern,
					struct stagger_error *err)
{
	enum stagger_status status = check_open(chain, err);

	if (status != STAGGER_OK)
		return status;
	if (chain->n_only > 0)
		return fail(err, STAGGER_INVALID, "chain '%s': never and only exclude each other",
			    chain->name);
	return add_pattern(chain, &chain->never, &chain->n_never, pattern, err);
}

enum stagger_status stagger_chain_only(struct stagger_chain *chain, const char *pattern,
				       struct stagger_error *err)
{
	enum stagger_status status = check_open(chain, err);

	if (status != STAGGER_OK)
		return status;
	if (chain->n_never > 0)
		return fail(err, STAGGER_INVALID, "chain '%s': never and only exclude each other",
			    chain->name);
	return add_pattern(chain, &chain->only, &chain->n_only, pattern, err);
}

enum stagger_status stagger_chain_route(struct stagger_chain *chain, const char *pattern,
					const char *topic, struct stagger_error *err)
{
	enum stagger_status status = check_open(chain, err);

	if (status != STAGGER_OK)
		return status;
	if (chain->stop_instead_of_dead_letter)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': a route, but it stops instead of dead letters",
			    chain->name);
	if (topic == NULL)
		return fail(err, STAGGER_INVALID, "chain '%s': a route without a topic",
			    chain->name);
	struct chain_route route = {0};
	status = chain_check_topic(chain, topic, false, err);
	if (status == STAGGER_OK)
		status = take_pattern(chain, &route.match, chain->n_routes, pattern, err);
	if (status != STAGGER_OK)
		return status;
	if (chain->routes == NULL)
		chain->routes = calloc(CHAIN_MAX_PATTERNS, sizeof(*chain->routes));
	if (chain->routes == NULL || !chain_copy(&route.topic, topic)) {
		match_clear(&route.match);
		return fail_memory(err);
	}
	chain->routes[chain->n_routes++] = route;
	return STAGGER_OK;
}

static void free_patterns(struct match *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		match_clear(&list[i]);
	free(list);
}

void stagger_chain_free(struct stagger_chain **chain)
{
	struct stagger_chain *c = chain != NULL ? *chain : NULL;

	if (c == NULL)
		return;
	for (int32_t i = 0; c->stages != NULL && i <= CHAIN_MAX_STAGES; i++) {
		free(c->stages[i].name);
		free(c->stages[i].topic);
	}
	for (size_t i = 0; i < c->n_routes; i++) {
		match_clear(&c->routes[i].match);
		free(c->routes[i].topic);
	}
	free_patterns(c->never, c->n_never);
	free_patterns(c->only, c->n_only);
	for (size_t i = 0; c->in_place_on != NULL && c->in_place_on[i] != NULL; i++)
		free(c->in_place_on[i]);
	free(c->in_place_on);
	free(c->routes);
	free(c->stages);
	free(c->name);
	free(c->topic);
	free(c->retry_template);
	free(c->dead_letter_template);
	free(c->dead_letter_topic);
	free(c->value_content_type);
	free(c->key_content_type);
	free(c);
	*chain = NULL;
}

int32_t chain_stage_of(const struct stagger_chain *chain, const char *topic)
{
	for (int32_t i = 0; i < chain->n_stages; i++) {
		if (strcmp(chain->stages[i].topic, topic) == 0)
			return i;
	}
	return CHAIN_DLT;
}

int32_t chain_stage_named(const struct stagger_chain *chain, struct stagger_bytes name)
{
	for (int32_t i = 0; i < chain->n_stages; i++) {
		if (bytes_is(name, chain->stages[i].name))
			return i;
	}
	return CHAIN_DLT;
}

int64_t chain_jitter_ms(const struct stagger_chain *chain, int32_t stage)
{
	int64_t jitter_ms = (int64_t)((double)chain->stages[stage].delay_ms * chain->jitter);

	return jitter_ms < chain->jitter_max_ms ? jitter_ms : chain->jitter_max_ms;
}

const char *chain_dead_letter_route(const struct stagger_chain *chain, const char *error_class,
				    const char *error_code)
{
	for (size_t i = 0; i < chain->n_routes; i++) {
		if (match_fits(&chain->routes[i].match, error_class, error_code))
			return chain->routes[i].topic;
	}
	return NULL;
}
