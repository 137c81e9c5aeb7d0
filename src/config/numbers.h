/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as a chain file writes them. Each takes what it can off *at, or false. */
#ifndef CONFIG_NUMBERS_H
#define CONFIG_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* Digits, saturated; no leading zero. */
bool number_digits(const char **at, int64_t *out);
/* Digits, and a point with more of them. */
bool number_decimal(const char **at, double *out);
/* A whole text: digits and B, KiB, MiB or GiB, in bytes, saturated. */
bool number_size(const char *text, int64_t *out);

#endif
