/* SPDX-License-Identifier: Apache-2.0
 *
 * A member of scale.c: a stagger consumer whose handler fails at some messages, always. */
#define _GNU_SOURCE
#include "scale.h"

#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "ours.h"

#define SETTLE_S 2 /* the last commits */

struct member {
	struct scale_run *run;
	struct scale_shared *shared;
	struct scale_member *figures;
	struct stagger_consumer *consumer;
};

/* Whether that is news. */
static bool note(struct scale_shared *s, int64_t bit)
{
	unsigned char mask = (unsigned char)(1U << (bit % 8));

	return (atomic_fetch_or_explicit(&s->bits[bit / 8], mask, memory_order_relaxed) & mask) ==
	       0;
}

static void end_when_whole(struct scale_run *run)
{
	struct scale_shared *s = run->shared;

	if (s->seen < run->count || s->dead < run->failing || atomic_exchange(&s->complete, true))
		return;
	s->last_us = bench_boot_us();
	for (int64_t i = 0; i < run->members; i++)
		sem_post(&s->over);
}

static int64_t number_of(const struct stagger_message *m)
{
	int64_t id = -1;

	if (m->key.size == sizeof(id))
		memcpy(&id, m->key.data, sizeof(id));
	return id;
}

static void begin(struct member *member)
{
	int64_t none = 0;

	atomic_compare_exchange_strong(&member->shared->first_us, &none, bench_boot_us());
	member->figures->start_cpu_us = bench_cpu_us();
}

static void count_first(struct member *member, int64_t id)
{
	struct scale_run *run = member->run;

	if (!note(member->shared, id) || atomic_fetch_add(&member->shared->seen, 1) + 1 < run->count)
		return;
	member->shared->main_us = bench_boot_us();
	end_when_whole(run);
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct member *member = user;
	int64_t id = number_of(m);

	if (id < 0 || id >= member->run->count)
		errx(1, "a message without a number: the topic was not filled by preload");
	if (!atomic_load_explicit(&member->figures->begun, memory_order_relaxed) &&
	    !atomic_exchange(&member->figures->begun, true))
		begin(member);
	atomic_fetch_add_explicit(&member->figures->calls, 1, memory_order_relaxed);
	if (m->due_ms == 0)
		count_first(member, id);
	else if (ours_is_early(m, bench_wall_us() - m->due_ms * 1000))
		atomic_fetch_add(&member->figures->early, 1);
	if (!scale_fails(id, member->run->share))
		return STAGGER_DONE;
	return stagger_retry(why, "BankBusy", "the connection pool is full");
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct member *member = user;

	if (event->kind != STAGGER_DEAD_LETTERED)
		return;
	if (!note(member->shared, member->run->count + number_of(event->message)))
		return;
	member->shared->dead++;
	end_when_whole(member->run);
}

/* When there was nothing to do for a while. */
static void rest(const struct scale_run *run, struct scale_member *figures)
{
	nanosleep(&(struct timespec){.tv_sec = SETTLE_S}, NULL);
	int64_t cpu_us = bench_cpu_us();
	nanosleep(&(struct timespec){.tv_sec = (time_t)run->rest_s}, NULL);
	figures->rest_cpu_us = bench_cpu_us() - cpu_us;
	figures->rest_kib = bench_memory_kib("VmRSS");
}

static void *watcher(void *user)
{
	struct member *member = user;
	struct scale_member *figures = member->figures;
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += member->run->limit_s;
	if (sem_timedwait(&member->shared->over, &limit) == 0) {
		figures->work_cpu_us = bench_cpu_us() - figures->start_cpu_us;
		if (member->run->rest_s > 0)
			rest(member->run, figures);
	}
	stagger_consumer_stop(member->consumer);
	return NULL;
}

static enum stagger_status make_chain(struct member *member, struct stagger_error *err)
{
	struct scale_run *run = member->run;
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	char topic[256];

	options.topic = run->topic;
	options.dead_letter_topic = "{topic}.dlt";
	options.workers = (int32_t)run->workers;
	enum stagger_status status = stagger_chain_new(&chain, "scale", &options, err);
	for (int i = 0; status == STAGGER_OK && i < run->n_stages; i++) {
		scale_topic(run, i + 1, topic, sizeof(topic));
		status = stagger_chain_stage(chain, run->delays_ms[i], 1, topic, err);
	}
	if (status == STAGGER_OK)
		status = stagger_consumer_add(member->consumer, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

static enum stagger_status prepare(struct member *member, struct stagger_error *err)
{
	struct scale_run *run = member->run;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;

	options.group = run->group;
	options.event = on_event;
	options.user = member;
	options.log_level = STAGGER_LOG_ERROR;
	options.expected_partitions = (int32_t)run->expected;
	options.max_in_flight = (int32_t)run->in_flight;
	enum stagger_status status = stagger_consumer_open(&member->consumer, NULL, &options, err);
	if (status == STAGGER_OK)
		status = ours_set_all(member->consumer, run->brokers, run->set, err);
	if (status == STAGGER_OK)
		status = make_chain(member, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(member->consumer, NULL, handle, member, err);
	return status;
}

static void note_statistics(struct member *member)
{
	struct scale_member *figures = member->figures;
	const struct stagger_stats *stats = NULL;
	struct stagger_error error;

	if (stagger_consumer_stats(member->consumer, &stats, &error) != STAGGER_OK)
		errx(1, "statistics: %s", error.text);
	figures->early += stats->early;
	figures->hop_failures = stats->hop_failures;
	figures->commit_failures = stats->commit_failures;
	figures->head_of_line = stats->head_of_line;
	figures->assigned = stats->assigned;
	figures->p50_us = stats->lateness_p50_us;
	figures->p99_us = stats->lateness_p99_us;
	figures->max_us = stats->lateness_max_us;
	stagger_stats_free(&stats);
}

void scale_member_run(struct scale_run *run, int64_t number)
{
	struct scale_member *figures = &run->shared->members[number];
	struct member member = {.run = run, .shared = run->shared, .figures = figures};
	struct stagger_error error;
	pthread_t thread;

	if (prepare(&member, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	if (pthread_create(&thread, NULL, watcher, &member) != 0)
		errx(1, "threads");
	if (stagger_consumer_run(member.consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	pthread_join(thread, NULL);
	figures->peak_kib = bench_memory_kib("VmHWM");
	note_statistics(&member);
	stagger_consumer_free(&member.consumer);
}
