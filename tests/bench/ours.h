/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches of stagger share. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <stdbool.h>
#include <stdint.h>

#include <stagger/stagger.h>

/* Sets bootstrap.servers and properties ("a=b,c=d" or NULL). */
enum stagger_status ours_set_all(struct stagger_consumer *c, const char *brokers,
				 const char *properties, struct stagger_error *err);
/* Whether a call that is so late by the wall clock is early by both clocks: before due, and sooner
 * after it was first seen than due was then away. */
bool ours_is_early(const struct stagger_message *m, int64_t late_us);

#endif
