/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as a story: all of it as JSON lines, or what happened to one message or one partition as
 * sentences. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

static bool is_about(const struct sim_view *view, const struct history_event *e)
{
	if (e->kind == HISTORY_FAULT || e->kind == HISTORY_STARTED || e->kind == HISTORY_STOPPED)
		return e->id == NULL || view->message == NULL || strcmp(e->id, view->message) == 0;
	if (view->message != NULL)
		return e->id != NULL && strcmp(e->id, view->message) == 0;
	if (view->topic != NULL)
		return e->topic != NULL && strcmp(e->topic, view->topic) == 0 &&
		       e->partition == view->partition;
	return true;
}

static void print_text(const char *before, const char *text)
{
	if (text != NULL)
		printf("%s%s", before, text);
}

static void print_number(const char *before, int64_t number, int64_t absent)
{
	if (number != absent)
		printf("%s%" PRId64, before, number);
}

void sim_trace(const struct sim *s, const struct history_event *e)
{
	char line[8192];
	if (s->view->json && history_write(e, line, sizeof(line)) > 0)
		fputs(line, stdout);
	if (!s->view->story || !is_about(s->view, e))
		return;
	printf("%12.3f s  step %-6zu %-3s %-13s", (double)e->boot_ms / 1000, s->history.n - 1,
	       e->member != NULL ? e->member : "", history_kind_name(e->kind));
	print_text(" id ", e->id);
	print_text(" ", e->topic);
	print_number("/", e->partition, -1);
	print_number("/", e->offset, -1);
	print_text(" of ", e->stage);
	print_number(", attempt ", e->attempt, 0);
	print_number(", visit ", e->visit, 0);
	print_text(" -> ", e->to_topic);
	print_text(": ", e->verdict);
	print_text(": ", e->reason);
	if (e->due_ms != 0)
		printf(", due in %.3f s", (double)(e->due_ms - e->at_ms) / 1000);
	print_number(", next offset ", e->next_offset, -1);
	printf("%s%s\n", e->settled ? " (settled)" : "", e->lost ? " (lost)" : "");
}
