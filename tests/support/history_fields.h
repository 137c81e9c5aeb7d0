/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of an event's fields, for reader and writer. */
#ifndef SUPPORT_HISTORY_FIELDS_H
#define SUPPORT_HISTORY_FIELDS_H

#include "history.h"

enum history_type { HISTORY_TEXT, HISTORY_INT32, HISTORY_INT64, HISTORY_HASH, HISTORY_BOOL };

struct history_field {
	const char *name;
	enum history_type type;
	int absent; /* the number that means "does not apply" */
	size_t place;
};

extern const struct history_field history_fields[]; /* in strcmp order */
extern const size_t history_n_fields;

/* By name, or NULL. */
const struct history_field *history_field(const char *name);

#endif
