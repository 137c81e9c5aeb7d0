/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the scripted worker: its options, its lines, the thread that settles. */
#ifndef SUPPORT_WORKER_H
#define SUPPORT_WORKER_H

#include <pthread.h>

#include <stagger/stagger.h>

#include "history.h"
#include "script.h"

#define WORKER_MAX_SETS 64
#define WORKER_MAX_NAME 600 /* a topic's name with its group and delay */

struct worker_options {
	const char *brokers, *group, *topic, *order, *instance, *name, *out;
	const char *chain; /* a chain file; the options only tell the history what it says */
	int64_t delays_ms[SCRIPT_MAX_STAGES];
	int32_t visits[SCRIPT_MAX_STAGES];
	bool retired[SCRIPT_MAX_STAGES];
	bool republish, shared;
	size_t n_stages, n_visits;
	int32_t workers, in_place_attempts, max_in_flight;
	int64_t in_place_ms, max_uncommitted, session_timeout_ms, revoke_timeout_ms, deadline_ms;
	double jitter;
	enum stagger_dead_letter_headers dead_letter_headers;
	char *sets[WORKER_MAX_SETS]; /* "key=value" */
	size_t n_sets;
	uint32_t events; /* one bit a kind; what is printed */
};
/* Exits with a text on a wrong option. */
struct worker_options worker_options(int argc, char **argv);

struct worker_deferred;
struct worker { /* const after start, but deferred, which is behind its lock */
	struct worker_options options;
	int fd;
	struct stagger_consumer *consumer;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct worker_deferred *first, *last; /* in due order: every wait is the same */
	bool stop;
	pthread_t settler;
};

/* Lines; any thread. */
void worker_print(const struct worker *w, struct history_event *event);
void worker_print_config(const struct worker *w);
void worker_print_stopped(const struct worker *w);
void worker_event(const struct stagger_event *event, void *user);

bool worker_defer(struct worker *w, const struct stagger_message *m, struct stagger_ticket ticket);
void worker_settler_start(struct worker *w);
void worker_settler_stop(struct worker *w);

#endif
