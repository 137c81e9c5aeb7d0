/* SPDX-License-Identifier: Apache-2.0
 *
 * Tree x table -> options: the files that fill a config share this. Nothing here fails: what is
 * wrong becomes a finding, and reading goes on. */
#ifndef CONFIG_BIND_H
#define CONFIG_BIND_H

#include "config/config.h"
#include "config/keys.h"
#include "config/tree.h"

/* What a chain's keys were, for config_show(). */
struct chain_marks {
	bool given[KEYS_MAX]; /* by row of the table */
	bool secret[KEYS_MAX];
	struct stagger_chain_options o;
};
struct config_inside {
	struct arena arena;
	struct secrets secrets;
	bool given[KEYS_MAX], secret[KEYS_MAX]; /* of the file's own keys */
	struct chain_marks **chains;            /* as config.chains */
};
struct bind {
	struct config *config;
	struct arena *arena;
	struct report *report;
	const char *group; /* in force; NULL while unknown */
};

/* The keys of one map, by row of the table. */
struct given {
	struct node *key[KEYS_MAX], *value[KEYS_MAX];
};
/* Sorts a map's keys into rows; what is unknown or refused becomes a finding. title says in
 * findings what the map is ("chain 'orders'"), "" for the file. */
void bind_collect(struct bind *b, enum key_scope scope, const char *title, const struct node *map,
		  struct given *given);
/* Reads every row of the scope that has a field and one value into options. */
void bind_fields(struct bind *b, enum key_scope scope, const struct given *given, void *options);
/* The value given for a path, or NULL. */
struct node *bind_given(const struct given *given, enum key_scope scope, const char *path);
/* A finding about a node that a function outside this room made, err its words. */
void bind_refuse(struct bind *b, const struct node *node, const char *path,
		 const struct stagger_error *err);

/* values.c: one scalar of the key's type into its field. False after a finding. */
bool value_read(struct bind *b, const struct config_key *key, struct node *node, void *options);
/* The text of a scalar, or NULL after a finding. what: "'kafka.x'" for findings. */
const char *value_text(struct bind *b, const char *path, struct node *node);
/* A list's or map's node of that kind, of at most max elements. False after a finding. */
bool value_is(struct bind *b, const char *path, struct node *node, enum node_kind kind,
	      int64_t max);
/* Whether a topic or template would do, with the chain's real words. */
struct topic_words;
bool value_topic(struct bind *b, const char *path, struct node *node,
		 const struct topic_words *words);

/* settings.c: all of the file but its chains. */
void settings_read(struct bind *b, const struct given *given);
/* chains.c: config->chains. */
void chains_read(struct bind *b, const struct given *given);

#endif
