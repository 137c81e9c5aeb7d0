/* SPDX-License-Identifier: Apache-2.0
 *
 * The two kinds of workers behind struct port_workers: threads (pool.c) and none (inline.c). Both
 * are made of two parts: a worker, which runs slices, and turns, which say what comes next. */
#ifndef WORKERS_WORKERS_H
#define WORKERS_WORKERS_H

#include <stdatomic.h>

#include "core/port.h"

struct wake;

/* Borrowed until the workers are freed. */
struct workers_options {
	const char *chain;
	int32_t n;                   /* threads, at least 1 */
	stagger_handler handler;
	void *user;                  /* the handler's */
	void *(*worker_start)(const char *chain, int32_t worker, void *user); /* or NULL */
	void (*worker_stop)(void *local, void *user);                         /* or NULL */
	void *hook_user;             /* the hooks' */
	struct port_clock clock;     /* pool: called from its threads */
	struct wake *wake;           /* signalled when a slice came back; NULL: nobody waits */
	const struct stagger_message *(*defer)(void *tickets, struct stagger_message *message,
					       struct stagger_ticket *ticket);
	void *tickets;
};

/* -- threads; all functions of the loop thread only -------------------------------------- */
struct pool;
/* Starts the threads; fails when a worker_start hook gave NULL (all that started are stopped). */
STAGGER_MUST_USE enum stagger_status pool_new(struct pool **out, const struct workers_options *o,
					      struct stagger_error *err);
struct port_workers pool_port(struct pool *pool);
/* Waits for running calls, runs the stop hooks on their threads, joins. Slices not begun are
 * dropped (they are the engine's memory). */
void pool_free(struct pool **pool);

/* -- no thread: handlers run in the port's run(), which does nothing inside a handler ---- */
struct inline_workers;
STAGGER_MUST_USE enum stagger_status inline_new(struct inline_workers **out,
						const struct workers_options *o,
						struct stagger_error *err);
struct port_workers inline_port(struct inline_workers *w);
void inline_free(struct inline_workers **w);

/* -- worker.c: what runs on one thread --------------------------------------------------- */
struct worker;
/* Runs the start hook: call it on the thread that is to run handlers. */
STAGGER_MUST_USE enum stagger_status worker_new(struct worker **out,
						const struct workers_options *o, int32_t number,
						struct stagger_error *err);
void worker_free(struct worker **w); /* runs the stop hook; the same thread */
/* Calls the slice's messages from the first that was not called. Gives up when *interrupt is set,
 * after PORT_SLICE_US, after a HALT, and at what the slice's own flags name. */
void worker_run(struct worker *w, struct port_slice *slice, const atomic_bool *interrupt);
/* The call that runs now, or NULL; any thread. *since_boot_us is when it started, or up to 7 calls
 * earlier while calls are too short to be timed one by one. */
const struct port_call *worker_running(const struct worker *w, int64_t *since_boot_us);

/* -- slices that wait: main's and the stages', taken in turn ----------------------------- */
struct slices { /* first in, first out; all zero is empty */
	struct port_slice *first, *last;
};
static inline void slices_put(struct slices *q, struct port_slice *slice)
{
	slice->next = NULL;
	if (q->first == NULL)
		q->first = slice;
	else
		q->last->next = slice;
	q->last = slice;
}
static inline struct port_slice *slices_take(struct slices *q) /* NULL when empty */
{
	struct port_slice *slice = q->first;
	if (slice != NULL)
		q->first = slice->next;
	return slice;
}

struct turns { /* all zero is empty */
	struct slices main, stages;
	bool stages_next;
};
static inline void turns_put(struct turns *t, struct port_slice *slice)
{
	slices_put(slice->stages ? &t->stages : &t->main, slice);
}
static inline struct port_slice *turns_take(struct turns *t) /* NULL when empty */
{
	struct port_slice *slice = slices_take(t->stages_next ? &t->stages : &t->main);
	if (slice == NULL)
		slice = slices_take(t->stages_next ? &t->main : &t->stages);
	if (slice != NULL)
		t->stages_next = !slice->stages;
	return slice;
}
static inline bool turns_empty(const struct turns *t)
{
	return t->main.first == NULL && t->stages.first == NULL;
}

#endif
