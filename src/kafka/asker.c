/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread that asks the brokers what takes a round trip or longer, so that the loop never
 * blocks. A question is tried until it is answered; every attempt has a time-out, and between
 * two attempts the others get their turn. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/wake.h"

#define AGAIN_US 500000      /* from one attempt of a question to the next */
#define AGAIN_START_US 200000
#define AGAIN_LEAVE_US 20000
#define IDLE_US 600000000    /* idle for a day the loop would leave the group: wake it so often */

struct ask *asker_ask(enum ask_kind kind)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (ask != NULL) {
		ask->kind = kind;
		ask->since_us = clock_boot_us();
	}
	return ask;
}

void ask_free(struct ask *ask)
{
	if (ask == NULL)
		return;
	if (ask->offsets != NULL)
		rd_kafka_topic_partition_list_destroy(ask->offsets);
	for (size_t i = 0; i < ask->n_warm; i++)
		rd_kafka_topic_destroy(ask->warm[i]);
	free(ask->warm);
	if (ask->producer != NULL)
		rd_kafka_destroy(ask->producer);
	free(ask->list);
	free(ask->topic);
	free(ask);
}

static void append(struct ask **list, struct ask *ask)
{
	while (*list != NULL)
		list = &(*list)->next;
	ask->next = NULL;
	*list = ask;
}

static bool is_stale(const struct kafka *k, const struct ask *ask)
{
	bool of_round = ask->kind == ASK_ASSIGN || ask->kind == ASK_BOUNDS ||
			ask->kind == ASK_REFILL;

	return of_round && ask->round != k->asker.round;
}

/* Takes the first question whose time has come; else *wait_us is when one will. */
static struct ask *take_due(struct asker *a, int64_t now_us, int64_t *until_us)
{
	*until_us = now_us + IDLE_US;
	for (struct ask **at = &a->asked; *at != NULL; at = &(*at)->next) {
		struct ask *ask = *at;
		if (ask->again_us <= now_us) {
			*at = ask->next;
			return ask;
		}
		if (ask->again_us < *until_us)
			*until_us = ask->again_us;
	}
	return NULL;
}

/* A static member that unsubscribed has left once it has no member id any more; after 2 s we go
 * without. The request leaves before the group is closed. */
static bool leave_try(struct kafka *k, const struct ask *ask)
{
	char *id = rd_kafka_memberid(k->consumer);
	bool left = id == NULL || id[0] == '\0';

	if (id != NULL)
		rd_kafka_mem_free(k->consumer, id);
	return left || clock_boot_us() - ask->since_us > 2000000;
}

static int64_t again_after_us(enum ask_kind kind)
{
	if (kind == ASK_START)
		return AGAIN_START_US;
	return kind == ASK_LEAVE ? AGAIN_LEAVE_US : AGAIN_US;
}

static bool try(struct kafka *k, struct ask *ask)
{
	switch (ask->kind) {
	case ASK_START:
		return start_try(k, ask);
	case ASK_ASSIGN:
	case ASK_BOUNDS:
		return positions_try(k, ask);
	case ASK_COUNT:
		return counts_try(k, ask);
	case ASK_LEAVE:
		return leave_try(k, ask);
	case ASK_REFILL:
		refill_try(k, ask);
		return true;
	case ASK_RETIRE:
		rd_kafka_destroy(ask->producer);
		ask->producer = NULL;
		return true;
	}
	return true;
}

/* Under the lock. */
static void file_answer(struct kafka *k, struct ask *ask, bool answered)
{
	if (ask->kind == ASK_REFILL)
		refill_done(k);
	if (ask->kind == ASK_RETIRE || ask->kind == ASK_REFILL || is_stale(k, ask)) {
		ask_free(ask);
	} else if (!answered) {
		ask->again_us = clock_boot_us() + again_after_us(ask->kind);
		append(&k->asker.asked, ask);
	} else {
		append(&k->asker.answered, ask);
		if (!k->asker.quit)
			wake_signal(k->wake);
	}
}

/* Under the lock: until news, or for so long. */
static void wait_until(struct asker *a, int64_t wait_us)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + wait_us % 1000000 * 1000;
	until.tv_sec += wait_us / 1000000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(&a->news, &a->lock, &until);
}

static void *run(void *user)
{
	struct kafka *k = user;
	struct asker *a = &k->asker;

	pthread_mutex_lock(&a->lock);
	while (!a->quit) {
		int64_t until_us;
		int64_t now_us = clock_boot_us();
		struct ask *ask = take_due(a, now_us, &until_us);
		if (ask == NULL) {
			wait_until(a, until_us - now_us);
			if (!a->quit) {
				atomic_store(&k->consumer_bell.rung, true);
				wake_signal(k->wake);
			}
			continue;
		}
		bool answered = is_stale(k, ask);
		pthread_mutex_unlock(&a->lock);
		if (!answered)
			answered = try(k, ask);
		pthread_mutex_lock(&a->lock);
		file_answer(k, ask, answered);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

enum stagger_status asker_begin(struct kafka *k, struct stagger_error *err)
{
	struct asker *a = &k->asker;
	pthread_condattr_t clock;
	sigset_t all;
	sigset_t old;

	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&a->news, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&a->lock, NULL);

	sigfillset(&all); // signals are the application's
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int code = pthread_create(&a->thread, NULL, run, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code != 0) {
		pthread_cond_destroy(&a->news);
		pthread_mutex_destroy(&a->lock);
		return fail_system(err, code, "kafka: no thread can be made");
	}
	a->begun = true;
	return STAGGER_OK;
}

void asker_put(struct kafka *k, struct ask *take_ask)
{
	struct asker *a = &k->asker;

	pthread_mutex_lock(&a->lock);
	take_ask->round = a->round;
	append(&a->asked, take_ask);
	pthread_cond_signal(&a->news);
	pthread_mutex_unlock(&a->lock);
}

struct ask *asker_answer(struct kafka *k)
{
	struct asker *a = &k->asker;

	pthread_mutex_lock(&a->lock);
	struct ask *ask = a->answered;
	if (ask != NULL)
		a->answered = ask->next;
	bool stale = ask != NULL && is_stale(k, ask);
	pthread_mutex_unlock(&a->lock);
	if (!stale)
		return ask;
	ask_free(ask);
	return asker_answer(k);
}

void asker_cancel(struct kafka *k)
{
	pthread_mutex_lock(&k->asker.lock);
	k->asker.round++;
	pthread_mutex_unlock(&k->asker.lock);
}

bool asker_quits(struct kafka *k)
{
	pthread_mutex_lock(&k->asker.lock);
	bool quit = k->asker.quit;
	pthread_mutex_unlock(&k->asker.lock);
	return quit;
}

void asker_quit(struct kafka *k)
{
	if (!k->asker.begun)
		return;
	pthread_mutex_lock(&k->asker.lock);
	k->asker.quit = true;
	pthread_cond_signal(&k->asker.news);
	pthread_mutex_unlock(&k->asker.lock);
}

static void free_all(struct ask *ask)
{
	while (ask != NULL) {
		struct ask *next = ask->next;
		ask_free(ask);
		ask = next;
	}
}

void asker_end(struct kafka *k)
{
	struct asker *a = &k->asker;

	if (!a->begun)
		return;
	asker_quit(k);
	pthread_join(a->thread, NULL);
	free_all(a->asked);
	free_all(a->answered);
	pthread_cond_destroy(&a->news);
	pthread_mutex_destroy(&a->lock);
	a->begun = false;
}
