/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits for test_checker.c about what only a simulation can tell: exact histories, copies without a
 * report, logs that are cut. */
#ifndef UNIT_CHECKER_EXACT_H
#define UNIT_CHECKER_EXACT_H

#include "checker_edits.h"

/* An assignment, before the partitions that it brings. */
static void assignment_before(struct history *h, struct history_event *before)
{
	size_t at = (size_t)(before - h->events);
	struct history_event *marker = add(h, HISTORY_ASSIGNED, NULL, before->at_ms);

	marker->topic = NULL;
	marker->partition = -1;
	move(marker, &h->events[at]);
}
static void told_exactly(struct history *h)
{
	h->config.exact = true;
	find(h, HISTORY_HOPPED, "2", 0)->attempt = 2;
	assignment_before(h, find(h, HISTORY_ASSIGNED, NULL, 0));
}
static void hop_of_another_attempt(struct history *h)
{
	told_exactly(h);
	find(h, HISTORY_HOPPED, "2", 0)->attempt = 1;
}
static void counted_but_not_told(struct history *h)
{
	told_exactly(h);
	retention_took_it(h);
}
static void commit_stands(struct history *h)
{
	told_exactly(h);
	find(h, HISTORY_COMMITTED, NULL, 0)->next_offset = 3;
	add(h, HISTORY_REMAINS, "4", 3200);
}
static void commit_leaves_after_the_loss(struct history *h)
{
	told_exactly(h);
	struct history_event *commit = add(h, HISTORY_COMMITTING, NULL, 2500);
	commit->lost = true;
	commit->next_offset = 4;
	move(commit, find(h, HISTORY_STOP, NULL, 0));
}
static void revoke_before(struct history *h, struct history_event *before)
{
	size_t at = (size_t)(before - h->events);

	move(add(h, HISTORY_REVOKED, NULL, before->at_ms), &h->events[at]);
}
static struct history_event *settle_of_4(struct history *h)
{
	struct history_event *settle = find(h, HISTORY_HANDLED, "4", 0);

	return settle->settled ? settle : find(h, HISTORY_HANDLED, "4", 1);
}
static void settled_when_it_was_elsewhere(struct history *h)
{
	told_exactly(h);
	revoke_before(h, settle_of_4(h));
	assignment_before(h, settle_of_4(h));
}
static void settled_when_it_had_come_back(struct history *h)
{
	settled_when_it_was_elsewhere(h);
	move(add(h, HISTORY_ASSIGNED, NULL, 1330), settle_of_4(h));
}
static void called_while_it_is_deferred(struct history *h)
{
	settled_when_it_had_come_back(h);
	for (int i = 0; i < 2; i++) {
		struct history_event copy =
			*find(h, i == 0 ? HISTORY_HANDLING : HISTORY_HANDLED, "4", 0);
		size_t at = (size_t)(find(h, HISTORY_COMMITTED, NULL, 0) - h->events) - 1;
		history_append(h, &copy);
		move(&h->events[h->n - 1], &h->events[at]); /* the settle is just before the commit */
	}
	counters_of(h)->handled++;
}
static void copy_without_a_report(struct history *h)
{
	dead_twice(h);
	fault_before(h, find(h, HISTORY_STOP, NULL, 0), "copy")->id = history_text(h, "3");
}
static void hopped_after_the_loss(struct history *h)
{
	lost_before_it_knew(h);
	struct history_event *hop = add(h, HISTORY_HOPPED, "1", 1150);
	find(h, HISTORY_HANDLED, "1", 0)->verdict = history_text(h, "retry");
	hop->to_topic = history_text(h, FIRST);
	hop->failed_ms = 1101;
	hop->due_ms = 2101;
	move(hop, find(h, HISTORY_HANDLING, "2", 0));
}
static void one_more_is_cut_off(struct history *h)
{
	told_exactly(h);
	one_more_waits(h);
	find(h, HISTORY_REMAINS, "5", 0)->reason = history_text(h, "truncated");
	struct history_event *cut = add(h, HISTORY_FAULT, NULL, 3200);
	cut->reason = history_text(h, "truncated");
	cut->member = NULL;
	cut->offset = 5;
	cut->next_offset = 4;
}
static void stopped_after_the_loss_with_a_copy_on_its_way(struct history *h)
{
	find(h, HISTORY_REVOKED, NULL, 0)->lost = true;
	counters_of(h)->in_flight = 1;
}

#endif
