/* SPDX-License-Identifier: Apache-2.0
 *
 * A map's keys against the table: each is a row's, a map of rows, or a finding with the nearest
 * right one. */
#include "config/bind.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_PATH 128
#define MAX_ADVICE 100 /* findings of a file that get a did-you-mean: it compares with each key */

struct node *bind_given(const struct given *given, enum key_scope scope, const char *path)
{
	size_t row = key_find(scope, path);

	return row < config_n_keys ? given->value[row] : NULL;
}

/* The path of a key that stands elsewhere in this scope under the same name: "retry.jitter" for
 * "jitter" written in the wrong place; or NULL. */
static const char *elsewhere(enum key_scope scope, const char *name)
{
	for (size_t i = 0; i < config_n_keys; i++) {
		const char *path = key_local_path(&config_keys[i]);
		const char *last = strrchr(path, '.');
		if (config_keys[i].scope == scope && last != NULL && strcmp(last + 1, name) == 0)
			return path;
	}
	return NULL;
}

/* "retry.jitter" -> " (write 'retry: {jitter: ...}')" */
static void advise_maps(const char *name, char *text, size_t room)
{
	size_t used = 0;
	size_t depth = 0;

	text_add(text, room, &used, " (write '");
	for (; *name != '\0'; name++) {
		depth += *name == '.';
		text_add(text, room, &used, *name == '.' ? ": {" : "%c", *name);
	}
	text_add(text, room, &used, ": ...");
	for (; depth > 0; depth--)
		text_add(text, room, &used, "}");
	text_add(text, room, &used, "')");
}

static void advise(enum key_scope scope, const char *path, const char *name, char *text,
		   size_t room)
{
	char names[KEYS_MAX][KEYS_MAX_NAME];
	const char *list[KEYS_MAX];
	size_t used = 0;
	size_t n = key_children(scope, path, names, KEYS_MAX);

	for (size_t i = 0; i < n; i++)
		list[i] = names[i];
	const char *near = text_nearest(name, list, n);
	const char *there = elsewhere(scope, name);
	if (strcmp(name, "<<") == 0)
		text_add(text, room, &used, " (maps are not merged: use 'defaults')");
	else if (strchr(name, '.') != NULL && key_find(scope, name) < config_n_keys)
		advise_maps(name, text, room);
	else if (near != NULL)
		text_add(text, room, &used, " (did you mean '%s'?)", near);
	else if (key_find(scope, name) < config_n_keys || there != NULL)
		text_add(text, room, &used, " (there is '%s')", there != NULL ? there : name);
	else if (key_find(KEY_CHAIN, name) < config_n_keys || key_is_map(KEY_CHAIN, name))
		text_add(text, room, &used, " (it is a chain's: 'chains: {NAME: {%s: ...}}')",
			 name);
	else if (key_find(KEY_TOP, name) < config_n_keys || key_is_map(KEY_TOP, name))
		text_add(text, room, &used, " (it stands at the top of the file)");
}

static void refuse_unknown(struct bind *b, enum key_scope scope, const char *path,
			   const char *title, const struct pair *pair)
{
	char advice[128] = "";
	const char *name = pair->key->text;
	const char *in = path[0] != '\0' ? path : title;

	if (b->report->n_findings < MAX_ADVICE)
		advise(scope, path, name, advice, sizeof(advice));
	const char *mark = path[0] != '\0' ? "'" : "";
	report_add(b->report, pair->key->place, "unknown key '%s'%s%s%s%s%s", name,
		   in[0] != '\0' ? " in " : "", mark, in, mark, advice);
}

static void collect(struct bind *b, enum key_scope scope, const char *path, const char *title,
		    const struct node *map, struct given *given);

static void take_pair(struct bind *b, enum key_scope scope, const char *path, const char *title,
		      const struct pair *pair, struct given *given)
{
	char full[MAX_PATH] = "";
	size_t used = 0;
	bool fits = text_add(full, sizeof(full), &used, "%s%s%s", path, path[0] != '\0' ? "." : "",
			     pair->key->text);
	size_t row = fits ? key_find(scope, full) : config_n_keys;
	bool dotted = strchr(pair->key->text, '.') != NULL;

	if (row < config_n_keys && !dotted && config_keys[row].refused != NULL) {
		report_add(b->report, pair->key->place, "'%s' is not in this version: %s", full,
			   config_keys[row].refused);
	} else if (row < config_n_keys && !dotted) {
		given->key[row] = pair->key;
		given->value[row] = pair->value;
	} else if (fits && !dotted && key_is_map(scope, full)) {
		if (value_is(b, full, pair->value, NODE_MAP, TREE_MAX_PAIRS))
			collect(b, scope, full, title, pair->value, given);
	} else {
		refuse_unknown(b, scope, path, title, pair);
	}
}

static void collect(struct bind *b, enum key_scope scope, const char *path, const char *title,
		    const struct node *map, struct given *given)
{
	for (size_t i = 0; i < map->n_pairs; i++)
		take_pair(b, scope, path, title, &map->pairs[i], given);
}

void bind_collect(struct bind *b, enum key_scope scope, const char *title, const struct node *map,
		  struct given *given)
{
	collect(b, scope, "", title, map, given);
}

void bind_fields(struct bind *b, enum key_scope scope, const struct given *given, void *options)
{
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		if (key->scope == scope && given->value[i] != NULL && key->type != KEY_LIST &&
		    key->type != KEY_MAP)
			value_read(b, key, given->value[i], options);
	}
}
