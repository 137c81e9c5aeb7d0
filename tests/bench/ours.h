/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches of stagger share. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <stdbool.h>
#include <stdint.h>

#include <stagger/stagger.h>

struct ours_stage {
	const char *topic;
	int64_t delay_ms;
};

/* Sets bootstrap.servers and properties ("a=b,c=d" or NULL). */
enum stagger_status ours_set_all(struct stagger_consumer *c, const char *brokers,
				 const char *properties, struct stagger_error *err);
/* Gives it a chain with one stage of one visit. */
enum stagger_status ours_add_chain(struct stagger_consumer *c, const char *name,
				   const struct stagger_chain_options *options,
				   const struct ours_stage *stage, struct stagger_error *err);
/* Whether a call that is so late by the wall clock is early by both clocks: before due, and sooner
 * after it was first seen than due was then away. */
bool ours_is_early(const struct stagger_message *m, int64_t late_us);

#endif
