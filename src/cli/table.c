/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. A new command is a line of command_table, its options, and a file cmd_<name>.c. */
#include "cli/table.h"

#include <string.h>

#include "cli/cli.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))
#define OPTIONS(table) .options = (table), .n_options = N(table)

const struct option_info option_help = {
	OPTION_HELP, 'h', "help", NULL, NULL, "say what the command does and takes",
};
const struct option_info option_version = {
	OPTION_VERSION, 'V', "version", NULL, NULL, "say which version this is, and of librdkafka",
};

/* Options of several commands. */
#define OUTPUT(choices)                                                                            \
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", choices, "how it is printed" }
#define GROUP { OPTION_GROUP, 'g', "group", "NAME", NULL, "this group, not the file's" }
#define CHAIN { OPTION_CHAIN, 'c', "chain", "NAME", NULL, "only this chain of the file" }
#define BROKERS                                                                                    \
	{ OPTION_BROKERS, 'b', "brokers", "HOST:PORT,...", NULL,                                   \
	  "this cluster, not the file's bootstrap.servers" }
#define TIMEOUT                                                                                    \
	{ OPTION_TIMEOUT, 't', "timeout", "DURATION", NULL,                                        \
	  "how long to wait for an answer (10s)" }

static const struct option_info broker_options[] = {
	{ OPTION_PORT, 'p', "port", "PORT", NULL, "listen there (19092); 0: a free port" },
	{ OPTION_PARTITIONS, 'n', "partitions", "COUNT", NULL, "of the file's topics (4)" },
	GROUP,
};
static const struct option_info check_options[] = {
	{ OPTION_OFFLINE, 0, "offline", NULL, NULL, "look at the file only, ask no broker" },
	OUTPUT("table json yaml"),
	GROUP,
	BROKERS,
	TIMEOUT,
};
static const struct option_info create_options[] = {
	{ OPTION_DRY_RUN, 'n', "dry-run", NULL, NULL, "only ask the broker whether it would" },
	OUTPUT("table json"),
	GROUP,
	BROKERS,
	TIMEOUT,
};
static const struct option_info decode_options[] = {
	{ OPTION_HEX, 'x', "hex", NULL, NULL, "the input is hexadecimal digits and blanks" },
};
static const struct option_info plan_options[] = {
	OUTPUT("table json mermaid"),
	CHAIN,
	GROUP,
};

/* Which dead letters. */
#define BY_CLASS                                                                                   \
	{ OPTION_CLASS, 'C', "class", "PATTERN", NULL,                                             \
	  "whose last error fits: Name, Prefix*, Name/Code*" }
#define BY_CODE { OPTION_CODE, 0, "code", "CODE", NULL, "whose last error has this code" }
#define BY_KEY { OPTION_KEY, 'k', "key", "KEY", NULL, "whose record had this key" }
#define BY_DISPOSITION                                                                             \
	{ OPTION_DISPOSITION, 'd', "disposition", "WORD", NULL,                                    \
	  "which ended so: expired, say, or attempts_exhausted" }
#define BY_TOPIC                                                                                   \
	{ OPTION_TOPIC, 'T', "topic", "TOPIC", NULL, "whose record came from this topic" }
#define SINCE                                                                                      \
	{ OPTION_SINCE, 's', "since", "INSTANT", NULL,                                             \
	  "dead since then: 2h (ago), 2026-01-02, RFC 3339" }
#define UNTIL { OPTION_UNTIL, 'u', "until", "INSTANT", NULL, "dead before then" }
#define LIMIT { OPTION_LIMIT, 'l', "limit", "COUNT", NULL, "stop after so many" }
#define DLT_OPTIONS                                                                                \
	CHAIN, BY_CLASS, BY_CODE, BY_KEY, BY_DISPOSITION, BY_TOPIC, SINCE, UNTIL, LIMIT, GROUP,    \
		BROKERS, TIMEOUT

static const struct option_info ls_options[] = { OUTPUT("table json"), DLT_OPTIONS };
static const struct option_info show_options[] = { OUTPUT("text json"), DLT_OPTIONS };
static const struct option_info count_options[] = {
	{ OPTION_BY, 'B', "by", "MARK", "class topic stage hour chain disposition",
	  "count by this" },
	OUTPUT("table json"),
	DLT_OPTIONS,
};

#define DLT_DETAILS                                                                                \
	"Reads the dead-letter topics of the file's chains and routes up to where they\n"          \
	"end now. No group is joined or made, nothing is committed. JSON comes in\n"               \
	"lines.\n"

