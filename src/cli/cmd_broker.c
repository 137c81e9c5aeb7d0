/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger broker: the embedded broker as a process of its own, for development. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chain_file.h"
#include "kafka/kafka.h"

#define DEFAULT_PORT 19092
#define DEFAULT_PARTITIONS 4

struct broker {
	int64_t port, partitions;
	struct embedded_topic *topics; /* names are the file's */
	size_t n, room;
};

static bool add_topic(struct broker *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->topics[i].name, name) == 0)
			return true;
	if (b->n == b->room) {
		size_t room = b->room == 0 ? 16 : b->room * 2;
		struct embedded_topic *topics = realloc(b->topics, room * sizeof(*topics));
		if (topics == NULL)
			return false;
		b->topics = topics;
		b->room = room;
	}
	b->topics[b->n++] = (struct embedded_topic){name, (int32_t)b->partitions};
	return true;
}

static bool add_topics(struct broker *b, const struct stagger_chain *chain)
{
	for (int32_t i = 0; i < chain->n_stages; i++)
		if (!add_topic(b, chain->stages[i].topic))
			return false;
	for (size_t i = 0; i < chain->n_routes; i++)
		if (!add_topic(b, chain->routes[i].topic))
			return false;
	return chain->dead_letter_topic == NULL || add_topic(b, chain->dead_letter_topic);
}

/* What the file says of an embedded broker is the default here, too. */
static void take_default(int64_t *to, const struct chain_file *file, const char *name)
{
	const char *value = chain_file_property(file, name);

	if (value != NULL)
		*to = strtoll(value, NULL, 10); /* config has checked that it is a number */
}

static int read_options(struct broker *b, const struct cli *cli, const struct chain_file *file)
{
	static const int64_t ports[2] = {0, 65535};
	static const int64_t partitions[2] = {1, 128};
	struct stagger_error err;

	take_default(&b->port, file, "embedded.port");
	take_default(&b->partitions, file, "embedded.partitions");
	if (option_number(&b->port, &cli->given, OPTION_PORT, ports, &err) != STAGGER_OK ||
	    option_number(&b->partitions, &cli->given, OPTION_PARTITIONS, partitions, &err) !=
		    STAGGER_OK) {
		message("%s", err.text);
		return END_USAGE;
	}
	for (size_t i = 0; i < file->n_chains; i++) {
		if (!add_topics(b, file->chains[i])) {
			message("out of memory");
			return END_FAILED;
		}
	}
	return END_OK;
}

static void say_limits(const struct broker *b)
{
	message("a broker for development, for this host only. %zu topics with %d partitions; "
		"topics that are asked for are made with %d.",
		b->n, (int)b->partitions, DEFAULT_PARTITIONS);
	message("nothing persists. A partition keeps 5 MiB or 100,000 batches, then the oldest go "
		"without a word. No topic settings, no aborted transactions, no permissions.");
	message("SIGINT or SIGTERM ends it.");
}

static int run(struct cli *cli, const struct broker *b)
{
	struct embedded *embedded = NULL;
	struct stagger_error err;
	sigset_t signals;
	int got;

	/* before librdkafka's threads are made: they inherit it */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (embedded_new(&embedded, (int32_t)b->port, (int32_t)b->partitions, b->topics, b->n,
			 &err) != STAGGER_OK)
		return cli_fail(&err);
	output_print(&cli->out, "%s\n", embedded_servers(embedded));
	bool said = output_flush(&cli->out);
	if (said) {
		say_limits(b);
		sigwait(&signals, &got);
	} else {
		message("the broker's address cannot be said: it ends");
	}
	embedded_free(&embedded);
	return said ? END_OK : END_FAILED;
}

int cmd_broker(struct cli *cli)
{
	struct broker broker = {.port = DEFAULT_PORT, .partitions = DEFAULT_PARTITIONS};
	struct chain_file file = {0};
	int end = END_OK;

	if (cli->given.file != NULL)
		end = chain_file_open(&file, cli);
	if (end == END_OK)
		end = read_options(&broker, cli, &file);
	if (end == END_OK)
		end = run(cli, &broker);
	free(broker.topics);
	chain_file_close(&file);
	return end;
}
