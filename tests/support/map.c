/* SPDX-License-Identifier: Apache-2.0
 *
 * The checker's hash table: see map.h. */
#include "map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_FIRST_ROOM 1024

void *map_grow(void *old, size_t n, size_t size)
{
	void *grown = n > SIZE_MAX / size ? NULL : realloc(old, n * size);
	if (grown == NULL) {
		fputs("checker: out of memory\n", stderr);
		abort();
	}
	return grown;
}

uint64_t map_hash(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash == 0 ? 1 : hash;
}

static size_t place_of(const struct map *map, struct map_key key)
{
	uint64_t hash = (key.a * 31 + key.b) * UINT64_C(0x9e3779b97f4a7c15) + key.c;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	size_t place = (size_t)(hash >> 20) & (map->room - 1);

	while (map->slots[place].value != MAP_NONE &&
	       memcmp(&map->slots[place].key, &key, sizeof(key)) != 0)
		place = (place + 1) & (map->room - 1);
	return place;
}

static void make_room(struct map *map)
{
	struct map old = *map;

	if ((map->n + 1) * 2 <= map->room)
		return;
	map->room = map->room == 0 ? MAP_FIRST_ROOM : map->room * 2;
	map->slots = map_grow(NULL, map->room, sizeof(*map->slots));
	for (size_t i = 0; i < map->room; i++)
		map->slots[i].value = MAP_NONE;
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].value != MAP_NONE)
			map->slots[place_of(map, old.slots[i].key)] = old.slots[i];
	free(old.slots);
}

size_t map_put(struct map *map, struct map_key key, size_t fresh)
{
	make_room(map);
	struct map_slot *slot = &map->slots[place_of(map, key)];
	if (slot->value == MAP_NONE) {
		slot->key = key;
		slot->value = fresh;
		map->n++;
	}
	return slot->value;
}

size_t map_get(const struct map *map, struct map_key key)
{
	return map->n == 0 ? MAP_NONE : map->slots[place_of(map, key)].value;
}

void map_clear(struct map *map)
{
	free(map->slots);
	*map = (struct map){.n = 0};
}
