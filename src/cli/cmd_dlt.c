/* SPDX-License-Identifier: Apache-2.0
 *
 * stagger dlt ls, show and count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "base/json.h"
#include "cli/columns.h"
#include "cli/dlt.h"
#include "dead/count.h"

static bool no_memory(void)
{
	message("out of memory");
	return false;
}

static bool print_json(struct output *out, struct json *j)
{
	char *text = json_finish(j);

	if (text == NULL)
		return no_memory();
	output_print(out, "%s\n", text);
	free(text);
	return true;
}

static void put_time(struct json *j, const char *name, int64_t ms)
{
	json_name(j, name);
	if (ms >= 0)
		json_number(j, ms);
	else
		json_null(j);
}

/* -- ls ---------------------------------------------------------------------------------- */

static bool list_json(struct cli *cli, const struct dead_letter *letter, void *context)
{
	const struct stagger_envelope *e = letter->envelope;
	struct json j = {0};

	(void)context;
	json_open(&j, '{');
	json_put_text(&j, "topic", letter->record.topic);
	json_put_number(&j, "partition", letter->record.partition);
	json_put_number(&j, "offset", letter->record.offset);
	put_time(&j, "when", dead_letter_when_ms(letter));
	json_name(&j, "key");
	json_bytes(&j, e != NULL ? e->key : letter->record.key);
	if (e != NULL) {
		json_put_text(&j, "error_class", e->last.error_class);
		json_put_text(&j, "error_code", e->last.error_code);
		json_put_text(&j, "error_message", e->last.error_message);
		json_put_text(&j, "disposition", e->disposition);
		json_put_text(&j, "chain", e->chain);
		json_put_text(&j, "original_topic", e->original_topic);
		json_put_number(&j, "original_partition", e->original_partition);
		json_put_number(&j, "original_offset", e->original_offset);
		json_put_number(&j, "attempts", e->attempts);
	} else {
		json_put_text(&j, "no_envelope", letter->why);
	}
	json_close(&j, '}');
	return print_json(&cli->out, &j);
}

static bool list_row(struct cli *cli, const struct dead_letter *letter, void *context)
{
	struct columns *columns = context;
	const struct stagger_envelope *e = letter->envelope;
	char place[DLT_PLACE], original[DLT_PLACE], error_class[DLT_CLASS] = COUNT_NO_ENVELOPE;
	char when[INSTANT_TEXT] = "-", attempts[12] = "-";
	int64_t when_ms = dead_letter_when_ms(letter);

	(void)cli;
	if (when_ms >= 0)
		instant_format(when_ms, when);
	if (e != NULL) {
		snprintf(attempts, sizeof(attempts), "%d", (int)e->attempts);
		dlt_place(e->original_topic, e->original_partition, e->original_offset, original);
		dlt_class(&e->last, error_class);
	}
	const struct stagger_bytes cells[] = {
		bytes_text(dlt_place(letter->record.topic, letter->record.partition,
				     letter->record.offset, place)),
		bytes_text(when),
		bytes_text(error_class[0] != '\0' ? error_class : NULL),
		bytes_text(e != NULL ? original : NULL),
		bytes_text(attempts),
		bytes_text(e != NULL ? e->last.error_message : letter->why),
	};
	return columns_row(columns, cells) || no_memory();
}

int cmd_dlt_ls(struct cli *cli)
{
	static const struct column specs[] = {
		{"dead letter", false, 60}, {"when", false, 0},     {"class", false, 40},
		{"original", false, 60},    {"attempts", true, 0},  {"message", false, 100},
	};

	if (option_is(&cli->given, OPTION_OUTPUT, "json"))
		return dlt_read(cli, list_json, NULL);
	struct columns *columns = columns_new(&cli->out, specs, sizeof(specs) / sizeof(specs[0]));
	if (columns == NULL)
		return no_memory() ? END_OK : END_FAILED;
	int end = dlt_read(cli, list_row, columns);
	columns_end(&columns);
	return end;
}

/* -- show -------------------------------------------------------------------------------- */

static bool show_json(struct cli *cli, const struct dead_letter *letter, void *context)
{
	(void)context;
	return dlt_show_json(&cli->out, letter) || no_memory();
}

static bool show_text(struct cli *cli, const struct dead_letter *letter, void *context)
{
	(void)context;
	dlt_show_text(&cli->out, letter);
	return true;
}

int cmd_dlt_show(struct cli *cli)
{
	bool json = option_is(&cli->given, OPTION_OUTPUT, "json");

	return dlt_read(cli, json ? show_json : show_text, NULL);
}

/* -- count ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum count_by by;
} marks[] = {
	{"class", COUNT_CLASS}, {"topic", COUNT_TOPIC}, {"stage", COUNT_STAGE},
	{"hour", COUNT_HOUR},   {"chain", COUNT_CHAIN}, {"disposition", COUNT_DISPOSITION},
};

static size_t mark_of(const struct cli *cli)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (option_is(&cli->given, OPTION_BY, marks[i].name))
			return i;
	return 0;
}

static bool count_one(struct cli *cli, const struct dead_letter *letter, void *context)
{
	(void)cli;
	return count_add(context, letter) || no_memory();
}

static bool print_group_json(struct output *out, const char *mark, const struct count_group *group)
{
	struct json j = {0};

	json_open(&j, '{');
	json_put_text(&j, mark, group->name);
	json_put_number(&j, "count", group->n);
	put_time(&j, "first", group->first_ms);
	put_time(&j, "last", group->last_ms);
	json_close(&j, '}');
	return print_json(out, &j);
}

static bool add_group(struct columns *columns, const struct count_group *group)
{
	char number[24];
	char first[INSTANT_TEXT] = "-", last[INSTANT_TEXT] = "-";

	snprintf(number, sizeof(number), "%lld", (long long)group->n);
	if (group->first_ms >= 0)
		instant_format(group->first_ms, first);
	if (group->last_ms >= 0)
		instant_format(group->last_ms, last);
	const struct stagger_bytes cells[] = {bytes_text(number), bytes_text(group->name),
					      bytes_text(first), bytes_text(last)};
	return columns_row(columns, cells);
}

static bool print_groups(struct output *out, const char *mark, const struct count *count)
{
	const struct column specs[] = {
		{"count", true, 0}, {mark, false, 80}, {"first", false, 0}, {"last", false, 0}};
	struct columns *columns = columns_new(out, specs, 4);
	bool good = columns != NULL;

	for (size_t i = 0; i < count->n && good; i++)
		good = add_group(columns, &count->groups[i]);
	columns_end(&columns);
	return good || no_memory();
}

int cmd_dlt_count(struct cli *cli)
{
	size_t mark = mark_of(cli);
	struct count count;
	bool good = true;

	count_init(&count, marks[mark].by);
	int end = dlt_read(cli, count_one, &count);
	count_sort(&count);
	if (!option_is(&cli->given, OPTION_OUTPUT, "json"))
		good = print_groups(&cli->out, marks[mark].name, &count);
	else
		for (size_t i = 0; i < count.n && good; i++)
			good = print_group_json(&cli->out, marks[mark].name, &count.groups[i]);
	count_clear(&count);
	return good ? end : END_FAILED;
}
