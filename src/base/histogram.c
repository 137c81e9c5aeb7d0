/* SPDX-License-Identifier: Apache-2.0
 *
 * Log-linear histogram: the first 16 buckets are exact, then every octave is cut into 16 steps, so
 * a bucket is found by shifts alone. Times beyond the last bucket count in it; max_us is exact. */
#include "base/histogram.h"

#define STEPS 16
#define STEP_BITS 4

static size_t bucket_of(uint64_t us)
{
	if (us < STEPS)
		return (size_t)us;
	unsigned octave = 63 - (unsigned)__builtin_clzll(us); // of us, >= STEP_BITS
	unsigned shift = octave - STEP_BITS;
	size_t bucket = ((size_t)shift + 1) * STEPS + (size_t)((us >> shift) & (STEPS - 1));
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static int64_t upper_us(size_t bucket)
{
	if (bucket < STEPS)
		return (int64_t)bucket;
	size_t shift = bucket / STEPS - 1;
	return ((int64_t)(STEPS + bucket % STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, int64_t us)
{
	if (us < 0)
		us = 0;
	h->counts[bucket_of((uint64_t)us)]++;
	h->total++;
	if (us > h->max_us)
		h->max_us = us;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->total += from->total;
	if (from->max_us > into->max_us)
		into->max_us = from->max_us;
}

/* The 1-based place of the quantile among total values, in order. */
static uint64_t rank_of(double q, uint64_t total)
{
	if (q >= 1)
		return total;
	double exact = q > 0 ? q * (double)total : 0; // also for NaN
	uint64_t rank = (uint64_t)exact;
	if ((double)rank < exact || rank == 0)
		rank++;
	return rank;
}

int64_t histogram_quantile(const struct histogram *h, double q)
{
	uint64_t rank = rank_of(q, h->total);
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		seen += h->counts[i];
		if (h->counts[i] > 0 && seen >= rank)
			return upper_us(i) < h->max_us ? upper_us(i) : h->max_us;
	}
	return h->max_us;
}
