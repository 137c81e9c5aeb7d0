/* SPDX-License-Identifier: Apache-2.0
 *
 * micro NAME N: does that bench's thing N times. micro --list: their names. */
#include "micro.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct micro MICROS[] = {
	{"codec-write", micro_codec_write},
	{"codec-read", micro_codec_read},
	{"compose", micro_compose},
	{"offsets-in-order", micro_offsets_in_order},
	{"offsets-out-of-order", micro_offsets_out_of_order},
	{"route-done", micro_route_done},
	{"route-retry", micro_route_retry},
	{"waiting-room", micro_waiting},
	{"heap", micro_heap},
	{"pool-slice", micro_pool},
	{"main-path", micro_main_path},
	{"main-path-keyed", micro_main_path_keyed},
	{"hop", micro_hop},
	{"stage", micro_stage},
	{"in-place", micro_in_place},
};
#define N_MICROS (sizeof(MICROS) / sizeof(MICROS[0]))

_Noreturn void micro_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "micro: %s:%d: %s does not hold\n", file, line, what);
	exit(1);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && strcmp(argv[1], "--list") == 0 && i < N_MICROS; i++)
		puts(MICROS[i].name);
	if (argc == 2)
		return 0;
	for (size_t i = 0; argc == 3 && i < N_MICROS; i++) {
		if (strcmp(MICROS[i].name, argv[1]) != 0)
			continue;
		MICROS[i].run(strtoll(argv[2], NULL, 10));
		return 0;
	}
	fputs("usage: micro NAME N, or micro --list\n", stderr);
	return 2;
}
