/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan for programs: JSON, and Mermaid for documents. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/plan.h"

static void put_time(struct json *j, const struct plan_time *at)
{
	json_put_number(j, "earliest_ms", at->earliest_ms);
	json_put_number_unless(j, "nominal_ms", at->nominal_ms, PLAN_NEVER);
	json_put_number(j, "latest_ms", at->latest_ms);
}

static void put_stage(struct json *j, const struct stagger_chain *chain, int32_t number)
{
	const struct chain_stage *stage = &chain->stages[number];
	bool waits = number != CHAIN_MAIN;

	json_open(j, '{');
	json_put_text(j, "name", stage->name);
	json_put_text(j, "topic", stage->topic);
	json_put_number(j, "delay_ms", stage->delay_ms);
	json_put_number(j, "jitter_ms", chain_jitter_ms(chain, number));
	json_put_number(j, "visits", stage->visits);
	json_put_number(j, "calls_per_visit", plan_calls(chain, number));
	json_put_bool(j, "retired", stage->retired);
	json_put_number_unless(j, "retention_ms", waits ? plan_retention_ms(chain) : -1, -1);
	json_put_number(j, "held_per_1000_failures_a_second",
			plan_jitter_messages(chain, number, 1000));
	json_close(j, '}');
}

static void put_call(struct json *j, const struct stagger_chain *chain,
		     const struct plan_call *call)
{
	json_open(j, '{');
	json_put_number(j, "attempt", call->attempt);
	json_put_text(j, "stage", chain->stages[call->stage].name);
	json_put_number(j, "visit", call->visit);
	json_put_number(j, "call", call->call);
	put_time(j, &call->at);
	json_put_bool(j, "certain", call->certain);
	json_close(j, '}');
}

static void put_patterns(struct json *j, const char *name, const struct match *list, size_t n)
{
	char text[MATCH_TEXT];

	json_name(j, name);
	json_open(j, '[');
	for (size_t i = 0; i < n; i++)
		json_text(j, match_format(&list[i], text));
	json_close(j, ']');
}

static void put_dead(struct json *j, const struct plan_view *view)
{
	const struct stagger_chain *chain = view->chain;
	char text[MATCH_TEXT];

	json_name(j, "dead_letter");
	json_open(j, '{');
	json_put_text(j, "topic", chain->dead_letter_topic);
	json_put_bool(j, "stop", chain->stop_instead_of_dead_letter);
	json_put_number_unless(j, "retention_ms", chain->dead_letter_retention_ms, 0);
	json_name(j, "routes");
	json_open(j, '[');
	for (size_t i = 0; i < chain->n_routes; i++) {
		json_open(j, '{');
		json_put_text(j, "of", match_format(&chain->routes[i].match, text));
		json_put_text(j, "topic", chain->routes[i].topic);
		json_close(j, '}');
	}
	json_close(j, ']');
	put_time(j, &view->plan->dead);
	json_put_text(j, "disposition", view->plan->disposition);
	json_put_bool(j, "disposition_by_jitter", view->plan->by_jitter);
	json_close(j, '}');
}

void plan_json(struct json *j, const struct plan_view *view)
{
	const struct stagger_chain *chain = view->chain;

	json_open(j, '{');
	json_put_text(j, "chain", chain->name);
	json_put_text(j, "group", view->file->options.group);
	json_put_text(j, "mode", chain->republish ? "republish" : "handle");
	json_name(j, "stages");
	json_open(j, '[');
	for (int32_t i = 0; i < chain->n_stages; i++)
		put_stage(j, chain, i);
	json_close(j, ']');
	put_patterns(j, "never", chain->never, chain->n_never);
	put_patterns(j, "only", chain->only, chain->n_only);
	json_put_number(j, "longest_wait_ms", chain->longest_wait_ms);
	json_put_number_unless(j, "deadline_ms", chain->deadline_ms, 0);
	json_put_number_unless(j, "expire_ms", chain->expire_ms, 0);
	json_put_number(j, "max_waiting", view->file->options.max_waiting);
	json_name(j, "calls");
	json_open(j, '[');
	for (size_t i = 0; i < view->plan->n; i++)
		put_call(j, chain, &view->plan->calls[i]);
	json_close(j, ']');
	put_dead(j, view);
	json_close(j, '}');
}
