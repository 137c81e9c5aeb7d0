/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of one chain. Slices go to them through one queue and come back through another, each
 * behind its own lock, so that loop and threads meet once a slice and never once a message. */
#define _GNU_SOURCE
#include "workers/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/wake.h"

struct pool_thread {
	struct pool *pool;
	pthread_t id;
	int32_t number;
	struct worker *worker; /* the thread's own; set before pool_new() returns */
};

struct pool {
	struct workers_options o;
	atomic_bool interrupt; /* read by the threads between calls */
	struct slices taken;   /* the loop thread's: what it took over from done at once */
	int32_t n_threads;     /* created; the loop thread's */

	pthread_mutex_t lock;  /* of all that follows, but done */
	pthread_cond_t work, reported;
	struct turns queued;
	int32_t n_idle, n_reported;
	bool closing;
	enum stagger_status status; /* the first start that failed, and why */
	struct stagger_error error;

	pthread_mutex_t done_lock;
	struct slices done;

	struct pool_thread threads[];
};

static void give_back(struct pool *pool, struct port_slice *slice)
{
	pthread_mutex_lock(&pool->done_lock);
	bool first = pool->done.first == NULL;
	slices_put(&pool->done, slice);
	pthread_mutex_unlock(&pool->done_lock);
	if (first && pool->o.wake != NULL)
		wake_signal(pool->o.wake);
}

/* The next slice, or NULL when the pool closes. */
static struct port_slice *next_slice(struct pool *pool)
{
	struct port_slice *slice = NULL;
	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		slice = turns_take(&pool->queued);
		if (slice != NULL)
			break;
		pool->n_idle++;
		pthread_cond_wait(&pool->work, &pool->lock);
		pool->n_idle--;
	}
	pthread_mutex_unlock(&pool->lock);
	return slice;
}

static void report_start(struct pool *pool, enum stagger_status status,
			 const struct stagger_error *error)
{
	pthread_mutex_lock(&pool->lock);
	pool->n_reported++;
	if (status != STAGGER_OK && pool->status == STAGGER_OK) {
		pool->status = status;
		pool->error = *error;
	}
	pthread_cond_signal(&pool->reported);
	pthread_mutex_unlock(&pool->lock);
}

static void *thread_main(void *arg)
{
	struct pool_thread *t = arg;
	struct pool *pool = t->pool;
	char name[16]; /* the kernel's limit */
	snprintf(name, sizeof(name), "stagger-w%u", (unsigned)t->number % 100000u);
	pthread_setname_np(pthread_self(), name);
	struct stagger_error error;
	enum stagger_status status = worker_new(&t->worker, &pool->o, t->number, &error);
	report_start(pool, status, &error);
	if (status != STAGGER_OK)
		return NULL;
	for (struct port_slice *s = next_slice(pool); s != NULL; s = next_slice(pool)) {
		worker_run(t->worker, s, &pool->interrupt);
		give_back(pool, s);
	}
	worker_free(&t->worker);
	return NULL;
}

/* Signals are the application's business on its own threads; only faults stay open, so that its
 * crash reporter sees them where they happen. */
static void block_signals(sigset_t *before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	sigset_t set;
	sigfillset(&set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&set, faults[i]);
	pthread_sigmask(SIG_SETMASK, &set, before);
}

static enum stagger_status fail_thread(const struct pool *pool, int32_t i, int code,
				       struct stagger_error *err)
{
	char what[128];
	snprintf(what, sizeof(what), "chain '%s': thread %d of %d cannot be made", pool->o.chain,
		 (int)i + 1, (int)pool->o.n);
	return fail_system(err, code, what);
}

/* Creates the threads and waits until each has said how its start went. */
static enum stagger_status start_threads(struct pool *pool, struct stagger_error *err)
{
	enum stagger_status status = STAGGER_OK;
	sigset_t before;
	block_signals(&before); /* threads inherit it */
	for (int32_t i = 0; i < pool->o.n && status == STAGGER_OK; i++) {
		struct pool_thread *t = &pool->threads[i];
		t->pool = pool;
		t->number = i;
		int rc = pthread_create(&t->id, NULL, thread_main, t);
		if (rc == 0)
			pool->n_threads++;
		else
			status = fail_thread(pool, i, rc, err);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_mutex_lock(&pool->lock);
	while (pool->n_reported < pool->n_threads)
		pthread_cond_wait(&pool->reported, &pool->lock);
	if (status == STAGGER_OK && pool->status != STAGGER_OK) {
		status = pool->status;
		if (err != NULL)
			*err = pool->error;
	}
	pthread_mutex_unlock(&pool->lock);
	return status;
}

enum stagger_status pool_new(struct pool **out, const struct workers_options *o,
			     struct stagger_error *err)
{
	struct pool *pool = calloc(1, sizeof(*pool) + (size_t)o->n * sizeof(pool->threads[0]));
	if (pool == NULL)
		return fail_memory(err);
	pool->o = *o;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_mutex_init(&pool->done_lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->reported, NULL);
	enum stagger_status status = start_threads(pool, err);
	if (status != STAGGER_OK) {
		pool_free(&pool);
		return status;
	}
	*out = pool;
	return STAGGER_OK;
}

void pool_free(struct pool **pool)
{
	if (pool == NULL || *pool == NULL)
		return;
	struct pool *p = *pool;
	atomic_store_explicit(&p->interrupt, true, memory_order_relaxed);
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (int32_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i].id, NULL);
	pthread_cond_destroy(&p->reported);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->done_lock);
	pthread_mutex_destroy(&p->lock);
	free(p);
	*pool = NULL;
}

static void pool_submit(void *self, struct port_slice *slice)
{
	struct pool *pool = self;
	if (atomic_load_explicit(&pool->interrupt, memory_order_relaxed)) {
		give_back(pool, slice);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	turns_put(&pool->queued, slice);
	bool idle = pool->n_idle > 0;
	pthread_mutex_unlock(&pool->lock);
	if (idle)
		pthread_cond_signal(&pool->work);
}

static struct port_slice *pool_done(void *self)
{
	struct pool *pool = self;
	if (pool->taken.first == NULL) {
		pthread_mutex_lock(&pool->done_lock);
		pool->taken = pool->done;
		pool->done.first = NULL;
		pthread_mutex_unlock(&pool->done_lock);
	}
	return slices_take(&pool->taken);
}

static void pool_interrupt(void *self, bool on)
{
	struct pool *pool = self;
	atomic_store_explicit(&pool->interrupt, on, memory_order_relaxed);
	if (!on)
		return;
	pthread_mutex_lock(&pool->lock);
	struct turns untouched = pool->queued;
	pool->queued = (struct turns){.stages_next = untouched.stages_next};
	pthread_mutex_unlock(&pool->lock);
	for (struct port_slice *s = turns_take(&untouched); s != NULL; s = turns_take(&untouched))
		give_back(pool, s);
}

static void pool_run(void *self, int64_t until_boot_us)
{
	(void)self;
	(void)until_boot_us;
}

static bool pool_running(void *self, int32_t i, const struct port_call **call,
			 int64_t *since_boot_us)
{
	struct pool *pool = self;
	if (i >= pool->n_threads)
		return false;
	*call = worker_running(pool->threads[i].worker, since_boot_us);
	return true;
}

struct port_workers pool_port(struct pool *pool)
{
	return (struct port_workers){
		.self = pool,
		.n = pool->n_threads,
		.submit = pool_submit,
		.done = pool_done,
		.interrupt = pool_interrupt,
		.run = pool_run,
		.running = pool_running,
	};
}
