/* SPDX-License-Identifier: Apache-2.0
 *
 * A small seeded generator (splitmix64) for jitter: reproducible, not for secrets. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);
/* Uniform in [-1, 1]. */
double random_signed(struct random *r);

#endif
