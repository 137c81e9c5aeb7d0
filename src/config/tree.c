/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into a tree. */
#include "config/tree.h"

#include <string.h>

struct node *tree_get(const struct node *map, const char *key)
{
	for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->n_pairs; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

struct place node_part(const struct node *node, size_t at, size_t size)
{
	if (!node->exact || at > node->place.size)
		return node->place;
	if (size > node->place.size - at)
		size = node->place.size - at;
	return (struct place){ node->place.at + at, size };
}

bool node_secret(const struct node *node)
{
	if (node == NULL)
		return false;
	for (size_t i = 0; i < node->n_items; i++)
		if (node->items[i]->expanded)
			return true;
	for (size_t i = 0; i < node->n_pairs; i++)
		if (node->pairs[i].value->expanded)
			return true;
	return node->expanded || node->secret;
}
