/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread's worker on a clock that only the handler moves: what is called, when a slice is given
 * back, and what times are booked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/failure.h"
#include "workers/workers.h"

#define WALL_0 1767225600000000 /* 2026-01-01 */
#define BOOT_0 5000000

/* What the handler does at its i-th call of a test. */
struct step {
	enum stagger_verdict verdict;
	int64_t took_us;
};
struct bench {
	struct worker *worker;
	struct port_slice slice;
	struct port_call calls[PORT_SLICE_MAX];
	int64_t now_us, reads; /* since the start */
	struct step steps[PORT_SLICE_MAX];
	size_t n_handled;
	int64_t handled[PORT_SLICE_MAX], started_us[PORT_SLICE_MAX];
	void (*at_call)(struct bench *, const struct stagger_message *, struct stagger_failure *);
	atomic_bool interrupt;
	bool start_fails;
	int n_started, n_stopped;
	void *stopped_local;
};

static int64_t fake_wall_us(void *self)
{
	struct bench *b = self;
	b->reads++;
	return WALL_0 + b->now_us;
}

static int64_t fake_boot_us(void *self)
{
	struct bench *b = self;
	b->reads++;
	return BOOT_0 + b->now_us;
}

static enum stagger_verdict handler(const struct stagger_message *m, struct stagger_failure *why,
				    void *user)
{
	struct bench *b = user;
	size_t i = b->n_handled++;
	b->handled[i] = m->offset;
	b->started_us[i] = b->now_us;
	if (b->at_call != NULL)
		b->at_call(b, m, why);
	b->now_us += b->steps[i].took_us;
	return b->steps[i].verdict;
}

static void *start_hook(const char *chain, int32_t worker, void *user)
{
	struct bench *b = user;
	assert_string_equal(chain, "orders");
	assert_int_equal(worker, 3);
	b->n_started++;
	return b->start_fails ? NULL : b;
}

static void stop_hook(void *local, void *user)
{
	struct bench *b = user;
	b->n_stopped++;
	b->stopped_local = local;
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
		.clock = {.self = b, .wall_us = fake_wall_us, .boot_us = fake_boot_us},
	};
}

/* A slice of n messages that are all DONE in took_us each. */
static void prepare(struct bench *b, size_t n, int64_t took_us)
{
	memset(b, 0, sizeof(*b));
	b->slice.n = n;
	for (size_t i = 0; i < n; i++) {
		b->calls[i].message.offset = 100 + (int64_t)i;
		b->slice.calls[i] = &b->calls[i];
		b->steps[i] = (struct step){.verdict = STAGGER_DONE, .took_us = took_us};
	}
	struct workers_options o = options(b);
	struct stagger_error err;
	assert_int_equal(worker_new(&b->worker, &o, 3, &err), STAGGER_OK);
}

static void finish(struct bench *b)
{
	for (size_t i = 0; i < b->slice.n; i++)
		failure_free(&b->calls[i].failure);
	worker_free(&b->worker);
	assert_null(b->worker);
	worker_free(&b->worker); /* NULL is fine */
	assert_int_equal(b->n_started, 1);
	assert_int_equal(b->n_stopped, 1);
	assert_ptr_equal(b->stopped_local, b);
}

static void worker__calls_in_order_from_the_first_that_was_not_called(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 5, 10);
	b.slice.n_called = 3;
	b.calls[2].verdict = STAGGER_RETRY;
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.n_handled, 2);
	assert_int_equal(b.handled[0], 103);
	assert_int_equal(b.handled[1], 104);
	assert_int_equal(b.slice.n_called, 5);
	assert_int_equal(b.calls[3].verdict, STAGGER_DONE);
	assert_int_equal(b.calls[2].verdict, STAGGER_RETRY);
	assert_int_equal(b.calls[2].started_us, 0);
	assert_int_equal(b.calls[3].started_us, WALL_0);
	assert_int_equal(b.calls[4].took_us, 10);
	worker_run(b.worker, &b.slice, &b.interrupt); /* nothing is left */
	assert_int_equal(b.n_handled, 2);
	finish(&b);
}

static void worker__takes_an_unknown_verdict_for_none(void **state)
{
	(void)state;
	static const struct {
		int returned, verdict;
	} cases[] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 0}, {99, 0}, {-1, 0}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		prepare(&b, 1, 1);
		b.steps[0].verdict = (enum stagger_verdict)cases[i].returned;
		worker_run(b.worker, &b.slice, &b.interrupt);
		assert_int_equal(b.calls[0].verdict, cases[i].verdict);
		finish(&b);
	}
}

