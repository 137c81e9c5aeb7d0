/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads for real: what is asserted never depends on how fast they are, handlers wait at a gate
 * where the order matters. Worth running under the thread sanitizer. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/wake.h"
#include "workers/workers.h"

#define N_SLICES 8

struct bench {
	struct pool *pool;
	struct port_workers port;
	struct wake *wake;
	struct port_slice slices[N_SLICES];
	struct port_call calls[N_SLICES][PORT_SLICE_MAX];
	bool gated;
	sem_t entered, gate;     /* a handler posts the first, then waits for the second */
	_Atomic int64_t n_handled;
	int64_t order[N_SLICES]; /* offsets; of tests with one thread */
	atomic_int n_started, n_stopped, n_odd;
	int fails_at;            /* the start that gives NULL, from 1; 0 none */
};

static int64_t wall_us(void *self)
{
	(void)self;
	return clock_wall_us();
}

static int64_t boot_us(void *self)
{
	(void)self;
	return clock_boot_us();
}

static enum stagger_verdict handler(const struct stagger_message *m, struct stagger_failure *why,
				    void *user)
{
	(void)why;
	struct bench *b = user;
	int64_t i = atomic_fetch_add(&b->n_handled, 1);
	if (b->gated) {
		b->order[i % N_SLICES] = m->offset;
		sem_post(&b->entered);
		while (sem_wait(&b->gate) != 0)
			;
	}
	return STAGGER_DONE;
}

static void *start_hook(const char *chain, int32_t worker, void *user)
{
	struct bench *b = user;
	char name[16] = "";
	sigset_t set;
	pthread_getname_np(pthread_self(), name, sizeof(name));
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	bool odd = strncmp(name, "stagger-w", 9) != 0 || atoi(name + 9) != worker ||
		   strcmp(chain, "orders") != 0 || sigismember(&set, SIGTERM) != 1 ||
		   sigismember(&set, SIGUSR1) != 1 || sigismember(&set, SIGSEGV) != 0;
	atomic_fetch_add(&b->n_odd, odd ? 1 : 0);
	if (atomic_fetch_add(&b->n_started, 1) + 1 == b->fails_at)
		return NULL;
	pthread_t *self = malloc(sizeof(*self));
	*self = pthread_self();
	return self;
}

static void stop_hook(void *local, void *user)
{
	struct bench *b = user;
	pthread_t *started = local;
	atomic_fetch_add(&b->n_odd, pthread_equal(*started, pthread_self()) ? 0 : 1);
	atomic_fetch_add(&b->n_stopped, 1);
	free(started);
}

/* Slices of one message each, whose offset is their number, but for what a test changes. */
static void prepare(struct bench *b, int32_t n_threads, bool gated)
{
	memset(b, 0, sizeof(*b));
	b->gated = gated;
	sem_init(&b->entered, 0, 0);
	sem_init(&b->gate, 0, 0);
	struct stagger_error err;
	assert_int_equal(wake_new(&b->wake, &err), STAGGER_OK);
	struct workers_options o = {
		.chain = "orders",
		.n = n_threads,
		.handler = handler,
		.user = b,
		.clock = {.wall_us = wall_us, .boot_us = boot_us},
		.wake = b->wake,
	};
	assert_int_equal(pool_new(&b->pool, &o, &err), STAGGER_OK);
	b->port = pool_port(b->pool);
	assert_int_equal(b->port.n, n_threads);
	for (size_t i = 0; i < N_SLICES; i++) {
		b->slices[i].n = 1;
		for (size_t j = 0; j < PORT_SLICE_MAX; j++) {
			b->slices[i].calls[j] = &b->calls[i][j];
			b->calls[i][j].message.offset = (int64_t)i;
		}
	}
}

static void finish(struct bench *b)
{
	pool_free(&b->pool);
	assert_null(b->pool);
	wake_free(&b->wake);
	sem_destroy(&b->gate);
	sem_destroy(&b->entered);
}

