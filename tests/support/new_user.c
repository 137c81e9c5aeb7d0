/* SPDX-License-Identifier: Apache-2.0
 *
 * new_user BROKERS TOPIC [GROUP [start_timeout=MS] [property=value]...]: the first program of
 * somebody new, with one chain and its default stages. new_user FILE: the same from a chain file.
 * Says "assigned" and "handled" on stdout, and how it ended: "ended STATUS: text". SIGTERM stops
 * it. Exit 0 after a clean stop, else 1. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stagger/stagger.h>

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	(void)why;
	(void)user;
	printf("handled %s %d %lld\n", m->topic, (int)m->partition, (long long)m->offset);
	fflush(stdout);
	return STAGGER_DONE;
}

static void on_event(const struct stagger_event *event, void *user)
{
	(void)user;
	if (event->kind != STAGGER_ASSIGNED)
		return;
	printf("assigned %s %d\n", event->topic, (int)event->partition);
	fflush(stdout);
}

static enum stagger_status set_all(struct stagger_consumer *c, int argc, char **argv,
				   struct stagger_error *err)
{
	enum stagger_status status = stagger_consumer_set(c, "bootstrap.servers", argv[1], err);

	for (int i = 4; i < argc && status == STAGGER_OK; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL || strncmp(argv[i], "start_timeout=", 14) == 0)
			continue;
		*value = '\0';
		status = stagger_consumer_set(c, argv[i], value + 1, err);
		*value = '=';
	}
	return status;
}

static enum stagger_status prepare(struct stagger_consumer **c, int argc, char **argv,
				   struct stagger_error *err)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *chain = NULL;

	options.event = on_event;
	if (argc == 2) {
		enum stagger_status status = stagger_consumer_open(c, argv[1], &options, err);
		return status != STAGGER_OK ? status
					    : stagger_consumer_on(*c, NULL, handle, NULL, err);
	}
	options.group = argc > 3 ? argv[3] : "new";
	for (int i = 4; i < argc; i++)
		if (strncmp(argv[i], "start_timeout=", 14) == 0)
			options.start_timeout_ms = strtoll(argv[i] + 14, NULL, 10);
	chain_options.topic = argv[2];
	enum stagger_status status = stagger_consumer_open(c, NULL, &options, err);
	if (status == STAGGER_OK)
		status = set_all(*c, argc, argv, err);
	if (status == STAGGER_OK)
		status = stagger_chain_new(&chain, "first", &chain_options, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(*c, &chain, err);
	stagger_chain_free(&chain);
	if (status == STAGGER_OK)
		status = stagger_consumer_on(*c, NULL, handle, NULL, err);
	return status;
}

int main(int argc, char **argv)
{
	struct stagger_consumer *consumer = NULL;
	struct stagger_error error = {.text = ""};

	if (argc < 2) {
		fputs("usage: new_user FILE | BROKERS TOPIC [GROUP [property=value]...]\n", stderr);
		return 2;
	}
	enum stagger_status status = prepare(&consumer, argc, argv, &error);
	if (status == STAGGER_OK)
		status = stagger_consumer_run_until_signal(consumer, &error);
	printf("ended %s: %s\n", stagger_status_name(status), error.text);
	stagger_consumer_free(&consumer);
	return status == STAGGER_OK ? 0 : 1;
}
