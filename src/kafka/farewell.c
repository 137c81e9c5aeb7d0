/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a client. librdkafka may hang in it (a message that somebody still holds, a thread
 * in a name look-up), so it happens on a thread of its own and is waited for; what takes longer
 * goes on alone, silent, and touches nothing of ours any more. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

#define FAREWELL_S 5

struct farewell {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct farewell_of of;
	bool done, alone; /* under the lock */
};

static void destroy_handles(struct kafka *k)
{
	if (k->consumer != NULL) // it has left, or its session ends by itself
		rd_kafka_destroy_flags(k->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	if (k->admin != NULL)
		rd_kafka_destroy(k->admin);
	if (k->producer_conf != NULL)
		rd_kafka_conf_destroy(k->producer_conf);
	embedded_free(&k->embedded);
}

void client_destroy(struct kafka *k)
{
	asker_end(k);
	free(k->told);
	ask_free(k->told_ask);
	commit_free(k->told_commit);
	sink_clear(k);
	commit_clear(k);
	fetch_clear(k);
	bell_close(&k->consumer_bell);
	bell_close(&k->admin_bell);
	destroy_handles(k);
}

void client_free(struct kafka *k)
{
	logs_free(&k->logs);
	topics_free(k);
	free(k->group);
	pthread_mutex_destroy(&k->fetch.lock);
	free(k);
}

static void farewell_free(struct farewell *f)
{
	pthread_cond_destroy(&f->news);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void *run(void *user)
{
	struct farewell *f = user;

	f->of.destroy(f->of.what);
	pthread_mutex_lock(&f->lock);
	f->done = true;
	bool alone = f->alone;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
	if (alone) {
		f->of.release(f->of.what);
		farewell_free(f);
	}
	return NULL;
}

/* False: still not done, and alone from now on. */
static bool wait_for(struct farewell *f)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FAREWELL_S;
	pthread_mutex_lock(&f->lock);
	while (!f->done && pthread_cond_timedwait(&f->news, &f->lock, &until) == 0)
		continue;
	bool done = f->done;
	if (!done) {
		log_error(f->of.log, "kafka: librdkafka does not end within %d s; left behind",
			  FAREWELL_S);
		logs_mute(f->of.logs);
		f->alone = true;
	}
	pthread_mutex_unlock(&f->lock);
	return done;
}

static struct farewell *farewell_new(const struct farewell_of *of)
{
	pthread_condattr_t clock;
	struct farewell *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->of = *of;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&f->news, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void farewell_say(const struct farewell_of *of)
{
	pthread_t thread;
	struct farewell *f = farewell_new(of);

	if (f == NULL || pthread_create(&thread, NULL, run, f) != 0) {
		if (f != NULL)
			farewell_free(f);
		of->destroy(of->what); // without a bound rather than not at all
		of->release(of->what);
		return;
	}
	if (wait_for(f)) {
		pthread_join(thread, NULL);
		of->release(of->what);
		farewell_free(f);
	} else {
		pthread_detach(thread);
	}
}

static void destroy_kafka(void *what)
{
	client_destroy(what);
}

static void release_kafka(void *what)
{
	client_free(what);
}

void kafka_free(struct kafka **k)
{
	if (*k == NULL)
		return;
	struct kafka *client = *k;
	*k = NULL;
	asker_quit(client);
	bell_mute(&client->consumer_bell);
	bell_mute(&client->admin_bell);
	bell_mute(&client->commits.bell);
	bell_mute(&client->sink.bell);
	fetch_mute(client);
	farewell_say(&(struct farewell_of){.destroy = destroy_kafka,
					   .release = release_kafka,
					   .what = client,
					   .log = client->log,
					   .logs = client->logs});
}
