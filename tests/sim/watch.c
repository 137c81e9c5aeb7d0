/* SPDX-License-Identifier: Apache-2.0
 *
 * Progress on a terminal, and a time limit for each seed: a loop without an end inside one turn of
 * the engine can only be named from outside it, by a signal. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

static char named[96]; /* made before, since a signal handler may not format */

static void give_up(int signal_number)
{
	(void)signal_number;
	ssize_t ignored = write(STDERR_FILENO, named, strlen(named));
	(void)ignored;
	_exit(3);
}

void watch_begin(uint64_t seed, unsigned limit_s)
{
	snprintf(named, sizeof(named), "\nseed %" PRIu64 ": no end within %u s\n", seed, limit_s);
	signal(SIGALRM, give_up);
	alarm(limit_s);
}

void watch_end(uint64_t done, uint64_t of)
{
	alarm(0);
	if (!isatty(STDERR_FILENO) || (done % 10 != 0 && done != of))
		return;
	fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds%s", done, of, done == of ? "\n" : "");
}
