/* SPDX-License-Identifier: Apache-2.0
 *
 * Workers without a thread: nothing happens outside run(), and run() keeps to its time. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/wake.h"
#include "workers/workers.h"

#define N_SLICES 6

struct bench {
	struct inline_workers *workers;
	struct port_workers port;
	struct wake *wake;
	struct port_slice slices[N_SLICES];
	struct port_call calls[N_SLICES][2];
	int64_t now_us, took_us;
	size_t n_handled;
	int64_t handled[2 * N_SLICES];
	bool reenters, start_fails;
	int n_stopped;
};

static int64_t now_us(void *self)
{
	const struct bench *b = self;
	return b->now_us;
}

static enum stagger_verdict handler(const struct stagger_message *m, struct stagger_failure *why,
				    void *user)
{
	(void)why;
	struct bench *b = user;
	const struct port_call *call = NULL;
	int64_t since = -1;
	assert_true(b->port.running(b->port.self, 0, &call, &since));
	assert_ptr_equal(&call->message, m);
	assert_int_equal(since, b->now_us);
	b->handled[b->n_handled++] = m->offset;
	if (b->reenters)
		b->port.run(b->port.self, WAKE_NEVER);
	b->now_us += b->took_us;
	return STAGGER_DONE;
}

static void *start_hook(const char *chain, int32_t worker, void *user)
{
	struct bench *b = user;
	(void)chain;
	assert_int_equal(worker, 0);
	return b->start_fails ? NULL : b;
}

static void stop_hook(void *local, void *user)
{
	struct bench *b = user;
	assert_ptr_equal(local, b);
	b->n_stopped++;
}

static struct workers_options options(struct bench *b)
{
	return (struct workers_options){
		.chain = "orders",
		.n = 1,
		.handler = handler,
		.user = b,
		.worker_start = start_hook,
		.worker_stop = stop_hook,
		.hook_user = b,
		.clock = {.self = b, .wall_us = now_us, .boot_us = now_us},
		.wake = b->wake,
	};
}

/* Slices of two messages each; the last two slices are the stages'. */
static void prepare(struct bench *b, int64_t took_us)
{
	memset(b, 0, sizeof(*b));
	b->took_us = took_us;
	struct stagger_error err;
	assert_int_equal(wake_new(&b->wake, &err), STAGGER_OK);
	struct workers_options o = options(b);
	assert_int_equal(inline_new(&b->workers, &o, &err), STAGGER_OK);
	b->port = inline_port(b->workers);
	assert_int_equal(b->port.n, 1);
	for (size_t i = 0; i < N_SLICES; i++) {
		b->slices[i].n = 2;
		b->slices[i].stages = i >= N_SLICES - 2;
		for (size_t j = 0; j < 2; j++) {
			b->slices[i].calls[j] = &b->calls[i][j];
			b->calls[i][j].message.offset = (int64_t)(10 * i + j);
		}
		b->port.submit(b->port.self, &b->slices[i]);
	}
}

static void finish(struct bench *b)
{
	inline_free(&b->workers);
	assert_null(b->workers);
	inline_free(&b->workers); /* NULL is fine */
	assert_int_equal(b->n_stopped, 1);
	wake_free(&b->wake);
}

static bool signalled(const struct bench *b)
{
	struct pollfd fd = {.fd = wake_fd(b->wake), .events = POLLIN};
	return poll(&fd, 1, 0) == 1;
}

static void inline__runs_main_and_the_stages_in_turn(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 0);
	assert_int_equal(b.n_handled, 0);
	b.port.interrupt(b.port.self, false); /* gives nothing back */
	assert_false(signalled(&b));
	b.port.run(b.port.self, 1);
	assert_true(signalled(&b));
	static const int64_t order[] = {0, 1, 40, 41, 10, 11, 50, 51, 20, 21, 30, 31};
	assert_int_equal(b.n_handled, 12);
	assert_memory_equal(b.handled, order, sizeof(order));
	static const size_t slices[] = {0, 4, 1, 5, 2, 3};
	for (size_t i = 0; i < N_SLICES; i++)
		assert_ptr_equal(b.port.done(b.port.self), &b.slices[slices[i]]);
	assert_null(b.port.done(b.port.self));
	finish(&b);
}

