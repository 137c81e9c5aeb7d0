/* SPDX-License-Identifier: Apache-2.0
 *
 * splitmix64 (Steele, Lea, Flood 2014): one word of state, every seed is good, also 0. */
#include "base/random.h"

uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

double random_signed(struct random *r)
{
	const double top = 9007199254740991.0; // 2^53 - 1: both ends are reached
	return (double)(random_next(r) >> 11) / top * 2.0 - 1.0;
}
