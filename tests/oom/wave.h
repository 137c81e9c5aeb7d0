/* SPDX-License-Identifier: Apache-2.0
 *
 * One program many times at once: `running_calls STORY N` for N = 1, 2, ..., until the N-th
 * allocation is not reached any more. */
#ifndef OOM_WAVE_H
#define OOM_WAVE_H

/* How one ended, its exit status; any other fails the test. */
enum { WENT_ON = 0, NOT_REACHED = 10, REFUSED = 11 };

struct wave {
	int went_on, refused, not_reached; /* how many */
};
struct wave wave_all(const char *story);

#endif
