/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of the good histories, for test_checker.c: each breaks one rule, or comes close to it. */
#ifndef UNIT_CHECKER_EDITS_H
#define UNIT_CHECKER_EDITS_H

#include "checker_good.h"

static void nothing(struct history *h)
{
	(void)h;
}
static void dead_letter_vanishes(struct history *h)
{
	drop(h, find(h, HISTORY_DEAD, "3", 0));
}
static void retention_took_it(struct history *h)
{
	dead_letter_vanishes(h);
	counters_of(h)->expired_by_retention = 1;
}
static void one_more_waits(struct history *h)
{
	add(h, HISTORY_PRODUCED, "5", 2900);
	add(h, HISTORY_REMAINS, "5", 3200);
}
static void one_more_stands(struct history *h)
{
	one_more_waits(h);
	h->config.progress_ms = 100;
}
static struct history_event *fault_before(struct history *h, struct history_event *before,
					  const char *kind)
{
	size_t at = (size_t)(before - h->events);
	struct history_event *fault = add(h, HISTORY_FAULT, NULL, before->at_ms);

	fault->reason = kind;
	fault->member = NULL;
	move(fault, &h->events[at]);
	return &h->events[at];
}
static void one_more_is_trimmed(struct history *h)
{
	one_more_stands(h);
	fault_before(h, find(h, HISTORY_REMAINS, "5", 0), "retention")->next_offset = 5;
}
static void delete_topic(struct history *h, const char *topic)
{
	struct history_event *stop = find(h, HISTORY_STOP, NULL, 0);

	fault_before(h, stop, "deleted")->topic = history_text(h, topic);
}
/* id 2 waits in its first stage when somebody deletes that topic. */
static void deleted_while_it_waits(struct history *h, const char *topic)
{
	drop(h, find(h, HISTORY_HANDLING, "2", 2));
	drop(h, find(h, HISTORY_HANDLED, "2", 2));
	drop(h, find(h, HISTORY_COMMITTED, NULL, 1));
	counters_of(h)->handled--;
	counters_of(h)->done--;
	delete_topic(h, topic);
}
static void its_stage_is_deleted(struct history *h)
{
	deleted_while_it_waits(h, FIRST);
}
static void another_stage_is_deleted(struct history *h)
{
	deleted_while_it_waits(h, SECOND);
}
/* id 5 comes to the offset that id 2 had had in the topic of before. */
static void fifth_in_first_stage(struct history *h)
{
	struct history_event *stop = find(h, HISTORY_STOP, NULL, 0);
	size_t at = (size_t)(stop - h->events);
	struct history_event tail[8];
	size_t n = h->n - at;

	assert_true(n <= 8);
	memcpy(tail, stop, n * sizeof(*tail));
	h->n = at;
	add(h, HISTORY_PRODUCED, "5", 2500);
	handle(h, "5", 2510, "retry");
	handle(h, "5", 2512, "retry");
	h->events[h->n - 1].attempt = h->events[h->n - 2].attempt = 2;
	struct history_event *hop = add(h, HISTORY_HOPPED, "5", 2514);
	hop->to_topic = history_text(h, FIRST);
	hop->failed_ms = 2513;
	hop->due_ms = 3513;
	handle(h, "5", 3515, "done");
	for (size_t i = h->n - 2; i < h->n; i++) {
		in_first_stage(h, &h->events[i]);
		h->events[i].due_ms = 3513;
		h->events[i].first_seen_ms = 2520;
		h->events[i].first_seen_boot_ms = 2520 + BOOT_MS;
	}
	memcpy(&h->events[h->n], tail, n * sizeof(*tail));
	h->n += n;
	counters_of(h)->handled += 3;
	counters_of(h)->done++;
	counters_of(h)->hops++;
}
static void first_stage_is_made_again(struct history *h)
{
	struct history_event *fault;

	fifth_in_first_stage(h);
	fault = fault_before(h, find(h, HISTORY_PRODUCED, "5", 0), "deleted");
	fault->topic = history_text(h, FIRST);
}
static void commit_covers_the_waiting_one(struct history *h)
{
	one_more_waits(h);
	find(h, HISTORY_REMAINS, "5", 0)->offset = 3;
}
static void dead_twice(struct history *h)
{
	add(h, HISTORY_DEAD, "3", 3100)->offset = 9;
}
static void hop_repeated(struct history *h)
{
	dead_twice(h);
	counters_of(h)->hop_repeated = 1;
}
static void no_fault(struct history *h)
{
	struct history_event *fault = find(h, HISTORY_FAULT, NULL, 0);

	fault->kind = HISTORY_STOPPED;
	fault->reason = NULL;
}
static void ahead_dropped(struct history *h)
{
	no_fault(h);
	counters_of(h)->ahead_dropped = 2;
}
static void small_bound(struct history *h)
{
	h->config.max_uncommitted = 1;
}
/* What was finished before a fault is lost with it, and no part of the next one's bound. */
static void small_bound_for_two_faults(struct history *h)
{
	small_bound(h);
	add(h, HISTORY_FAULT, NULL, 1150)->reason = history_text(h, "connection");
	move(&h->events[h->n - 1], find(h, HISTORY_HANDLING, "2", 0));
}
/* m1 is not killed but suspended; it handles what m2 has committed before it learns of it. */
static void wakes_up_late(struct history *h)
{
	find(h, HISTORY_FAULT, NULL, 0)->reason = history_text(h, "suspend");
	add(h, HISTORY_COMMITTED, NULL, 2900)->next_offset = 2;
	h->events[h->n - 1].member = history_text(h, "m2");
	move(&h->events[h->n - 1], find(h, HISTORY_STOP, NULL, 0));
	add(h, HISTORY_FAULT, NULL, 3200)->reason = history_text(h, "suspend");
	handle(h, "2", 3201, "done");
	add(h, HISTORY_REVOKED, NULL, 3202)->lost = true;
	add(h, HISTORY_FAULT, NULL, 3300)->reason = history_text(h, "kill");
}
static void goes_on_when_it_knows(struct history *h)
{
	wakes_up_late(h);
	move(find(h, HISTORY_REVOKED, NULL, 1), find(h, HISTORY_HANDLING, "2", 2));
	add(h, HISTORY_ASSIGNED, NULL, 3200);
	move(&h->events[h->n - 1], find(h, HISTORY_HANDLING, "2", 2));
}
static void committed_before_the_kill(struct history *h)
{
	add(h, HISTORY_COMMITTED, NULL, 1250)->next_offset = 2;
	move(&h->events[h->n - 1], find(h, HISTORY_FAULT, NULL, 0));
}
static void three_ms_early(struct history *h)
{
	struct history_event *call = find(h, HISTORY_HANDLING, "2", 2);

	call->at_ms = 2298;
	call->boot_ms = 2298 + BOOT_MS;
}
static void wall_clock_stepped_back(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->at_ms = 2000;
	find(h, HISTORY_HANDLING, "2", 2)->boot_ms = 3301 + BOOT_MS;
}
static void boot_clock_without_its_margin(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->at_ms = 2000;
	find(h, HISTORY_HANDLING, "2", 2)->boot_ms = 3300 + BOOT_MS;
}
static void due_before_the_clock_stepped_back(struct history *h)
{
	boot_clock_without_its_margin(h);
	struct history_event *step = fault_before(h, find(h, HISTORY_HANDLING, "2", 2), "clock");
	step->at_ms = 2301;
	step->boot_ms = 3200 + BOOT_MS;
}
static void counted_early(struct history *h)
{
	counters_of(h)->early = 1;
}
static void set_due(struct history *h, int64_t due_ms)
{
	find(h, HISTORY_HOPPED, "2", 0)->due_ms = due_ms;
	for (int i = 2; i < 4; i++) {
		struct history_event *event = find(h, i == 2 ? HISTORY_HANDLING : HISTORY_HANDLED,
						   "2", 2);
		event->due_ms = due_ms;
		event->at_ms = due_ms + i;
	}
}
static void due_with_jitter(struct history *h)
{
	set_due(h, 2401);
}
static void due_beyond_jitter(struct history *h)
{
	set_due(h, 2403);
}
static void due_too_soon(struct history *h)
{
	set_due(h, 2199);
}
static void retry_after_is_a_floor(struct history *h)
{
	find(h, HISTORY_HOPPED, "2", 0)->retry_after_ms = 1400;
	set_due(h, 2701);
}
static void retry_after_ignored(struct history *h)
{
	find(h, HISTORY_HOPPED, "2", 0)->retry_after_ms = 1400;
}
static void clamped(struct history *h)
{
	h->config.longest_wait_ms = 1200;
	find(h, HISTORY_HOPPED, "2", 0)->retry_after_ms = 1400;
	set_due(h, 2501);
}
static void call_with_another_due(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->due_ms = 2300;
}
static void failed_late(struct history *h)
{
	find(h, HISTORY_HOPPED, "2", 0)->failed_ms = 1350;
	set_due(h, 2350);
}
static void four_ms_late(struct history *h)
{
	h->config.max_lateness_ms = 4;
}
static void five_ms_are_too_late(struct history *h)
{
	h->config.max_lateness_ms = 3;
}
static void fourth_before_third(struct history *h)
{
	move(find(h, HISTORY_HANDLING, "4", 0), find(h, HISTORY_HANDLING, "3", 0));
	move(find(h, HISTORY_HANDLED, "4", 0), find(h, HISTORY_HANDLING, "3", 0));
}
static void third_between_attempts(struct history *h)
{
	move(find(h, HISTORY_HANDLING, "3", 0), find(h, HISTORY_HANDLING, "2", 1));
	move(find(h, HISTORY_HANDLED, "3", 0), find(h, HISTORY_HANDLING, "2", 1));
}
static void give_keys(struct history *h, bool same)
{
	h->config.order = history_text(h, "key");
	for (int i = 0; i < 4; i++)
		find(h, HISTORY_PRODUCED, NULL, i)->key =
			history_text(h, same || i % 2 == 0 ? "a" : "b");
	fourth_before_third(h);
}
static void other_keys_may_overtake(struct history *h)
{
	give_keys(h, false);
}
static void one_key_may_not(struct history *h)
{
	give_keys(h, true);
}
static void commit_goes_down(struct history *h)
{
	add(h, HISTORY_COMMITTED, NULL, 1410)->next_offset = 3;
	move(&h->events[h->n - 1], find(h, HISTORY_REVOKED, NULL, 0));
}
static void commit_passes_the_deferred_one(struct history *h)
{
	move(find(h, HISTORY_COMMITTED, NULL, 0), find(h, HISTORY_HANDLED, "4", 1));
}
static void commit_before_the_hop_is_durable(struct history *h)
{
	move(find(h, HISTORY_HOPPED, "2", 0), find(h, HISTORY_COMMITTED, NULL, 1));
}
static void attempt_skips_a_number(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->attempt = 4;
}
static void attempt_stays(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->attempt = 1;
}
static void stage_left_out(struct history *h)
{
	find(h, HISTORY_HOPPED, "2", 0)->to_topic = history_text(h, SECOND);
	set_due(h, 6301);
	find(h, HISTORY_HANDLING, "2", 2)->topic = history_text(h, SECOND);
	find(h, HISTORY_HANDLED, "2", 2)->topic = history_text(h, SECOND);
}
static void one_call_too_many(struct history *h)
{
	h->config.in_place_attempts = 1;
}
static void one_call_too_few(struct history *h)
{
	h->config.in_place_attempts = 3;
}
static void one_visit_too_many(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->visit = 2;
}
static void exhausted_too_soon(struct history *h)
{
	find(h, HISTORY_DEAD_LETTERED, "3", 0)->reason = history_text(h, "attempts_exhausted");
}
static void dead_after_unmade_attempts(struct history *h)
{
	find(h, HISTORY_DEAD, "3", 0)->attempt = 2;
}
/* 2 is not handled in retry.1s but goes back to main, where it is offset 4. */
static void back_in_main(struct history *h)
{
	struct history_event hop = *find(h, HISTORY_HANDLING, "2", 2);

	h->config.republish = true;
	hop.kind = HISTORY_HOPPED;
	hop.to_topic = history_text(h, MAIN);
	hop.failed_ms = 1301;
	hop.attempt = 0;
	history_append(h, &hop);
	move(&h->events[h->n - 1], find(h, HISTORY_HANDLING, "2", 2));
	for (int i = 0; i < 2; i++) {
		struct history_event *event =
			find(h, i == 0 ? HISTORY_HANDLING : HISTORY_HANDLED, "2", 2);
		event->topic = history_text(h, MAIN);
		event->offset = 4;
	}
	counters_of(h)->hops = 3;
}
static void back_in_main_unasked(struct history *h)
{
	back_in_main(h);
	h->config.republish = false;
}
static void back_without_its_attempts(struct history *h)
{
	back_in_main(h);
	find(h, HISTORY_HANDLING, "2", 2)->attempt = 1;
}
static void back_twice(struct history *h)
{
	back_in_main(h);
	struct history_event again[] = {*find(h, HISTORY_HANDLING, "2", 2),
					*find(h, HISTORY_HANDLED, "2", 2)};

	for (int i = 0; i < 2; i++) {
		again[i].offset = 5;
		history_append(h, &again[i]);
		move(&h->events[h->n - 1], find(h, HISTORY_COMMITTED, NULL, 1));
	}
	counters_of(h)->handled++;
	counters_of(h)->done++;
}
static void back_twice_after_a_fault(struct history *h)
{
	back_twice(h);
	fault_before(h, find(h, HISTORY_HOPPED, "2", 0), "broker");
}
static void hop_into_a_retired_stage(struct history *h)
{
	h->config.stages[0].retired = true;
}
static void hop_before_the_stage_was_retired(struct history *h)
{
	hop_into_a_retired_stage(h);
	find(h, HISTORY_STARTED, NULL, 0)->reason = history_text(h, "before");
}
static void lost_before_it_knew(struct history *h)
{
	no_fault(h);
	fault_before(h, find(h, HISTORY_HANDLED, "1", 0), "lost")->member = history_text(h, "m1");
}
static void value_changes_in_the_stage(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->value_hash++;
}
static void key_changes_in_the_dlt(struct history *h)
{
	find(h, HISTORY_DEAD, "3", 0)->key_hash++;
}
static void headers_change(struct history *h)
{
	find(h, HISTORY_HANDLING, "1", 0)->headers_hash = 1;
}
static void origin_changes(struct history *h)
{
	find(h, HISTORY_HANDLING, "2", 2)->original_offset = 3;
}
static void nobody_produced_it(struct history *h)
{
	drop(h, find(h, HISTORY_PRODUCED, "1", 0));
}
static void one_done_uncounted(struct history *h)
{
	counters_of(h)->done--;
}
static void late_one_uncounted(struct history *h)
{
	one_done_uncounted(h);
	counters_of(h)->late_completion = 1;
}
static void one_call_uncounted(struct history *h)
{
	counters_of(h)->handled--;
}
static void one_hop_uncounted(struct history *h)
{
	counters_of(h)->hops--;
}
static void two_calls_at_once(struct history *h)
{
	move(find(h, HISTORY_HANDLED, "1", 0), find(h, HISTORY_HANDLED, "2", 0));
}
static void handled_after_the_revoke(struct history *h)
{
	add(h, HISTORY_REVOKED, NULL, 2300)->topic = history_text(h, FIRST);
	move(&h->events[h->n - 1], find(h, HISTORY_HANDLING, "2", 2));
	drop(h, find(h, HISTORY_COMMITTED, NULL, 1));
}
static void committed_after_the_revoke(struct history *h)
{
	move(find(h, HISTORY_REVOKED, NULL, 0), find(h, HISTORY_COMMITTED, NULL, 0));
}
static void never_stopped(struct history *h)
{
	drop(h, find(h, HISTORY_STOPPED, NULL, 0));
}
static void stopped_slowly(struct history *h)
{
	find(h, HISTORY_STOPPED, NULL, 0)->at_ms = 3000 + 36000;
}
static void stopped_with_work(struct history *h)
{
	counters_of(h)->in_flight = 1;
}

#endif
