/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumers of the bench lateness: one that stays, and one that comes and goes. */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "late.h"
#include "load.h"
#include "ours.h"

static enum stagger_status make_chain(const struct late_member *member, struct stagger_error *err)
{
	const struct late *late = member->late;
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	const char *const everywhere[] = { "all", NULL };
	char stage[256];

	snprintf(stage, sizeof(stage), "%s.retry", late->topic);
	options.topic = late->topic;
	options.dead_letter_topic = "{topic}.dlt";
	options.workers = (int32_t)late->workers;
	options.jitter = late->jitter;
	if (late->in_place > 0) {
		options.in_place_on = everywhere;
		options.in_place_attempts = LATE_IN_PLACE_CALLS;
		options.in_place_backoff = STAGGER_BACKOFF_FIXED;
		options.in_place_delay_ms = LATE_IN_PLACE_MS;
	}
	enum stagger_status status = stagger_chain_new(&chain, LATE_CHAIN, &options, err);
	if (status == STAGGER_OK)
		status = stagger_chain_stage(chain, late->delay_ms, (int32_t)late->visits, stage,
					     err);
	snprintf(stage, sizeof(stage), "%s.hour", late->topic);
	if (status == STAGGER_OK && late->waiting > 0)
		status = stagger_chain_stage(chain, LOAD_HOUR_MS, 1, stage, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(member->consumer, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

/* Where a partition comes from: with eager rebalances those that stay are assigned anew, too. */
static void see(const struct stagger_event *event, void *user)
{
	struct late_member *member = user;
	struct late *late = member->late;

	if (event->kind != STAGGER_ASSIGNED || event->partition >= late->partitions ||
	    strcmp(event->topic, late->topic) == 0)
		return;
	struct late_partition *at = &late->at[event->partition];
	int32_t before = atomic_exchange(&at->owner, member->number);
	at->moved = before != 0 && before != member->number;
}

enum stagger_status late_member_open(struct late_member *member, struct stagger_error *err)
{
	const struct late *late = member->late;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;

	options.group = late->group;
	options.log_level = STAGGER_LOG_ERROR;
	options.max_waiting = (int32_t)late->max_waiting;
	options.event = see;
	options.user = member;
	enum stagger_status status = stagger_consumer_open(&member->consumer, NULL, &options, err);
	if (status == STAGGER_OK)
		status = ours_set_all(member->consumer, late->brokers, late->set, err);
	if (status == STAGGER_OK)
		status = make_chain(member, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(member->consumer, NULL, late_call, member, err);
	return status;
}

void late_member_close(struct late_member *member, const struct stagger_stats **out)
{
	struct late *late = member->late;
	const struct stagger_stats *stats = NULL;
	struct stagger_error unread;

	if (stagger_consumer_stats(member->consumer, &stats, &unread) != STAGGER_OK)
		errx(1, "statistics: %s", unread.text);
	late->stats_early += stats->early;
	late->head_of_line += stats->head_of_line;
	late->hop_failures += stats->hop_failures;
	late->commit_failures += stats->commit_failures;
	late->clock_steps += stats->clock_steps;
	late->reparked += stats->reparked;
	late->retried_in_place += stats->retried_in_place;
	if (out != NULL)
		*out = stats;
	else
		stagger_stats_free(&stats);
	stagger_consumer_free(&member->consumer);
}

static void *run(void *user)
{
	struct late_member *member = user;
	struct stagger_error error;

	if (stagger_consumer_run(member->consumer, &error) != STAGGER_OK)
		errx(1, "the other member: %s", error.text);
	return NULL;
}

/* False when it is enough. */
static bool pass_time(const struct late *late)
{
	int64_t begin_us = bench_boot_us();

	for (int64_t ms = 100; !late->enough && ms <= late->visitor_ms; ms += 100)
		load_pause_until(begin_us + ms * 1000);
	return !late->enough;
}

void *late_visitors(void *user)
{
	struct late *late = user;
	struct late_member visitor = { .late = late, .number = 2 };
	struct stagger_error error;
	pthread_t thread;

	while (late->visitor_ms > 0 && pass_time(late)) {
		if (late_member_open(&visitor, &error) != STAGGER_OK)
			errx(1, "the other member: %s", error.text);
		if (pthread_create(&thread, NULL, run, &visitor) != 0)
			errx(1, "threads");
		(void)pass_time(late);
		stagger_consumer_stop(visitor.consumer);
		pthread_join(thread, NULL);
		late_member_close(&visitor, NULL);
		late->visits_of_others++;
	}
	return NULL;
}
