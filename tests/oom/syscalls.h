/* SPDX-License-Identifier: Apache-2.0
 *
 * The system under our own code, as heap.h is the allocator: calls that open, read, write, listen
 * or begin a thread are led here, and fail as they are told. Any thread. */
#ifndef OOM_SYSCALLS_H
#define OOM_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

/* From now on calls are counted, and the n-th of them fails (0: none). */
void syscalls_arm(long n);
void syscalls_disarm(void);
/* The call that has failed since syscalls_arm(), and its errno; NULL: none. */
const char *syscalls_failed(int *code);
/* Reads and writes are interrupted every second time, and give or take three bytes at most. */
void syscalls_crumble(bool on);
/* accept4() finds no descriptor, all the time; how often it was asked since it was told so. */
void syscalls_refuse_accept(bool on);
long syscalls_accepts(void);

#endif
