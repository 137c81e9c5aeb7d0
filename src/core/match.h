/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns over an error's class and code: "Name", "Prefix*", "Name/Code", "Name/Code*". Without a
 * code part any code fits; with one an error without code never does. Case matters. */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include <stagger/error.h>

struct match {
	char *error_class, *code;   /* without the star; code NULL = any */
	bool class_prefix, code_prefix;
};

/* Refuses an empty pattern, a star that is not last in its part, a second slash,
 * over-long parts. */
STAGGER_MUST_USE enum stagger_status match_parse(struct match *out, const char *pattern,
						 struct stagger_error *err);
bool match_fits(const struct match *m, const char *error_class, const char *code /* or NULL */);
/* As it is written in a chain file. Returns text. */
#define MATCH_TEXT 512
const char *match_format(const struct match *m, char text[MATCH_TEXT]);
void match_clear(struct match *m);

#endif
