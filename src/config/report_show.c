/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as people read them: place and text, the line, a caret below. Masked parts are left out
 * of the line, so what is left of it and the caret move together. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "config/report_parts.h"

#define MAX_LINE 160 /* bytes of a source line that are shown */
#define MAX_LEFT 60  /* bytes before the caret, when a line is too long */

/* Goes over the source once, as the findings do. */
struct cursor {
	size_t start; /* of the line */
	uint32_t line;
};

static const char *source_at(const struct report *r, size_t at)
{
	return (const char *)r->source.data + at;
}

static size_t line_end(const struct report *r, size_t start)
{
	const char *end = start < r->source.size
				  ? memchr(source_at(r, start), '\n', r->source.size - start)
				  : NULL;
	size_t at = end != NULL ? (size_t)(end - source_at(r, 0)) : r->source.size;

	return at > start && *source_at(r, at - 1) == '\r' ? at - 1 : at;
}

/* A place at the very end of the file shows its last line. */
static void move(const struct report *r, struct cursor *c, size_t at)
{
	for (;;) {
		const char *end = c->start < r->source.size ? memchr(source_at(r, c->start), '\n',
								     r->source.size - c->start)
							    : NULL;
		size_t next = end != NULL ? (size_t)(end - source_at(r, 0)) + 1 : SIZE_MAX;
		if (next > at || next == r->source.size)
			return;
		c->start = next;
		c->line++;
	}
}

static struct stagger_bytes part(const struct report *r, size_t from, size_t to)
{
	return (struct stagger_bytes){ source_at(r, from), to - from };
}

static uint32_t column_of(const struct report *r, const struct cursor *c, size_t at)
{
	uint32_t column = 1;
	bool valid;

	for (size_t i = c->start; i < at && i < r->source.size; column++)
		i += utf8_step(part(r, i, r->source.size), &valid);
	return column;
}

/* The end of the mask that holds at, or at. */
static size_t mask_end(const struct report *r, size_t at)
{
	size_t low = 0;
	size_t high = r->n_masks; /* masks before low begin at or before at */

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->masks[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return at;
	size_t end = r->masks[low - 1].at + r->masks[low - 1].size;
	return end > at ? end : at;
}

/* Shows [from, to) of a line and returns through carets what goes below it. */
static void show_part(const struct report *r, struct place place, size_t from, size_t to, FILE *out,
		      FILE *carets)
{
	bool begun = false;

	for (size_t at = from; at < to;) {
		size_t next = mask_end(r, at);
		bool masked = next > at;
		bool valid = true;
		if (!masked)
			next = at + utf8_step(part(r, at, to), &valid);
		unsigned char first = (unsigned char)*source_at(r, at);
		bool control = first < ' ' || first == 127;
		bool hit = at < place.at + (place.size > 0 ? place.size : 1) && next > place.at;
		int times = masked ? (int)strlen(SECRETS_MASK) : 1;

		if (masked)
			fputs(SECRETS_MASK, out);
		else if (!valid || (control && first != '\t'))
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(source_at(r, at), 1, next - at, out);
		for (int i = 0; i < times && (!begun || hit); i++) {
			fputc(begun ? '~' : hit ? '^' : first == '\t' ? '\t' : ' ', carets);
			begun = begun || hit;
		}
		at = next;
	}
	if (!begun)
		fputc('^', carets);
}

static void show_line(const struct report *r, const struct cursor *c, struct place place, FILE *out)
{
	char *below = NULL;
	size_t size = 0;
	FILE *carets = open_memstream(&below, &size);
	size_t from = c->start;
	size_t end = line_end(r, from);
	size_t to = end;

	if (carets == NULL)
		return;
	if (end - from > MAX_LINE && place.at > from + MAX_LEFT) {
		from = place.at - MAX_LEFT;
		while (((unsigned char)*source_at(r, from) & 0xc0) == 0x80)
			from++; /* not inside a character */
	}
	if (to - from > MAX_LINE)
		to = from + utf8_cut(part(r, from, to), MAX_LINE);
	if (from > c->start) {
		fputs("...", out);
		fputs("   ", carets);
	}
	show_part(r, place, from, to, out, carets);
	fputs(to < end ? "...\n" : "\n", out);
	if (fclose(carets) == 0)
		fprintf(out, "%s\n", below);
	free(below);
}

static void show_finding(const struct report *r, struct cursor *c, const struct finding *f,
			 FILE *out)
{
	char name[256];

	utf8_clean(name, sizeof(name), bytes_text(r->name));
	if (f->place.at == SIZE_MAX) {
		fprintf(out, "%s: error: %s\n", name, f->text);
	} else {
		move(r, c, f->place.at);
		fprintf(out, "%s:%u:%u: error: %s\n", name, (unsigned)c->line,
			(unsigned)column_of(r, c, f->place.at), f->text);
		show_line(r, c, f->place, out);
	}
	for (const char *line = f->lines; line != NULL && *line != '\0';) {
		size_t size = strcspn(line, "\n");
		fprintf(out, "  + %.*s\n", (int)size, line);
		line += size + (line[size] == '\n');
	}
}

/* Whole findings and how many more there are; the first one is cut if it has to be. */
static void fill(const struct report *r, const char *text, const size_t *ends, size_t n_ends,
		 struct stagger_error *err)
{
	char more[32] = "";
	size_t n = n_ends;

	while (n > 0) {
		size_t left = r->n_findings - n;
		int size = left > 0 ? snprintf(more, sizeof(more), "and %zu more", left) : 0;
		if (n == 1 || ends[n - 1] + (size_t)size < sizeof(err->text))
			break;
		n--;
	}
	size_t whole = n > 0 ? ends[n - 1] : 0;
	size_t room = sizeof(err->text) - strlen(more) - 2;
	if (whole > room)
		whole = utf8_cut(bytes_text(text), room);
	fail(err, STAGGER_INVALID, "%.*s%s", (int)whole, text, more);
	struct cursor c = { 0, 1 };
	if (n == 0 || r->findings[0].place.at == SIZE_MAX)
		return;
	move(r, &c, r->findings[0].place.at);
	err->line = c.line;
	err->column = column_of(r, &c, r->findings[0].place.at);
}

enum stagger_status report_show(const struct report *r, char **text, struct stagger_error *err)
{
	size_t n = r->n_findings < REPORT_MAX_SHOWN ? r->n_findings : REPORT_MAX_SHOWN;
	size_t *ends = arena_take(r->arena, n * sizeof(*ends));
	char *all = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&all, &size);
	struct cursor c = { 0, 1 };

	for (size_t i = 0; i < n && out != NULL && ends != NULL; i++) {
		show_finding(r, &c, &r->findings[i], out);
		fflush(out);
		ends[i] = size;
	}
	if (out != NULL && n < r->n_findings)
		fprintf(out, "and %zu more\n", r->n_findings - n);
	bool failed = out == NULL || ferror(out) != 0;
	if (out != NULL && fclose(out) != 0)
		failed = true;
	if (failed || ends == NULL || all == NULL) {
		free(all);
		return fail_memory(err);
	}
	if (err != NULL)
		fill(r, all, ends, n, err);
	if (text != NULL)
		*text = all;
	else
		free(all);
	return STAGGER_INVALID;
}
