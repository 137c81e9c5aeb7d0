/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the dead letters that a command line means. */
#define _GNU_SOURCE
#include "cli/dlt.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/instant.h"
#include "base/text.h"

const char *dlt_place(const char *topic, int32_t partition, int64_t offset, char text[DLT_PLACE])
{
	size_t used = 0;

	text_add(text, DLT_PLACE, &used, "%s/%d/%lld", topic, (int)partition, (long long)offset);
	return text;
}

const char *dlt_class(const struct stagger_fault *fault, char text[DLT_CLASS])
{
	size_t used = 0;

	text_add(text, DLT_CLASS, &used, "%s%s%s", fault->error_class,
		 fault->error_code != NULL ? "/" : "",
		 fault->error_code != NULL ? fault->error_code : "");
	return text;
}

static enum stagger_status read_instant(int64_t *out_ms, const struct cli *cli, enum option_id id,
					const char *name, struct stagger_error *err)
{
	const char *text = cli->given.values[id];
	struct stagger_error inner;

	if (text == NULL)
		return STAGGER_OK;
	if (instant_parse(out_ms, text, clock_wall_us() / 1000, &inner) == STAGGER_OK)
		return STAGGER_OK;
	snprintf(err->text, sizeof(err->text), "%s: --%s: %.200s", cli->given.command->name, name,
		 inner.text);
	return STAGGER_INVALID;
}

/* Clear it with match_clear() when by_class. */
static enum stagger_status read_filter(struct dead_filter *out, const struct cli *cli,
				       struct stagger_error *err)
{
	const char *const *values = cli->given.values;
	struct stagger_error inner;
	struct dead_filter filter = {
		.chain = values[OPTION_CHAIN],
		.code = values[OPTION_CODE],
		.disposition = values[OPTION_DISPOSITION],
		.key = values[OPTION_KEY],
		.topic = values[OPTION_TOPIC],
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
	};

	enum stagger_status status =
		read_instant(&filter.since_ms, cli, OPTION_SINCE, "since", err);
	if (status == STAGGER_OK)
		status = read_instant(&filter.until_ms, cli, OPTION_UNTIL, "until", err);
	if (status != STAGGER_OK)
		return status;
	if (values[OPTION_CLASS] != NULL) {
		filter.by_class = true;
		if (match_parse(&filter.match, values[OPTION_CLASS], &inner) != STAGGER_OK) {
			snprintf(err->text, sizeof(err->text), "%s: --class: %.200s",
				 cli->given.command->name, inner.text);
			return STAGGER_INVALID;
		}
	}
	*out = filter;
	return STAGGER_OK;
}

static void say_trouble(const struct stagger_error *err, void *user)
{
	const struct cli *cli = user;

	if (err->status == STAGGER_TOPICS)
		message("%s; 'stagger topics create %s' makes it", err->text, cli->given.file);
	else
		message("%s", err->text);
}

static int read_all(struct cli *cli, struct dead_read *reader, int64_t limit, dlt_each each,
		    void *context)
{
	const struct dead_letter *letter = NULL;
	struct stagger_error err;
	int64_t n = 0;

	while (n < limit && !cli->out.gone) {
		if (dead_read_next(reader, &letter, &err) != STAGGER_OK)
			return cli_fail(&err);
		if (letter == NULL)
			break;
		n++;
		if (!each(cli, letter, context))
			return END_FAILED;
	}
	if (dead_read_n_troubles(reader) > 0)
		return END_PARTLY;
	if (n > 0)
		return END_OK;
	message("no dead letter matches");
	return END_NOTHING;
}

/* The chains whose topics are read: all, or the one that is meant. */
static int open_reader(struct dead_read **out, struct cli *cli, struct chain_file *file,
		       const struct dead_filter *filter)
{
	struct dead_read_options options = {
		.chains = file->chains,
		.n_chains = file->n_chains,
		.filter = filter,
		.trouble = say_trouble,
		.user = cli,
	};
	struct stagger_error err;
	int end = chain_file_tool(&options.tool, file, cli);

	if (end == END_OK && filter->chain != NULL)
		end = chain_file_check_chain(file, cli);
	for (size_t i = 0; end == END_OK && filter->chain != NULL && i < file->n_chains; i++) {
		if (strcmp(file->chains[i]->name, filter->chain) != 0)
			continue;
		options.chains = &file->chains[i];
		options.n_chains = 1;
		break;
	}
	if (end == END_OK && dead_read_new(out, &options, &err) != STAGGER_OK) {
		say_trouble(&err, cli);
		end = (int)end_of(err.status);
	}
	return end;
}

int dlt_read(struct cli *cli, dlt_each each, void *context)
{
	static const int64_t bounds[2] = {1, INT64_MAX};
	struct dead_read *reader = NULL;
	struct dead_filter filter;
	struct chain_file file;
	struct stagger_error err;
	int64_t limit = INT64_MAX;

	if (option_number(&limit, &cli->given, OPTION_LIMIT, bounds, &err) != STAGGER_OK ||
	    read_filter(&filter, cli, &err) != STAGGER_OK) {
		message("%s", err.text);
		return END_USAGE;
	}
	int end = chain_file_open(&file, cli);
	if (end == END_OK) {
		end = open_reader(&reader, cli, &file, &filter);
		if (end == END_OK)
			end = read_all(cli, reader, limit, each, context);
		dead_read_free(&reader);
		chain_file_close(&file);
	}
	if (filter.by_class)
		match_clear(&filter.match);
	return end;
}
