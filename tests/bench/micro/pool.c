/* SPDX-License-Identifier: Apache-2.0
 *
 * The hand-over to a thread and back: one slice of PORT_SLICE_MAX calls at a time, the loop waits
 * for it, so that the two never run side by side and the count repeats. */
#include "micro.h"

#include <stdlib.h>

#include "base/wake.h"
#include "workers/workers.h"

static int64_t clock_us(void *self)
{
	(void)self;
	return 1;
}

static enum stagger_verdict done(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	(void)m;
	(void)why;
	(void)user;
	return STAGGER_DONE;
}

void micro_pool(int64_t n)
{
	struct wake *wake;
	struct pool *pool;
	struct port_call *calls = calloc(PORT_SLICE_MAX, sizeof(*calls));
	struct port_slice *slice = calloc(1, sizeof(*slice));

	MICRO_MUST(calls != NULL && slice != NULL && wake_new(&wake, NULL) == STAGGER_OK);
	struct workers_options options = {
		.chain = "orders", .n = 1, .handler = done, .wake = wake,
		.clock = {NULL, clock_us, clock_us}};
	MICRO_MUST(pool_new(&pool, &options, NULL) == STAGGER_OK);
	struct port_workers workers = pool_port(pool);
	slice->n = PORT_SLICE_MAX;
	for (size_t i = 0; i < PORT_SLICE_MAX; i++)
		slice->calls[i] = &calls[i];
	for (int64_t i = 0; i < n; i++) {
		slice->n_called = 0;
		workers.submit(workers.self, slice);
		for (;;) {
			wake_clear(wake);
			if (workers.done(workers.self) != NULL)
				break;
			wake_wait(wake, WAKE_NEVER);
		}
		MICRO_MUST(slice->n_called == PORT_SLICE_MAX);
	}
	pool_free(&pool);
	wake_free(&wake);
	free(slice);
	free(calls);
}
