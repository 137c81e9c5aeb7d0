/* SPDX-License-Identifier: Apache-2.0
 *
 * The least world an engine can live in: a source that never runs dry, a sink that reports at once,
 * virtual clocks, inline workers. It costs next to nothing, so that what is counted is the engine. */
#ifndef BENCH_MICRO_WORLD_H
#define BENCH_MICRO_WORLD_H

#include <stagger/chain.h>
#include <stagger/message.h>
#include <stagger/verdict.h>

#define WORLD_PARTITIONS 8

struct world_plan {
	enum stagger_order order;
	int32_t in_place_attempts;
	bool from_stage;            /* the records come in the first stage, else in main */
	struct stagger_bytes value; /* of every record */
	stagger_handler handler;    /* its user is the plan; it counts what it says DONE to */
	int64_t n, finished;        /* the run ends at n; durable copies are counted, too */
};

void world_run(struct world_plan *plan);

#endif