static void inline__runs_until_its_time_is_over_but_at_least_once(void **state)
{
	(void)state;
	static const struct {
		int64_t took_us, until_us;
		size_t n_handled;
	} cases[] = {
		{100, 0, 2},    /* late already: one slice */
		{100, 201, 4},
		{100, 200, 2},
		{2000, 0, 1},   /* a slice is given back after 2 ms */
		{2000, 2001, 2},
		{100, INT64_MAX, 12},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		prepare(&b, cases[i].took_us);
		b.port.run(b.port.self, cases[i].until_us);
		assert_int_equal(b.n_handled, cases[i].n_handled);
		finish(&b);
	}
}

static void inline__gives_queued_slices_back_untouched_when_interrupted(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 100);
	b.port.run(b.port.self, 0);
	assert_ptr_equal(b.port.done(b.port.self), &b.slices[0]);
	wake_clear(b.wake);
	wake_arm(b.wake, WAKE_NEVER);
	b.port.interrupt(b.port.self, true);
	assert_true(signalled(&b));
	b.slices[0].n_called = 0;
	b.port.submit(b.port.self, &b.slices[0]);
	b.port.run(b.port.self, INT64_MAX);
	static const size_t slices[] = {4, 1, 5, 2, 3, 0};
	for (size_t i = 0; i < N_SLICES; i++) {
		struct port_slice *slice = b.port.done(b.port.self);
		assert_ptr_equal(slice, &b.slices[slices[i]]);
		assert_int_equal(slice->n_called, 0);
	}
	b.port.interrupt(b.port.self, false);
	b.port.submit(b.port.self, &b.slices[0]);
	b.port.run(b.port.self, 0);
	assert_int_equal(b.slices[0].n_called, 2);
	finish(&b);
}

static void inline__begins_nothing_from_inside_a_handler(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 0);
	b.reenters = true;
	b.port.run(b.port.self, 0);
	static const int64_t order[] = {0, 1};
	assert_int_equal(b.n_handled, 2);
	assert_memory_equal(b.handled, order, sizeof(order));
	finish(&b);
}

static void inline__is_one_idle_worker_between_runs(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 0);
	b.port.run(b.port.self, 0);
	const struct port_call *call = &b.calls[0][0];
	int64_t since;
	assert_true(b.port.running(b.port.self, 0, &call, &since));
	assert_null(call);
	assert_false(b.port.running(b.port.self, 1, &call, &since));
	finish(&b);
}

static void inline__does_not_start_when_its_hook_gives_nothing(void **state)
{
	(void)state;
	struct bench b = {.start_fails = true};
	struct workers_options o = options(&b);
	struct stagger_error err;
	assert_int_equal(inline_new(&b.workers, &o, &err), STAGGER_STATE);
	assert_null(b.workers);
	assert_int_equal(b.n_stopped, 0);
}

static void inline__needs_no_wake(void **state)
{
	(void)state;
	struct bench b;
	memset(&b, 0, sizeof(b));
	struct workers_options o = options(&b);
	struct stagger_error err;
	assert_int_equal(inline_new(&b.workers, &o, &err), STAGGER_OK);
	b.port = inline_port(b.workers);
	b.slices[0].n = 1;
	b.slices[0].calls[0] = &b.calls[0][0];
	b.port.submit(b.port.self, &b.slices[0]);
	b.port.run(b.port.self, 0);
	assert_ptr_equal(b.port.done(b.port.self), &b.slices[0]);
	finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inline__runs_main_and_the_stages_in_turn),
		cmocka_unit_test(inline__runs_until_its_time_is_over_but_at_least_once),
		cmocka_unit_test(inline__gives_queued_slices_back_untouched_when_interrupted),
		cmocka_unit_test(inline__begins_nothing_from_inside_a_handler),
		cmocka_unit_test(inline__is_one_idle_worker_between_runs),
		cmocka_unit_test(inline__does_not_start_when_its_hook_gives_nothing),
		cmocka_unit_test(inline__needs_no_wake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
