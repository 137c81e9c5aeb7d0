/* SPDX-License-Identifier: Apache-2.0
 *
 * The allocator under our own code, and only there: the linker leads malloc() and its like of all
 * objects of this program here (--wrap, see meson.build), those of shared libraries stay as they
 * are. So it works under the sanitizers, too. One of them can be told to fail, and what is not
 * freed is known. Any thread. */
#ifndef OOM_HEAP_H
#define OOM_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* From now on allocations are counted, and the n-th of them fails (0: none). */
void heap_arm(long n);
/* No more. Returns how many were made since heap_arm(), the failed one included. */
long heap_disarm(void);
/* Armed, but for a while nothing is counted and nothing fails. */
void heap_hold(bool hold);
/* Whether one has failed since heap_arm(). */
bool heap_failed(void);
/* A block that a library frees from now on. */
void heap_give_away(const void *block);
/* Blocks that are not freed yet. */
size_t heap_live(void);
/* The first of those made since the last heap_arm(), for people; NULL: none is left. */
const char *heap_leak(void);

#endif
