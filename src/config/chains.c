/* SPDX-License-Identifier: Apache-2.0
 *
 * The chains of a file: defaults below each one, key by key, then the same calls that a program in
 * C makes. What those refuse is mapped back to the node that said it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "config/chains_parts.h"
#include "core/chains.h"
#include "core/topics.h"

struct chain_field {
	const char *path;
	bool of_stage; /* {delay} and {n} mean something */
};

static void merge(struct given *into, const struct given *defaults)
{
	for (size_t i = 0; i < config_n_keys; i++) {
		if (into->value[i] != NULL)
			continue;
		into->key[i] = defaults->key[i];
		into->value[i] = defaults->value[i];
	}
}

struct node *chain_given(const struct chain_build *x, const char *path)
{
	return bind_given(&x->given, KEY_CHAIN, path);
}

struct topic_words chain_words(const struct chain_build *x, bool of_stage)
{
	return (struct topic_words){
		.topic = x->o.topic != NULL ? x->o.topic : x->name,
		.group = x->b->group != NULL ? x->b->group : "g",
		.chain = x->name,
		.delay = of_stage ? "1m" : NULL,
		.n = of_stage ? "1" : NULL,
	};
}

/* The main topic may be a template here, of what is known before it. */
static void read_topic(struct chain_build *x)
{
	struct node *node = chain_given(x, "topic");
	struct topic_words words = chain_words(x, false);
	char *name = NULL;

	words.topic = NULL;
	x->o.topic = NULL;
	if (node == NULL || !value_topic(x->b, "topic", node, &words))
		return;
	if (topic_expand(&name, node->text, &words, NULL) == STAGGER_OK)
		x->o.topic = arena_text(x->b->arena, bytes_text(name));
	else
		x->b->arena->failed = true;
	free(name);
}

static void read_fields(struct chain_build *x)
{
	static const struct chain_field topics[] = {
		{ "retry.topic", true },
		{ "dead_letter.topic", false },
	};

	bind_fields(x->b, KEY_CHAIN, &x->given, &x->o);
	read_topic(x);
	for (size_t i = 0; i < 2; i++) {
		struct topic_words words = chain_words(x, topics[i].of_stage);
		struct node *node = chain_given(x, topics[i].path);
		if (node != NULL)
			value_topic(x->b, topics[i].path, node, &words);
	}
	struct node *delay = chain_given(x, "retry.in_place.delay");
	if (delay != NULL && !delay->refused && x->o.in_place_delay_ms == 0)
		x->o.in_place_backoff = STAGGER_BACKOFF_IMMEDIATE;
}

/* "chain 'orders': longest_wait 1m is ..." -> "longest_wait 1m is ..." */
static const char *without_chain(const char *text)
{
	const char *end = strncmp(text, "chain '", 7) == 0 ? strstr(text, "': ") : NULL;

	return end != NULL ? end + 3 : text;
}

void chain_refuse(struct chain_build *x, const struct node *node, const char *path,
		  const struct stagger_error *err)
{
	struct stagger_error plain = *err;
	const char *text = without_chain(err->text);

	memmove(plain.text, plain.text + (text - err->text), strlen(text) + 1);
	bind_refuse(x->b, node, path, &plain);
	x->bad = true;
}

/* The row whose option in C a text begins with, less its unit. */
static size_t row_named_first(const char *text)
{
	for (size_t i = 0; i < config_n_keys; i++) {
		const char *option = config_keys[i].option;
		if (config_keys[i].scope != KEY_CHAIN || option == NULL)
			continue;
		size_t size = strlen(option);
		if (size > 3 && strcmp(option + size - 3, "_ms") == 0)
			size -= 3;
		if (strncmp(text, option, size) == 0 && (text[size] == ' ' || text[size] == ':') &&
		    text[size + 1] != '\'')
			return i;
	}
	return config_n_keys;
}

/* What a function says of the whole chain: at the value it names, else at the chain. */
static void refuse_whole(struct chain_build *x, const struct stagger_error *err)
{
	size_t row = row_named_first(without_chain(err->text));
	const struct node *node = row < config_n_keys ? x->given.value[row] : NULL;

	x->bad = true;
	if (node != NULL)
		chain_refuse(x, node, config_keys[row].path, err);
	else if (err->status == STAGGER_NO_MEMORY)
		x->b->arena->failed = true;
	else
		report_add(x->b->report, x->key->place, "%s", err->text);
}

/* A delay out of `${...}`: also within a stage's map. */
static bool stages_secret(const struct chain_build *x)
{
	for (size_t i = 0; i < x->n_stages; i++)
		if (node_secret(x->stage_nodes[i]))
			return true;
	return false;
}

