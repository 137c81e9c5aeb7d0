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

static const struct option_info decode_options[] = {
	{OPTION_HEX, 'x', "hex", NULL, NULL, "the input is text: hexadecimal digits and blanks"},
};

const struct command_info command_table[] = {
	{
		.name = "decode",
		.meaning = "an envelope from stdin to JSON",
		.details = "Reads one envelope, the value of one record, prints it as JSON:\n"
			   "    kcat -C -t orders.billing.dlt -o 0 -c 1 -e -f '%s' | "
			   "stagger decode\n"
			   "One record at a time: in the values of several records nothing says\n"
			   "where one ends (for all of a topic: stagger dlt show).\n",
		OPTIONS(decode_options),
		.run = cmd_decode,
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
