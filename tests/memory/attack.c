/* SPDX-License-Identifier: Apache-2.0
 *
 * attack --file CHAINS --chain NAME [--handler stuck|told|slow] [--slow-ms MS] [--fail-every N]
 * [--seconds S]: a stagger consumer that is not let finish. Handlers of "stuck" never return; those of
 * "told" wait for a line on standard input, before which "full" is printed; those of "slow" take so
 * long. Of those that return one in N fails.
 * When the peak of the memory has stood still for a while, or after S seconds, prints one line of
 * JSON, what is in flight, what waits and the peak in KiB, and ends on the spot. */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <stagger/stagger.h>

#include "bench/bench.h"

#define STEP_MS   100
#define STILL_MS  3000 /* longer than a fetch, a tick and a pause of librdkafka's threads */
#define STILL_KIB 256  /* what counts as growth */

struct attack {
	struct stagger_consumer *consumer;
	const char *file, *chain, *handler;
	int64_t slow_ms, fail_every, seconds, ends_us;
	pthread_mutex_t lock;
	pthread_cond_t let_go;
	bool gone; /* under lock */
	_Atomic int64_t calls;
};

static void wait_to_go(struct attack *a)
{
	pthread_mutex_lock(&a->lock);
	while (!a->gone)
		pthread_cond_wait(&a->let_go, &a->lock);
	pthread_mutex_unlock(&a->lock);
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct attack *a = user;
	int64_t n = ++a->calls;

	(void)m;
	if (strcmp(a->handler, "slow") == 0)
		nanosleep(&(struct timespec){.tv_nsec = (long)a->slow_ms * 1000000}, NULL);
	else
		wait_to_go(a);
	if (a->fail_every > 0 && n % a->fail_every == 0)
		return stagger_retry(why, "Later", "it is under attack");
	return STAGGER_DONE;
}

/* Whether a message came; asked only until one did, since the answer takes memory. */
static bool has_begun(const struct attack *a)
{
	const struct stagger_stats *stats = NULL;
	struct stagger_error error;

	if (stagger_consumer_stats(a->consumer, &stats, &error) != STAGGER_OK)
		return false;
	bool begun = a->calls > 0 || stats->waiting > 0;
	stagger_stats_free(&stats);
	return begun;
}

/* Until the peak stands still; false when time is over. */
static bool wait_still(const struct attack *a)
{
	int64_t peak_kib = 0;
	int64_t still_ms = 0;
	bool begun = false;

	while (still_ms < STILL_MS) {
		if (bench_boot_us() > a->ends_us)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
		int64_t now_kib = bench_memory_kib("VmHWM");
		begun = begun || has_begun(a);
		still_ms = begun && now_kib <= peak_kib + STILL_KIB ? still_ms + STEP_MS : 0;
		if (still_ms == 0)
			peak_kib = now_kib;
	}
	return true;
}

static void tell(const struct attack *a, bool still)
{
	const struct stagger_stats *stats = NULL;
	struct stagger_error error;

	if (stagger_consumer_stats(a->consumer, &stats, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	printf("{\"peak_kib\": %" PRId64 ", \"rss_kib\": %" PRId64 ", \"still\": %s, \"lanes\": %zu, "
	       "\"calls\": %" PRId64 ", \"in_flight\": %" PRId64 ", \"in_flight_bytes\": %" PRId64
	       ", \"waiting\": %" PRId64 ", \"waiting_bytes\": %" PRId64 ", \"hops\": %" PRId64 "}\n",
	       bench_memory_kib("VmHWM"), bench_memory_kib("VmRSS"), still ? "true" : "false", stats->n_lanes,
	       (int64_t)a->calls, stats->in_flight, stats->in_flight_bytes, stats->waiting,
	       stats->waiting_bytes, stats->hops);
	fflush(stdout);
	stagger_stats_free(&stats);
}

static void *watch(void *user)
{
	struct attack *a = user;
	char line[16];
	bool still = wait_still(a);

	if (still && strcmp(a->handler, "told") == 0) {
		puts("full");
		fflush(stdout);
		if (fgets(line, sizeof(line), stdin) == NULL)
			errx(1, "nobody lets go");
		pthread_mutex_lock(&a->lock);
		a->gone = true;
		pthread_cond_broadcast(&a->let_go);
		pthread_mutex_unlock(&a->lock);
		still = wait_still(a);
	}
	tell(a, still);
	_exit(0); // handlers are stuck, and a broker may be
}

int main(int argc, char **argv)
{
	struct attack a = {
		.handler = "stuck",
		.seconds = 30,
		.slow_ms = 100,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.let_go = PTHREAD_COND_INITIALIZER,
	};
	struct stagger_error error;
	pthread_t thread;
	const struct bench_option options[] = {
		{"--file", &a.file, NULL, NULL},
		{"--chain", &a.chain, NULL, NULL},
		{"--handler", &a.handler, NULL, NULL},
		{"--slow-ms", NULL, &a.slow_ms, NULL},
		{"--fail-every", NULL, &a.fail_every, NULL},
		{"--seconds", NULL, &a.seconds, NULL},
	};

	if (!bench_options(options, 6, argc, argv) || a.file == NULL || a.chain == NULL)
		errx(2, "--file and --chain are needed");
	a.ends_us = bench_boot_us() + a.seconds * 1000000;
	if (stagger_consumer_open(&a.consumer, a.file, NULL, &error) != STAGGER_OK ||
	    stagger_consumer_on(a.consumer, a.chain, handle, &a, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	if (pthread_create(&thread, NULL, watch, &a) != 0)
		errx(1, "threads");
	if (stagger_consumer_run(a.consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	return 1; // it ends in watch()
}
