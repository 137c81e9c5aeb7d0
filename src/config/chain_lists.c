/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chain has many of: stages, patterns, routes. `{delay}` is the delay as it was written, so
 * `60s` and `1m` are other stages with other topics. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/text.h"
#include "config/chains_parts.h"

#define RETRY_TEMPLATE "{topic}.{group}.retry.{delay}"
#define MAX_TEMPLATE 1024

static const int64_t default_delays_ms[] = { 60000, 300000, 1800000 };

/* -- stages ------------------------------------------------------------------------------ */
static char *joined(struct bind *b, const char *before, const char *text)
{
	char both[512];
	size_t used = 0;

	if (!text_add(both, sizeof(both), &used, "%s%s", before, text))
		return NULL;
	return arena_text(b->arena, bytes_text(both));
}

/* A template with every {delay} put in. */
static const char *with_delay(struct bind *b, const char *template, const char *delay)
{
	static const char word[] = "{delay}";
	char text[MAX_TEMPLATE];
	size_t used = 0;

	for (;;) {
		const char *at = strstr(template, word);
		size_t plain = at != NULL ? (size_t)(at - template) : strlen(template);
		if (!text_add(text, sizeof(text), &used, "%.*s%s", (int)plain, template,
			      at != NULL ? delay : ""))
			return template;
		if (at == NULL)
			return arena_text(b->arena, bytes_text(text));
		template = at + strlen(word);
	}
}

/* Names and topics know the delay as core writes it: one written in another way brings its own. */
static void keep_delay_as_written(struct chain_build *x, struct stagger_stage_options *stage,
				  const char *written)
{
	char usual[DURATION_TEXT];
	const char *template = stage->topic;

	if (strcmp(duration_format(stage->delay_ms, usual), written) == 0)
		return;
	if (template == NULL)
		template = x->o.retry_topic != NULL ? x->o.retry_topic : RETRY_TEMPLATE;
	if (strstr(template, "{delay}") != NULL)
		stage->topic = with_delay(x->b, template, written);
	if (stage->name == NULL)
		stage->name = joined(x->b, "retry.", written);
}

static void read_stage_map(struct chain_build *x, struct node *node,
			   struct stagger_stage_options *stage, struct node **delay)
{
	struct given given = { 0 };
	struct topic_words words = chain_words(x, true);

	bind_collect(x->b, KEY_STAGE, "a stage", node, &given);
	bind_fields(x->b, KEY_STAGE, &given, stage);
	*delay = bind_given(&given, KEY_STAGE, "delay");
	struct node *topic = bind_given(&given, KEY_STAGE, "topic");
	if (topic != NULL && !topic->refused)
		value_topic(x->b, "retry.stages[].topic", topic, &words);
	for (size_t i = 0; i < config_n_keys; i++)
		if (given.value[i] != NULL && given.value[i]->refused)
			x->bad = true;
	if (*delay == NULL) {
		x->bad = true;
		report_missing(x->b->report, node->place, "delay: 1m\n",
			       "a stage without 'delay', add");
	}
}

static void read_stage(struct chain_build *x, struct node *node)
{
	struct stagger_stage_options stage = STAGGER_STAGE_OPTIONS_INIT;
	struct node *delay = node;

	if (node->kind == NODE_MAP)
		read_stage_map(x, node, &stage, &delay);
	else if (!value_read(x->b, &config_keys[key_find(KEY_STAGE, "delay")], node, &stage))
		x->bad = true;
	if (x->bad)
		return;
	keep_delay_as_written(x, &stage, delay->text);
	x->stages[x->n_stages] = stage;
	x->stage_nodes[x->n_stages++] = node;
}

void stages_read(struct chain_build *x)
{
	struct node *list = chain_given(x, "retry.stages");

	if (list == NULL || !value_is(x->b, "retry.stages", list, NODE_LIST, CHAIN_MAX_STAGES))
		return;
	for (size_t i = 0; i < list->n_items; i++)
		read_stage(x, list->items[i]);
}

void stages_add(struct chain_build *x, struct stagger_chain *chain)
{
	struct node *list = chain_given(x, "retry.stages");
	struct stagger_error err = { 0 };

	if (list != NULL && list->n_items == 0 &&
	    stagger_chain_stage(chain, STAGGER_OFF, 0, NULL, &err) != STAGGER_OK)
		chain_refuse(x, list, "retry.stages", &err);
	for (size_t i = 0; i < x->n_stages; i++)
		if (stagger_chain_stage_with(chain, &x->stages[i], &err) != STAGGER_OK)
			chain_refuse(x, x->stage_nodes[i], "retry.stages", &err);
}

/* -- retry.in_place.on ------------------------------------------------------------------- */
/* The names of all stages, in stages[]; returns how many. */
static size_t stage_names(struct chain_build *x, const char *names[CHAIN_MAX_STAGES + 2])
{
	bool by_default = chain_given(x, "retry.stages") == NULL;
	size_t n_retries =
		by_default ? sizeof(default_delays_ms) / sizeof(default_delays_ms[0]) : x->n_stages;
	size_t n = 0;

	names[n++] = "main";
	names[n++] = "all";
	for (size_t i = 0; i < n_retries; i++) {
		char delay[DURATION_TEXT];
		const char *name = by_default ? NULL : x->stages[i].name;
		int64_t delay_ms = by_default ? default_delays_ms[i] : x->stages[i].delay_ms;
		if (name == NULL)
			name = joined(x->b, "retry.", duration_format(delay_ms, delay));
		names[n++] = name != NULL ? name : "";
	}
	return n;
}

