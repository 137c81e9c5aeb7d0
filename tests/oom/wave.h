/* SPDX-License-Identifier: Apache-2.0
 *
 * This program many times at once, with the arguments STORY and N for N = 1, 2, ..., until the N-th
 * allocation or call is not reached any more: for what takes seconds, nearly all of them waiting. */
#ifndef OOM_WAVE_H
#define OOM_WAVE_H

/* How one ended, its exit status; any other fails the test. */
enum { WENT_ON = 0, NOT_REACHED = 10, REFUSED = 11 };

struct wave {
	int went_on, refused, not_reached; /* how many */
};
struct wave wave_all(const char *story);
/* One of them: the story's end as main()'s result. */
int wave_story(int (*tell)(long n), const char *number);

#endif
