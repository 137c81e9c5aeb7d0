/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded broker as a process of its own, so that members can be killed and it lives on:
 * broker --topics a:4,b:4 [--port-file FILE] [--until-eof]. Prints "ready 127.0.0.1:PORT" and runs
 * until SIGTERM or SIGINT, or with --until-eof until stdin ends. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kafka/kafka.h"

#define MAX_TOPICS 64
#define PARTITIONS 4 /* of topics that are not listed */

struct options {
	struct embedded_topic topics[MAX_TOPICS];
	size_t n_topics;
	const char *port_file;
	bool until_eof;
};

static bool take_topics(struct options *o, char *list)
{
	char *rest = NULL;

	for (char *item = strtok_r(list, ",", &rest); item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		char *colon = strchr(item, ':');
		if (colon == NULL || o->n_topics == MAX_TOPICS)
			return false;
		*colon = '\0';
		o->topics[o->n_topics++] =
			(struct embedded_topic){item, (int32_t)strtol(colon + 1, NULL, 10)};
	}
	return true;
}

static bool read_options(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--until-eof") == 0)
			o->until_eof = true;
		else if (strcmp(argv[i], "--topics") == 0 && i + 1 < argc &&
			 take_topics(o, argv[i + 1]))
			i++;
		else if (strcmp(argv[i], "--port-file") == 0 && i + 1 < argc)
			o->port_file = argv[++i];
		else
			return false;
	}
	return true;
}

/* Renamed into place, so that a reader sees all of it or nothing. */
static void write_port_file(const char *path, const char *servers)
{
	char fresh[4096];

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	FILE *file = fopen(fresh, "we");
	if (file == NULL || fprintf(file, "%s\n", strchr(servers, ':') + 1) < 0 ||
	    fclose(file) != 0 || rename(fresh, path) != 0)
		perror(path);
}

static void wait_for_end(bool until_eof, const sigset_t *signals)
{
	char bytes[256];
	int got;

	if (!until_eof) {
		sigwait(signals, &got);
		return;
	}
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	while (read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		continue;
}

int main(int argc, char **argv)
{
	struct options options = {.n_topics = 0};
	struct embedded *broker;
	struct stagger_error err;
	sigset_t signals;

	if (!read_options(&options, argc, argv)) {
		fputs("usage: broker [--topics a:4,b:4] [--port-file FILE] [--until-eof]\n",
		      stderr);
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* before librdkafka's threads are made */
	if (embedded_new(&broker, 0, PARTITIONS, options.topics, options.n_topics, &err) !=
	    STAGGER_OK) {
		fprintf(stderr, "broker: %s\n", err.text);
		return 1;
	}
	printf("ready %s\n", embedded_servers(broker));
	fflush(stdout);
	if (options.port_file != NULL)
		write_port_file(options.port_file, embedded_servers(broker));
	wait_for_end(options.until_eof, &signals);
	embedded_free(&broker);
	return 0;
}
