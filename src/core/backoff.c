/* SPDX-License-Identifier: Apache-2.0
 *
 * Computed in doubles: the largest cap is 300,000 ms, far within what a double counts exactly. */
#include "core/backoff.h"

static double base_wait(const struct stagger_chain *chain, int32_t call)
{
	double cap = (double)chain->in_place_max_delay_ms;
	double wait = (double)chain->in_place_delay_ms;

	switch (chain->in_place_backoff) {
	case STAGGER_BACKOFF_IMMEDIATE:
		return 0;
	case STAGGER_BACKOFF_FIXED:
		break;
	case STAGGER_BACKOFF_DEFAULT:
	case STAGGER_BACKOFF_EXPONENTIAL:
		for (int32_t i = 1; i < call && wait < cap; i++)
			wait *= chain->in_place_multiplier;
		break;
	}
	return wait < cap ? wait : cap;
}

int64_t backoff_wait_ms(const struct stagger_chain *chain, int32_t call, double random)
{
	double cap = (double)chain->in_place_max_delay_ms;
	double wait = base_wait(chain, call);

	wait += wait * chain->in_place_jitter * random;
	if (wait > cap)
		wait = cap;
	return wait > 0 ? (int64_t)wait : 0;
}
