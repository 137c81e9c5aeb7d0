/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scenarios of offsets, rebalances and failures need beyond support.h: commits as they
 * were accepted, members with a handler of their own, commits of a former life, records byte by byte. */
#ifndef SCENARIO_SUPPORT_B_H
#define SCENARIO_SUPPORT_B_H

#include "support.h"

#define ACCEPTED_MAX 8192

/* -- commits ----------------------------------------------------------------------------- */
struct accepted {
	int32_t member, partition;
	int64_t next_offset, boot_ms;
	size_t size; /* of the metadata */
	char topic[64], metadata[64]; /* its beginning */
};
struct commits {
	struct rig *rig;
	struct accepted list[ACCEPTED_MAX];
	size_t n;
};
/* Remembers every commit from now on; free() after rig_free(). */
struct commits *commits_watch(struct rig *rig);
/* The metadata of the last commit, "" without; valid until the next. */
const char *commit_metadata(const struct rig *rig, const char *topic, int32_t partition);
/* What the group is found to have committed before the first member joins. */
void commit_seed(struct rig *rig, const char *topic, int32_t partition, int64_t next_offset,
		 const char *metadata);

/* -- members ----------------------------------------------------------------------------- */
void member_kill_and_restart(struct rig *rig, int32_t member);
/* As world_stop(), but no time passes: the drain has only begun. */
void member_begin_stop(struct rig *rig, int32_t member);
enum stagger_status member_settle(struct rig *rig, int32_t member, size_t ticket,
				  enum stagger_verdict verdict);
/* A member of rig->setup with that handler instead of the one that obeys; no calls, events or
 * log lines are remembered. Give the rig members = -1. */
int32_t member_with(struct rig *rig, stagger_handler handler, void *user);
/* Of a member that is none of the rig's. Free it. */
const struct stagger_stats *member_stats(const struct rig *rig, int32_t member);

/* Time that a callback takes: both clocks move, nothing else happens meanwhile. */
void time_passes(struct rig *rig, int64_t ms);
/* No partition may be committed backwards by the same member. */
void expect_commits_ascend(const struct commits *commits);

/* -- records ----------------------------------------------------------------------------- */
void put_bytes(struct rig *rig, const char *topic, int32_t partition, struct stagger_bytes value);
/* A retry record of RETRY_1M as its stage would hold it, last failed now and due in due_ms. */
struct stagger_envelope *retry_envelope(struct rig *rig, const char *value, int64_t due_ms);
/* Writes, produces and frees it. */
void put_envelope(struct rig *rig, const char *topic, int32_t partition,
		  struct stagger_envelope *take_envelope);

#endif
