/* SPDX-License-Identifier: Apache-2.0
 *
 * lateness --brokers B --topic T [--partitions P] [--rate R] [--hops N] [--visits V]
 * [--stage-delay MS] [--jitter X] [--workers W] [--waiting N | --backlog N] [--limit-seconds S]
 * [--set name=value,...]
 * A stagger consumer whose handler always fails, and a bare producer that feeds main at a steady
 * pace, so that R messages per second are due in one stage of V visits (topics T, T.retry, T.dlt,
 * which must be new: what is left there from another run would come first and all at once).
 * With --waiting there are N more messages in one more stage, T.hour, where they wait for an hour.
 * With --backlog main holds N messages that do not fail, behind as many that do as are due in one
 * delay: main is read as fast as it goes, all the time.
 * Prints how late the handler was called. Exit 1: a call was early; 3: the limit, or the backlog's
 * end, came first. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "load.h"
#include "ours.h"

#define EARLY_MARGIN_MS 1000 /* by the boot-time clock, see the contract */
#define KEYS 1000
#define SIZE 100
#define CHAIN "lateness"

struct run {
	const char *brokers, *topic, *set;
	int64_t partitions, rate, hops, visits, delay_ms, workers, limit_s, waiting, backlog;
	double jitter;
	char group[128];
	struct stagger_consumer *consumer;
	int64_t messages;
	int64_t began_us;
	int32_t *late_us; /* one for each call in the stage, in the order of the calls */
	_Atomic int64_t n_late, early, finished;
	_Atomic bool enough; /* calls, or whatever else ended it */
};

/* What a message does in main: the bytes of its value. */
enum deed { FAILS = 'x', SPREAD = 's', FINISHES = 'd' };

/* By both clocks: before due, and sooner after it was first seen than due was then away. */
static bool is_early(const struct stagger_message *m, int64_t late_us)
{
	int64_t away_ms = m->due_ms - m->first_seen_ms + EARLY_MARGIN_MS;

	return late_us < 0 && bench_boot_us() / 1000 - m->first_seen_boot_ms < away_ms;
}

/* In main. What is spread out keeps its distance from the others in the stage, visit by visit. */
static enum stagger_verdict first_call(struct run *run, const struct stagger_message *m,
				       struct stagger_failure *why)
{
	int64_t number;

	switch (*(const char *)m->value.data) {
	case FINISHES:
		atomic_fetch_add_explicit(&run->finished, 1, memory_order_relaxed);
		return STAGGER_DONE;
	case SPREAD:
		memcpy(&number, m->key.data, sizeof(number));
		return stagger_retry_after(why, run->delay_ms + number * 1000 / run->rate,
					   "Lateness", "not yet");
	}
	return stagger_retry(why, "Lateness", "not yet");
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct run *run = user;
	int64_t late_us = bench_wall_us() - m->due_ms * 1000;

	if (m->due_ms == 0)
		return first_call(run, m, why);
	int64_t n = atomic_fetch_add(&run->n_late, 1);
	if (n < run->hops)
		run->late_us[n] = late_us > INT32_MAX ? INT32_MAX : (int32_t)late_us;
	if (is_early(m, late_us))
		atomic_fetch_add(&run->early, 1);
	if (n + 1 == run->hops)
		atomic_store(&run->enough, true);
	return stagger_retry(why, "Lateness", "visit %d", (int)m->visit);
}

static struct load load_of(const struct run *run, char text[SIZE], enum deed deed)
{
	memset(text, (char)deed, SIZE);
	return (struct load){.brokers = run->brokers,
			     .topic = run->topic,
			     .partitions = run->partitions,
			     .value = {text, SIZE},
			     .n = run->messages,
			     .keys = KEYS};
}

/* What must be there before the consumer starts. */
static void preload(struct run *run)
{
	char text[SIZE], stage[256];
	struct load load = load_of(run, text, SPREAD);

	if (run->backlog > 0) {
		load.keys = run->messages; // how far their dues are apart, in order
		load_send(&load, &run->enough);
		load = load_of(run, text, FINISHES);
		load.n = run->backlog;
		load_send(&load, &run->enough);
	}
	if (run->waiting > 0) {
		snprintf(stage, sizeof(stage), "%s.hour", run->topic);
		load.topic = stage;
		load.n = run->waiting;
		load.value = load_hour_long(run->group, CHAIN, run->topic);
		load_send(&load, &run->enough);
		free((void *)(uintptr_t)load.value.data);
	}
}

static void *feeder(void *user)
{
	struct run *run = user;
	char text[SIZE];
	struct load load = load_of(run, text, FAILS);

	load.per_s = (double)run->rate / (double)run->visits;
	if (run->backlog == 0)
		load_send(&load, &run->enough);
	return NULL;
}

/* Stops the consumer when there are enough calls, or too late. */
static void *watcher(void *user)
{
	struct run *run = user;
	int64_t begin_us = bench_boot_us();

	for (int64_t i = 1; !run->enough && i <= run->limit_s * 10; i++) {
		load_pause_until(begin_us + i * 100000);
		if (run->backlog > 0 && run->finished == run->backlog)
			break;
	}
	stagger_consumer_stop(run->consumer);
	return NULL;
}

static enum stagger_status make_chain(const struct run *run, struct stagger_error *err)
{
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	char stage[256];

