/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger topics create: the missing topics of a chain file, made. */
#include <stdlib.h>

#include "cli/chain_file.h"
#include "cli/topics.h"

static bool print(struct cli *cli, const struct ops_topics *topics, const struct wish_help *help)
{
	struct json j = {0};

	if (!option_is(&cli->given, OPTION_OUTPUT, "json")) {
		topics_say(topics, help);
		return topics_table(&cli->out, topics);
	}
	json_open(&j, '{');
	topics_json(&j, topics, help);
	json_close(&j, '}');
	char *text = json_finish(&j);
	if (text == NULL)
		return false;
	output_print(&cli->out, "%s\n", text);
	free(text);
	return true;
}

static enum end end_of_outcome(enum ops_outcome outcome)
{
	switch (outcome) {
	case OPS_DONE:
		return END_OK;
	case OPS_PARTLY:
		return END_PARTLY;
	case OPS_NOTHING:
		return END_FAILED;
	}
	return END_FAILED;
}

static int create(struct cli *cli, const struct chain_file *file, struct tool *tool)
{
	const struct wish_help help = {.servers = tool_servers(tool), .file = file->name};
	const struct ops_chains chains = {file->chains, file->n_chains};
	struct ops_topics topics;
	struct stagger_error err;

	if (ops_topics_create(&topics, tool, &chains, cli->given.values[OPTION_DRY_RUN] != NULL,
			      &err) != STAGGER_OK)
		return cli_fail(&err);
	int end = (int)end_of_outcome(ops_topics_outcome(&topics));
	if (!print(cli, &topics, &help)) {
		message("out of memory");
		end = END_FAILED;
	}
	ops_topics_clear(&topics);
	return end;
}

int cmd_topics_create(struct cli *cli)
{
	struct chain_file file;
	struct tool_options options;
	struct stagger_error err;
	struct tool *tool = NULL;

	int end = chain_file_open(&file, cli);
	if (end != END_OK)
		return end;
	end = chain_file_tool(&options, &file, cli);
	if (end == END_OK && tool_new(&tool, &options, &err) != STAGGER_OK)
		end = cli_fail(&err);
	if (end == END_OK)
		end = create(cli, &file, tool);
	tool_free(&tool);
	chain_file_close(&file);
	return end;
}
