/* SPDX-License-Identifier: Apache-2.0
 *
 * --help, of all and of one command. */
#include "cli/texts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define LEFT 28 /* columns of what stands left of the meanings */

/* "--output FORMAT", "-x, --hex" */
static void option_left(char *to, size_t room, const struct option_info *option)
{
	size_t used = 0;

	if (option->letter != 0)
		text_add(to, room, &used, "-%c, ", option->letter);
	else
		text_add(to, room, &used, "    ");
	text_add(to, room, &used, "--%s", option->name);
	if (option->value != NULL)
		text_add(to, room, &used, " %s", option->value);
}

static void print_option(struct output *out, const struct option_info *option)
{
	char left[128];

	option_left(left, sizeof(left), option);
	output_print(out, "  %-*s  %s", LEFT, left, option->meaning);
	if (option->choices != NULL) {
		const char *rest = option->choices;
		const char *word;
		size_t size, n = 0;
		while (choice_next(&rest, &word, &size))
			output_print(out, "%s%.*s", n++ == 0 ? ": " : ", ", (int)size, word);
	}
	output_print(out, "\n");
}

static void title(struct output *out, const char *text)
{
	output_style(out, STYLE_BOLD);
	output_print(out, "%s", text);
	output_style(out, STYLE_PLAIN);
	output_print(out, "\n");
}

static void print_commands(struct output *out, const char *family)
{
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *command = &command_table[i];
		char left[128];
		size_t used = 0;
		if (family != NULL &&
		    (command->family == NULL || strcmp(command->family, family) != 0))
			continue;
		text_add(left, sizeof(left), &used, "%s%s", command->name,
			 arguments_text(command->arguments));
		output_print(out, "  %-*s  %s\n", LEFT, left, command->meaning);
	}
}

void help_all(struct output *out, const char *family)
{
	title(out, "stagger COMMAND [OPTION]... [FILE]");
	output_print(out, "Retry topics and dead-letter topics for Kafka. FILE is a chain file, "
			  "see stagger.yaml(5).\n\n");
	print_commands(out, family);
	output_print(out, "\n");
	print_option(out, &option_help);
	print_option(out, &option_version);
	output_print(out, "\n'stagger COMMAND --help' says what a command takes.\n"
			  "Ends with 0: done, 1: failed, 2: wrong usage, 3: partly done, "
			  "4: nothing matched,\n"
			  "75: no broker answered, 78: the chain file is wrong.\n");
}

void help_command(struct output *out, const struct command_info *command)
{
	char usage[128];
	size_t used = 0;

	text_add(usage, sizeof(usage), &used, "stagger %s%s%s", command->name,
		 command->n_options > 0 ? " [OPTION]..." : "", arguments_text(command->arguments));
	title(out, usage);
	output_print(out, "%c%s.\n", toupper((unsigned char)command->meaning[0]),
		     command->meaning + 1);
	if (command->details != NULL)
		output_print(out, "\n%s", command->details);
	output_print(out, "\n");
	for (size_t i = 0; i < command->n_options; i++)
		print_option(out, &command->options[i]);
	print_option(out, &option_help);
}

void each_first(void (*each)(const struct command_info *command, void *context), void *context)
{
	for (size_t i = 0; i < n_commands; i++) {
		const char *family = command_table[i].family;
		bool again = i > 0 && family != NULL && command_table[i - 1].family != NULL &&
			     strcmp(command_table[i - 1].family, family) == 0;
		if (!again)
			each(&command_table[i], context);
	}
}

size_t first_size(const struct command_info *command)
{
	return strcspn(command->name, " ");
}

const char *second_word(const struct command_info *command)
{
	return command->family != NULL ? command->name + strlen(command->family) + 1 : NULL;
}
