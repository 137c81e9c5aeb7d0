/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that malloc() and its like are asked for, by all of the program. What is freed meanwhile is
 * not taken off: a bound on this sum bounds every peak, too. */
#ifndef TESTS_FUZZ_METER_H
#define TESTS_FUZZ_METER_H

#include <stddef.h>

void meter_begin(void);
size_t meter_bytes(void); /* since then */

#endif
