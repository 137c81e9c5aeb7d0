/* SPDX-License-Identifier: Apache-2.0
 *
 * Planted bugs: each is one that a peer had or that a tired developer would make, with the
 * checker's rule that finds it. base/mutant.h brings this into the simulation's build of core/ and
 * engine/; one of them is awake at a time. */
#ifndef SIM_MUTANTS_H
#define SIM_MUTANTS_H

/* X(name, rule, what it is) */
#define MUTANTS(X)                                                                                 \
	X(commit_before_report, OFFSETS_MONOTONE,                                                  \
	  "an offset is finished when its copy is handed over, not when it is durable")            \
	X(resume_early, NEVER_EARLY, "what a resumed partition brings is taken for due")           \
	X(timer_survives_revoke, OWNED_ONLY, "an in-place retry fires after its partition went")   \
	X(paused_forgotten, PROGRESS,                                                              \
	  "a partition that was paused stays so when it is assigned again")                        \
	X(epoch_ignored, OWNED_ONLY, "a late verdict counts though its partition went elsewhere")  \
	X(exile_started_again, OWNED_ONLY,                                                         \
	  "a message is called again while its call of before the rebalance is still out")         \
	X(stage_counted_twice, ATTEMPTS_CORRECT, "each visit of a stage counts as two")            \
	X(attempts_reset, ATTEMPTS_CORRECT, "a second visit begins to count at one")               \
	X(retired_stage_used, ATTEMPTS_CORRECT, "failures still go to a retired stage")            \
	X(room_drops_last, NO_LOSS, "the last message in a waiting room goes without a call")      \
	X(failed_report_counts, NO_LOSS, "a refused copy counts as durable")                       \
	X(dead_producer_forgets, NO_LOSS, "what a dead producer had counts as durable")            \
	X(too_large_dropped, NO_LOSS, "a copy that is too large is dropped")                       \
	X(drop_on_revoke, OFFSETS_MONOTONE, "what waits at a revoke is committed as finished")     \
	X(commits_reordered, OFFSETS_MONOTONE, "a commit leaves while another is on its way")      \
	X(commit_of_lost, OWNED_ONLY, "a lost partition gets its last commit like a revoked one")  \
	X(gap_never_finished, PROGRESS, "offsets that never come hold the commit back")            \
	X(ahead_forgotten, BOUNDED_DUPLICATES,                                                     \
	  "what is finished beyond the commit is not read at the assignment")                      \
	X(jitter_below_zero, DUE_CORRECT, "jitter only shortens the delay")                        \
	X(retry_after_adds, DUE_CORRECT, "retry_after comes on top of the delay")                  \
	X(room_overtakes, ORDER, "equal dues leave the waiting room in the wrong order")           \
	X(held_strand_goes, ORDER, "later messages pass one that waits in place")                  \
	X(foreign_handled, PAYLOAD_INTACT, "another group's envelope is handled")                  \
	X(headers_lost, PAYLOAD_INTACT, "a failed message loses its headers")                      \
	X(republish_loses_attempts, ATTEMPTS_CORRECT, "back in main a message forgets its calls")  \
	X(settle_twice, BOUNDED_DUPLICATES, "a ticket takes a second verdict")                     \
	X(done_counted_twice, NO_SILENT_DROP, "success after an in-place retry counts twice")      \
	X(stop_does_not_wait, CLEAN_STOP, "a stop leaves while calls and hops are out")

enum mutant {
	MUTANT_none,
#define X(name, rule, text) MUTANT_##name,
	MUTANTS(X)
#undef X
	MUTANT_N
};
extern enum mutant mutant_planted;

/* cover.c: counts what happens to records, gates and farewells. */
void cover_record(const void *record, int from, int to);
void cover_gate(unsigned before, unsigned after);
void cover_farewell(int from, int to);

#endif
