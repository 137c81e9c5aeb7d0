/* SPDX-License-Identifier: Apache-2.0
 *
 * When an always-failing message is called and dead, and what a chain costs. */
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/text.h"
#include "cli/columns.h"
#include "cli/plan.h"

#define SHOWN_FIRST 60 /* calls of a long plan, from its begin and from its end */
#define SHOWN_LAST 3
#define PER_SECOND 1000 /* failures, for what jitter costs */

static bool has_jitter(const struct plan *plan)
{
	return plan->dead.earliest_ms != plan->dead.latest_ms;
}

static const char *time_text(int64_t ms, char text[DURATION_TEXT])
{
	if (ms == PLAN_NEVER)
		return "-";
	return ms == 0 ? "0" : duration_format(ms, text);
}

/* The row's cells point into texts. */
static bool add_call(struct columns *columns, const struct plan_view *view,
		     const struct plan_call *call)
{
	char numbers[3][12];
	char times[3][DURATION_TEXT];
	struct stagger_bytes cells[7];
	size_t n = 0;

	snprintf(numbers[0], sizeof(numbers[0]), "%d", (int)call->attempt);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", (int)call->visit);
	snprintf(numbers[2], sizeof(numbers[2]), "%d%s", (int)call->call, call->certain ? "" : "?");
	cells[n++] = bytes_text(numbers[0]);
	cells[n++] = bytes_text(view->chain->stages[call->stage].name);
	cells[n++] = bytes_text(numbers[1]);
	cells[n++] = bytes_text(numbers[2]);
	cells[n++] = bytes_text(time_text(call->at.nominal_ms, times[0]));
	cells[n++] = bytes_text(time_text(call->at.earliest_ms, times[1]));
	cells[n++] = bytes_text(time_text(call->at.latest_ms, times[2]));
	return columns_row(columns, cells);
}

static bool add_dead(struct columns *columns, const struct plan_view *view)
{
	const struct plan_time *dead = &view->plan->dead;
	char times[3][DURATION_TEXT];
	const struct stagger_bytes cells[] = {
		bytes_text("dead"),
		bytes_text(view->chain->dead_letter_topic != NULL ? "dlt" : "stop"),
		bytes_text(""),
		bytes_text(""),
		bytes_text(time_text(dead->nominal_ms, times[0])),
		bytes_text(time_text(dead->earliest_ms, times[1])),
		bytes_text(time_text(dead->latest_ms, times[2])),
	};

	return columns_row(columns, cells);
}

void plan_print_times(struct output *out, const struct plan_view *view)
{
	static const struct column specs[] = {
		{"attempt", true, 0}, {"stage", false, 0},    {"visit", true, 0},
		{"call", true, 0},    {"after", true, 0},     {"earliest", true, 0},
		{"latest", true, 0},
	};
	const struct plan *plan = view->plan;
	size_t n_columns = has_jitter(plan) ? 7 : 5;
	bool uncertain = false;
	struct columns *columns = columns_new(out, specs, n_columns);
	bool good = columns != NULL;
	size_t shown = SHOWN_FIRST + SHOWN_LAST;
	size_t left_out = plan->n > shown ? plan->n - shown : 0;

	for (size_t i = 0; i < plan->n && good; i++) {
		if (left_out > 0 && i == SHOWN_FIRST)
			i += left_out;
		uncertain = uncertain || !plan->calls[i].certain;
		good = add_call(columns, view, &plan->calls[i]);
	}
	good = good && add_dead(columns, view);
	columns_end(&columns);
	if (!good)
		message("out of memory");
	if (left_out > 0)
		output_print(out, "(%zu attempts after the %dth are left out here)\n", left_out,
			     SHOWN_FIRST);
	if (uncertain)
		output_print(out, "(? only if the jitter is small: the deadline or expire may come "
				  "before it)\n");
}

/* -- costs ------------------------------------------------------------------------------- */

static void print_worst(struct output *out, const struct plan_view *view)
{
	const struct plan *plan = view->plan;
	char at[DURATION_TEXT];
	char longest[DURATION_TEXT];

	output_print(out, "  %s at the latest %s after the first call",
		     view->chain->dead_letter_topic != NULL ? "in the DLT" : "stopped",
		     time_text(plan->dead.latest_ms, at));
	output_print(out, " (%s%s), when handlers take no time\n", plan->disposition,
		     plan->by_jitter ? ", or not, by the jitter" : "");
	if (view->chain->n_stages > 1)
		output_print(out, "  with retry_after each wait can become %s (longest_wait)\n",
			     duration_format(view->chain->longest_wait_ms, longest));
}

static void print_retention(struct output *out, const struct plan_view *view)
{
	const struct stagger_chain *chain = view->chain;
	char total[DURATION_TEXT];
	char wait[DURATION_TEXT];
	char margin[DURATION_TEXT];

	if (chain->n_stages == 1)
		return;
	output_print(out,
		     "  retention of each retry topic: %s (longest_wait %s + margin %s), "
		     "retention.ms=%lld\n",
		     duration_format(plan_retention_ms(chain), total),
		     duration_format(chain->longest_wait_ms, wait),
		     duration_format(chain->retention_margin_ms, margin),
		     (long long)plan_retention_ms(chain));
}

static void print_jitter(struct output *out, const struct plan_view *view)
{
	const struct stagger_chain *chain = view->chain;
	long long room = view->file->options.max_waiting;

	for (int32_t i = 1; i < chain->n_stages; i++) {
		int64_t held = plan_jitter_messages(chain, i, PER_SECOND);
		if (held == 0 || chain->stages[i].retired)
			continue;
		output_print(out,
			     "  jitter of %s: for %d failures a second about %lld messages wait in "
			     "memory, at most %lld; a partition's room (max_waiting %lld) is full "
			     "at %lld a second\n",
			     chain->stages[i].name, PER_SECOND, (long long)held,
			     (long long)held * 2, room,
			     room * 1000 / (long long)chain_jitter_ms(chain, i));
	}
}

void plan_print_costs(struct output *out, const struct plan_view *view)
{
	print_worst(out, view);
	print_retention(out, view);
	print_jitter(out, view);
}
