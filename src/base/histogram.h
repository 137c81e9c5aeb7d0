/* SPDX-License-Identifier: Apache-2.0
 *
 * Log-linear histogram of microseconds: 16 linear steps an octave (at most 6.25 % off), 0 to 2^40,
 * fixed size, mergeable. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 640

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t total;
	int64_t max_us;
};

void histogram_add(struct histogram *h, int64_t us); /* below 0 counts as 0 */
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The upper bound of the bucket that holds the quantile q (0..1), at most max_us; 0 when empty. */
int64_t histogram_quantile(const struct histogram *h, double q);

#endif
