/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the messages of a slice on one thread. Clocks are read around each message only where that
 * tells something: in the stages, where a start is judged against its due, and in slices that turn
 * out long. Short calls of main are looked at now and then and share their time equally. */
#include "workers/workers.h"

#include <stdlib.h>

#include "base/crash.h"
#include "base/error.h"
#include "core/failure.h"

#define TIMED_US 1000 /* a slice of main that takes longer is timed call by call */
#define LOOK_MAX 8    /* calls between two looks at the clock: 1 2 4 8 16 24 ... */

struct worker {
	struct workers_options o;
	struct port_context context;
	_Atomic(const struct port_call *) running;
	_Atomic int64_t since_boot_us; /* the last look at the clock before running began */
};

/* Calls that are timed together. */
struct lap {
	size_t first;
	int64_t wall_us, boot_us;
};

enum stagger_status worker_new(struct worker **out, const struct workers_options *o, int32_t number,
			       struct stagger_error *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return fail_memory(err);
	w->o = *o;
	w->context.defer = o->defer;
	w->context.tickets = o->tickets;
	enum stagger_status status = STAGGER_OK;
	w->context.failure = failure_scratch_new();
	if (w->context.failure == NULL) {
		status = fail_memory(err);
		goto failed;
	}
	if (o->worker_start != NULL) {
		w->context.local = o->worker_start(o->chain, number, o->hook_user);
		if (w->context.local == NULL) {
			status = fail(err, STAGGER_STATE,
				      "chain '%s': worker_start gave NULL for worker %d", o->chain,
				      (int)number);
			goto failed;
		}
	}
	*out = w;
	return STAGGER_OK;
failed:
	w->o.worker_stop = NULL; /* what did not start is not stopped */
	worker_free(&w);
	return status;
}

void worker_free(struct worker **w)
{
	if (w == NULL || *w == NULL)
		return;
	if ((*w)->o.worker_stop != NULL)
		(*w)->o.worker_stop((*w)->context.local, (*w)->o.hook_user);
	failure_scratch_free(&(*w)->context.failure);
	free(*w);
	*w = NULL;
}

static int64_t boot_us(const struct worker *w)
{
	return w->o.clock.boot_us(w->o.clock.self);
}

static void publish_since(struct worker *w, int64_t since_boot_us)
{
	atomic_store_explicit(&w->since_boot_us, since_boot_us, memory_order_relaxed);
}

static void publish_call(struct worker *w, const struct port_call *call)
{
	atomic_store_explicit(&w->running, call, memory_order_release);
}

const struct port_call *worker_running(const struct worker *w, int64_t *since_boot_us)
{
	const struct port_call *call = atomic_load_explicit(&w->running, memory_order_acquire);
	*since_boot_us = atomic_load_explicit(&w->since_boot_us, memory_order_relaxed);
	return call;
}

static enum stagger_verdict verdict_known(enum stagger_verdict verdict)
{
	switch (verdict) {
	case STAGGER_DONE:
	case STAGGER_RETRY:
	case STAGGER_DEAD_LETTER:
	case STAGGER_DEFER:
	case STAGGER_HALT:
		return verdict;
	}
	return (enum stagger_verdict)0;
}

static void call_run(struct worker *w, struct port_call *call)
{
	struct stagger_failure *why = w->context.failure;
	failure_scratch_clear(why);
	call->context = &w->context;
	publish_call(w, call);
	CRASH_POINT(before_handler);
	call->verdict = verdict_known(w->o.handler(&call->message, why, w->o.user));
	CRASH_POINT(after_handler);
	call->context = NULL;
	call->failure = NULL;
	if (call->verdict != STAGGER_DONE && failure_scratch_used(why))
		call->failure = failure_pack(why);
}

/* Whether the slice's next call may follow this one. */
static bool goes_on(const struct port_slice *slice, const struct port_call *last,
		    const atomic_bool *interrupt)
{
	if (slice->n_called == slice->n || last->verdict == STAGGER_HALT)
		return false;
	if (slice->stop_at_failure && last->verdict != STAGGER_DONE)
		return false;
	if (slice->stop_at_defer && (last->verdict == STAGGER_DEFER || last->ticket))
		return false;
	return !atomic_load_explicit(interrupt, memory_order_relaxed);
}

static struct lap lap_begin(struct worker *w, const struct port_slice *slice)
{
	struct lap lap = {
		.first = slice->n_called,
		.wall_us = w->o.clock.wall_us(w->o.clock.self),
		.boot_us = boot_us(w),
	};
	publish_since(w, lap.boot_us);
	return lap;
}

/* Shares the lap's time equally among its calls; with one call that is the plain truth. */
static void lap_book(struct lap lap, struct port_slice *slice, int64_t end_boot_us)
{
	int64_t n = (int64_t)(slice->n_called - lap.first);
	int64_t total = end_boot_us - lap.boot_us;
	for (int64_t i = 0; i < n; i++) {
		struct port_call *call = slice->calls[lap.first + (size_t)i];
		int64_t start = total * i / n;
		int64_t took = total * (i + 1) / n - start;
		call->started_us = lap.wall_us + start;
		call->started_boot_us = lap.boot_us + start;
		call->took_us = took > INT32_MAX ? INT32_MAX : (int32_t)took;
	}
}

void worker_run(struct worker *w, struct port_slice *slice, const atomic_bool *interrupt)
{
	if (slice->n_called == slice->n || atomic_load_explicit(interrupt, memory_order_relaxed))
		return;
	bool timed = slice->stages;
	struct lap lap = lap_begin(w, slice);
	int64_t begin_boot_us = lap.boot_us;
	size_t look_in = 1; /* calls until the next look at the clock */
	for (;;) {
		struct port_call *call = slice->calls[slice->n_called];
		call_run(w, call);
		slice->n_called++;
		bool more = goes_on(slice, call, interrupt);
		if (more && !timed && --look_in > 0)
			continue;
		int64_t now = boot_us(w);
		if (more && !timed && now - begin_boot_us < TIMED_US) {
			size_t n = slice->n_called - lap.first;
			look_in = n < LOOK_MAX ? n : LOOK_MAX;
			publish_since(w, now);
			continue;
		}
		lap_book(lap, slice, now);
		if (!more || now - begin_boot_us >= PORT_SLICE_US)
			break;
		timed = true;
		lap = lap_begin(w, slice);
	}
	publish_call(w, NULL);
}
