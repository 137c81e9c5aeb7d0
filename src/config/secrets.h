/* SPDX-License-Identifier: Apache-2.0
 *
 * Values that are never shown: in a text that is, `***` stands for them. */
#ifndef CONFIG_SECRETS_H
#define CONFIG_SECRETS_H

#include "config/arena.h"

#define SECRETS_MASK "***"
#define SECRETS_MAX 2048
#define SECRETS_MAX_TEXT 1024 /* bytes of a text shown in one line; more is cut */

struct secrets {
	const char **texts; /* the longest first, after secrets_sort() */
	size_t n;
};

/* Beyond SECRETS_MAX nothing is added. */
void secrets_add(struct secrets *s, struct arena *arena, const char *text);
void secrets_sort(struct secrets *s);
/* The text, or one without secrets in the arena. */
const char *secrets_scrub(const struct secrets *s, struct arena *arena, const char *text);
/* A copy as it is shown: valid UTF-8, no control characters. NULL without memory. */
char *secrets_one_line(struct arena *arena, const char *text);

#endif
