/* SPDX-License-Identifier: Apache-2.0
 *
 * What a loop waits on: one descriptor that becomes readable when somebody signals it or a
 * boot-time instant comes. Nothing sleeps; the wait is computed from the data. signal: any thread
 * and any signal handler; all else: the loop thread. */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include <stagger/error.h>

struct wake;

#define WAKE_NEVER INT64_MAX

STAGGER_MUST_USE enum stagger_status wake_new(struct wake **out, struct stagger_error *err);
void wake_free(struct wake **wake);
/* Makes the descriptor readable; while the loop is awake (from wake_clear() to the next wake_arm()
 * or wake_wait()) at the latest then, by one atomic. Any thread, also a signal handler. */
void wake_signal(struct wake *wake);
/* The epoll descriptor to wait on; the same for life, level-triggered. */
int wake_fd(const struct wake *wake);
/* The loop is going to wait on the descriptor. Arms the timer for the instant (CLOCK_BOOTTIME,
 * microseconds; at or before now: readable at once; WAKE_NEVER: disarmed). A timer that has fired
 * stays readable until wake_clear(). */
void wake_arm(struct wake *wake, int64_t until_boot_us);
/* Waits until the descriptor is readable: arm + poll. */
void wake_wait(struct wake *wake, int64_t until_boot_us);
/* The loop is awake. Forgets signals and a fired timer: call it BEFORE looking at the work they
 * announce. */
void wake_clear(struct wake *wake);

#endif