/* "1m" is short for "retry.1m". */
static const char *find_stage(struct bind *b, const char *name, const char *const *names, size_t n)
{
	const char *full = joined(b, "retry.", name);

	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0 || (full != NULL && strcmp(names[i], full) == 0))
			return names[i];
	return NULL;
}

void on_read(struct chain_build *x)
{
	static const char path[] = "retry.in_place.on";
	struct node *list = chain_given(x, path);
	const char *names[CHAIN_MAX_STAGES + 2];

	if (list == NULL || x->bad || !value_is(x->b, path, list, NODE_LIST, CHAIN_MAX_STAGES + 1))
		return;
	const char **on = arena_take(x->b->arena, (list->n_items + 1) * sizeof(*on));
	size_t n = stage_names(x, names);
	for (size_t i = 0; on != NULL && i < list->n_items; i++) {
		struct node *item = list->items[i];
		const char *name = value_text(x->b, path, item);
		if (name != NULL && (on[i] = find_stage(x->b, name, names, n)) != NULL)
			continue;
		x->bad = true;
		if (name == NULL)
			continue;
		const char *near = item->expanded ? NULL : text_nearest(name, names, n);
		report_add(x->b->report, item->place, "%s: there is no stage '%s'%s%s%s", path,
			   name, near != NULL ? " (did you mean '" : "", near != NULL ? near : "",
			   near != NULL ? "'?)" : "");
	}
	x->o.in_place_on = on;
}

/* -- never, only, routes ----------------------------------------------------------------- */
static void check_pattern(struct chain_build *x, const struct node *node, const char *path)
{
	struct stagger_error err = { 0 };
	struct match match;

	if (match_parse(&match, node->text, &err) == STAGGER_OK)
		match_clear(&match);
	else
		chain_refuse(x, node, path, &err);
}

static void check_patterns(struct chain_build *x, const char *path)
{
	struct node *list = chain_given(x, path);

	if (list == NULL || !value_is(x->b, path, list, NODE_LIST, CHAIN_MAX_PATTERNS))
		return;
	for (size_t i = 0; i < list->n_items; i++)
		if (value_text(x->b, path, list->items[i]) == NULL)
			x->bad = true;
		else
			check_pattern(x, list->items[i], path);
}

static size_t count(const struct node *list)
{
	return list != NULL && list->kind == NODE_LIST ? list->n_items : 0;
}

static void check_routes(struct chain_build *x, struct node *map)
{
	static const char path[] = "dead_letter.routes";
	struct topic_words words = chain_words(x, false);

	if (map == NULL)
		return;
	if (!value_is(x->b, path, map, NODE_MAP, CHAIN_MAX_PATTERNS)) {
		x->bad = true;
		return;
	}
	for (size_t i = 0; i < map->n_pairs; i++) {
		check_pattern(x, map->pairs[i].key, path);
		if (!value_topic(x->b, path, map->pairs[i].value, &words))
			x->bad = true;
	}
}

void patterns_read(struct chain_build *x)
{
	const struct node *never = chain_given(x, "retry.never");
	const struct node *only = chain_given(x, "retry.only");

	check_patterns(x, "retry.never");
	check_patterns(x, "retry.only");
	if (count(never) > 0 && count(only) > 0) {
		x->bad = true;
		report_add(x->b->report, only->place,
			   "retry.only: never and only exclude each other; a list of the defaults "
			   "is taken away by an empty one, 'never: []'");
	}
	for (size_t k = 0; k < 2; k++)
		check_routes(x, x->routes[k]);
}

static void add_routes(struct chain_build *x, struct stagger_chain *chain, const struct node *map,
		       const struct node *above)
{
	struct stagger_error err = { 0 };

	for (size_t i = 0; map != NULL && i < map->n_pairs; i++) {
		const struct pair *route = &map->pairs[i];
		if (tree_get(above, route->key->text) != NULL)
			continue;
		if (stagger_chain_route(chain, route->key->text, route->value->text, &err) !=
		    STAGGER_OK)
			chain_refuse(x, route->key, "dead_letter.routes", &err);
	}
}

void patterns_add(struct chain_build *x, struct stagger_chain *chain)
{
	const struct node *never = chain_given(x, "retry.never");
	const struct node *only = chain_given(x, "retry.only");
	struct stagger_error err = { 0 };

	for (size_t i = 0; i < count(never); i++)
		if (stagger_chain_never(chain, never->items[i]->text, &err) != STAGGER_OK)
			chain_refuse(x, never->items[i], "retry.never", &err);
	for (size_t i = 0; i < count(only); i++)
		if (stagger_chain_only(chain, only->items[i]->text, &err) != STAGGER_OK)
			chain_refuse(x, only->items[i], "retry.only", &err);
	add_routes(x, chain, x->routes[0], NULL);
	add_routes(x, chain, x->routes[1], x->routes[0]);
}
