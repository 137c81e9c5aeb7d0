/* SPDX-License-Identifier: Apache-2.0
 *
 * Micro benches: each does one small thing n times. tests/bench/instructions.py runs them under
 * callgrind twice, with different n; the difference is what one costs, without the set-up. So
 * nothing here may depend on time, addresses or the number of the run. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdint.h>

struct micro {
	const char *name;
	void (*run)(int64_t n);
};

void micro_codec_write(int64_t n);
void micro_codec_read(int64_t n);
void micro_compose(int64_t n);
void micro_offsets_in_order(int64_t n);
void micro_offsets_out_of_order(int64_t n);
void micro_route_done(int64_t n);
void micro_route_retry(int64_t n);
void micro_waiting(int64_t n);
void micro_heap(int64_t n);
void micro_pool(int64_t n);
void micro_main_path(int64_t n);
void micro_main_path_keyed(int64_t n);
void micro_hop(int64_t n);
void micro_stage(int64_t n);
void micro_in_place(int64_t n);

/* Ends the process when what must hold does not: a bench that does nothing is fast. */
#define MICRO_MUST(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			micro_failed(#condition, __FILE__, __LINE__);                              \
	} while (0)
_Noreturn void micro_failed(const char *what, const char *file, int line);

#endif
