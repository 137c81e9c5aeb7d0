/* SPDX-License-Identifier: Apache-2.0
 *
 * An epoll descriptor over an eventfd (signals) and a timerfd (the instant). System calls are made
 * only where they are needed: who signals writes to the eventfd only while the loop is asleep, and
 * the loop reads only what was written. */
#define _GNU_SOURCE
#include "base/wake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/* Changed by exchanges only. Whoever finds ASLEEP writes to the eventfd, once. */
enum { AWAKE, ASLEEP, SIGNALLED };

struct wake {
	int epoll, event, timer;
	atomic_int state;
	/* The rest is the loop's. */
	bool slept;        /* it was ASLEEP since the last wake_clear() */
	bool told;         /* the loop has written by itself since then */
	uint64_t owed;     /* written, or about to be, and not read: by whom found ASLEEP, by us */
	int64_t wanted_us; /* the instant of the last wake_arm() */
	int64_t set_us;    /* what the timer is set to; is not wanted_us only after it fired */
};

static int watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

enum stagger_status wake_new(struct wake **out, struct stagger_error *err)
{
	struct wake *w = malloc(sizeof(*w));
	if (w == NULL)
		return fail_memory(err);
	*w = (struct wake){.slept = true, .wanted_us = WAKE_NEVER, .set_us = WAKE_NEVER};
	atomic_init(&w->state, ASLEEP);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	// A descriptor that is missing (-1) makes watch() fail; errno is then the last failure's.
	if (w->epoll < 0 || w->event < 0 || w->timer < 0 || watch(w->epoll, w->event) != 0 ||
	    watch(w->epoll, w->timer) != 0) {
		enum stagger_status status =
			fail_system(err, errno, "cannot open the loop's descriptors");
		wake_free(&w);
		return status;
	}
	*out = w;
	return STAGGER_OK;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void wake_free(struct wake **wake)
{
	if (*wake == NULL)
		return;
	close_open((*wake)->epoll);
	close_open((*wake)->event);
	close_open((*wake)->timer);
	free(*wake);
	*wake = NULL;
}

static void make_readable(const struct wake *wake)
{
	int saved_errno = errno; // may be a signal handler
	const uint64_t one = 1;
	ssize_t written = write(wake->event, &one, sizeof(one));
	(void)written; // can only fail when the counter is full, which is readable too
	errno = saved_errno;
}

void wake_signal(struct wake *wake)
{
	if (atomic_exchange_explicit(&wake->state, SIGNALLED, memory_order_acq_rel) == ASLEEP)
		make_readable(wake);
}

/* False when there is a signal that nobody wrote for, because the loop was awake. */
static bool fall_asleep(struct wake *wake)
{
	int awake = AWAKE;

	if (atomic_compare_exchange_strong(&wake->state, &awake, ASLEEP))
		wake->slept = true;
	return wake->slept;
}

int wake_fd(const struct wake *wake)
{
	return wake->epoll;
}

static void set_timer(struct wake *wake, int64_t until_boot_us)
{
	struct itimerspec at = {0}; // all zero disarms
	if (until_boot_us <= 0)
		at.it_value.tv_nsec = 1;
	else if (until_boot_us != WAKE_NEVER)
		at.it_value = (struct timespec){.tv_sec = (time_t)(until_boot_us / 1000000),
						.tv_nsec = (long)(until_boot_us % 1000000) * 1000};
	timerfd_settime(wake->timer, TFD_TIMER_ABSTIME, &at, NULL);
	wake->set_us = until_boot_us;
}

static void arm(struct wake *wake, int64_t until_boot_us)
{
	wake->wanted_us = until_boot_us;
	if (wake->set_us == until_boot_us)
		return;
	// A new setting would make a fired timer unreadable: it waits for wake_clear().
	if (wake->set_us <= clock_boot_us())
		return;
	set_timer(wake, until_boot_us);
}

void wake_arm(struct wake *wake, int64_t until_boot_us)
{
	arm(wake, until_boot_us);
	if (fall_asleep(wake) || wake->told)
		return;
	wake->told = true;
	wake->owed++;
	make_readable(wake);
}

void wake_wait(struct wake *wake, int64_t until_boot_us)
{
	struct epoll_event event;

	if (!fall_asleep(wake))
		return;
	arm(wake, until_boot_us);
	while (epoll_wait(wake->epoll, &event, 1, -1) < 0 && errno == EINTR)
		;
}

/* What was written is counted, so that none stays behind: a loop that forgot one would never sleep
 * again. Who signals may be late with its write; then it is read at a later clear. */
static void drain(struct wake *wake)
{
	uint64_t count;

	if (wake->owed > 0 && read(wake->event, &count, sizeof(count)) == sizeof(count))
		wake->owed -= count;
}

void wake_clear(struct wake *wake)
{
	int before = atomic_exchange_explicit(&wake->state, AWAKE, memory_order_acq_rel);
	uint64_t count;

	wake->owed += wake->slept && before == SIGNALLED;
	wake->slept = false;
	wake->told = false;
	drain(wake);
	if (wake->set_us == WAKE_NEVER || wake->set_us > clock_boot_us() ||
	    read(wake->timer, &count, sizeof(count)) < 0)
		return;
	int64_t fired_us = wake->set_us;
	wake->set_us = WAKE_NEVER;
	if (wake->wanted_us == fired_us)
		wake->wanted_us = WAKE_NEVER;
	else
		arm(wake, wake->wanted_us);
}
