/* SPDX-License-Identifier: Apache-2.0
 *
 * Shares of the process: messages and bytes in flight (a quarter is kept for the stages), bytes
 * waiting, offsets uncommitted. Plain counters with one rule each. */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include <stagger/error.h>

struct budget {
	int64_t max_messages, max_bytes, max_waiting_bytes, max_uncommitted;
	int64_t messages, bytes;             /* in flight, all */
	int64_t main_messages, main_bytes;   /* of those, main's */
	int64_t waiting_bytes;
	int64_t uncommitted;                 /* handed out, finish not committed */
};

/* How many messages main (or the stages) may take now; bytes count by what is there already: a
 * single message larger than the whole budget passes when nothing else is in flight. */
int64_t budget_room(const struct budget *b, bool main_stage);
void budget_take(struct budget *b, bool main_stage, size_t bytes);
void budget_give(struct budget *b, bool main_stage, size_t bytes);
bool budget_may_wait(const struct budget *b, size_t bytes); /* room for it among the waiting */
bool budget_presses(const struct budget *b);                /* half of max_uncommitted is used */

#endif
