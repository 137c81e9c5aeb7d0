/* SPDX-License-Identifier: Apache-2.0
 *
 * The scripted worker's history: what the library says, line by line. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "tell.h"
#include "worker.h"

#define LINE_MAX_SIZE 16384
#define HOUR_MS 3600000
#define JITTER_MAX_MS 30000 /* the library's defaults */
#define MAX_UNCOMMITTED 65536
#define DRAIN_MS 30000

void worker_print(const struct worker *w, struct history_event *event)
{
	char line[LINE_MAX_SIZE];

	if ((w->options.events & (UINT32_C(1) << event->kind)) == 0)
		return;
	event->member = w->options.name;
	event->group = w->options.group;
	if (event->at_ms == 0) {
		event->at_ms = script_wall_ms();
		event->boot_ms = script_boot_ms();
	}
	script_line(w->fd, line, history_write(event, line, sizeof(line)));
}

void worker_event(const struct stagger_event *event, void *user)
{
	const struct worker *w = user;
	struct history_event line;
	struct script script;

	if (tell_event(event, &script, &line))
		worker_print(w, &line);
}

void worker_print_config(const struct worker *w)
{
	const struct worker_options *o = &w->options;
	char names[SCRIPT_MAX_STAGES][SCRIPT_DURATION + 8];
	char topics[SCRIPT_MAX_STAGES][WORKER_MAX_NAME];
	char dlt[WORKER_MAX_NAME];
	char text[SCRIPT_DURATION];
	char line[LINE_MAX_SIZE];
	struct history_config config = {
		.group = o->group, .topic = o->topic, .dlt = dlt, .n_stages = o->n_stages,
		.order = o->order, .jitter = o->jitter, .jitter_max_ms = JITTER_MAX_MS,
		.longest_wait_ms = HOUR_MS, .drain_timeout_ms = DRAIN_MS,
		.max_uncommitted = o->max_uncommitted == 0 ? MAX_UNCOMMITTED : o->max_uncommitted,
		.in_place_attempts = o->in_place_attempts == 0 ? 1 : o->in_place_attempts,
		.republish = o->republish,
	};

	if ((o->events & (UINT32_C(1) << HISTORY_CONFIG)) == 0)
		return;
	snprintf(dlt, sizeof(dlt), "%s.%s.dlt", o->topic, o->group);
	for (size_t i = 0; i < o->n_stages; i++) {
		script_duration_text(o->delays_ms[i], text);
		snprintf(names[i], sizeof(names[i]), "retry.%s", text);
		snprintf(topics[i], sizeof(topics[i]), "%s.%s.retry.%s", o->topic, o->group, text);
		config.stages[i] = (struct history_stage){names[i], topics[i], o->delays_ms[i],
							  o->visits[i] == 0 ? 1 : o->visits[i],
							  o->retired[i]};
		int64_t jitter_ms = (int64_t)((double)o->delays_ms[i] * o->jitter);
		int64_t longest_ms = o->delays_ms[i] +
				     (jitter_ms < JITTER_MAX_MS ? jitter_ms : JITTER_MAX_MS);
		if (longest_ms > config.longest_wait_ms)
			config.longest_wait_ms = longest_ms;
	}
	script_line(w->fd, line, history_write_config(&config, line, sizeof(line)));
}

void worker_print_stopped(const struct worker *w)
{
	const struct stagger_stats *stats;
	struct history_event line = {HISTORY_EVENT(HISTORY_STOPPED)};
	struct history_counters counters;

	if (stagger_consumer_stats(w->consumer, &stats, NULL) != STAGGER_OK)
		return;
	tell_counters(&counters, stats);
	line.counters = &counters;
	worker_print(w, &line);
	stagger_stats_free(&stats);
}
