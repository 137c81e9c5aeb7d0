/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers without a thread: submitted slices wait until the loop itself runs them. For programs
 * that want their handlers inside dispatch(), and for tests, where every order is repeatable. */
#include "workers/workers.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/wake.h"

struct inline_workers {
	struct worker *worker;
	struct port_clock clock;
	struct wake *wake;
	struct turns queued;
	struct slices done;
	atomic_bool interrupt; /* atomic only because worker_run() takes the same for threads */
	bool inside;           /* run() is on the stack */
};

enum stagger_status inline_new(struct inline_workers **out, const struct workers_options *o,
			       struct stagger_error *err)
{
	struct inline_workers *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return fail_memory(err);
	w->clock = o->clock;
	w->wake = o->wake;
	enum stagger_status status = worker_new(&w->worker, o, 0, err);
	if (status != STAGGER_OK) {
		inline_free(&w);
		return status;
	}
	*out = w;
	return STAGGER_OK;
}

void inline_free(struct inline_workers **w)
{
	if (w == NULL || *w == NULL)
		return;
	worker_free(&(*w)->worker);
	free(*w);
	*w = NULL;
}

static void give_back(struct inline_workers *w, struct port_slice *slice)
{
	bool first = w->done.first == NULL;
	slices_put(&w->done, slice);
	if (first && w->wake != NULL)
		wake_signal(w->wake);
}

static void inline_submit(void *self, struct port_slice *slice)
{
	struct inline_workers *w = self;
	if (atomic_load_explicit(&w->interrupt, memory_order_relaxed))
		give_back(w, slice);
	else
		turns_put(&w->queued, slice);
}

static struct port_slice *inline_done(void *self)
{
	struct inline_workers *w = self;
	return slices_take(&w->done);
}

static void inline_interrupt(void *self, bool on)
{
	struct inline_workers *w = self;
	atomic_store_explicit(&w->interrupt, on, memory_order_relaxed);
	if (!on)
		return;
	for (struct port_slice *s = turns_take(&w->queued); s != NULL; s = turns_take(&w->queued))
		give_back(w, s);
}

static void inline_run(void *self, int64_t until_boot_us)
{
	struct inline_workers *w = self;
	if (w->inside)
		return;
	w->inside = true;
	for (struct port_slice *s = turns_take(&w->queued); s != NULL; s = turns_take(&w->queued)) {
		worker_run(w->worker, s, &w->interrupt);
		give_back(w, s);
		if (w->clock.boot_us(w->clock.self) >= until_boot_us)
			break;
	}
	w->inside = false;
}

static bool inline_running(void *self, int32_t i, const struct port_call **call,
			   int64_t *since_boot_us)
{
	struct inline_workers *w = self;
	if (i >= 1)
		return false;
	*call = worker_running(w->worker, since_boot_us);
	return true;
}

struct port_workers inline_port(struct inline_workers *w)
{
	return (struct port_workers){
		.self = w,
		.n = 1,
		.submit = inline_submit,
		.done = inline_done,
		.interrupt = inline_interrupt,
		.run = inline_run,
		.running = inline_running,
	};
}
