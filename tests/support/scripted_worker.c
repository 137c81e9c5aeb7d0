/* SPDX-License-Identifier: Apache-2.0
 *
 * A real consumer, by the public API only, whose handler does what each message says. Its history
 * goes to --out or stdout, one JSON object a line. SIGTERM stops it cleanly, exit 0. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tell.h"
#include "worker.h"

#define SLOW_NS 50000000
#define HANG_S 60

static void wait_for(struct timespec left)
{
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

static enum stagger_verdict obey(struct worker *w, const struct stagger_message *m,
				 const struct script *script, struct stagger_failure *why)
{
	struct stagger_ticket ticket;
	const struct stagger_message *copy;

	if (script->detail[0] != '\0')
		stagger_failure_detail(why, script->detail, strlen(script->detail));
	switch (script_letter(script, m->attempt)) {
	case 'R':
		if (script->after_ms > 0)
			return stagger_retry_after(why, script->after_ms, script->error_class,
						   "attempt %d of id %s", (int)m->attempt,
						   script->id);
		return stagger_retry(why, script->error_class, "attempt %d of id %s",
				     (int)m->attempt, script->id);
	case 'X':
		return stagger_dead_letter(why, script->error_class, "attempt %d of id %s",
					   (int)m->attempt, script->id);
	case 'S':
		wait_for((struct timespec){0, SLOW_NS});
		return STAGGER_DONE;
	case 'H':
		wait_for((struct timespec){HANG_S, 0});
		return STAGGER_DONE;
	case 'A':
		copy = stagger_defer(m, &ticket);
		if (copy == NULL)
			return stagger_retry(why, "NoMemory", "no ticket");
		if (!worker_defer(w, copy, ticket))
			abort();
		return STAGGER_DEFER;
	default:
		return STAGGER_DONE;
	}
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct worker *w = user;
	struct script script = script_read(m->value);
	struct history_event line = tell_about(HISTORY_HANDLING, m, &script);

	worker_print(w, &line);
	enum stagger_verdict verdict = obey(w, m, &script, why);
	line.kind = HISTORY_HANDLED;
	line.at_ms = 0;
	line.verdict = tell_verdict(verdict);
	if (verdict == STAGGER_RETRY || verdict == STAGGER_DEAD_LETTER)
		line.error_class = script.error_class;
	if (verdict == STAGGER_RETRY)
		line.retry_after_ms = script.after_ms;
	worker_print(w, &line);
	return verdict;
}

static enum stagger_status make_chain(struct worker *w, struct stagger_error *err)
{
	const struct worker_options *o = &w->options;
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_stage_options stage = STAGGER_STAGE_OPTIONS_INIT;
	struct stagger_chain *chain;
	enum stagger_status status;

	options.topic = o->topic;
	options.workers = o->workers;
	options.jitter = o->jitter;
	options.deadline_ms = o->deadline_ms;
	options.republish = o->republish;
	options.shared_topics = o->shared;
	options.in_place_attempts = o->in_place_attempts;
	options.in_place_delay_ms = o->in_place_ms;
	options.in_place_backoff = STAGGER_BACKOFF_FIXED;
	options.dead_letter_headers = o->dead_letter_headers;
	options.order = strcmp(o->order, "key") == 0 ? STAGGER_ORDER_KEY :
			strcmp(o->order, "none") == 0 ? STAGGER_ORDER_NONE : STAGGER_ORDER_PARTITION;
	status = stagger_chain_new(&chain, "scripted", &options, err);
	if (status != STAGGER_OK)
		return status;
	for (size_t i = 0; status == STAGGER_OK && i < o->n_stages; i++) {
		stage.delay_ms = o->delays_ms[i];
		stage.attempts = o->visits[i];
		stage.retired = o->retired[i];
		status = stagger_chain_stage_with(chain, &stage, err);
	}
	if (status == STAGGER_OK)
		status = stagger_consumer_add(w->consumer, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

static enum stagger_status set_all(struct worker *w, struct stagger_error *err)
{
	const struct worker_options *o = &w->options;
	enum stagger_status status =
		stagger_consumer_set(w->consumer, "bootstrap.servers", o->brokers, err);

	for (size_t i = 0; status == STAGGER_OK && i < o->n_sets; i++) {
		char *value = strchr(o->sets[i], '=');
		*value = '\0';
		status = stagger_consumer_set(w->consumer, o->sets[i], value + 1, err);
		*value = '=';
	}
	return status;
}

static enum stagger_status prepare(struct worker *w, struct stagger_error *err)
{
	const struct worker_options *o = &w->options;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	enum stagger_status status;

	options.group = o->chain == NULL ? o->group : NULL;
	options.instance = o->instance;
	options.session_timeout_ms = o->session_timeout_ms;
	options.revoke_timeout_ms = o->revoke_timeout_ms;
	options.max_in_flight = o->max_in_flight;
	options.max_uncommitted = o->max_uncommitted;
	options.event = worker_event;
	options.user = w;
	status = stagger_consumer_open(&w->consumer, o->chain, &options, err);
	if (status == STAGGER_OK)
		status = set_all(w, err);
	if (status == STAGGER_OK && o->chain == NULL)
		status = make_chain(w, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(w->consumer, NULL, handle, w, err);
	return status;
}

int main(int argc, char **argv)
{
	struct worker w = {.options = worker_options(argc, argv), .fd = STDOUT_FILENO};
	struct history_event started = {HISTORY_EVENT(HISTORY_STARTED)};
	struct stagger_error err;

	if (w.options.out != NULL)
		w.fd = open(w.options.out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (w.fd < 0) {
		perror(w.options.out);
		return 2;
	}
	worker_print_config(&w);
	started.reason = "before"; /* of a chain that may change: no stage of this one is retired */
	for (size_t i = 0; i < w.options.n_stages; i++)
		if (w.options.retired[i])
			started.reason = NULL;
	worker_print(&w, &started);
	enum stagger_status status = prepare(&w, &err);
	if (status == STAGGER_OK) {
		worker_settler_start(&w);
		status = stagger_consumer_run_until_signal(w.consumer, &err);
		worker_settler_stop(&w);
	}
	if (status == STAGGER_OK)
		worker_print_stopped(&w);
	else
		fprintf(stderr, "scripted_worker %s: %s: %s\n", w.options.name,
			stagger_status_name(status), err.text);
	if (status == STAGGER_TIMEOUT)
		return 1; /* free() would wait for the handler that hangs */
	stagger_consumer_free(&w.consumer);
	return status == STAGGER_OK ? 0 : 1;
}
