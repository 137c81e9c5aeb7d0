/* SPDX-License-Identifier: Apache-2.0
 *
 * What the brokers say of a good chain file. */
#include "cli/check_brokers.h"

#include <stdio.h>

#include "cli/topics.h"

static struct wish_help help_of(const struct check_brokers *brokers, const char *file)
{
	return (struct wish_help){.servers = brokers->servers, .file = file};
}

int check_brokers_ask(struct check_brokers *out, struct chain_file *file, const struct cli *cli)
{
	struct tool_options options;
	struct stagger_error err;
	struct tool *tool = NULL;

	int end = chain_file_tool(&options, file, cli);
	if (end != END_OK)
		return end;
	options.group = file->options.group;
	if (tool_new(&tool, &options, &err) != STAGGER_OK)
		return cli_fail(&err);
	snprintf(out->servers, sizeof(out->servers), "%s", tool_servers(tool));
	const struct ops_question question = {
		.chains = {file->chains, file->n_chains},
		.group = file->options.group,
		.allow_stranded = file->options.allow_stranded,
		.create_topics = file->options.create_topics,
		.help = help_of(out, file->name),
	};
	if (ops_check(&out->check, tool, &question, &err) != STAGGER_OK)
		end = cli_fail(&err);
	tool_free(&tool);
	return end;
}

enum end check_brokers_end(const struct check_brokers *brokers)
{
	return brokers->check.n > 0 && brokers->check.list[0].severity == WISH_REFUSED
		       ? END_FAILED
		       : END_OK;
}

void check_brokers_say(const struct check_brokers *brokers)
{
	const struct ops_check *check = &brokers->check;

	for (size_t i = 0; i < check->n; i++) {
		const struct ops_finding *f = &check->list[i];
		bool topics = f->about == OPS_ABOUT_TOPIC && f->topic != NULL;
		message("%s: %s%s%s%s%s%s", wish_severity_name(f->severity),
			topics ? "topic '" : "", topics ? f->topic : "", topics ? "' " : "",
			f->text, f->mend[0] != '\0' ? ": " : "", f->mend);
	}
}

void check_brokers_json(struct json *j, const struct check_brokers *brokers, const char *file)
{
	const struct ops_check *check = &brokers->check;
	const struct wish_help help = help_of(brokers, file);

	topics_json(j, &check->topics, &help);
	json_name(j, "findings");
	json_open(j, '[');
	for (size_t i = 0; i < check->n; i++) {
		const struct ops_finding *f = &check->list[i];
		json_open(j, '{');
		json_put_text(j, "severity", wish_severity_name(f->severity));
		json_put_text(j, "about", ops_about_name(f->about));
		json_put_text(j, "topic", f->topic);
		json_put_text(j, "difference", f->difference);
		json_put_text(j, "text", f->text);
		json_put_text(j, "mend", f->mend[0] != '\0' ? f->mend : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void check_brokers_clear(struct check_brokers *brokers)
{
	ops_check_clear(&brokers->check);
}
