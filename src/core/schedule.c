/* SPDX-License-Identifier: Apache-2.0
 *
 * Times come in as arguments and saturate: a due that was read from bytes may be any number. */
#include "core/schedule.h"

#include "base/bytes.h"
#include "base/mutant.h"

/* What the boot clock grants beyond the wall clock's wait, for clocks that step. */
#define BOUND_SLACK_MS 1000

struct schedule_due schedule_due(const struct stagger_chain *chain, int32_t stage,
				 int64_t failed_ms, int64_t retry_after_ms, double random)
{
	int64_t jitter_ms = (int64_t)((double)chain_jitter_ms(chain, stage) * random);
	int64_t wait_ms = chain->stages[stage].delay_ms + jitter_ms;

	if (MUTANT(jitter_below_zero))
		wait_ms -= 2 * chain_jitter_ms(chain, stage);
	if (MUTANT(retry_after_adds))
		wait_ms += retry_after_ms;
	if (wait_ms < retry_after_ms)
		wait_ms = retry_after_ms;
	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > chain->longest_wait_ms)
		wait_ms = chain->longest_wait_ms;
	return (struct schedule_due){
		.due_ms = add_saturated(failed_ms, wait_ms),
		.clamped = retry_after_ms > chain->longest_wait_ms,
	};
}

struct schedule_due schedule_clamp(int64_t due_ms, int64_t record_timestamp_ms, int64_t now_ms,
				   int64_t longest_wait_ms)
{
	int64_t from_ms = record_timestamp_ms >= 0 ? record_timestamp_ms : now_ms;
	int64_t latest_ms = add_saturated(from_ms, longest_wait_ms);

	if (due_ms <= latest_ms)
		return (struct schedule_due){.due_ms = due_ms};
	return (struct schedule_due){.due_ms = latest_ms, .clamped = true};
}

int64_t schedule_earliest_ms(const struct stagger_chain *chain, int32_t stage, int64_t failed_ms)
{
	return add_saturated(failed_ms,
			     chain->stages[stage].delay_ms - chain_jitter_ms(chain, stage));
}

int64_t schedule_least_delay_ms(const struct stagger_chain *chain, int64_t due_ms,
				int64_t failed_ms)
{
	if (due_ms <= failed_ms)
		return 0;
	uint64_t waits_ms = (uint64_t)due_ms - (uint64_t)failed_ms;
	int64_t wait_ms = waits_ms < (uint64_t)CHAIN_LONGEST_DELAY_MS ? (int64_t)waits_ms
								      : CHAIN_LONGEST_DELAY_MS;
	int64_t by_share_ms = (int64_t)((double)wait_ms / (1 + chain->jitter));
	int64_t by_bound_ms = wait_ms - chain->jitter_max_ms;
	return by_share_ms > by_bound_ms ? by_share_ms : by_bound_ms;
}

int64_t schedule_bound_boot_ms(int64_t due_ms, int64_t seen_ms, int64_t seen_boot_ms)
{
	int64_t wait_ms = add_saturated(due_ms, -seen_ms);

	return add_saturated(seen_boot_ms, add_saturated(wait_ms, BOUND_SLACK_MS));
}

struct schedule_hold schedule_hold(int64_t due_ms, int64_t now_ms, int64_t pause_after_ms,
				   int64_t lead_ms)
{
	if (add_saturated(due_ms, -now_ms) <= add_saturated(pause_after_ms, lead_ms))
		return (struct schedule_hold){.pause = false};
	return (struct schedule_hold){.pause = true, .resume_ms = add_saturated(due_ms, -lead_ms)};
}
