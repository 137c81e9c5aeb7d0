/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a chain file: every finding with its place, shown in the order of the file, no
 * secret among them. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stagger/message.h>

#include "config/arena.h"
#include "config/secrets.h"

struct place {
	size_t at, size; /* bytes of the file */
};
#define PLACE_NONE ((struct place){ SIZE_MAX, 0 }) /* the file as a whole */

struct finding {
	struct place place;
	const char *text;
	const char *lines; /* what to add, each line ends with \n; or NULL */
	size_t number;     /* the order they were found in */
};
struct report {
	struct arena *arena;
	const char *name; /* the file's, for people */
	struct stagger_bytes source;
	struct finding *findings;
	size_t n_findings;
	struct place *masks; /* parts of the source that are not shown */
	size_t n_masks;
	struct secrets *secrets; /* what no finding may repeat */
};

void report_add(struct report *r, struct place place, const char *fmt, ...) STAGGER_PRINTF(3, 4);
/* The same with lines that mend it when added. */
void report_missing(struct report *r, struct place place, const char *lines, const char *fmt, ...)
	STAGGER_PRINTF(4, 5);
/* The source's bytes there are shown as `***`. */
void report_mask(struct report *r, struct place place);
/* A text that becomes `***` in every finding. */
void report_secret(struct report *r, const char *text);
/* STAGGER_OK without findings. Otherwise fills err and *text (NULL: not wanted; malloc'd). */
STAGGER_MUST_USE enum stagger_status report_finish(struct report *r, char **text,
						   struct stagger_error *err);

#endif
