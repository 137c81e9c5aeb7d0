/* SPDX-License-Identifier: Apache-2.0
 *
 * An epoll descriptor over an eventfd (signals) and a timerfd (the instant). The flag spares the
 * eventfd's system call; it is changed by exchanges only, because of the order explained at
 * wake_clear(). */
#define _GNU_SOURCE
#include "base/wake.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

struct wake {
	int epoll, event, timer;
	atomic_bool signalled;
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
	*w = (struct wake){.wanted_us = WAKE_NEVER, .set_us = WAKE_NEVER};
	atomic_init(&w->signalled, false);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	// A descriptor that is missing (-1) makes watch() fail; errno is then the last failure's.
	if (w->epoll < 0 || w->event < 0 || w->timer < 0 || watch(w->epoll, w->event) != 0 ||
	    watch(w->epoll, w->timer) != 0) {
		enum stagger_status status = fail(err, STAGGER_NO_MEMORY,
						  "cannot open the loop's descriptors: %s",
						  strerror(errno));
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

void wake_signal(struct wake *wake)
{
	if (atomic_exchange_explicit(&wake->signalled, true, memory_order_acq_rel))
		return;
	int saved_errno = errno; // may be a signal handler
	const uint64_t one = 1;
	ssize_t written = write(wake->event, &one, sizeof(one));
	(void)written; // can only fail when the counter is full, which is readable too
	errno = saved_errno;
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

void wake_arm(struct wake *wake, int64_t until_boot_us)
{
	wake->wanted_us = until_boot_us;
	if (wake->set_us == until_boot_us)
		return;
	// A new setting would make a fired timer unreadable: it waits for wake_clear().
	if (wake->set_us <= clock_boot_us())
		return;
	set_timer(wake, until_boot_us);
}

void wake_wait(struct wake *wake, int64_t until_boot_us)
{
	struct epoll_event event;

	wake_arm(wake, until_boot_us);
	while (epoll_wait(wake->epoll, &event, 1, -1) < 0 && errno == EINTR)
		;
}

/* The flag falls after the eventfd is drained. The other way round, a signal in between would raise
 * the flag, its count would be drained, and all later signals would keep silent. A signal that
 * still meets the raised flag came before our exchange, which reads from it: its work is seen by
 * who looks after this call. */
void wake_clear(struct wake *wake)
{
	uint64_t count;
	ssize_t got = read(wake->event, &count, sizeof(count));
	(void)got; // EAGAIN: nothing to forget
	atomic_exchange_explicit(&wake->signalled, false, memory_order_acq_rel);

	if (wake->set_us == WAKE_NEVER || read(wake->timer, &count, sizeof(count)) < 0)
		return;
	int64_t fired_us = wake->set_us;
	wake->set_us = WAKE_NEVER;
	if (wake->wanted_us == fired_us)
		wake->wanted_us = WAKE_NEVER;
	else
		wake_arm(wake, wake->wanted_us);
}