static void fill(struct bench *b, const struct stagger_message *m, struct stagger_failure *why)
{
	(void)b;
	if (m->offset % 2 == 0)
		failure_set_code(why, "503");
}

static void worker__packs_what_a_call_left_and_clears_it_for_the_next(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 6, 1);
	static const enum stagger_verdict verdicts[6] = {STAGGER_RETRY, STAGGER_RETRY, STAGGER_DONE,
							 STAGGER_DEAD_LETTER, STAGGER_DEFER, 0};
	static const bool left[6] = {true, false, false, false, true, false};
	struct failure taken; /* left by a call before, and its owner's since */
	for (size_t i = 0; i < 6; i++) {
		b.steps[i].verdict = verdicts[i];
		b.calls[i].failure = &taken;
	}
	b.at_call = fill;
	worker_run(b.worker, &b.slice, &b.interrupt);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(b.calls[i].failure != NULL, left[i]);
		if (left[i])
			assert_string_equal(b.calls[i].failure->error_code, "503");
	}
	finish(&b);
}

static void look_at_context(struct bench *b, const struct stagger_message *m,
			    struct stagger_failure *why)
{
	int64_t since = 0;
	const struct port_call *running = worker_running(b->worker, &since);
	assert_ptr_equal(&running->message, m);
	assert_int_equal(since, BOOT_0 + b->now_us);
	assert_ptr_equal(running->context->failure, why);
	assert_ptr_equal(running->context->local, b);
}

static void worker__shows_context_and_running_call_only_during_a_call(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 2, 700);
	int64_t since;
	assert_null(worker_running(b.worker, &since));
	b.at_call = look_at_context;
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.n_handled, 2);
	assert_null(worker_running(b.worker, &since));
	assert_null(b.calls[0].context);
	finish(&b);
}

static void worker__gives_the_slice_back_at_what_it_must_stop_at(void **state)
{
	(void)state;
	static const struct {
		enum stagger_verdict verdict;
		bool ticket, stop_at_failure, stop_at_defer;
		size_t n_called;
	} cases[] = {
		{STAGGER_DONE, false, true, true, 4},
		{STAGGER_RETRY, false, false, true, 4},
		{STAGGER_RETRY, false, true, false, 2},
		{STAGGER_DEAD_LETTER, false, false, false, 4},
		{STAGGER_DEAD_LETTER, false, true, false, 2},
		{0, false, false, true, 4},
		{0, false, true, false, 2},
		{STAGGER_DEFER, true, false, false, 4},
		{STAGGER_DEFER, true, false, true, 2},
		{STAGGER_DEFER, false, false, true, 2},
		{STAGGER_DONE, true, false, true, 2},
		{STAGGER_DONE, true, false, false, 4},
		{STAGGER_HALT, false, false, false, 2},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		prepare(&b, 4, 1);
		b.steps[1].verdict = cases[i].verdict;
		b.calls[1].ticket = cases[i].ticket;
		b.slice.stop_at_failure = cases[i].stop_at_failure;
		b.slice.stop_at_defer = cases[i].stop_at_defer;
		worker_run(b.worker, &b.slice, &b.interrupt);
		assert_int_equal(b.n_handled, cases[i].n_called);
		finish(&b);
	}
}

static void interrupt_at_101(struct bench *b, const struct stagger_message *m,
			     struct stagger_failure *why)
{
	(void)why;
	if (m->offset == 101)
		atomic_store(&b->interrupt, true);
}

static void worker__stops_when_interrupted_and_begins_nothing_while_it_is(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 4, 1);
	b.at_call = interrupt_at_101;
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.slice.n_called, 2);
	assert_int_equal(b.calls[1].took_us, 1);
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.slice.n_called, 2);
	finish(&b);
}

static void worker__books_a_short_slice_as_equal_parts_with_few_looks(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, PORT_SLICE_MAX, 0);
	b.steps[0].took_us = 512; /* found out at the first look, but too short to matter */
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.slice.n_called, PORT_SLICE_MAX);
	assert_true(b.reads <= 40);
	int64_t sum = 0;
	for (size_t i = 0; i < PORT_SLICE_MAX; i++) {
		assert_int_equal(b.calls[i].took_us, 2);
		assert_int_equal(b.calls[i].started_us, WALL_0 + sum);
		assert_int_equal(b.calls[i].started_boot_us, BOOT_0 + sum);
		sum += b.calls[i].took_us;
	}
	assert_int_equal(sum, 512);
	finish(&b);
}

