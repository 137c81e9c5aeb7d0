/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages that a bench of stagger needs in a topic, from a bare producer. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <stagger/stagger.h>

#define LOAD_HOUR_MS 3600000

struct load {
	const char *brokers, *topic;
	int64_t first, partitions; /* to so many partitions, from that one on */
	int64_t n;
	double per_s;               /* 0: as fast as it goes */
	struct stagger_bytes value; /* the same in all of them */
	int64_t keys;               /* the key of message i, of 8 bytes: i modulo that */
};

void load_pause_until(int64_t boot_us);
/* Ends when all are acknowledged, or soon after *enough. */
void load_send(const struct load *load, const _Atomic bool *enough);
/* An envelope that failed now and is due in an hour; free(data). */
struct load_waiting {
	const char *group, *chain, *stage, *topic;
	struct stagger_bytes value;
};
struct stagger_bytes load_hour_long(const struct load_waiting *waiting);

#endif
