/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs every rule over a history and keeps what they find. */
#define _GNU_SOURCE
#include "checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define TEXT_MAX 512

const char *checker_rule_name(enum checker_rule rule)
{
	switch (rule) {
#define X(name, constant)                                                                          \
	case CHECKER_##constant:                                                                   \
		return #name;
		CHECKER_RULES(X)
#undef X
	case CHECKER_N_RULES:
		break;
	}
	return "none";
}

void check_fail(struct check *c, enum checker_rule rule, const char *fmt, ...)
{
	struct checker_result *result = c->result;
	char text[TEXT_MAX];
	va_list args;

	result->violations++;
	if (result->broken[rule]++ >= CHECKER_MAX_TEXTS)
		return;
	int n = snprintf(text, sizeof(text), "%s: ", checker_rule_name(rule));
	va_start(args, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
	va_end(args);
	result->texts = map_grow(result->texts, result->n_texts + 1, sizeof(*result->texts));
	result->steps = map_grow(result->steps, result->n_texts + 1, sizeof(*result->steps));
	result->steps[result->n_texts] = c->at;
	result->texts[result->n_texts] = map_grow(NULL, strlen(text) + 1, 1);
	memcpy(result->texts[result->n_texts++], text, strlen(text) + 1);
}

const char *check_id(const struct history_event *event)
{
	return event->id == NULL ? "-" : event->id;
}

bool check_verdict(const struct history_event *event, const char *verdict)
{
	return event->kind == HISTORY_HANDLED && event->verdict != NULL &&
	       strcmp(event->verdict, verdict) == 0;
}

bool check_fault(const struct history_event *event, const char *kind)
{
	return event->kind == HISTORY_FAULT && event->reason != NULL &&
	       strcmp(event->reason, kind) == 0;
}

bool check_truncates(const struct history_event *event)
{
	return check_fault(event, "truncated") && event->topic != NULL;
}

bool check_begins_anew(const struct history_event *event)
{
	return event->kind == HISTORY_RESET && event->reason != NULL &&
	       strcmp(event->reason, "log_reset") == 0;
}

bool check_hits(const struct check *c, const struct history_event *event)
{
	if (event->kind == HISTORY_REVOKED)
		return event->lost || c->h->config.revoke_is_fault;
	return event->kind == HISTORY_FAULT && !check_fault(event, "clock") &&
	       !check_fault(event, "retention");
}

bool check_drained(const struct check *c)
{
	for (size_t i = c->h->n; i > 0; i--)
		if (c->h->events[i - 1].kind == HISTORY_DRAINED)
			return true;
	return false;
}

const char *check_stage(const struct history_event *event)
{
	if (event->stage != NULL)
		return event->stage;
	return event->topic == NULL ? "-" : event->topic;
}

static void count(struct check *c)
{
	struct checker_result *result = c->result;

	for (size_t i = 0; i < c->h->n; i++) {
		const struct history_event *event = &c->h->events[i];
		if (event->kind == HISTORY_PRODUCED)
			result->produced++;
		else if (event->kind == HISTORY_HANDLING)
			result->calls++;
		else if (event->kind == HISTORY_DEAD)
			result->dead++;
		else if (check_verdict(event, "done"))
			result->done++;
	}
}

void checker_run(const struct history *h, struct checker_result *result)
{
	struct check check = {.h = h, .result = result};
	static void (*const rules[])(struct check *) = {
		check_duplicates, check_loss,  check_time,  check_due,  check_order,
		check_calls,      check_offsets, check_stops,
	};

	*result = (struct checker_result){.violations = 0};
	check_index(&check);
	count(&check);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](&check);
	map_clear(&check.message_places);
	map_clear(&check.record_places);
	map_clear(&check.lane_places);
	map_clear(&check.member_places);
	free(check.deleted);
	free(check.newest);
	free(check.where);
	free(check.messages);
	free(check.records);
	free(check.processes);
	free(check.lanes);
}

void checker_clear(struct checker_result *result)
{
	for (size_t i = 0; i < result->n_texts; i++)
		free(result->texts[i]);
	free(result->texts);
	free(result->steps);
	*result = (struct checker_result){.violations = 0};
}
