/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants as people write them: RFC 3339, milliseconds since the epoch inside. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stagger/error.h>

#define INSTANT_TEXT 40 /* bytes that hold every formatted instant, NUL included */

/* "2026-01-02T03:04:05.678Z"; what lies outside of the years 0 to 9999 as "@" and the number.
 * Returns text. */
const char *instant_format(int64_t ms, char text[INSTANT_TEXT]);
/* Reads "2026-01-02T03:04:05Z", with a fraction, with "+02:00", with a blank for the T; or
 * "2026-01-02", its first instant in UTC; or a duration, "2h", so long before now_ms. */
STAGGER_MUST_USE enum stagger_status instant_parse(int64_t *out_ms, const char *text,
						   int64_t now_ms, struct stagger_error *err);

#endif