static void mark(struct chain_build *x)
{
	struct config_inside *inside = x->b->config->inside;
	struct chain_marks *marks = arena_take(x->b->arena, sizeof(*marks));
	size_t n = x->b->config->n_chains;
	struct chain_marks **list =
		arena_more(x->b->arena, inside->chains, n, sizeof(struct chain_marks *));

	if (marks == NULL || list == NULL)
		return;
	marks->o = x->o;
	for (size_t i = 0; i < config_n_keys; i++) {
		marks->given[i] = x->given.value[i] != NULL;
		marks->secret[i] = node_secret(x->given.value[i]);
	}
	marks->secret[key_find(KEY_CHAIN, "retry.stages")] = stages_secret(x);
	inside->chains = list;
	list[n] = marks;
}

static void keep(struct chain_build *x, struct stagger_chain *chain)
{
	struct config *c = x->b->config;
	struct stagger_chain **list =
		arena_more(x->b->arena, c->chains, c->n_chains, sizeof(struct stagger_chain *));

	mark(x);
	if (x->b->arena->failed) {
		stagger_chain_free(&chain);
		return;
	}
	c->chains = list;
	list[c->n_chains++] = chain;
}

static bool seal(struct chain_build *x, struct stagger_chain *chain)
{
	const struct config *c = x->b->config;
	struct stagger_error err = { 0 };

	if (x->b->group == NULL)
		return false;
	if (chain_seal(chain, x->b->group, &err) != STAGGER_OK) {
		refuse_whole(x, &err);
		return false;
	}
	for (size_t i = 0; i < c->n_chains; i++) {
		if (chains_apart(c->chains[i], chain, &err) == STAGGER_OK)
			continue;
		report_add(x->b->report, x->key->place, "%s", err.text);
		return false;
	}
	return true;
}

static void build(struct chain_build *x)
{
	struct stagger_chain *chain = NULL;
	struct stagger_error err = { 0 };

	if (stagger_chain_new(&chain, x->name, &x->o, &err) != STAGGER_OK) {
		refuse_whole(x, &err);
		return;
	}
	stages_add(x, chain);
	patterns_add(x, chain);
	if (!x->bad && seal(x, chain))
		keep(x, chain);
	else
		stagger_chain_free(&chain);
}

/* Whether a node that this chain uses was refused, here or where the defaults were read. */
static bool any_refused(const struct chain_build *x)
{
	for (size_t i = 0; i < config_n_keys; i++)
		if (x->given.value[i] != NULL && x->given.value[i]->refused)
			return true;
	return false;
}

static void read_values(struct chain_build *x)
{
	x->o = (struct stagger_chain_options)STAGGER_CHAIN_OPTIONS_INIT;
	read_fields(x);
	stages_read(x);
	on_read(x);
	patterns_read(x);
	x->bad = x->bad || any_refused(x);
}

static void chain_read(struct bind *b, const struct pair *pair, const struct given *defaults)
{
	char title[CHAIN_MAX_NAME + sizeof("chain ''")];
	struct chain_build x = { .b = b, .key = pair->key, .name = pair->key->text };
	size_t used = 0;

	text_add(title, sizeof(title), &used, "chain '%s'", x.name);
	if (!value_is(b, title, pair->value, NODE_MAP, TREE_MAX_PAIRS))
		return;
	bind_collect(b, KEY_CHAIN, title, pair->value, &x.given);
	x.routes[0] = chain_given(&x, "dead_letter.routes");
	x.routes[1] = bind_given(defaults, KEY_CHAIN, "dead_letter.routes");
	merge(&x.given, defaults);
	read_values(&x);
	if (!x.bad)
		build(&x);
}

/* What is wrong in the defaults is wrong once, not in every chain. */
static void defaults_read(struct bind *b, const struct given *given, struct given *defaults)
{
	size_t row = key_find(KEY_TOP, "defaults");
	struct node *map = given->value[row];

	if (map == NULL || !value_is(b, "defaults", map, NODE_MAP, TREE_MAX_PAIRS))
		return;
	bind_collect(b, KEY_CHAIN, "'defaults'", map, defaults);
	struct chain_build x = { .b = b, .key = given->key[row], .name = "c", .given = *defaults };
	x.routes[1] = bind_given(defaults, KEY_CHAIN, "dead_letter.routes");
	read_values(&x);
}

void chains_read(struct bind *b, const struct given *given)
{
	struct given defaults = { 0 };
	size_t row = key_find(KEY_TOP, "chains");
	struct node *map = given->value[row];

	defaults_read(b, given, &defaults);
	if (map == NULL || (map->kind != NODE_SCALAR && map->n_pairs + map->n_items == 0)) {
		report_missing(b->report,
			       map != NULL ? given->key[row]->place : (struct place){ 0, 0 },
			       "chains:\n  orders: {}\n", "there is no chain, add");
		return;
	}
	if (!value_is(b, "chains", map, NODE_MAP, CONFIG_MAX_CHAINS))
		return;
	for (size_t i = 0; i < map->n_pairs; i++)
		chain_read(b, &map->pairs[i], &defaults);
}
