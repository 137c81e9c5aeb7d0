/* SPDX-License-Identifier: Apache-2.0
 *
 * Every rule of the checker on one small good history and on edits of it: some that must pass, and
 * for each rule some that break exactly that rule. A checker that cannot fail proves nothing. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checker.h"
#include "checker_exact.h"

#define PASSES CHECKER_N_RULES

static const struct example {
	const char *name;
	enum checker_rule rule; /* the one rule that is broken, or PASSES */
	void (*build)(struct history *h);
	void (*edit)(struct history *h);
	const char *text; /* of the first violation, or NULL */
} examples[] = {
	{"everything__holds_of_a_good_run", PASSES, good, nothing, NULL},
	{"everything__holds_of_a_take_over_after_a_kill", PASSES, take_over, nothing, NULL},
	{"no_loss__sees_a_message_that_is_nowhere", CHECKER_NO_LOSS, good, dead_letter_vanishes,
	 "no_loss: id 3 of t, partition 0 offset 2 is nowhere: not done, not dead, not waiting"},
	{"no_loss__accepts_what_retention_took_and_counted", PASSES, good, retention_took_it, NULL},
	{"no_loss__accepts_what_was_deleted_with_its_topic", PASSES, good, its_stage_is_deleted,
	 NULL},
	{"no_loss__accepts_nothing_of_another_topic_that_was_deleted", CHECKER_NO_LOSS, good,
	 another_stage_is_deleted, NULL},
	{"bounded_duplicates__knows_a_topic_that_was_made_again", PASSES, good,
	 first_stage_is_made_again, NULL},
	{"no_loss__accepts_what_still_waits", PASSES, good, one_more_waits, NULL},
	{"no_loss__does_not_take_a_finished_record_for_waiting", CHECKER_NO_LOSS, good,
	 commit_covers_the_waiting_one, NULL},
	{"progress__does_not_wait_for_what_retention_took", PASSES, good, one_more_is_trimmed, NULL},
	{"bounded_duplicates__sees_two_dead_letters", CHECKER_BOUNDED_DUPLICATES, good, dead_twice,
	 "bounded_duplicates: id 3 ended 2 times, its faults allow 1"},
	{"bounded_duplicates__accepts_a_repeated_hop", PASSES, good, hop_repeated, NULL},
	{"bounded_duplicates__sees_calls_again_after_a_clean_stop", CHECKER_BOUNDED_DUPLICATES,
	 take_over, no_fault,
	 "bounded_duplicates: id 1 handled again in main, partition 0 offset 0, without a fault"},
	{"bounded_duplicates__accepts_what_did_not_fit_into_a_commit", PASSES, take_over,
	 ahead_dropped, NULL},
	{"bounded_duplicates__counts_each_kill", CHECKER_BOUNDED_DUPLICATES, take_over, small_bound,
	 "bounded_duplicates: kill of m1 at 1300 ms: 2 records handled again, max_uncommitted is 1"},
	{"bounded_duplicates__counts_what_the_first_of_two_faults_took_there", PASSES, take_over,
	 small_bound_for_two_faults, NULL},
	{"bounded_duplicates__sees_calls_again_below_the_commit", CHECKER_BOUNDED_DUPLICATES,
	 take_over, committed_before_the_kill, NULL},
	{"bounded_duplicates__knows_that_a_session_ends_before_its_member_learns", PASSES,
	 take_over, lost_before_it_knew, NULL},
	{"bounded_duplicates__sees_two_copies_in_main", CHECKER_BOUNDED_DUPLICATES, good,
	 back_twice, "bounded_duplicates: id 2 ended 2 times, its faults allow 1"},
	{"bounded_duplicates__accepts_two_copies_in_main_after_a_fault", PASSES, good,
	 back_twice_after_a_fault, NULL},
	{"bounded_duplicates__accepts_what_a_suspended_member_did_not_know", PASSES, take_over,
	 wakes_up_late, NULL},
	{"bounded_duplicates__sees_what_it_knew", CHECKER_BOUNDED_DUPLICATES, take_over,
	 goes_on_when_it_knows, NULL},
	{"never_early__sees_three_milliseconds", CHECKER_NEVER_EARLY, good, three_ms_early,
	 "never_early: id 2 handled 3 ms early in retry.1s, partition 0 offset 0"},
	{"never_early__believes_the_boot_time_clock", PASSES, good, wall_clock_stepped_back, NULL},
	{"never_early__wants_a_second_more_of_the_boot_time_clock", CHECKER_NEVER_EARLY, good,
	 boot_clock_without_its_margin, NULL},
	{"never_early__accepts_what_was_due_before_the_clock_stepped_back", PASSES, good,
	 due_before_the_clock_stepped_back, NULL},
	{"never_early__believes_the_counter", CHECKER_NEVER_EARLY, good, counted_early,
	 "never_early: m1 counted 1 early starts"},
	{"due_correct__allows_the_jitter", PASSES, good, due_with_jitter, NULL},
	{"due_correct__sees_a_due_beyond_the_jitter", CHECKER_DUE_CORRECT, good, due_beyond_jitter,
	 "due_correct: id 2 failed at 1301 and is due in t.g.retry.1s at 2403, "
	 "not within 2200..2402"},
	{"due_correct__sees_a_due_before_the_jitter", CHECKER_DUE_CORRECT, good, due_too_soon, NULL},
	{"due_correct__takes_retry_after_as_a_floor", PASSES, good, retry_after_is_a_floor, NULL},
	{"due_correct__sees_retry_after_ignored", CHECKER_DUE_CORRECT, good, retry_after_ignored,
	 NULL},
	{"due_correct__knows_the_longest_wait", PASSES, good, clamped, NULL},
	{"due_correct__sees_a_due_that_no_hop_gave", CHECKER_DUE_CORRECT, good,
	 call_with_another_due, NULL},
	{"due_correct__sees_a_failure_after_its_hop", CHECKER_DUE_CORRECT, good, failed_late, NULL},
	{"lateness__accepts_its_bound", PASSES, good, four_ms_late, NULL},
	{"lateness__sees_more_than_its_bound", CHECKER_LATENESS, good, five_ms_are_too_late,
	 "lateness: p99 is 4 ms, the bound 3 ms (p50 4, max 4, 1 calls)"},
	{"order__sees_a_later_offset_first", CHECKER_ORDER, good, fourth_before_third,
	 "order: id 3 handled after id 4 in main, partition 0 offsets 2 and 3"},
	{"order__sees_a_message_overtake_an_in_place_retry", CHECKER_ORDER, good,
	 third_between_attempts, NULL},
	{"order__lets_other_keys_overtake", PASSES, good, other_keys_may_overtake, NULL},
	{"order__does_not_let_one_key_overtake", CHECKER_ORDER, good, one_key_may_not, NULL},
	{"offsets_monotone__sees_a_commit_go_down", CHECKER_OFFSETS_MONOTONE, good,
	 commit_goes_down, "offsets_monotone: m1 committed 3 after 4 in t, partition 0"},
	{"offsets_monotone__sees_a_deferred_message_passed", CHECKER_OFFSETS_MONOTONE, good,
	 commit_passes_the_deferred_one, NULL},
	{"offsets_monotone__sees_a_commit_before_the_report", CHECKER_OFFSETS_MONOTONE, good,
	 commit_before_the_hop_is_durable,
	 "offsets_monotone: m1 committed 4 past id 2, unfinished in t, partition 0 offset 1"},
	{"attempts_correct__sees_a_number_left_out", CHECKER_ATTEMPTS_CORRECT, good,
	 attempt_skips_a_number, NULL},
	{"attempts_correct__sees_a_number_again", CHECKER_ATTEMPTS_CORRECT, good, attempt_stays,
	 "attempts_correct: id 2 has attempt 1 after 0 in retry.1s, partition 0 offset 0"},
	{"attempts_correct__sees_a_stage_left_out", CHECKER_ATTEMPTS_CORRECT, good, stage_left_out,
	 NULL},
	{"attempts_correct__sees_a_call_too_many", CHECKER_ATTEMPTS_CORRECT, good,
	 one_call_too_many, NULL},
	{"attempts_correct__sees_a_call_too_few", CHECKER_ATTEMPTS_CORRECT, good, one_call_too_few,
	 NULL},
	{"attempts_correct__sees_a_visit_too_many", CHECKER_ATTEMPTS_CORRECT, good,
	 one_visit_too_many, NULL},
	{"attempts_correct__sees_a_message_given_up_too_soon", CHECKER_ATTEMPTS_CORRECT, good,
	 exhausted_too_soon, NULL},
	{"attempts_correct__sees_a_dead_letter_with_unmade_attempts", CHECKER_ATTEMPTS_CORRECT,
	 good, dead_after_unmade_attempts, NULL},
	{"attempts_correct__lets_a_message_go_back_to_main", PASSES, good, back_in_main, NULL},
	{"attempts_correct__does_not_without_republish", CHECKER_ATTEMPTS_CORRECT, good,
	 back_in_main_unasked, NULL},
	{"attempts_correct__sees_attempts_that_did_not_come_back", CHECKER_ATTEMPTS_CORRECT, good,
	 back_without_its_attempts,
	 "attempts_correct: id 2 has attempt 1 after 0 in retry.1s, partition 0 offset 4"},
	{"attempts_correct__sees_a_hop_into_a_retired_stage", CHECKER_ATTEMPTS_CORRECT, good,
	 hop_into_a_retired_stage, NULL},
	{"attempts_correct__knows_who_ran_before_it_was_retired", PASSES, good,
	 hop_before_the_stage_was_retired, NULL},
	{"payload_intact__sees_another_value_in_a_stage", CHECKER_PAYLOAD_INTACT, good,
	 value_changes_in_the_stage,
	 "payload_intact: id 2 has another value in retry.1s, partition 0 offset 0"},
	{"payload_intact__sees_another_key_in_the_dlt", CHECKER_PAYLOAD_INTACT, good,
	 key_changes_in_the_dlt, NULL},
	{"payload_intact__sees_other_headers", CHECKER_PAYLOAD_INTACT, good, headers_change, NULL},
	{"payload_intact__sees_another_origin", CHECKER_PAYLOAD_INTACT, good, origin_changes, NULL},
	{"payload_intact__sees_a_message_that_nobody_produced", CHECKER_PAYLOAD_INTACT, good,
	 nobody_produced_it, NULL},
	{"no_silent_drop__sees_a_done_that_is_not_counted", CHECKER_NO_SILENT_DROP, good,
	 one_done_uncounted, "no_silent_drop: m1 counted 2 done, its lines say 3..3"},
	{"no_silent_drop__accepts_a_late_one", PASSES, good, late_one_uncounted, NULL},
	{"no_silent_drop__sees_a_call_that_is_not_counted", CHECKER_NO_SILENT_DROP, good,
	 one_call_uncounted, NULL},
	{"no_silent_drop__sees_a_hop_that_is_not_counted", CHECKER_NO_SILENT_DROP, good,
	 one_hop_uncounted, NULL},
	{"owned_only__sees_two_calls_of_a_strand_at_once", CHECKER_OWNED_ONLY, good,
	 two_calls_at_once, NULL},
	{"owned_only__sees_a_call_after_the_revoke", CHECKER_OWNED_ONLY, good,
	 handled_after_the_revoke,
	 "owned_only: id 2 handled by m1, which does not own retry.1s, partition 0 offset 0"},
	{"owned_only__sees_a_commit_after_the_revoke", CHECKER_OWNED_ONLY, good,
	 committed_after_the_revoke, NULL},
	{"progress__sees_a_message_that_stands", CHECKER_PROGRESS, good, one_more_stands,
	 "progress: id 5 stands in main, partition 0 offset 4, 160 ms after its due"},
	{"clean_stop__sees_a_member_that_never_stopped", CHECKER_CLEAN_STOP, good, never_stopped,
	 "clean_stop: m1 never stopped"},
	{"clean_stop__sees_a_stop_that_takes_too_long", CHECKER_CLEAN_STOP, good, stopped_slowly,
	 "clean_stop: m1 took 36000 ms to stop, its drain_timeout is 30000 ms"},
	{"clean_stop__sees_work_left", CHECKER_CLEAN_STOP, good, stopped_with_work, NULL},
	{"clean_stop__does_not_wait_for_copies_of_a_lost_session", PASSES, good,
	 stopped_after_the_loss_with_a_copy_on_its_way, NULL},
	{"exact__holds_of_a_good_run", PASSES, good, told_exactly, NULL},
	{"exact__sees_a_copy_that_forgot_calls", CHECKER_ATTEMPTS_CORRECT, good,
	 hop_of_another_attempt, NULL},
	{"exact__does_not_believe_a_count_of_losses", CHECKER_NO_LOSS, good, counted_but_not_told,
	 NULL},
	{"exact__sees_a_commit_that_stands", CHECKER_PROGRESS, good, commit_stands,
	 "progress: the commit of t, partition 0 stands at 3, but id 4, offset 3 is finished"},
	{"exact__sees_a_commit_after_the_session", CHECKER_OWNED_ONLY, good,
	 commit_leaves_after_the_loss,
	 "owned_only: m1 committed 4 of t, partition 0, after its session was over"},
	{"exact__sees_a_verdict_of_a_partition_that_went", CHECKER_OWNED_ONLY, good,
	 settled_when_it_was_elsewhere, NULL},
	{"exact__accepts_a_verdict_when_it_has_come_back", PASSES, good,
	 settled_when_it_had_come_back, NULL},
	{"exact__sees_a_deferred_message_called_again", CHECKER_OWNED_ONLY, good,
	 called_while_it_is_deferred, NULL},
	{"bounded_duplicates__accepts_a_copy_without_a_report", PASSES, good,
	 copy_without_a_report, NULL},
	{"bounded_duplicates__accepts_a_hop_of_a_session_that_is_over", PASSES, take_over,
	 hopped_after_the_loss, NULL},
	{"no_loss__accepts_what_a_truncation_took", PASSES, good, one_more_is_cut_off, NULL},
};
#define N_EXAMPLES (sizeof(examples) / sizeof(examples[0]))

static void judge(void **state)
{
	const struct example *example = *state;
	struct history h = {.n = 0};
	struct checker_result result;

	example->build(&h);
	example->edit(&h);
	/* edits leave texts that are not interned yet */
	struct history copy = {.n = 0};
	history_configure(&copy, &h.config);
	for (size_t i = 0; i < h.n; i++)
		history_append(&copy, &h.events[i]);
	checker_run(&copy, &result);
	for (int rule = 0; rule < CHECKER_N_RULES; rule++) {
		bool broken = result.broken[rule] > 0;
		if (broken != (rule == (int)example->rule))
			fail_msg("%s is %s: %s", checker_rule_name((enum checker_rule)rule),
				 broken ? "broken" : "not broken",
				 result.n_texts > 0 ? result.texts[0] : "");
	}
	if (example->text != NULL)
		assert_string_equal(result.texts[0], example->text);
	checker_clear(&result);
	history_clear(&copy);
	history_clear(&h);
}

int main(void)
{
	struct CMUnitTest tests[N_EXAMPLES];

	for (size_t i = 0; i < N_EXAMPLES; i++)
		tests[i] = (struct CMUnitTest){
			.name = examples[i].name,
			.test_func = judge,
			.initial_state = (void *)(uintptr_t)&examples[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
