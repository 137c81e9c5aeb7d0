/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in aligned columns, for terminals. The widths are those of the first COLUMNS_AHEAD rows;
 * then rows are printed as they come, so that a topic of millions is shown from bounded memory. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "cli/output.h"

#define COLUMNS_MAX 12
#define COLUMNS_AHEAD 256

struct column {
	const char *title;
	bool right;       /* numbers */
	size_t max_width; /* cut, with an ellipsis; 0: never */
};
struct columns;

/* specs[n] must outlive it. NULL without memory. */
struct columns *columns_new(struct output *out, const struct column *specs, size_t n);
/* A row of cells[n], escaped here; NULL data: "-". False without memory. */
STAGGER_MUST_USE bool columns_row(struct columns *c, const struct stagger_bytes *cells);
/* Prints what is left; frees. */
void columns_end(struct columns **c);

#endif
