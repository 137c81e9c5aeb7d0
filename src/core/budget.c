/* SPDX-License-Identifier: Apache-2.0
 *
 * A backlog in main must not make retries late, so main never gets the last quarter. Bytes are
 * compared before a message is taken, not with it: however large, one always gets through. */
#include "core/budget.h"

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Three quarters, rounded down, but at least 1. */
static int64_t share_of_main(int64_t whole)
{
	int64_t share = whole - (whole / 4 + (whole % 4 > 0));

	return share > 0 ? share : 1;
}

int64_t budget_room(const struct budget *b, bool main_stage)
{
	int64_t room = smaller(b->max_messages - b->messages, b->max_uncommitted - b->uncommitted);

	if (b->bytes >= b->max_bytes)
		return 0;
	if (main_stage) {
		if (b->main_bytes >= share_of_main(b->max_bytes))
			return 0;
		room = smaller(room, share_of_main(b->max_messages) - b->main_messages);
	}
	return room > 0 ? room : 0;
}

void budget_take(struct budget *b, bool main_stage, size_t bytes)
{
	b->messages++;
	b->bytes += (int64_t)bytes;
	if (main_stage) {
		b->main_messages++;
		b->main_bytes += (int64_t)bytes;
	}
}

void budget_give(struct budget *b, bool main_stage, size_t bytes)
{
	b->messages--;
	b->bytes -= (int64_t)bytes;
	if (main_stage) {
		b->main_messages--;
		b->main_bytes -= (int64_t)bytes;
	}
}

bool budget_may_wait(const struct budget *b, size_t bytes)
{
	int64_t left = b->max_waiting_bytes - b->waiting_bytes;

	return b->waiting_bytes == 0 || (left > 0 && bytes <= (uint64_t)left);
}

bool budget_presses(const struct budget *b)
{
	return b->uncommitted >= b->max_uncommitted - b->uncommitted;
}
