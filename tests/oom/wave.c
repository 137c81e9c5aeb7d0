/* SPDX-License-Identifier: Apache-2.0
 *
 * See wave.h. */
#define _GNU_SOURCE
#include "wave.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define AT_A_TIME 44
#define N_MAX     3000

static void begin(pid_t children[AT_A_TIME], const char *story, long first)
{
	for (long i = 0; i < AT_A_TIME; i++) {
		char name[32];
		char number[24];
		snprintf(name, sizeof(name), "%s", story);
		snprintf(number, sizeof(number), "%ld", first + i);
		char *const args[] = {(char[]){"story"}, name, number, NULL};
		assert_int_equal(posix_spawn(&children[i], "/proc/self/exe", NULL, NULL, args,
					     environ),
				 0);
	}
}

static void end(struct wave *w, const pid_t children[AT_A_TIME], const char *story, long first)
{
	long bad = 0;
	int bad_status = 0;

	for (long i = 0; i < AT_A_TIME; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		w->went_on += code == WENT_ON;
		w->refused += code == REFUSED;
		w->not_reached += code == NOT_REACHED;
		if (code != WENT_ON && code != REFUSED && code != NOT_REACHED) {
			bad = first + i;
			bad_status = status;
		}
	}
	if (bad != 0)
		fail_msg("%s, number %ld: wait status %d", story, bad, bad_status);
}

struct wave wave_all(const char *story)
{
	struct wave w = {.not_reached = 0};
	pid_t children[AT_A_TIME];

	for (long n = 1; w.not_reached == 0; n += AT_A_TIME) {
		assert_true(n < N_MAX);
		begin(children, story, n);
		end(&w, children, story, n);
	}
	print_message("%s: %d failed, after %d of them it went on\n", story,
		      w.went_on + w.refused, w.went_on);
	return w;
}

static int (*told)(long n);
static long told_n;
static int told_end;

static void wave__one_story(void **state)
{
	(void)state;
	told_end = told(told_n);
}

int wave_story(int (*tell)(long n), const char *number)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(wave__one_story)};

	told = tell;
	told_n = strtol(number, NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL) != 0 ? 1 : told_end;
}