	snprintf(stage, sizeof(stage), "%s.retry", run->topic);
	options.topic = run->topic;
	options.dead_letter_topic = "{topic}.dlt";
	options.workers = (int32_t)run->workers;
	options.jitter = run->jitter;
	enum stagger_status status = stagger_chain_new(&chain, CHAIN, &options, err);
	if (status == STAGGER_OK)
		status = stagger_chain_stage(chain, run->delay_ms, (int32_t)run->visits, stage,
					     err);
	snprintf(stage, sizeof(stage), "%s.hour", run->topic);
	if (status == STAGGER_OK && run->waiting > 0)
		status = stagger_chain_stage(chain, LOAD_HOUR_MS, 1, stage, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(run->consumer, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

static enum stagger_status prepare(struct run *run, struct stagger_error *err)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;

	options.group = bench_fresh_name("lateness", run->group, sizeof(run->group));
	options.log_level = STAGGER_LOG_ERROR;
	enum stagger_status status = stagger_consumer_open(&run->consumer, NULL, &options, err);
	if (status == STAGGER_OK)
		status = ours_set_all(run->consumer, run->brokers, run->set, err);
	if (status == STAGGER_OK)
		status = make_chain(run, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(run->consumer, NULL, handle, run, err);
	return status;
}

static int by_size(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a;
	int32_t y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static double share_ms(const struct run *run, int64_t n, double share)
{
	return (double)run->late_us[(int64_t)((double)(n - 1) * share)] / 1000;
}

static void print(struct run *run, const struct stagger_stats *stats)
{
	int64_t n = run->n_late < run->hops ? run->n_late : run->hops;

	if (n == 0) {
		puts("lateness: no call in the stage");
		return;
	}
	qsort(run->late_us, (size_t)n, sizeof(*run->late_us), by_size);
	printf("lateness: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms, %" PRId64
	       " hops, early %" PRId64 ", rate %" PRId64 "/s, %" PRId64 " partitions, "
	       "stage %" PRId64 " ms, jitter %.0f %%, %s\n",
	       share_ms(run, n, 0.5), share_ms(run, n, 0.99), share_ms(run, n, 0.999),
	       share_ms(run, n, 1), n, run->early, run->rate, run->partitions, run->delay_ms,
	       run->jitter * 100, stagger_version());
	if (run->backlog > 0)
		printf("main: %.3f M msg/s beside them\n",
		       (double)run->finished / (double)(bench_boot_us() - run->began_us));
	if (stats == NULL)
		return;
	printf("statistics: p50 %.2f ms, p99 %.2f ms, max %.2f ms, early %" PRId64
	       ", head_of_line %" PRId64 ", hop_failures %" PRId64 ", commit_failures %" PRId64
	       ", clock_steps %" PRId64 "\n",
	       (double)stats->lateness_p50_us / 1000, (double)stats->lateness_p99_us / 1000,
	       (double)stats->lateness_max_us / 1000, stats->early, stats->head_of_line,
	       stats->hop_failures, stats->commit_failures, stats->clock_steps);
}

static int finish(struct run *run, bool whole, enum stagger_status status,
		  const struct stagger_error *error)
{
	const struct stagger_stats *stats = NULL;
	struct stagger_error unread;

	if (status != STAGGER_OK)
		warnx("%s: %s", stagger_status_name(status), error->text);
	if (stagger_consumer_stats(run->consumer, &stats, &unread) != STAGGER_OK)
		warnx("statistics: %s", unread.text);
	print(run, stats);
	int64_t early = run->early + (stats != NULL ? stats->early : 0);
	stagger_stats_free(&stats);
	stagger_consumer_free(&run->consumer);
	free(run->late_us);
	if (early > 0 || status != STAGGER_OK)
		return 1;
	if (!whole)
		warnx("not enough hops within %" PRId64 " s, or of the backlog", run->limit_s);
	return whole ? 0 : 3;
}

int main(int argc, char **argv)
{
	struct run run = {.topic = "lateness", .set = "", .partitions = 8, .rate = 1000,
			  .hops = 100000, .visits = 10, .delay_ms = 1000, .workers = 4,
			  .limit_s = 300};
	struct stagger_error error;
	pthread_t threads[2];
	const struct bench_option options[] = {
		{"--brokers", &run.brokers, NULL, NULL},
		{"--topic", &run.topic, NULL, NULL},
		{"--set", &run.set, NULL, NULL},
		{"--partitions", NULL, &run.partitions, NULL},
		{"--rate", NULL, &run.rate, NULL},
		{"--hops", NULL, &run.hops, NULL},
		{"--visits", NULL, &run.visits, NULL},
		{"--stage-delay", NULL, &run.delay_ms, NULL},
		{"--workers", NULL, &run.workers, NULL},
		{"--limit-seconds", NULL, &run.limit_s, NULL},
		{"--waiting", NULL, &run.waiting, NULL},
		{"--backlog", NULL, &run.backlog, NULL},
		{"--jitter", NULL, NULL, &run.jitter},
	};

	if (!bench_options(options, sizeof(options) / sizeof(*options), argc, argv) ||
	    run.brokers == NULL || run.visits < 1 || run.rate < 1 || run.hops < 1)
		errx(2, "--brokers is needed; --rate, --hops and --visits are at least 1");
	run.messages = (run.hops + run.visits - 1) / run.visits;
	if (run.backlog > 0) // they go round and round
		run.messages = run.rate * run.delay_ms / 1000;
	run.late_us = calloc((size_t)run.hops, sizeof(*run.late_us));
	if (run.late_us == NULL)
		errx(1, "out of memory");
	if (prepare(&run, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	preload(&run);
	run.began_us = bench_boot_us();
	if (pthread_create(&threads[0], NULL, feeder, &run) != 0 ||
	    pthread_create(&threads[1], NULL, watcher, &run) != 0)
		errx(1, "threads");
	enum stagger_status status = stagger_consumer_run(run.consumer, &error);
	bool whole = run.enough;
	run.enough = true; // whatever ended it: no more is needed
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return finish(&run, whole, status, &error);
}
