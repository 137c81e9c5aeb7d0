/* SPDX-License-Identifier: Apache-2.0
 *
 * Settles deferred messages 20 ms later, from one thread of its own: a list, not a heap, because
 * all wait equally long. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <time.h>

#include "tell.h"
#include "worker.h"

#define SETTLE_NS 20000000

struct worker_deferred {
	struct worker_deferred *next;
	const struct stagger_message *message; /* valid until it is settled */
	struct stagger_ticket ticket;
	struct timespec due; /* CLOCK_MONOTONIC */
};

bool worker_defer(struct worker *w, const struct stagger_message *m, struct stagger_ticket ticket)
{
	struct worker_deferred *deferred = malloc(sizeof(*deferred));

	if (deferred == NULL)
		return false;
	*deferred = (struct worker_deferred){.message = m, .ticket = ticket};
	pthread_mutex_lock(&w->lock);
	clock_gettime(CLOCK_MONOTONIC, &deferred->due);
	deferred->due.tv_nsec += SETTLE_NS;
	if (deferred->due.tv_nsec >= 1000000000) {
		deferred->due.tv_nsec -= 1000000000;
		deferred->due.tv_sec++;
	}
	if (w->first == NULL)
		w->first = deferred;
	else
		w->last->next = deferred;
	w->last = deferred;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return true;
}

static bool is_due(const struct timespec *due)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > due->tv_sec ||
	       (now.tv_sec == due->tv_sec && now.tv_nsec >= due->tv_nsec);
}

static void settle(struct worker *w, struct worker_deferred *deferred)
{
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	struct script script = script_read(deferred->message->value);
	struct history_event line = tell_about(HISTORY_HANDLED, deferred->message, &script);

	/* said before it is so: its consequences must not come before it in the history */
	line.verdict = "done";
	line.settled = true;
	worker_print(w, &line);
	outcome.verdict = STAGGER_DONE;
	stagger_settle(w->consumer, deferred->ticket, &outcome, NULL);
	free(deferred);
}

static void *run(void *user)
{
	struct worker *w = user;

	pthread_mutex_lock(&w->lock);
	while (!w->stop || w->first != NULL) {
		struct worker_deferred *deferred = w->first;
		if (deferred == NULL) {
			pthread_cond_wait(&w->more, &w->lock);
		} else if (!is_due(&deferred->due)) {
			pthread_cond_timedwait(&w->more, &w->lock, &deferred->due);
		} else {
			w->first = deferred->next;
			pthread_mutex_unlock(&w->lock);
			settle(w, deferred);
			pthread_mutex_lock(&w->lock);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void worker_settler_start(struct worker *w)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->more, &clock);
	pthread_condattr_destroy(&clock);
	if (pthread_create(&w->settler, NULL, run, w) != 0)
		abort();
}

void worker_settler_stop(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->settler, NULL);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
}
