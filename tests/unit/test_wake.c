/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals are never lost, the timer fires and is forgotten. Waits have a wide bound and are cut
 * short by what they wait for. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* it makes libc's read() an inline one, and ours with it */
#include "base/wake.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define LONG_MS 10000
#define ROUNDS 20000
#define SECOND_US INT64_C(1000000)

static bool readable(const struct wake *wake, int wait_ms)
{
	struct pollfd fd = {.fd = wake_fd(wake), .events = POLLIN};
	return poll(&fd, 1, wait_ms) == 1;
}

static int open_wake(void **state)
{
	struct wake *wake = NULL;
	if (wake_new(&wake, NULL) != STAGGER_OK)
		return -1;
	*state = wake;
	return 0;
}

static int close_wake(void **state)
{
	struct wake *wake = *state;
	wake_free(&wake);
	assert_null(wake);
	wake_free(&wake);
	return 0;
}

static const struct wake *late_write_of;
static int late_fd;

/* Stands before libc's write(), so that one can be made later. */
ssize_t write(int fd, const void *from, size_t size)
{
	if (late_write_of == NULL)
		return syscall(SYS_write, fd, from, size);
	late_fd = fd;
	return (ssize_t)size;
}

static void write_late(void)
{
	const uint64_t one = 1;
	assert_int_equal(write(late_fd, &one, sizeof(one)), sizeof(one));
}

static void wake__is_quiet_at_first(void **state)
{
	assert_false(readable(*state, 0));
	wake_clear(*state);
	assert_false(readable(*state, 0));
}

static void wake_signal__stays_until_cleared(void **state)
{
	wake_signal(*state);
	wake_signal(*state);
	assert_true(readable(*state, 0));
	assert_true(readable(*state, 0));
	wake_clear(*state);
	wake_arm(*state, WAKE_NEVER);
	assert_false(readable(*state, 0));
	wake_signal(*state);
	assert_true(readable(*state, 0));
}

static void wake_signal__of_a_loop_that_is_awake_is_told_when_it_goes_to_sleep(void **state)
{
	wake_clear(*state);
	wake_signal(*state);
	assert_false(readable(*state, 0)); // no system call for a loop that will look
	wake_arm(*state, WAKE_NEVER);
	wake_arm(*state, WAKE_NEVER);
	assert_true(readable(*state, 0));
	wake_clear(*state);
	wake_arm(*state, WAKE_NEVER);
	assert_false(readable(*state, 0));
}

static void wake_clear__waits_for_a_signal_whose_write_is_late(void **state)
{
	/* As if another thread had been stopped between its exchange and its write. */
	late_write_of = *state;
	wake_signal(*state);
	late_write_of = NULL;
	wake_clear(*state);
	wake_arm(*state, WAKE_NEVER);
	wake_signal(*state); // by a second thread, which does write
	assert_true(readable(*state, 0));
	wake_clear(*state);
	write_late();
	wake_arm(*state, WAKE_NEVER);
	assert_true(readable(*state, 0));
	wake_clear(*state);
	wake_arm(*state, WAKE_NEVER);
	assert_false(readable(*state, 0));
}

static void wake_arm__fires_at_once_for_the_past(void **state)
{
	static const int64_t past[] = {INT64_MIN, -1, 0, 1, SECOND_US};
	for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
		wake_arm(*state, past[i]);
		assert_true(readable(*state, LONG_MS));
		wake_clear(*state);
		assert_false(readable(*state, 0));
	}
}

static void wake_arm__fires_at_its_instant_and_not_before(void **state)
{
	int64_t until_us = clock_boot_us() + 30000;
	wake_arm(*state, until_us);
	assert_true(readable(*state, LONG_MS));
	assert_true(clock_boot_us() >= until_us);
}

static void wake_arm__replaces_and_disarms(void **state)
{
	wake_arm(*state, clock_boot_us() + 3600 * SECOND_US);
	assert_false(readable(*state, 0));
	wake_arm(*state, clock_boot_us() + 1000);
	assert_true(readable(*state, LONG_MS));
	wake_clear(*state);
	int64_t until_us;
	do { // again when the machine was too slow to disarm in time
		wake_clear(*state);
		until_us = clock_boot_us() + 50000;
		wake_arm(*state, until_us);
		wake_arm(*state, WAKE_NEVER);
	} while (clock_boot_us() >= until_us);
	assert_false(readable(*state, 100));
	wake_arm(*state, WAKE_NEVER - 1);
	assert_false(readable(*state, 0));
}

static void wake_arm__keeps_a_fired_timer_until_cleared(void **state)
{
	wake_arm(*state, 1);
	assert_true(readable(*state, LONG_MS));
	wake_arm(*state, WAKE_NEVER);
	assert_true(readable(*state, 0));
	wake_clear(*state);
	assert_false(readable(*state, 0));

	wake_arm(*state, 1);
	assert_true(readable(*state, LONG_MS));
	wake_arm(*state, clock_boot_us() + 20000); // takes effect at the clear
	assert_true(readable(*state, 0));
	wake_clear(*state);
	assert_true(readable(*state, LONG_MS));
}

static void wake_arm__works_again_for_the_instant_that_fired(void **state)
{
	for (int i = 0; i < 3; i++) {
		wake_arm(*state, 77);
		assert_true(readable(*state, LONG_MS));
		wake_clear(*state);
		assert_false(readable(*state, 0));
	}
}

