/* SPDX-License-Identifier: Apache-2.0
 *
 * See heap.h. Live blocks stand in a table of their complements: as pointers they would hide from
 * the leak checker what nobody else holds. */
#define _GNU_SOURCE
#include "heap.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLER __builtin_return_address(0)
#define SLOTS 65536 /* a power of two; no test has half as many blocks */

struct block {
	uintptr_t hidden; /* 0: none */
	long number;      /* since heap_arm(); 0: before */
	const void *caller;
};

static struct {
	pthread_mutex_t lock;
	struct block blocks[SLOTS];
	size_t n_live;
	bool armed, failed;
	long n, fail_at;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What the linker makes of the names: __real_ is libc's (or a sanitizer's), __wrap_ is ours. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
FILE *__real_open_memstream(char **text, size_t *size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
FILE *__wrap_open_memstream(char **text, size_t *size);

/* -- the table (under the lock) ---------------------------------------------------------- */

static uintptr_t hidden(const void *block)
{
	return ~(uintptr_t)block;
}

static size_t slot_of(uintptr_t of)
{
	return (of >> 4) * 0x9E3779B1u % SLOTS;
}

/* The block's slot, or the free one where it belongs. */
static size_t find(uintptr_t of)
{
	size_t at = slot_of(of);

	while (heap.blocks[at].hidden != 0 && heap.blocks[at].hidden != of)
		at = (at + 1) % SLOTS;
	return at;
}

static void note(void *block, long number, const void *caller)
{
	if (block == NULL)
		return;
	if (heap.n_live >= SLOTS / 2)
		abort();
	heap.blocks[find(hidden(block))] = (struct block){hidden(block), number, caller};
	heap.n_live++;
}

/* What libraries have allocated and we free is not there. */
static void forget(const void *block)
{
	size_t at = find(hidden(block));

	if (heap.blocks[at].hidden == 0)
		return;
	heap.blocks[at].hidden = 0;
	heap.n_live--;
	// Those behind it may have been put there because this slot was taken.
	for (size_t i = (at + 1) % SLOTS; heap.blocks[i].hidden != 0; i = (i + 1) % SLOTS) {
		struct block moved = heap.blocks[i];
		heap.blocks[i].hidden = 0;
		heap.blocks[find(moved.hidden)] = moved;
	}
}

/* -- the allocator ----------------------------------------------------------------------- */

/* True: this one fails. *number is its number. Takes the lock. */
static bool begin(long *number)
{
	pthread_mutex_lock(&heap.lock);
	*number = heap.armed ? ++heap.n : 0;
	if (!heap.armed || heap.n != heap.fail_at)
		return false;
	heap.failed = true;
	errno = ENOMEM;
	return true;
}

static void *end(void *block, long number, const void *caller)
{
	note(block, number, caller);
	pthread_mutex_unlock(&heap.lock);
	return block;
}

void *__wrap_malloc(size_t size)
{
	long number;
	bool fails = begin(&number);

	return end(fails ? NULL : __real_malloc(size), number, CALLER);
}

void *__wrap_calloc(size_t n, size_t size)
{
	long number;
	bool fails = begin(&number);

	return end(fails ? NULL : __real_calloc(n, size), number, CALLER);
}

void *__wrap_realloc(void *old, size_t size)
{
	long number;
	bool fails = begin(&number);

	if (!fails && old != NULL)
		forget(old);
	return end(fails ? NULL : __real_realloc(old, size), number, CALLER);
}

void __wrap_free(void *block)
{
	if (block == NULL)
		return;
	pthread_mutex_lock(&heap.lock);
	forget(block);
	pthread_mutex_unlock(&heap.lock);
	__real_free(block);
}

static char *copy_text(const char *text, size_t n, const void *caller)
{
	long number;
	bool fails = begin(&number);
	char *copy = end(fails ? NULL : __real_malloc(n + 1), number, caller);

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *__wrap_strndup(const char *text, size_t size)
{
	return copy_text(text, strnlen(text, size), CALLER);
}

char *__wrap_strdup(const char *text)
{
	return copy_text(text, strlen(text), CALLER);
}

/* Its memory is libc's until it is closed. */
FILE *__wrap_open_memstream(char **text, size_t *size)
{
	long number;
	bool fails = begin(&number);

	pthread_mutex_unlock(&heap.lock);
	return fails ? NULL : __real_open_memstream(text, size);
}

/* -- for tests --------------------------------------------------------------------------- */

void heap_arm(long n)
{
	pthread_mutex_lock(&heap.lock);
	for (size_t i = 0; i < SLOTS; i++)
		heap.blocks[i].number = 0;
	heap.armed = true;
	heap.failed = false;
	heap.n = 0;
	heap.fail_at = n;
	pthread_mutex_unlock(&heap.lock);
}

long heap_disarm(void)
{
	pthread_mutex_lock(&heap.lock);
	long n = heap.n;
	heap.armed = false;
	pthread_mutex_unlock(&heap.lock);
	return n;
}

void heap_hold(bool hold)
{
	pthread_mutex_lock(&heap.lock);
	heap.armed = !hold;
	pthread_mutex_unlock(&heap.lock);
}

bool heap_failed(void)
{
	pthread_mutex_lock(&heap.lock);
	bool failed = heap.failed;
	pthread_mutex_unlock(&heap.lock);
	return failed;
}

void heap_give_away(const void *block)
{
	pthread_mutex_lock(&heap.lock);
	forget(block);
	pthread_mutex_unlock(&heap.lock);
}

size_t heap_live(void)
{
	pthread_mutex_lock(&heap.lock);
	size_t n = heap.n_live;
	pthread_mutex_unlock(&heap.lock);
	return n;
}

const char *heap_leak(void)
{
	static char text[128];
	struct block first = {.number = 0};
	Dl_info at = {0};

	pthread_mutex_lock(&heap.lock);
	for (size_t i = 0; i < SLOTS; i++) {
		struct block b = heap.blocks[i];
		if (b.hidden != 0 && b.number > 0 && (first.number == 0 || b.number < first.number))
			first = b;
	}
	pthread_mutex_unlock(&heap.lock);
	if (first.number == 0)
		return NULL;
	dladdr(first.caller, &at);
	snprintf(text, sizeof(text), "allocation %ld, made at %#zx of the program (addr2line)",
		 first.number, (size_t)((uintptr_t)first.caller - (uintptr_t)at.dli_fbase));
	return text;
}