const struct command_info command_table[] = {
	{
		.name = "check",
		.arguments = ARGUMENTS_FILE,
		.meaning = "whether a chain file is good, and what it means",
		.details = "All that is wrong is said at once, with its line and a caret. Of a\n"
			   "good file it says what was understood and what is unwise; as yaml\n"
			   "all that is in force, defaults included. Secrets are never shown.\n"
			   "Then the brokers are asked: are the topics there and fit, is the\n"
			   "group readable, is anything stranded? It ends with 1 where a\n"
			   "consumer would not start. Nothing is changed.\n",
		OPTIONS(check_options),
		.run = cmd_check,
	},
	{
		.name = "plan",
		.arguments = ARGUMENTS_FILE,
		.meaning = "the chains drawn, and a message that always fails, in time",
		.details = "Draws each chain; says when an always-failing message is called and\n"
			   "when it is dead, with jitter and in-place calls; what retention the\n"
			   "retry topics need, and what jitter costs in memory.\n",
		OPTIONS(plan_options),
		.run = cmd_plan,
	},
	{
		.name = "decode",
		.meaning = "an envelope from standard input to JSON",
		.details = "Reads one envelope, the value of one record, prints it as JSON:\n"
			   "    kcat -C -t orders.billing.dlt -o 0 -c 1 -e -f '%s' | "
			   "stagger decode\n"
			   "One record at a time: in the values of several records nothing says\n"
			   "where one ends (for all of a topic: stagger dlt show).\n",
		OPTIONS(decode_options),
		.run = cmd_decode,
	},
	{
		.name = "topics create",
		.family = "topics",
		.arguments = ARGUMENTS_FILE,
		.meaning = "make the missing topics of a chain file",
		.details = "Stages and dead-letter topics get main's partitions and replicas,\n"
			   "and retention for the longest wait. A main topic is never made or\n"
			   "changed, nor is what is there: it says how that differs, and the\n"
			   "command that mends it. It ends with 3 where some topics are not fit\n"
			   "for a start.\n",
		OPTIONS(create_options),
		.run = cmd_topics_create,
	},
	{
		.name = "dlt ls",
		.family = "dlt",
		.arguments = ARGUMENTS_FILE,
		.meaning = "the dead letters, one a line",
		.details = DLT_DETAILS,
		OPTIONS(ls_options),
		.run = cmd_dlt_ls,
	},
	{
		.name = "dlt show",
		.family = "dlt",
		.arguments = ARGUMENTS_FILE,
		.meaning = "the dead letters, whole: record, error, history",
		.details = DLT_DETAILS,
		OPTIONS(show_options),
		.run = cmd_dlt_show,
	},
	{
		.name = "dlt count",
		.family = "dlt",
		.arguments = ARGUMENTS_FILE,
		.meaning = "how many dead letters there are, by one of their marks",
		.details = DLT_DETAILS,
		OPTIONS(count_options),
		.run = cmd_dlt_count,
	},
	{
		.name = "broker",
		.arguments = ARGUMENTS_MAYBE_FILE,
		.meaning = "a broker in this process, for development",
		.details = "Prints its address, and runs until SIGINT or SIGTERM. With a chain\n"
			   "file it has the chains' topics. It is librdkafka's mock cluster:\n"
			   "nothing persists, and a partition keeps 5 MiB. Clients connect to\n"
			   "the port first and then to one that the broker chooses: it serves\n"
			   "this host only.\n",
		OPTIONS(broker_options),
		.run = cmd_broker,
	},
};
const size_t n_commands = N(command_table);

const char *arguments_text(enum arguments arguments)
{
	switch (arguments) {
	case ARGUMENTS_NONE:
		return "";
	case ARGUMENTS_FILE:
		return " FILE";
	case ARGUMENTS_MAYBE_FILE:
		return " [FILE]";
	}
	return "";
}

const struct option_info *command_option(const struct command_info *command, const char *name,
					 size_t size)
{
	for (size_t i = 0; i < command->n_options; i++) {
		const struct option_info *option = &command->options[i];
		if (strlen(option->name) == size && memcmp(option->name, name, size) == 0)
			return option;
	}
	return NULL;
}

const struct option_info *command_letter(const struct command_info *command, char letter)
{
	for (size_t i = 0; i < command->n_options; i++)
		if (command->options[i].letter == letter)
			return &command->options[i];
	return NULL;
}

bool choice_next(const char **rest, const char **word, size_t *size)
{
	*rest += strspn(*rest, " ");
	*word = *rest;
	*size = strcspn(*rest, " ");
	*rest += *size;
	return *size > 0;
}
