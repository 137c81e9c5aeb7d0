/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches of stagger share. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <stagger/stagger.h>

/* Sets bootstrap.servers and properties ("a=b,c=d" or NULL). */
enum stagger_status ours_set_all(struct stagger_consumer *c, const char *brokers,
				 const char *properties, struct stagger_error *err);

#endif
