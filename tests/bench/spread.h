/* SPDX-License-Identifier: Apache-2.0
 *
 * Times that were measured one by one, all kept: quantiles are exact, a histogram is made at the
 * end. Added to by any thread, read by one when the others have ended. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdatomic.h>
#include <stdint.h>

struct spread {
	int32_t *us;
	int64_t most; /* what comes after so many is only counted in n */
	_Atomic int64_t n;
};

/* Ends the process when memory is short; spread_clear() frees. */
void spread_init(struct spread *spread, int64_t most);
void spread_clear(struct spread *spread);
void spread_add(struct spread *spread, int64_t us);
/* Sorts; how many are kept. Before the two below. */
int64_t spread_close(struct spread *spread);
/* The value that a share (0..1) of n, at least one, does not exceed. */
double spread_share_ms(const struct spread *spread, int64_t n, double share);
/* A line "FROM TO CALLS" for each bucket that has any, times in us: FROM < time <= TO, ten buckets
 * a decade, the first for all up to 1 us. Ends the process when path cannot be written. */
void spread_write(const struct spread *spread, int64_t n, const char *path);

#endif
