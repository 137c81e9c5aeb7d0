/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys find their values here, aliases their anchors. An alias is a second pointer, not a copy, and
 * an anchor is known from the end of its node on: a file of a few bytes can name neither a million
 * values nor itself. */
#include "config/builder.h"

#include <string.h>

#include "config/keys.h"

void builder_stop(struct builder *b, struct place place, const char *why)
{
	report_add(b->report, place, "%s", why);
	b->stop = true;
}

static struct node *node_new(struct builder *b, enum node_kind kind, struct place place)
{
	struct tree *t = b->tree;
	struct node *node = arena_take(b->arena, sizeof(*node));
	struct node **nodes = arena_more(b->arena, t->nodes, t->n_nodes, sizeof(struct node *));

	if (node == NULL || nodes == NULL) {
		b->stop = true;
		return NULL;
	}
	node->kind = kind;
	node->place = place;
	t->nodes = nodes;
	t->nodes[t->n_nodes++] = node;
	if (t->n_nodes == TREE_MAX_NODES)
		builder_stop(b, place, "more than 65535 keys and values: a chain file is smaller");
	return node;
}

static void anchor_add(struct builder *b, const char *name, struct node *node)
{
	if (name == NULL)
		return;
	struct anchor *list = arena_more(b->arena, b->anchors, b->n_anchors, sizeof(*list));
	if (list == NULL)
		return;
	b->anchors = list;
	list[b->n_anchors++] = (struct anchor){ name, node };
}

static void take_key(struct builder *b, struct frame *f, struct node *key)
{
	f->key = key;
	f->skip_value = false;
	if (key->kind != NODE_SCALAR) {
		report_add(b->report, key->place,
			   "a key is a word: no list, map or alias, and not nothing");
		f->skip_value = true;
		return;
	}
	key->is_key = true;
	if (tree_get(f->node, key->text) != NULL) {
		report_add(b->report, key->place, "the key '%s' was there before", key->text);
		f->skip_value = true;
	}
}

static void take_value(struct builder *b, struct frame *f, struct node *value)
{
	struct node *map = f->node;
	struct pair pair = { f->key, value };

	f->key = NULL;
	if (pair.key->kind == NODE_SCALAR && config_secret(pair.key->text))
		value->secret = true;
	if (f->skip_value)
		return;
	if (map->n_pairs == TREE_MAX_PAIRS) {
		builder_stop(b, pair.key->place, "more than 2048 keys in one map");
		return;
	}
	struct pair *pairs = arena_more(b->arena, map->pairs, map->n_pairs, sizeof(pair));
	if (pairs == NULL)
		return;
	map->pairs = pairs;
	pairs[map->n_pairs++] = pair;
}

/* Puts a complete or an opened node where it belongs. */
static void put(struct builder *b, struct node *node)
{
	if (b->depth == 0) {
		b->tree->root = node;
		return;
	}
	struct frame *f = &b->frames[b->depth - 1];
	struct node *parent = f->node;
	node->secret = node->secret || parent->secret;
	if (parent->kind == NODE_MAP) {
		(f->key == NULL ? take_key : take_value)(b, f, node);
		return;
	}
	struct node **items =
		arena_more(b->arena, parent->items, parent->n_items, sizeof(struct node *));
	if (items == NULL)
		return;
	parent->items = items;
	items[parent->n_items++] = node;
}

static bool is_null(const char *text)
{
	return strcmp(text, "") == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

/* Where a value would stand that is not there: at its key. */
static struct place nothing_place(const struct builder *b)
{
	if (b->depth == 0)
		return (struct place){ 0, 0 };
	const struct frame *f = &b->frames[b->depth - 1];
	return f->key != NULL ? f->key->place : f->node->place;
}

void builder_scalar(struct builder *b, const struct written *w, const char *anchor)
{
	bool nothing = w->text == NULL || (w->plain && is_null(w->text));
	struct node *node = node_new(b, nothing ? NODE_NULL : NODE_SCALAR,
				     w->text != NULL ? w->place : nothing_place(b));

	if (node == NULL)
		return;
	if (!nothing) {
		if (strlen(w->text) != w->size)
			report_add(b->report, w->place, "a text with a NUL byte in it");
		node->text = w->text;
		const char *source = b->report->source.data;
		node->exact = w->place.size == w->size &&
			      memcmp(source + w->place.at, w->text, w->size) == 0;
	}
	anchor_add(b, anchor, node);
	put(b, node);
}

void builder_open(struct builder *b, enum node_kind kind, struct place place, const char *anchor)
{
	struct node *node = node_new(b, kind, place);

	if (node == NULL)
		return;
	if (b->depth == TREE_MAX_DEPTH) {
		builder_stop(b, place, "more than 16 maps and lists within each other");
		return;
	}
	put(b, node);
	b->frames[b->depth++] = (struct frame){ .node = node, .anchor = anchor };
}

void builder_close(struct builder *b)
{
	struct frame *f = &b->frames[--b->depth];

	anchor_add(b, f->anchor, f->node);
}

void builder_alias(struct builder *b, const char *name, struct place place)
{
	const struct frame *f = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
	bool as_key = f != NULL && f->node->kind == NODE_MAP && f->key == NULL;
	struct node *node = NULL;

	for (size_t i = b->n_anchors; i > 0 && node == NULL && !as_key; i--)
		if (strcmp(b->anchors[i - 1].name, name) == 0)
			node = b->anchors[i - 1].node;
	if (node == NULL && !as_key)
		report_add(b->report, place, "there is no anchor '&%s' before this alias", name);
	if (node == NULL)
		node = node_new(b, NODE_NULL, place);
	if (node != NULL)
		put(b, node);
}

/* What follows a key, from its value on: the rest of the line, or of the file. */
static void hide_after(struct builder *b, const struct node *key, bool all)
{
	const char *source = b->report->source.data;
	size_t from = key->place.at + key->place.size;
	size_t to = b->report->source.size;

	from += strspn(source + from, "\"': ");
	if (!all)
		to = from + strcspn(source + from, "\n");
	report_mask(b->report, (struct place){ from, to - from });
}

void builder_hide_secrets(struct builder *b)
{
	for (size_t i = 0; i < b->tree->n_nodes; i++) {
		const struct node *node = b->tree->nodes[i];
		if (node->is_key && config_secret(node->text))
			hide_after(b, node, false);
		else if (node->secret)
			report_mask(b->report, node->place);
	}
	for (size_t i = 0; i < b->depth; i++) {
		const struct node *key = b->frames[i].key;
		if (key != NULL && key->is_key && config_secret(key->text))
			hide_after(b, key, true);
	}
}
