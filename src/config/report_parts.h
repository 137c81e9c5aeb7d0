/* SPDX-License-Identifier: Apache-2.0
 *
 * Between report.c and report_show.c; nobody else's. */
#ifndef CONFIG_REPORT_PARTS_H
#define CONFIG_REPORT_PARTS_H

#include "config/report.h"

#define REPORT_MAX_SHOWN 10000 /* findings; of the others their number */

/* Writes findings that are in order: see report_finish(). STAGGER_INVALID, or NO_MEMORY. */
STAGGER_MUST_USE enum stagger_status report_show(const struct report *r, char **text,
						 struct stagger_error *err);

#endif
