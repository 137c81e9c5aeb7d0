/* SPDX-License-Identifier: Apache-2.0
 *
 * Durations as people write them: 250ms 10s 5m 1h30m 7d. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stagger/error.h>

#define DURATION_TEXT 32 /* bytes that hold every formatted duration, NUL included */

/* Writes the shortest exact form, largest unit first: 60000 -> "1m", 90000 -> "1m30s", 0 -> "0ms".
 * ms >= 0. Returns text. */
const char *duration_format(int64_t ms, char text[DURATION_TEXT]);
/* Reads number-unit pairs, units d h m s ms, each at most once and descending. A bare number is
 * refused ("write 30s"), as is everything above 3650d. err->column is the 1-based byte. */
STAGGER_MUST_USE enum stagger_status duration_parse(int64_t *out_ms, const char *text,
						    struct stagger_error *err);

#endif