static void worker__times_call_by_call_once_a_slice_is_long(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 10, 1);
	static const int64_t took_us[10] = {300, 600, 100, 200, 250, 50, 90, 110, 1, 1};
	for (size_t i = 0; i < 10; i++)
		b.steps[i].took_us = took_us[i];
	worker_run(b.worker, &b.slice, &b.interrupt);
	for (size_t i = 0; i < 4; i++) /* 1,200 us at the third look, after the fourth call */
		assert_int_equal(b.calls[i].took_us, 300);
	for (size_t i = 4; i < 10; i++) {
		assert_int_equal(b.calls[i].took_us, took_us[i]);
		assert_int_equal(b.calls[i].started_us, WALL_0 + b.started_us[i]);
		assert_int_equal(b.calls[i].started_boot_us, BOOT_0 + b.started_us[i]);
	}
	finish(&b);
}

static void worker__gives_a_slice_back_when_its_time_is_over(void **state)
{
	(void)state;
	static const struct {
		bool stages;
		int64_t took_us, first_us;
		size_t n_called;
		int32_t last_took_us; /* as booked */
	} cases[] = {
		{false, 5000, 5000, 1, 5000}, /* looked at after the first call */
		{true, 5000, 5000, 1, 5000},
		{false, 300, 300, 7, 300},    /* timed one by one after the fourth */
		{true, 300, 300, 7, 300},
		{false, 5000, 0, 2, 2500},
		{true, 1, 0, PORT_SLICE_MAX, 1},
		{true, 60000000, 1999, 2, 60000000},
		{false, 1, INT64_C(3600000000), 1, INT32_MAX},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b;
		prepare(&b, PORT_SLICE_MAX, cases[i].took_us);
		b.steps[0].took_us = cases[i].first_us;
		b.slice.stages = cases[i].stages;
		worker_run(b.worker, &b.slice, &b.interrupt);
		assert_int_equal(b.slice.n_called, cases[i].n_called);
		assert_int_equal(b.calls[b.slice.n_called - 1].took_us, cases[i].last_took_us);
		finish(&b);
	}
}

static void worker__finds_slow_calls_after_fast_ones_within_eight(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, PORT_SLICE_MAX, 0);
	for (size_t i = 33; i < PORT_SLICE_MAX; i++)
		b.steps[i].took_us = 50000;
	worker_run(b.worker, &b.slice, &b.interrupt);
	assert_int_equal(b.slice.n_called, 40);
	finish(&b);
}

static void worker__reads_both_clocks_before_each_call_of_a_stage(void **state)
{
	(void)state;
	struct bench b;
	prepare(&b, 20, 7);
	b.slice.stages = true;
	worker_run(b.worker, &b.slice, &b.interrupt);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(b.calls[i].started_us, WALL_0 + b.started_us[i]);
		assert_int_equal(b.calls[i].started_boot_us, BOOT_0 + b.started_us[i]);
		assert_int_equal(b.calls[i].took_us, 7);
	}
	assert_int_equal(b.reads, 60);
	finish(&b);
}

static void worker__does_not_start_when_its_hook_gives_nothing(void **state)
{
	(void)state;
	struct bench b = {.start_fails = true};
	struct workers_options o = options(&b);
	struct stagger_error err;
	assert_int_equal(worker_new(&b.worker, &o, 3, &err), STAGGER_STATE);
	assert_string_equal(err.text, "chain 'orders': worker_start gave NULL for worker 3");
	assert_null(b.worker);
	assert_int_equal(b.n_stopped, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker__calls_in_order_from_the_first_that_was_not_called),
		cmocka_unit_test(worker__takes_an_unknown_verdict_for_none),
		cmocka_unit_test(worker__packs_what_a_call_left_and_clears_it_for_the_next),
		cmocka_unit_test(worker__shows_context_and_running_call_only_during_a_call),
		cmocka_unit_test(worker__gives_the_slice_back_at_what_it_must_stop_at),
		cmocka_unit_test(worker__stops_when_interrupted_and_begins_nothing_while_it_is),
		cmocka_unit_test(worker__books_a_short_slice_as_equal_parts_with_few_looks),
		cmocka_unit_test(worker__times_call_by_call_once_a_slice_is_long),
		cmocka_unit_test(worker__gives_a_slice_back_when_its_time_is_over),
		cmocka_unit_test(worker__finds_slow_calls_after_fast_ones_within_eight),
		cmocka_unit_test(worker__reads_both_clocks_before_each_call_of_a_stage),
		cmocka_unit_test(worker__does_not_start_when_its_hook_gives_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
