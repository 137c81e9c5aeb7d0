/* SPDX-License-Identifier: Apache-2.0
 *
 * In-place delays: immediate, fixed, exponential with multiplier, cap and jitter. */
#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include "core/chain.h"

/* The wait after the call-th call (from 1) of a visit: delay * multiplier^(call-1), capped at
 * max_delay, then +- jitter (random in [-1, 1]), never above the cap nor below 0. */
int64_t backoff_wait_ms(const struct stagger_chain *chain, int32_t call, double random);

#endif
