/* SPDX-License-Identifier: Apache-2.0
 *
 * Judges a history by the rules that users rely on: nothing lost, nothing early, and so on. The
 * same code judges simulations in memory and the files of real runs. */
#ifndef SUPPORT_CHECKER_H
#define SUPPORT_CHECKER_H

#include "history.h"

#define CHECKER_RULES(X)                                                                           \
	X(no_loss, NO_LOSS)                                                                        \
	X(bounded_duplicates, BOUNDED_DUPLICATES)                                                  \
	X(never_early, NEVER_EARLY)                                                                \
	X(due_correct, DUE_CORRECT)                                                                \
	X(lateness, LATENESS)                                                                      \
	X(order, ORDER)                                                                            \
	X(offsets_monotone, OFFSETS_MONOTONE)                                                      \
	X(attempts_correct, ATTEMPTS_CORRECT)                                                      \
	X(payload_intact, PAYLOAD_INTACT)                                                          \
	X(no_silent_drop, NO_SILENT_DROP)                                                          \
	X(owned_only, OWNED_ONLY)                                                                  \
	X(progress, PROGRESS)                                                                      \
	X(clean_stop, CLEAN_STOP)

enum checker_rule {
#define X(name, constant) CHECKER_##constant,
	CHECKER_RULES(X)
#undef X
	CHECKER_N_RULES
};

#define CHECKER_MAX_TEXTS 20 /* kept of one rule; the rest is only counted */

struct checker_result {
	size_t violations, broken[CHECKER_N_RULES]; /* in all, and by rule */
	char **texts; /* "never_early: id 42 handled 3 ms early in retry.5m, ..." */
	size_t *steps; /* of each text: the event it is about, from 0 */
	size_t n_texts;
	/* What is reported and not judged. */
	size_t produced, done, dead, calls, faults, called_again, extra_copies;
	int64_t lateness_p50_ms, lateness_p99_ms, lateness_max_ms;
	int64_t skew_ms; /* seen that much before it had failed: two hosts' clocks differ */
};

/* Sets *result; free it with checker_clear(). */
void checker_run(const struct history *h, struct checker_result *result);
void checker_clear(struct checker_result *result);
const char *checker_rule_name(enum checker_rule rule);

#endif
