/* SPDX-License-Identifier: Apache-2.0
 *
 * The allocator of memory.c, its only reader: it fails as it is told, and only the engine. What
 * the fake broker allocates in a port's slot is left alone. Sanitizers bring an allocator of their
 * own, which is left alone, too: OTHER_ALLOCATOR. */
#ifndef SCENARIO_MEMORY_HEAP_H
#define SCENARIO_MEMORY_HEAP_H

#include <errno.h>
#include <stdlib.h>

#include "engine/state.h"
#include "testing/fake.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR
#endif
#endif
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_ALLOCATOR
#endif

/* -- the allocator ----------------------------------------------------------------------- */
static struct {
	const struct fake_member *member; /* it is its engine that goes short */
	bool armed, everywhere;           /* everywhere: no engine yet */
	bool in_port, in_workers;
	long until, misses; /* allocations that succeed still, then those that fail */
} heap;

static bool in_a_turn(void)
{
	struct engine *e = heap.member != NULL ? heap.member->engine : NULL;
	if (e == NULL || pthread_mutex_trylock(&e->lock) != 0)
		return e != NULL;
	pthread_mutex_unlock(&e->lock);
	return false;
}

static bool short_of_memory(void)
{
	if (!heap.armed || heap.in_port || heap.misses == 0)
		return false;
	if (!heap.everywhere && !heap.in_workers && !in_a_turn())
		return false;
	if (--heap.until > 0)
		return false;
	heap.misses--;
	errno = ENOMEM;
	return true;
}

#ifndef OTHER_ALLOCATOR
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return short_of_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return short_of_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return short_of_memory() ? NULL : __libc_realloc(old, size);
}
#endif

/* -- ports ------------------------------------------------------------------------------- */
static struct port_source source; /* as the world made them */
static struct port_sink sink;
static struct port_workers workers;

static enum stagger_status port_assign(void *self, struct port_start *list, size_t n,
				       struct stagger_error *err)
{
	if (short_of_memory()) {
		*err = (struct stagger_error){ .status = STAGGER_NO_MEMORY, .text = "out of memory" };
		return STAGGER_NO_MEMORY;
	}
	heap.in_port = true;
	enum stagger_status status = source.assign(self, list, n, err);
	heap.in_port = false;
	return status;
}

static void port_unassign(void *self)
{
	heap.in_port = true;
	source.unassign(self);
	heap.in_port = false;
}

static size_t port_fetch(void *self, void *handle, struct port_record *out, size_t max)
{
	heap.in_port = true;
	size_t n = source.fetch(self, handle, out, max);
	heap.in_port = false;
	return n;
}

static void port_commit(void *self, const struct port_commit *list, size_t n)
{
	heap.in_port = true;
	source.commit(self, list, n);
	heap.in_port = false;
}

static void port_ask_bounds(void *self, void *const *handles, size_t n)
{
	heap.in_port = true;
	source.ask_bounds(self, handles, n);
	heap.in_port = false;
}

static void port_leave(void *self, bool remove)
{
	heap.in_port = true;
	source.leave(self, remove);
	heap.in_port = false;
}

static enum port_fault port_produce(void *self, const struct port_hop *hop, bool *full)
{
	heap.in_port = true;
	enum port_fault fault = sink.produce(self, hop, full);
	heap.in_port = false;
	return fault;
}

static void port_run(void *self, int64_t until_us)
{
	heap.in_workers = true;
	workers.run(self, until_us);
	heap.in_workers = false;
}

static void ports_watch(struct stagger_world *w)
{
	struct engine *e = w->members[0]->engine;
	heap.member = w->members[0];
	source = e->o.source;
	sink = e->o.sink;
	workers = e->chains[0].workers;
	e->o.source.assign = port_assign;
	e->o.source.unassign = port_unassign;
	e->o.source.fetch = port_fetch;
	e->o.source.commit = port_commit;
	e->o.source.ask_bounds = port_ask_bounds;
	e->o.source.leave = port_leave;
	e->o.sink.produce = port_produce;
	e->chains[0].workers.run = port_run;
}

#endif
