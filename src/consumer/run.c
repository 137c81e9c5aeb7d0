/* SPDX-License-Identifier: Apache-2.0
 *
 * Running: one turn of the engine after the other; between turns the caller's thread waits on one
 * descriptor, here in run() or in the application's own loop. */
#include <stagger/consumer.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/wake.h"
#include "consumer/state.h"
#include "consumer/wiring.h"
#include "engine/engine.h"

#define DISPATCH_US 5000

static enum stagger_status begin(struct stagger_consumer *c, struct stagger_error *err)
{
	enum consumer_phase open = CONSUMER_OPEN;
	if (!atomic_compare_exchange_strong(&c->phase, &open, CONSUMER_RUNNING))
		return fail(err, STAGGER_STATE, "run() or start() was called before");
	struct wiring_world world;
	struct engine *engine;
	enum stagger_status status = wiring_check(c, err);
	if (status == STAGGER_OK)
		status = wiring_kafka(c, &world, err);
	if (status == STAGGER_OK)
		status = wiring_attach(c, &world, &engine, err);
	if (status != STAGGER_OK)
		atomic_store(&c->phase, CONSUMER_ENDED);
	return status;
}

static enum stagger_status end(struct stagger_consumer *c, struct stagger_error *err)
{
	atomic_store(&c->phase, CONSUMER_ENDED);
	return engine_result(c->engine, err);
}

enum stagger_status stagger_consumer_run(struct stagger_consumer *c, struct stagger_error *err)
{
	enum stagger_status status = begin(c, err);
	if (status != STAGGER_OK)
		return status;
	for (;;) {
		int64_t again_us;
		wake_clear(c->wake);
		if (!wiring_turn(c, &again_us))
			return end(c, err);
		if (again_us > clock_boot_us())
			wake_wait(c->wake, again_us);
	}
}

enum stagger_status stagger_consumer_start(struct stagger_consumer *c, int *fd,
					   struct stagger_error *err)
{
	enum stagger_status status = begin(c, err);
	if (status != STAGGER_OK)
		return status;
	wake_arm(c->wake, 0); /* the first dispatch is wanted at once */
	*fd = wake_fd(c->wake);
	return STAGGER_OK;
}

enum stagger_status stagger_consumer_dispatch(struct stagger_consumer *c, struct stagger_error *err)
{
	if (atomic_load(&c->phase) != CONSUMER_RUNNING || c->engine == NULL)
		return fail(err, STAGGER_STATE, "dispatch() before start() or after the end");
	int64_t until_us = clock_boot_us() + DISPATCH_US;
	int64_t again_us;
	do {
		wake_clear(c->wake);
		if (!wiring_turn(c, &again_us)) {
			enum stagger_status status = end(c, err);
			if (status != STAGGER_OK)
				return status;
			return fail(err, STAGGER_STOPPED, "stopped cleanly");
		}
	} while (again_us <= clock_boot_us() && clock_boot_us() < until_us);
	wake_arm(c->wake, again_us);
	return STAGGER_OK;
}

void stagger_consumer_stop(struct stagger_consumer *c)
{
	atomic_store(&c->stop_asked, true);
	wake_signal(c->wake);
}
