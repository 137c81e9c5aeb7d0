/* SPDX-License-Identifier: Apache-2.0
 *
 * The chain file of a command line. */
#define _GNU_SOURCE
#include "cli/chain_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/input.h"
#include "consumer/state.h"

#define STDIN_NAME "(standard input)"
#define MAX_HOST 256

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static enum stagger_status load(struct chain_file *file, const struct cli *cli, char **report,
				struct stagger_error *err)
{
	const char *group = cli->given.values[OPTION_GROUP];
	struct config_text text = {.name = STDIN_NAME, .group = group};
	char *bytes = NULL;

	if (!is_stdin(cli->given.file))
		return config_load(&file->config, cli->given.file, group, report, err);
	enum stagger_status status =
		input_read(&bytes, &text.bytes.size, CONFIG_MAX_FILE, err);
	if (status != STAGGER_OK)
		return status;
	text.bytes.data = bytes;
	status = config_read(&file->config, &text, report, err);
	free(bytes);
	return status;
}

/* Defaults filled in, as a consumer has them; pointers to the chains. */
static enum stagger_status complete(struct chain_file *file, struct stagger_error *err)
{
	const struct config *config = file->config;
	char host[MAX_HOST] = "localhost";

	(void)gethostname(host, sizeof(host) - 1);
	file->chains = calloc(config->n_chains + 1, sizeof(struct stagger_chain *));
	file->properties = calloc(config->n_properties + 1, sizeof(*file->properties));
	if (file->chains == NULL || file->properties == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < config->n_chains; i++)
		file->chains[file->n_chains++] = config->chains[i];
	return options_take(&file->options, &config->consumer, host, err);
}

int chain_file_open(struct chain_file *out, const struct cli *cli)
{
	struct chain_file file = {
		.name = is_stdin(cli->given.file) ? STDIN_NAME : cli->given.file,
	};
	struct stagger_error err;
	char *report = NULL;
	int end = END_OK;

	enum stagger_status status = load(&file, cli, &report, &err);
	if (status == STAGGER_OK)
		status = complete(&file, &err);
	if (status == STAGGER_INVALID)
		end = END_CONFIG;
	else if (status != STAGGER_OK)
		end = END_FAILED;
	if (report != NULL)
		findings(report);
	else if (status != STAGGER_OK)
		message("%s", err.text);
	free(report);
	if (end == END_OK)
		*out = file;
	else
		chain_file_close(&file);
	return end;
}

void chain_file_close(struct chain_file *file)
{
	options_clear(&file->options);
	config_free(&file->config);
	free(file->chains);
	free(file->properties);
	*file = (struct chain_file){0};
}

int chain_file_check_chain(const struct chain_file *file, const struct cli *cli)
{
	const char *wanted = cli->given.values[OPTION_CHAIN];
	const char *names[CONFIG_MAX_CHAINS];

	for (size_t i = 0; i < file->n_chains; i++) {
		names[i] = file->chains[i]->name;
		if (strcmp(names[i], wanted) == 0)
			return END_OK;
	}
	const char *meant = text_nearest(wanted, names, file->n_chains);
	if (meant != NULL)
		message("%s: there is no chain '%s' in %s (did you mean '%s'?)",
			cli->given.command->name, wanted, file->name, meant);
	else
		message("%s: there is no chain '%s' in %s", cli->given.command->name, wanted,
			file->name);
	return END_USAGE;
}

static const struct config_property *property(const struct config *config, const char *name)
{
	const struct config_property *found = NULL;

	for (size_t i = 0; i < config->n_properties; i++)
		if (strcmp(config->properties[i].name, name) == 0)
			found = &config->properties[i];
	return found;
}

const char *chain_file_property(const struct chain_file *file, const char *name)
{
	const struct config_property *found =
		file->config != NULL ? property(file->config, name) : NULL;

	if (found == NULL)
		return NULL;
	return found->secret ? "***" : found->value;
}

/* -- the cluster ------------------------------------------------------------------------- */

/* Where the cluster is, when not where the file says; NULL: there. */
static const char *other_servers(struct chain_file *file, const struct cli *cli)
{
	const char *brokers = cli->given.values[OPTION_BROKERS];
	const struct config_property *servers = property(file->config, "bootstrap.servers");
	const struct config_property *port = property(file->config, "embedded.port");

	if (brokers != NULL)
		return brokers;
	if (servers == NULL || strcmp(servers->value, "embedded") != 0 || port == NULL ||
	    strcmp(port->value, "0") == 0)
		return NULL;
	snprintf(file->servers, sizeof(file->servers), "127.0.0.1:%s", port->value);
	return file->servers;
}

static void list_properties(struct chain_file *file, const char *servers)
{
	const struct config *config = file->config;

	file->n_properties = 0;
	for (size_t i = 0; i < config->n_properties; i++) {
		const struct config_property *p = &config->properties[i];
		bool replaced = strcmp(p->name, "bootstrap.servers") == 0 ||
				strncmp(p->name, "embedded.", 9) == 0;
		if (servers == NULL || !replaced)
			file->properties[file->n_properties++] =
				(struct kafka_property){p->name, p->value};
	}
	if (servers != NULL) /* it takes the place of one that was left out */
		file->properties[file->n_properties++] =
			(struct kafka_property){"bootstrap.servers", servers};
}

int chain_file_tool(struct tool_options *out, struct chain_file *file, const struct cli *cli)
{
	const char *timeout = cli->given.values[OPTION_TIMEOUT];
	int64_t timeout_ms = TOOL_TIMEOUT_MS;
	struct stagger_error err;

	if (timeout != NULL && duration_parse(&timeout_ms, timeout, &err) != STAGGER_OK) {
		message("%s: --timeout: %s", cli->given.command->name, err.text);
		return END_USAGE;
	}
	list_properties(file, other_servers(file, cli));
	*out = (struct tool_options){
		.properties = file->properties,
		.n_properties = file->n_properties,
		.timeout_ms = timeout_ms > 0 ? timeout_ms : 1,
	};
	return END_OK;
}
