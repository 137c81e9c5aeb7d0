/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain drawn for a terminal, from main downwards: what README.md shows, of the chain at hand. In
 * ASCII, so that it can be pasted anywhere. */
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/text.h"
#include "cli/plan.h"
#include "core/route.h"

struct drawing {
	struct output *out;
	const struct stagger_chain *chain;
	int names, topics; /* widths of the columns */
};

int32_t plan_after_retired(const struct stagger_chain *chain, int32_t stage)
{
	const struct route_facts facts = {
		.verdict = STAGGER_RETRY,
		.error_class = "",
		.stage = stage,
		.read_stage = stage,
		.visit = 1,
		.call = chain->in_place_attempts,
	};
	struct stagger_chain plain = *chain; /* what a failure that is retried meets */

	plain.n_never = plain.n_only = 0;
	plain.deadline_ms = 0;
	struct route next = route_next(&plain, &facts);
	return next.place == PLACE_STAGE ? next.stage : CHAIN_DLT;
}

const char *plan_wait(const struct stagger_chain *chain, int32_t stage, char text[PLAN_WAIT])
{
	int64_t jitter_ms = chain_jitter_ms(chain, stage);
	char delay[DURATION_TEXT];
	char jitter[DURATION_TEXT];
	size_t used = 0;

	text_add(text, PLAN_WAIT, &used, "%s",
		 duration_format(chain->stages[stage].delay_ms, delay));
	if (jitter_ms > 0)
		text_add(text, PLAN_WAIT, &used, " +- %s", duration_format(jitter_ms, jitter));
	return text;
}

static void widen(int *width, const char *text)
{
	int found = (int)strlen(text);

	if (found > *width)
		*width = found;
}

static void row(const struct drawing *d, enum style style, const char *name, const char *topic)
{
	output_print(d->out, "  ");
	output_style(d->out, style);
	output_print(d->out, "%-*s", d->names, name);
	output_style(d->out, STYLE_PLAIN);
	output_print(d->out, "  %-*s  ", d->topics, topic);
}

static void arrow(const struct drawing *d)
{
	output_print(d->out, "    |  fails\n    v\n");
}

/* "up to 3 calls, 200ms apart and growing" */
static void print_calls(const struct drawing *d, int32_t number)
{
	const struct stagger_chain *chain = d->chain;
	char delay[DURATION_TEXT];

	output_print(d->out, "handler");
	if (plan_calls(chain, number) == 1)
		return;
	output_print(d->out, ", up to %d calls in place", (int)plan_calls(chain, number));
	switch (chain->in_place_backoff) {
	case STAGGER_BACKOFF_IMMEDIATE:
		output_print(d->out, " at once");
		break;
	case STAGGER_BACKOFF_FIXED:
		output_print(d->out, " %s apart", duration_format(chain->in_place_delay_ms, delay));
		break;
	case STAGGER_BACKOFF_DEFAULT:
	case STAGGER_BACKOFF_EXPONENTIAL:
		output_print(d->out, " after %s, then x%g",
			     duration_format(chain->in_place_delay_ms, delay),
			     chain->in_place_multiplier);
		break;
	}
}

static void draw_stage(const struct drawing *d, int32_t number)
{
	const struct chain_stage *stage = &d->chain->stages[number];
	char wait[PLAN_WAIT];

	row(d, STYLE_BOLD, stage->name, stage->topic);
	if (number != CHAIN_MAIN)
		output_print(d->out, "waits %s, then %s", plan_wait(d->chain, number, wait),
			     d->chain->republish ? "back to main: " : "");
	print_calls(d, number);
	if (stage->visits > 1)
		output_print(d->out, "; %d visits", (int)stage->visits);
	output_print(d->out, "\n");
}

static void draw_dead(const struct drawing *d)
{
	const struct stagger_chain *chain = d->chain;
	char text[MATCH_TEXT];
	char kept[DURATION_TEXT];

	if (chain->dead_letter_topic == NULL) {
		row(d, STYLE_RED, "stop", "-");
		output_print(d->out, "the consumer stops, the message stays unfinished\n");
		return;
	}
	row(d, STYLE_RED, "dlt", chain->dead_letter_topic);
	if (chain->dead_letter_retention_ms > 0)
		output_print(d->out, "kept for %s\n",
			     duration_format(chain->dead_letter_retention_ms, kept));
	else
		output_print(d->out, "kept for ever\n");
	for (size_t i = 0; i < chain->n_routes; i++) {
		row(d, STYLE_RED, "", chain->routes[i].topic);
		output_print(d->out, "of ");
		output_text(d->out, match_format(&chain->routes[i].match, text));
		output_print(d->out, "\n");
	}
}

static void draw_retired(const struct drawing *d)
{
	for (int32_t i = 1; i < d->chain->n_stages; i++) {
		const struct chain_stage *stage = &d->chain->stages[i];
		if (!stage->retired)
			continue;
		int32_t next = plan_after_retired(d->chain, i);
		row(d, STYLE_DIM, stage->name, stage->topic);
		output_print(d->out, "retired: nothing new comes in; what fails goes to %s\n",
			     next != CHAIN_DLT ? d->chain->stages[next].name : "the DLT");
	}
}

static void draw_patterns(const struct drawing *d, const char *title, const struct match *list,
			  size_t n)
{
	char text[MATCH_TEXT];

	if (n == 0)
		return;
	output_print(d->out, "  %s ", title);
	for (size_t i = 0; i < n; i++) {
		output_print(d->out, "%s", i > 0 ? ", " : "");
		output_text(d->out, match_format(&list[i], text));
	}
	output_print(d->out, "\n");
}

void plan_draw(struct output *out, const struct plan_view *view)
{
	const struct stagger_chain *chain = view->chain;
	struct drawing d = {.out = out, .chain = chain, .names = 4};

	for (int32_t i = 0; i < chain->n_stages; i++) {
		widen(&d.names, chain->stages[i].name);
		widen(&d.topics, chain->stages[i].topic);
	}
	for (size_t i = 0; i < chain->n_routes; i++)
		widen(&d.topics, chain->routes[i].topic);
	widen(&d.topics, chain->dead_letter_topic != NULL ? chain->dead_letter_topic : "-");
	for (int32_t i = 0; i < chain->n_stages; i++) {
		if (chain->stages[i].retired)
			continue;
		draw_stage(&d, i);
		arrow(&d);
	}
	draw_dead(&d);
	draw_retired(&d);
	draw_patterns(&d, "to the DLT at once:", chain->never, chain->n_never);
	draw_patterns(&d, "to the DLT at once, but for:", chain->only, chain->n_only);
}
