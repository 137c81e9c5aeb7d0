/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger plan: what the chains of a file mean in topics and in time. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/plan.h"

enum plan_format { PLAN_TABLE, PLAN_JSON, PLAN_MERMAID };

static void show_table(struct output *out, const struct plan_view *view)
{
	output_style(out, STYLE_BOLD);
	output_print(out, "chain %s", view->chain->name);
	output_style(out, STYLE_PLAIN);
	output_print(out, ", group ");
	output_text(out, view->file->options.group);
	output_print(out, "\n\n");
	plan_draw(out, view);
	output_print(out, "\nA message that always fails:\n\n");
	plan_print_times(out, view);
	output_print(out, "\n");
	plan_print_costs(out, view);
}

static bool show_json(struct output *out, const struct plan_view *view)
{
	struct json j = {0};

	plan_json(&j, view);
	char *text = json_finish(&j);
	if (text == NULL)
		return false;
	output_print(out, "%s\n", text);
	free(text);
	return true;
}

static int show(struct cli *cli, const struct chain_file *file, size_t number, bool first)
{
	const struct stagger_chain *chain = file->chains[number];
	struct stagger_error err;
	struct plan plan;
	bool good = true;

	if (option_is(&cli->given, OPTION_OUTPUT, "mermaid")) {
		plan_mermaid(&cli->out, chain, number);
		return END_OK;
	}
	if (plan_make(&plan, chain, &err) != STAGGER_OK)
		return cli_fail(&err);
	const struct plan_view view = {.file = file, .chain = chain, .plan = &plan};
	if (option_is(&cli->given, OPTION_OUTPUT, "json"))
		good = show_json(&cli->out, &view);
	else {
		output_print(&cli->out, "%s", first ? "" : "\n");
		show_table(&cli->out, &view);
	}
	plan_clear(&plan);
	if (!good)
		message("out of memory");
	return good ? END_OK : END_FAILED;
}

int cmd_plan(struct cli *cli)
{
	const char *only = cli->given.values[OPTION_CHAIN];
	struct chain_file file;
	bool first = true;
	int end = chain_file_open(&file, cli);

	if (end != END_OK)
		return end;
	if (only != NULL)
		end = chain_file_check_chain(&file, cli);
	if (end == END_OK && option_is(&cli->given, OPTION_OUTPUT, "mermaid"))
		output_print(&cli->out, "flowchart TB\n");
	for (size_t i = 0; i < file.n_chains && end == END_OK; i++) {
		if (only != NULL && strcmp(only, file.chains[i]->name) != 0)
			continue;
		end = show(cli, &file, i, first);
		first = false;
	}
	chain_file_close(&file);
	return end;
}
