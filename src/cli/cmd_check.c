/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger check: whether a chain file is good, and what was understood. */
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "cli/check.h"
#include "cli/check_brokers.h"
#include "cli/topics.h"

static const char *order_name(enum stagger_order order)
{
	switch (order) {
	case STAGGER_ORDER_PARTITION:
		return "partition";
	case STAGGER_ORDER_KEY:
		return "key";
	case STAGGER_ORDER_NONE:
		return "none";
	}
	return "";
}

/* -- as text ----------------------------------------------------------------------------- */

static void print_line(struct output *out, const char *name, const char *text)
{
	output_print(out, "  %-16s ", name);
	output_text(out, text);
	output_print(out, "\n");
}

static void print_chain(struct output *out, const struct stagger_chain *chain)
{
	char delay[DURATION_TEXT];

	output_print(out, "  chain %-10s %s", chain->name, chain->stages[CHAIN_MAIN].topic);
	for (int32_t i = 1; i < chain->n_stages; i++)
		output_print(out, " -> %s%s", duration_format(chain->stages[i].delay_ms, delay),
			     chain->stages[i].retired ? " (retired)" : "");
	output_print(out, " -> %s\n",
		     chain->dead_letter_topic != NULL ? chain->dead_letter_topic : "stop");
	output_print(out, "  %-16s order %s, ", "", order_name(chain->order));
	if (chain->workers == STAGGER_INLINE)
		output_print(out, "workers inline");
	else
		output_print(out, "%d worker%s", (int)chain->workers,
			     chain->workers == 1 ? "" : "s");
	output_print(out, "%s\n", chain->republish ? ", mode republish" : "");
}

static void print_table(struct output *out, const struct chain_file *file,
			const struct check_warnings *warnings)
{
	const char *servers = chain_file_property(file, "bootstrap.servers");
	char session[DURATION_TEXT];

	output_style(out, STYLE_GREEN);
	output_text(out, file->name);
	output_print(out, ": good");
	output_style(out, STYLE_PLAIN);
	output_print(out, "\n");
	print_line(out, "group", file->options.group);
	print_line(out, "instance",
		   file->options.instance != NULL ? file->options.instance
						  : "none: a dynamic member");
	output_print(out, "  %-16s %s, %s\n", "session_timeout",
		     duration_format(file->options.session_timeout_ms, session),
		     check_session_why(file));
	print_line(out, "cluster", servers != NULL ? servers : "not set");
	for (size_t i = 0; i < file->n_chains; i++)
		print_chain(out, file->chains[i]);
	for (size_t i = 0; i < warnings->n; i++)
		message("warning: %s", warnings->list[i]);
	if (warnings->n_more > 0)
		message("warning: and %zu more", warnings->n_more);
}

/* -- as JSON ----------------------------------------------------------------------------- */

static void put_chain(struct json *j, const struct stagger_chain *chain)
{
	json_open(j, '{');
	json_put_text(j, "name", chain->name);
	json_put_text(j, "order", order_name(chain->order));
	json_name(j, "workers");
	if (chain->workers == STAGGER_INLINE)
		json_text(j, "inline");
	else
		json_number(j, chain->workers);
	json_put_text(j, "mode", chain->republish ? "republish" : "handle");
	json_name(j, "topics");
	json_open(j, '[');
	for (int32_t i = 0; i < chain->n_stages; i++)
		json_text(j, chain->stages[i].topic);
	json_close(j, ']');
	json_put_text(j, "dead_letter_topic", chain->dead_letter_topic);
	json_close(j, '}');
}

static void put_properties(struct json *j, const struct chain_file *file)
{
	json_name(j, "kafka");
	json_open(j, '{');
	for (size_t i = 0; i < file->config->n_properties; i++) {
		const struct config_property *p = &file->config->properties[i];
		json_put_text(j, p->name, p->secret ? "***" : p->value);
	}
	json_close(j, '}');
}

static bool print_json(struct output *out, const struct chain_file *file,
		       const struct check_warnings *warnings, const struct check_brokers *brokers)
{
	struct json j = {0};

	json_open(&j, '{');
	json_put_text(&j, "file", file->name);
	json_put_text(&j, "group", file->options.group);
	json_put_text(&j, "instance", file->options.instance);
	json_name(&j, "session_timeout_ms");
	json_number(&j, file->options.session_timeout_ms);
	json_put_text(&j, "session_timeout_why", check_session_why(file));
	put_properties(&j, file);
	json_name(&j, "chains");
	json_open(&j, '[');
	for (size_t i = 0; i < file->n_chains; i++)
		put_chain(&j, file->chains[i]);
	json_close(&j, ']');
	json_name(&j, "warnings");
	json_open(&j, '[');
	for (size_t i = 0; i < warnings->n; i++)
		json_text(&j, warnings->list[i]);
	json_close(&j, ']');
	if (brokers != NULL)
		check_brokers_json(&j, brokers, file->name);
	json_close(&j, '}');
	char *text = json_finish(&j);
	if (text == NULL)
		return false;
	output_print(out, "%s\n", text);
	free(text);
	return true;
}

/* Everything in force, as a chain file. */
static bool print_yaml(struct output *out, const struct chain_file *file)
{
	char *text = config_show(file->config);

	if (text == NULL)
		return false;
	output_print(out, "%s", text);
	free(text);
	return true;
}

/* brokers NULL: were not asked. */
static bool print(struct cli *cli, const struct chain_file *file,
		  const struct check_warnings *warnings, const struct check_brokers *brokers)
{
	if (option_is(&cli->given, OPTION_OUTPUT, "json"))
		return print_json(&cli->out, file, warnings, brokers);
	bool yaml = option_is(&cli->given, OPTION_OUTPUT, "yaml");
	bool good = true;
	if (yaml)
		good = print_yaml(&cli->out, file);
	else
		print_table(&cli->out, file, warnings);
	if (brokers != NULL && !yaml)
		good = good && topics_table(&cli->out, &brokers->check.topics);
	if (brokers != NULL)
		check_brokers_say(brokers);
	return good;
}

static int check(struct cli *cli, struct chain_file *file, struct check_warnings *warnings)
{
	struct check_brokers brokers = {0};
	struct stagger_error err;
	bool asks = cli->given.values[OPTION_OFFLINE] == NULL;

	if (check_file(warnings, file, &err) != STAGGER_OK)
		return cli_fail(&err);
	int end = asks ? check_brokers_ask(&brokers, file, cli) : END_OK;
	if (asks && end == END_OK)
		end = (int)check_brokers_end(&brokers);
	else if (asks) // the file is good all the same
		asks = false;
	if (!print(cli, file, warnings, asks ? &brokers : NULL)) {
		message("out of memory");
		end = END_FAILED;
	}
	check_brokers_clear(&brokers);
	return end;
}

int cmd_check(struct cli *cli)
{
	struct check_warnings *warnings = calloc(1, sizeof(*warnings));
	struct chain_file file;

	if (warnings == NULL) {
		message("out of memory");
		return END_FAILED;
	}
	int end = chain_file_open(&file, cli);
	if (end == END_OK) {
		end = check(cli, &file, warnings);
		chain_file_close(&file);
	}
	free(warnings);
	return end;
}
