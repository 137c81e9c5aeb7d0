/* SPDX-License-Identifier: Apache-2.0
 *
 * Dies where STAGGER_CRASH says: POINT:PASS:kill or POINT:PASS:abort. Part of the library in builds
 * with -Dcrash_points=true only. */
#define _GNU_SOURCE
#include "base/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crash_point(const char *name)
{
	static atomic_long passes;
	const char *wanted = getenv("STAGGER_CRASH");
	size_t length = strlen(name);
	char *how;

	if (wanted == NULL || strncmp(wanted, name, length) != 0 || wanted[length] != ':')
		return;
	if (atomic_fetch_add(&passes, 1) + 1 != strtol(wanted + length + 1, &how, 10))
		return;
	if (strcmp(how, ":abort") == 0)
		abort();
	kill(getpid(), SIGKILL);
	for (;;)
		pause(); /* the signal may come to another thread first */
}
