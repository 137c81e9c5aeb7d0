/* SPDX-License-Identifier: Apache-2.0
 *
 * Collects findings. A finding's text is made at once, secrets are taken out at the end, when all
 * of them are known: the same value may be shown by a finding that came before its own. */
#define _GNU_SOURCE
#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "config/report_parts.h"

static void add(struct report *r, struct place place, const char *lines, const char *fmt,
		va_list args) STAGGER_PRINTF(4, 0);
static void add(struct report *r, struct place place, const char *lines, const char *fmt,
		va_list args)
{
	char text[2 * SECRETS_MAX_TEXT];
	struct finding *list =
		arena_more(r->arena, r->findings, r->n_findings, sizeof(*r->findings));

	if (list == NULL || vsnprintf(text, sizeof(text), fmt, args) < 0)
		return;
	r->findings = list;
	struct finding *f = &list[r->n_findings];
	f->place = place;
	f->number = r->n_findings;
	f->text = secrets_one_line(r->arena, text);
	f->lines = lines != NULL ? arena_text(r->arena, bytes_text(lines)) : NULL;
	if (f->text != NULL)
		r->n_findings++;
}

void report_add(struct report *r, struct place place, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, place, NULL, fmt, args);
	va_end(args);
}

void report_missing(struct report *r, struct place place, const char *lines, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, place, lines, fmt, args);
	va_end(args);
}

void report_mask(struct report *r, struct place place)
{
	struct place *masks = arena_more(r->arena, r->masks, r->n_masks, sizeof(*masks));

	if (masks == NULL)
		return;
	r->masks = masks;
	masks[r->n_masks++] = place;
}

void report_secret(struct report *r, const char *text)
{
	secrets_add(r->secrets, r->arena, text);
}

static int by_place(const void *a, const void *b)
{
	const struct finding *one = a;
	const struct finding *other = b;

	if (one->place.at != other->place.at)
		return one->place.at < other->place.at ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

static int by_start(const void *a, const void *b)
{
	const struct place *one = a;
	const struct place *other = b;

	return one->at < other->at ? -1 : one->at > other->at ? 1 : 0;
}

/* Sorted, and none within another. */
static void merge_masks(struct report *r)
{
	size_t n = 0;

	if (r->n_masks > 1)
		qsort(r->masks, r->n_masks, sizeof(*r->masks), by_start);
	for (size_t i = 0; i < r->n_masks; i++) {
		struct place *last = n > 0 ? &r->masks[n - 1] : NULL;
		struct place mask = r->masks[i];
		if (last == NULL || mask.at > last->at + last->size)
			r->masks[n++] = mask;
		else if (mask.at + mask.size > last->at + last->size)
			last->size = mask.at + mask.size - last->at;
	}
	r->n_masks = n;
}

/* In the order of the file, each once, without secrets. */
static void settle(struct report *r)
{
	size_t n = 0;

	merge_masks(r);
	qsort(r->findings, r->n_findings, sizeof(*r->findings), by_place);
	for (size_t i = 0; i < r->n_findings; i++) {
		struct finding f = r->findings[i];
		if (n < REPORT_MAX_SHOWN)
			f.text = secrets_scrub(r->secrets, r->arena, f.text);
		bool again = n > 0 && r->findings[n - 1].place.at == f.place.at &&
			     strcmp(r->findings[n - 1].text, f.text) == 0;
		if (!again)
			r->findings[n++] = f;
	}
	r->n_findings = n;
}

enum stagger_status report_finish(struct report *r, char **text, struct stagger_error *err)
{
	if (r->arena->failed)
		return fail_memory(err);
	if (r->n_findings == 0)
		return STAGGER_OK;
	settle(r);
	if (r->arena->failed)
		return fail_memory(err);
	return report_show(r, text, err);
}
