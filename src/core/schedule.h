/* SPDX-License-Identifier: Apache-2.0
 *
 * Due times, clamps, and whether a lane waits by not being polled or by a pause. */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include "core/chain.h"

struct schedule_due {
	int64_t due_ms;
	bool clamped; /* retry_after was beyond longest_wait */
};
/* failed + max(delay +- jitter, retry_after), at most failed + longest_wait. */
struct schedule_due schedule_due(const struct stagger_chain *chain, int32_t stage,
				 int64_t failed_ms, int64_t retry_after_ms, double random);
/* A due read from an envelope, clamped to the record's own timestamp + longest_wait (no clamp when
 * the record has no timestamp: then now + longest_wait). */
struct schedule_due schedule_clamp(int64_t due_ms, int64_t record_timestamp_ms, int64_t now_ms,
				   int64_t longest_wait_ms);
/* The earliest due any record of this stage can have that failed at failed_ms: failed + delay -
 * jitter. */
int64_t schedule_earliest_ms(const struct stagger_chain *chain, int32_t stage, int64_t failed_ms);
/* The shortest delay with which this chain's jitter could have made that due of that failure: what
 * is known of a stage that is not in the chain any more. */
int64_t schedule_least_delay_ms(const struct stagger_chain *chain, int64_t due_ms,
				int64_t failed_ms);
/* The boot-clock instant from which a message may be handled whatever the wall clock says. */
int64_t schedule_bound_boot_ms(int64_t due_ms, int64_t seen_ms, int64_t seen_boot_ms);

struct schedule_hold {
	bool pause;
	int64_t resume_ms; /* wall clock: due - lead; only with pause */
};
/* Whether a lane whose head is due then is paused: due - now > pause_after + lead. */
struct schedule_hold schedule_hold(int64_t due_ms, int64_t now_ms, int64_t pause_after_ms,
				   int64_t lead_ms);

#endif
