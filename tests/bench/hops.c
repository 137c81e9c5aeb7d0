/* SPDX-License-Identifier: Apache-2.0
 *
 * hops --brokers B --topic T --count N [--workers W] [--set name=value,...]
 * A stagger consumer whose handler fails at every message of a preloaded topic, so that each is
 * copied into a stage of 1 h, a topic that is made for it. Ends when all copies are durable; prints
 * what bare_hops prints. */
#define _GNU_SOURCE
#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "ours.h"

#define STAGE_MS 3600000

struct run {
	struct stagger_consumer *consumer;
	struct bench_span span;
	int64_t count, hopped; /* hopped: the loop thread's */
	_Atomic bool begun;
};

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct run *run = user;

	(void)m;
	if (!atomic_exchange_explicit(&run->begun, true, memory_order_relaxed))
		bench_span_begin(&run->span);
	return stagger_retry(why, "BankBusy", "the connection pool is full");
}

static void on_event(const struct stagger_event *event, void *user)
{
	struct run *run = user;

	if (event->kind != STAGGER_HOPPED || ++run->hopped != run->count)
		return;
	bench_span_end(&run->span);
	stagger_consumer_stop(run->consumer);
}

static enum stagger_status make_chain(struct run *run, const char *topic, const char *stage,
				      int64_t workers, struct stagger_error *err)
{
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;

	options.topic = topic;
	options.dead_letter_topic = "{topic}.dlt";
	options.workers = (int32_t)workers;
	return ours_add_chain(run->consumer, "bench", &options,
			      &(struct ours_stage){stage, STAGE_MS}, err);
}

int main(int argc, char **argv)
{
	const char *brokers = NULL;
	const char *topic = "bench";
	const char *set = "";
	int64_t workers = 1;
	char group[128];
	char stage[256];
	struct run run = {.count = 1000000};
	struct stagger_error error;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	const struct bench_option arguments[] = {
		{"--brokers", &brokers, NULL, NULL},  {"--topic", &topic, NULL, NULL},
		{"--count", NULL, &run.count, NULL},  {"--workers", NULL, &workers, NULL},
		{"--set", &set, NULL, NULL},
	};

	if (!bench_options(arguments, 5, argc, argv) || brokers == NULL)
		errx(2, "--brokers is needed");
	bench_fresh_topic(brokers, topic, stage, sizeof(stage));
	options.group = bench_fresh_name("hops", group, sizeof(group));
	options.event = on_event;
	options.user = &run;
	options.log_level = STAGGER_LOG_WARN;
	if (stagger_consumer_open(&run.consumer, NULL, &options, &error) != STAGGER_OK ||
	    ours_set_all(run.consumer, brokers, set, &error) != STAGGER_OK ||
	    make_chain(&run, topic, stage, workers, &error) != STAGGER_OK ||
	    stagger_consumer_on(run.consumer, NULL, handle, &run, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(run.consumer, &error) != STAGGER_OK)
		errx(1, "%s: %s", stagger_status_name(error.status), error.text);
	stagger_consumer_free(&run.consumer);
	if (run.hopped < run.count)
		errx(1, "stopped too soon");
	bench_span_print(&run.span, "hops", run.count);
	return 0;
}
