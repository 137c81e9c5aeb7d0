/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain file of a command line, read; and what a client of Kafka needs from it. */
#ifndef CLI_CHAIN_FILE_H
#define CLI_CHAIN_FILE_H

#include "cli/cli.h"
#include "config/config.h"
#include "core/chain.h"
#include "kafka/tool.h"

#define TOOL_TIMEOUT_MS 10000 /* of --timeout */

struct chain_file {
	const char *name;                        /* as messages call it */
	struct config *config;
	struct stagger_consumer_options options; /* in force, defaults filled in */
	const struct stagger_chain **chains;     /* config's */
	size_t n_chains;
	struct kafka_property *properties;       /* of tools, see chain_file_tool() */
	size_t n_properties;
	char servers[32];
};

/* Reads the file that was given ("-": standard input), for --group if given. What is wrong with it
 * is said; END_OK, END_CONFIG or END_FAILED. */
int chain_file_open(struct chain_file *out, const struct cli *cli);
void chain_file_close(struct chain_file *file);
/* Whether the file has the chain that --chain names; says it and returns END_USAGE if not. */
int chain_file_check_chain(const struct chain_file *file, const struct cli *cli);
/* The last value of a librdkafka property; "***" for a secret; NULL: not set,
 * or there is no file. */
const char *chain_file_property(const struct chain_file *file, const char *name);
/* Options of a tool for that cluster, or for --brokers; waits for --timeout. The broker that a
 * consumer embeds is reached where embedded.port says. Says what is wrong and returns an enum end.
 * They are valid as long as the file. */
int chain_file_tool(struct tool_options *out, struct chain_file *file, const struct cli *cli);

#endif
