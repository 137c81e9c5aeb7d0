/* SPDX-License-Identifier: Apache-2.0
 *
 * main_path --brokers B --topic T --count N [--order partition|key|none] [--workers W]
 * [--handler-us U] [--set name=value,...]: a stagger consumer whose handler does nothing, or sleeps
 * so long, on a preloaded topic with its stages T.retry.{1m,5m,30m} and T.dlt. Prints what bare
 * prints. */
#define _GNU_SOURCE
#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "bench.h"
#include "ours.h"

struct run {
	struct stagger_consumer *consumer;
	struct bench_span span;
	int64_t count, handler_us;
	_Atomic int64_t done;
};

/* As long as it is told to: the kernel would add up to 50 us to each sleep. */
static void wait_exactly(int64_t us)
{
	static _Thread_local bool exact;

	if (!exact)
		exact = prctl(PR_SET_TIMERSLACK, 1L) == 0;
	nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct run *run = user;
	int64_t n = atomic_fetch_add_explicit(&run->done, 1, memory_order_relaxed) + 1;

	(void)m;
	(void)why;
	if (n == 1)
		bench_span_begin(&run->span);
	if (run->handler_us > 0)
		wait_exactly(run->handler_us);
	if (n == run->count) {
		bench_span_end(&run->span);
		stagger_consumer_stop(run->consumer);
	}
	return STAGGER_DONE;
}

int main(int argc, char **argv)
{
	const char *brokers = NULL;
	const char *topic = "bench";
	const char *order = "partition";
	const char *set = NULL;
	int64_t workers = 1;
	char group[128];
	struct run run = {.count = 1000000};
	struct stagger_error error;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;
	const struct bench_option arguments[] = {
		{"--brokers", &brokers, NULL, NULL}, {"--topic", &topic, NULL, NULL},
		{"--count", NULL, &run.count, NULL}, {"--order", &order, NULL, NULL},
		{"--workers", NULL, &workers, NULL}, {"--set", &set, NULL, NULL},
		{"--handler-us", NULL, &run.handler_us, NULL},
	};

	if (!bench_options(arguments, 7, argc, argv) || brokers == NULL)
		errx(2, "--brokers is needed");
	options.group = bench_fresh_name("main-path", group, sizeof(group));
	chain_options.topic = topic;
	chain_options.retry_topic = "{topic}.retry.{delay}";
	chain_options.dead_letter_topic = "{topic}.dlt";
	chain_options.workers = (int32_t)workers;
	chain_options.order = strcmp(order, "key") == 0    ? STAGGER_ORDER_KEY
			      : strcmp(order, "none") == 0 ? STAGGER_ORDER_NONE
							   : STAGGER_ORDER_PARTITION;
	if (stagger_consumer_open(&run.consumer, NULL, &options, &error) != STAGGER_OK ||
	    ours_set_all(run.consumer, brokers, set, &error) != STAGGER_OK ||
	    stagger_chain_new(&chain, "bench", &chain_options, &error) != STAGGER_OK ||
	    stagger_consumer_add(run.consumer, &chain, &error) != STAGGER_OK ||
	    stagger_consumer_on(run.consumer, NULL, handle, &run, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(run.consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	stagger_consumer_free(&run.consumer);
	if (run.done < run.count)
		errx(1, "stopped too soon");
	bench_span_print(&run.span, "main path", run.count);
	return 0;
}