static void pass(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

/* Waits for the next slice as the loop does. */
static struct port_slice *wait_done(struct bench *b)
{
	for (;;) {
		wake_clear(b->wake);
		struct port_slice *slice = b->port.done(b->port.self);
		if (slice != NULL)
			return slice;
		wake_wait(b->wake, WAKE_NEVER);
	}
}

static void submit(struct bench *b, size_t i)
{
	b->port.submit(b->port.self, &b->slices[i]);
}

static void pool__takes_main_and_the_stages_in_turn(void **state)
{
	(void)state;
	static struct bench b;
	prepare(&b, 1, true);
	submit(&b, 0);
	pass(&b.entered); /* the thread is busy: the rest queues */
	for (size_t i = 5; i < 8; i++)
		b.slices[i].stages = true;
	for (size_t i = 1; i < 8; i++)
		submit(&b, i);
	for (size_t i = 0; i < 8; i++)
		sem_post(&b.gate);
	static const int64_t order[8] = {0, 5, 1, 6, 2, 7, 3, 4};
	for (size_t i = 0; i < 8; i++)
		assert_ptr_equal(wait_done(&b), &b.slices[order[i]]);
	assert_memory_equal(b.order, order, sizeof(order));
	assert_null(b.port.done(b.port.self));
	finish(&b);
}

static void pool__gives_back_untouched_what_had_not_begun_when_interrupted(void **state)
{
	(void)state;
	static struct bench b;
	prepare(&b, 1, true);
	b.slices[0].n = 3;
	submit(&b, 0);
	pass(&b.entered);
	for (size_t i = 1; i < 4; i++)
		submit(&b, i);
	b.port.interrupt(b.port.self, true);
	submit(&b, 4);
	for (size_t i = 1; i < 5; i++) {
		struct port_slice *slice = wait_done(&b);
		assert_ptr_equal(slice, &b.slices[i]);
		assert_int_equal(slice->n_called, 0);
	}
	sem_post(&b.gate);
	assert_ptr_equal(wait_done(&b), &b.slices[0]);
	assert_int_equal(b.slices[0].n_called, 1);
	b.port.interrupt(b.port.self, false);
	submit(&b, 0); /* goes on where it was */
	sem_post(&b.gate);
	sem_post(&b.gate);
	assert_ptr_equal(wait_done(&b), &b.slices[0]);
	assert_int_equal(b.slices[0].n_called, 3);
	assert_int_equal(b.n_handled, 3);
	finish(&b);
}

static void pool__tells_which_calls_run_and_since_when(void **state)
{
	(void)state;
	static struct bench b;
	prepare(&b, 2, true);
	const struct port_call *call = &b.calls[1][0];
	int64_t since = 0;
	for (int32_t i = 0; i < 2; i++) {
		assert_true(b.port.running(b.port.self, i, &call, &since));
		assert_null(call);
	}
	assert_false(b.port.running(b.port.self, 2, &call, &since));
	int64_t before = clock_boot_us();
	submit(&b, 3);
	pass(&b.entered);
	int n_running = 0;
	for (int32_t i = 0; b.port.running(b.port.self, i, &call, &since); i++) {
		if (call == NULL)
			continue;
		n_running++;
		assert_int_equal(call->message.offset, 3);
		assert_true(since >= before && since <= clock_boot_us());
	}
	assert_int_equal(n_running, 1);
	sem_post(&b.gate);
	assert_ptr_equal(wait_done(&b), &b.slices[3]);
	for (int32_t i = 0; b.port.running(b.port.self, i, &call, &since); i++)
		assert_null(call);
	finish(&b);
}

static void pool__runs_slices_side_by_side(void **state)
{
	(void)state;
	static struct bench b;
	prepare(&b, 4, true);
	for (size_t i = 0; i < 4; i++)
		submit(&b, i);
	for (size_t i = 0; i < 4; i++)
		pass(&b.entered); /* all four are inside their handler */
	for (size_t i = 0; i < 4; i++)
		sem_post(&b.gate);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(wait_done(&b)->n_called, 1);
	finish(&b);
}

static void *open_gate(void *arg)
{
	struct bench *b = arg;
	for (int i = 0; i < N_SLICES; i++)
		sem_post(&b->gate);
	return NULL;
}

static void pool__is_freed_after_the_running_call_whatever_is_queued(void **state)
{
	(void)state;
	static struct bench b;
	prepare(&b, 1, true);
	for (size_t i = 0; i < N_SLICES; i++)
		submit(&b, i);
	pass(&b.entered);
	pthread_t opener;
	assert_int_equal(pthread_create(&opener, NULL, open_gate, &b), 0);
	pool_free(&b.pool);
	pthread_join(opener, NULL);
	int64_t n_called = 0;
	for (size_t i = 0; i < N_SLICES; i++)
		n_called += (int64_t)b.slices[i].n_called;
	assert_int_equal(b.slices[0].n_called, 1);
	assert_int_equal(b.calls[0][0].verdict, STAGGER_DONE);
	assert_int_equal(b.n_handled, n_called);
	finish(&b);
}

static void pool__runs_the_hooks_on_each_thread(void **state)
{
	(void)state;
	static const struct {
		int fails_at;
		enum stagger_status status;
		int n_stopped;
	} cases[] = {{0, STAGGER_OK, 3}, {1, STAGGER_STATE, 2}, {3, STAGGER_STATE, 2}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static struct bench b;
		memset(&b, 0, sizeof(b));
		b.fails_at = cases[i].fails_at;
		struct workers_options o = {
			.chain = "orders",
			.n = 3,
			.handler = handler,
			.worker_start = start_hook,
			.worker_stop = stop_hook,
			.hook_user = &b,
			.clock = {.wall_us = wall_us, .boot_us = boot_us},
		};
		struct stagger_error err;
		assert_int_equal(pool_new(&b.pool, &o, &err), cases[i].status);
		assert_int_equal(b.n_started, 3);
		assert_int_equal(b.pool != NULL, cases[i].status == STAGGER_OK);
		if (cases[i].status != STAGGER_OK)
			assert_non_null(strstr(err.text, "worker_start gave NULL"));
		pool_free(&b.pool);
		assert_int_equal(b.n_stopped, cases[i].n_stopped);
		assert_int_equal(b.n_odd, 0);
	}
}

static void pool__leaves_the_signals_of_its_maker_alone(void **state)
{
	(void)state;
	static struct bench b;
	sigset_t before, after, old;
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, &old);
	prepare(&b, 1, false);
	pthread_sigmask(SIG_SETMASK, &old, &after);
	for (int i = 1; i < 32; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
	b.port.run(b.port.self, WAKE_NEVER); /* threads ignore it: returns at once */
	finish(&b);
}

/* Four threads, 100,000 messages, interrupts again and again, the watchdog looking on. */
static void pool__loses_and_repeats_nothing_under_interrupts(void **state)
{
	(void)state;
	static struct bench b;
	enum { N = 100000 };
	prepare(&b, 4, false);
	int64_t finished = 0;
	size_t n_out = 0;
	struct port_slice *spare[N_SLICES];
	size_t n_spare = 0;
	for (size_t i = 0; i < N_SLICES; i++) {
		b.slices[i].stages = i % 2 == 1;
		spare[n_spare++] = &b.slices[i];
	}
	for (int64_t turn = 0; finished < N; turn++) {
		while (n_spare > 0) {
			struct port_slice *slice = spare[--n_spare];
			slice->n = 1 + (size_t)(turn % PORT_SLICE_MAX);
			slice->n_called = 0;
			b.port.submit(b.port.self, slice);
			n_out++;
		}
		b.port.interrupt(b.port.self, turn % 3 == 0);
		for (int32_t i = 0; i < 4; i++) {
			const struct port_call *call = NULL;
			int64_t since = 0;
			assert_true(b.port.running(b.port.self, i, &call, &since));
			if (call != NULL)
				assert_in_range(call->message.offset, 0, N_SLICES - 1);
		}
		spare[n_spare++] = wait_done(&b);
		struct port_slice *more = NULL;
		while ((more = b.port.done(b.port.self)) != NULL)
			spare[n_spare++] = more;
		n_out -= n_spare;
		for (size_t i = 0; i < n_spare; i++) {
			for (size_t j = 0; j < spare[i]->n_called; j++)
				assert_int_equal(spare[i]->calls[j]->verdict, STAGGER_DONE);
			finished += (int64_t)spare[i]->n_called;
		}
	}
	for (b.port.interrupt(b.port.self, false); n_out > 0; n_out--)
		finished += (int64_t)wait_done(&b)->n_called;
	assert_int_equal(b.n_handled, finished);
	assert_null(b.port.done(b.port.self));
	finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool__takes_main_and_the_stages_in_turn),
		cmocka_unit_test(pool__gives_back_untouched_what_had_not_begun_when_interrupted),
		cmocka_unit_test(pool__tells_which_calls_run_and_since_when),
		cmocka_unit_test(pool__runs_slices_side_by_side),
		cmocka_unit_test(pool__is_freed_after_the_running_call_whatever_is_queued),
		cmocka_unit_test(pool__runs_the_hooks_on_each_thread),
		cmocka_unit_test(pool__leaves_the_signals_of_its_maker_alone),
		cmocka_unit_test(pool__loses_and_repeats_nothing_under_interrupts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
