/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows in aligned columns. */
#define _GNU_SOURCE
#include "cli/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct columns {
	struct output *out;
	const struct column *specs;
	size_t n, n_rows;
	bool settled; /* widths stand, the title is printed */
	size_t widths[COLUMNS_MAX];
	char *rows[COLUMNS_AHEAD][COLUMNS_MAX];
};

struct columns *columns_new(struct output *out, const struct column *specs, size_t n)
{
	struct columns *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->out = out;
	c->specs = specs;
	c->n = n;
	for (size_t i = 0; i < n; i++)
		c->widths[i] = output_width(bytes_text(specs[i].title));
	return c;
}

static void pad(struct output *out, size_t n)
{
	output_print(out, "%*s", (int)n, "");
}

static void print_cells(const struct columns *c, char *const *cells)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t width = output_width(bytes_text(cells[i]));
		size_t rest = width < c->widths[i] ? c->widths[i] - width : 0;
		if (c->specs[i].right)
			pad(c->out, rest);
		output_print(c->out, "%s", cells[i]);
		if (i + 1 == c->n)
			break;
		pad(c->out, c->specs[i].right ? 2 : rest + 2);
	}
	output_print(c->out, "\n");
}

static void print_title(const struct columns *c)
{
	output_style(c->out, STYLE_BOLD);
	for (size_t i = 0; i < c->n; i++) {
		size_t rest = c->widths[i] - output_width(bytes_text(c->specs[i].title));
		if (c->specs[i].right)
			pad(c->out, rest);
		output_print(c->out, "%s", c->specs[i].title);
		if (i + 1 < c->n)
			pad(c->out, c->specs[i].right ? 2 : rest + 2);
	}
	output_style(c->out, STYLE_PLAIN);
	output_print(c->out, "\n");
}

static void drop_rows(struct columns *c)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		for (size_t k = 0; k < c->n; k++) {
			free(c->rows[i][k]);
			c->rows[i][k] = NULL;
		}
	}
	c->n_rows = 0;
}

static void print_rows(struct columns *c)
{
	if (!c->settled && c->n_rows > 0) {
		print_title(c);
		c->settled = true;
	}
	for (size_t i = 0; i < c->n_rows && !c->out->gone; i++)
		print_cells(c, c->rows[i]);
	drop_rows(c);
}

bool columns_row(struct columns *c, const struct stagger_bytes *cells)
{
	char **row = c->rows[c->n_rows++];

	for (size_t i = 0; i < c->n; i++) {
		struct stagger_bytes cell = cells[i].data != NULL ? cells[i] : bytes_text("-");
		size_t most = c->specs[i].max_width;
		row[i] = output_escaped(cell, most > 0 ? most : SIZE_MAX);
		if (row[i] == NULL)
			return false;
		size_t width = output_width(bytes_text(row[i]));
		if (!c->settled && width > c->widths[i])
			c->widths[i] = width;
	}
	if (c->settled || c->n_rows == COLUMNS_AHEAD)
		print_rows(c);
	return true;
}

void columns_end(struct columns **c)
{
	if (*c == NULL)
		return;
	print_rows(*c);
	free(*c);
	*c = NULL;
}
