/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table from three numbers to an index, for the checker: who is (topic, partition, offset)?
 * Open addressing, because nothing is ever taken out. Out of memory ends the program: test code. */
#ifndef SUPPORT_MAP_H
#define SUPPORT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_key {
	uint64_t a, b, c;
};
struct map_slot {
	struct map_key key;
	size_t value; /* SIZE_MAX: free */
};
struct map {
	struct map_slot *slots;
	size_t n, room; /* room: a power of two, or 0 */
};

#define MAP_NONE SIZE_MAX

/* The value of that key; when it is new it becomes fresh, which is returned. */
size_t map_put(struct map *map, struct map_key key, size_t fresh);
/* MAP_NONE when it is not there. */
size_t map_get(const struct map *map, struct map_key key);
void map_clear(struct map *map);

/* realloc() of n things of that size that ends the program without memory. */
void *map_grow(void *old, size_t n, size_t size);
uint64_t map_hash(const void *data, size_t size); /* FNV-1a, never 0 */

#endif
