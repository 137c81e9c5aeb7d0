/* SPDX-License-Identifier: Apache-2.0
 *
 * checker FILE...: judges the histories of a real run. Exit 0: every rule holds; 1: one is broken;
 * 2: a file cannot be read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "checker.h"

static void print(const struct checker_result *r)
{
	for (size_t i = 0; i < r->n_texts; i++)
		puts(r->texts[i]);
	for (int rule = 0; rule < CHECKER_N_RULES; rule++)
		if (r->broken[rule] > CHECKER_MAX_TEXTS)
			printf("%s: and %zu more\n", checker_rule_name((enum checker_rule)rule),
			       r->broken[rule] - CHECKER_MAX_TEXTS);
	printf("lateness: p50 %" PRId64 " ms, p99 %" PRId64 " ms, max %" PRId64
	       " ms; skew between hosts %" PRId64 " ms\n",
	       r->lateness_p50_ms, r->lateness_p99_ms, r->lateness_max_ms, r->skew_ms);
	printf("checker: %zu produced, %zu done, %zu dead, %zu calls, %zu faults, "
	       "%zu called again, %zu extra copies, %zu violations\n",
	       r->produced, r->done, r->dead, r->calls, r->faults, r->called_again,
	       r->extra_copies, r->violations);
}

int main(int argc, char **argv)
{
	struct history history = {.n = 0};
	struct checker_result result;
	size_t *starts = map_grow(NULL, (size_t)argc, sizeof(*starts));
	char why[512];

	if (argc < 2) {
		fputs("usage: checker FILE...\n", stderr);
		free(starts);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		starts[i - 1] = history.n;
		if (!history_read_file(&history, argv[i], why, sizeof(why))) {
			fprintf(stderr, "checker: %s\n", why);
			history_clear(&history);
			free(starts);
			return 2;
		}
	}
	history_merge(&history, starts, (size_t)argc - 1);
	free(starts);
	checker_run(&history, &result);
	print(&result);
	int code = result.violations == 0 ? 0 : 1;
	checker_clear(&result);
	history_clear(&history);
	return code;
}