static void wake_clear__keeps_a_timer_that_has_not_fired(void **state)
{
	int64_t until_us;
	do { // again when the machine was too slow to clear in time
		until_us = clock_boot_us() + 50000;
		wake_arm(*state, until_us);
		wake_signal(*state);
		wake_clear(*state);
	} while (clock_boot_us() >= until_us);
	assert_true(readable(*state, LONG_MS));
}

static void wake_wait__returns_for_timer_and_signal(void **state)
{
	int64_t until_us = clock_boot_us() + 20000;
	wake_wait(*state, until_us);
	assert_true(clock_boot_us() >= until_us);
	wake_clear(*state);
	wake_signal(*state);
	wake_wait(*state, WAKE_NEVER); // awake: returns at once
	wake_clear(*state);
	wake_arm(*state, WAKE_NEVER);
	wake_signal(*state);
	wake_wait(*state, WAKE_NEVER); // hangs when the signal is lost
	wake_clear(*state);
	assert_false(readable(*state, 0));
}

static struct wake *of_handler;

static void handle(int number)
{
	(void)number;
	wake_signal(of_handler);
}

static void wake_wait__goes_on_after_a_signal_handler(void **state)
{
	struct sigaction action = {.sa_handler = handle}; // no SA_RESTART: EINTR is wanted
	struct sigaction before;
	of_handler = *state;
	sigaction(SIGALRM, &action, &before);
	ualarm(20000, 0);
	wake_wait(*state, clock_boot_us() + LONG_MS * 1000);
	sigaction(SIGALRM, &before, NULL);
	wake_clear(*state);
	assert_false(readable(*state, 0));
}

static struct wake *signal_around_read;

/* Stands before libc's read(), so that a signal comes exactly while wake_clear() drains. */
ssize_t read(int fd, void *to, size_t size)
{
	if (signal_around_read != NULL)
		wake_signal(signal_around_read);
	ssize_t got = syscall(SYS_read, fd, to, size);
	if (signal_around_read != NULL)
		wake_signal(signal_around_read);
	return got;
}

static void wake_signal__is_heard_after_one_during_the_clear(void **state)
{
	wake_signal(*state);
	signal_around_read = *state;
	wake_clear(*state);
	signal_around_read = NULL;
	wake_signal(*state);
	wake_arm(*state, WAKE_NEVER);
	assert_true(readable(*state, 0));
}

/* Publishes and signals, then waits to be seen. Two of them, so that one signals while the other's
 * signal is cleared, and none signals again when one signal was lost. */
struct producer {
	struct wake *wake;
	atomic_int published; /* relaxed: the wake alone must order it */
	atomic_int seen;
	atomic_bool stop;
};

static void *produce(void *arg)
{
	struct producer *producer = arg;
	for (int i = 1; i <= ROUNDS; i++) {
		atomic_store_explicit(&producer->published, i, memory_order_relaxed);
		wake_signal(producer->wake);
		while (atomic_load(&producer->seen) < i) {
			if (atomic_load(&producer->stop))
				return NULL;
			sched_yield();
		}
	}
	return NULL;
}

static void wake__loses_no_signal(void **state)
{
	struct producer producers[2] = {{.wake = *state}, {.wake = *state}};
	pthread_t threads[2];
	bool lost = false;
	int seen = 0;

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
	while (seen < 2 * ROUNDS && !lost) {
		wake_arm(*state, WAKE_NEVER);
		lost = !readable(*state, LONG_MS);
		wake_clear(*state);
		seen = 0;
		for (size_t i = 0; i < 2; i++) {
			int published = atomic_load_explicit(&producers[i].published,
							     memory_order_relaxed);
			atomic_store(&producers[i].seen, published);
			seen += published;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		atomic_store(&producers[i].stop, lost);
		pthread_join(threads[i], NULL);
	}
	assert_false(lost);
}

static int lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(fd);
	return fd;
}

static void wake_new__fails_without_descriptors(void **state)
{
	(void)state;
	struct rlimit before;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	int lowest = lowest_descriptor();
	for (int spare = 0; spare < 3; spare++) {
		struct rlimit few = before;
		few.rlim_cur = (rlim_t)(lowest + spare);
		struct stagger_error err = {0};
		struct wake *wake = NULL;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		enum stagger_status status = wake_new(&wake, &err);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(status, STAGGER_NO_MEMORY);
		assert_non_null(strstr(err.text, "Too many open files"));
		assert_null(wake);
	}
	assert_int_equal(lowest_descriptor(), lowest); // nothing was left open
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_wake, close_wake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(wake__is_quiet_at_first),
		CASE(wake_signal__stays_until_cleared),
		CASE(wake_signal__of_a_loop_that_is_awake_is_told_when_it_goes_to_sleep),
		CASE(wake_clear__waits_for_a_signal_whose_write_is_late),
		CASE(wake_arm__fires_at_once_for_the_past),
		CASE(wake_arm__fires_at_its_instant_and_not_before),
		CASE(wake_arm__replaces_and_disarms),
		CASE(wake_arm__keeps_a_fired_timer_until_cleared),
		CASE(wake_arm__works_again_for_the_instant_that_fired),
		CASE(wake_clear__keeps_a_timer_that_has_not_fired),
		CASE(wake_wait__returns_for_timer_and_signal),
		CASE(wake_wait__goes_on_after_a_signal_handler),
		CASE(wake_signal__is_heard_after_one_during_the_clear),
		CASE(wake__loses_no_signal),
		cmocka_unit_test(wake_new__fails_without_descriptors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
