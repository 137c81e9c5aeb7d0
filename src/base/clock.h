/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks of this host, in microseconds: the wall clock (since the epoch, may step) and the
 * boot-time clock (CLOCK_BOOTTIME: never steps, counts suspension). */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_us(void);
int64_t clock_boot_us(void);

#endif
