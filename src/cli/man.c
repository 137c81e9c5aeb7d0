/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands and options of stagger(1), for scdoc. */
#include "cli/texts.h"

#include <ctype.h>
#include <string.h>

/* scdoc's marks are taken literally. A '-' or '.' cannot begin a line here. */
static void escaped(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (strchr("\\*_", text[i]) != NULL)
			fputc('\\', out);
		fputc(text[i], out);
	}
}

static void put(FILE *out, const char *text)
{
	escaped(out, text, strlen(text));
}

/* The first letter in upper case, a full stop at the end. */
static void sentence(FILE *out, const char *text)
{
	fputc(toupper((unsigned char)text[0]), out);
	put(out, text + 1);
}

static void option(FILE *out, const struct option_info *option)
{
	if (option->letter != 0)
		fprintf(out, "*-%c*, ", option->letter);
	fprintf(out, "*--%s*", option->name);
	if (option->value != NULL)
		fprintf(out, " _%s_", option->value);
	fputs("\n\t", out);
	sentence(out, option->meaning);
	if (option->choices != NULL) {
		const char *rest = option->choices;
		const char *word;
		size_t size, n = 0;
		while (choice_next(&rest, &word, &size)) {
			fputs(n == 0 ? ": *" : ", *", out);
			escaped(out, word, size);
			fputs(n++ == 0 ? "* (the default)" : "*", out);
		}
	}
	fputs(".\n\n", out);
}

/* Lines that are indented stay as they are: examples. */
static void details(FILE *out, const char *text)
{
	bool literal = false;

	while (*text != '\0') {
		size_t size = strcspn(text, "\n");
		bool example = strncmp(text, "    ", 4) == 0;
		if (example != literal)
			fputs(example ? "\n```\n" : "```\n\n", out);
		literal = example;
		if (example)
			fprintf(out, "%.*s\n", (int)size - 4, text + 4);
		else {
			escaped(out, text, size);
			fputc('\n', out);
		}
		text += size + (text[size] == '\n');
	}
	fputs(literal ? "```\n\n" : "\n", out);
}

void man_options(FILE *out)
{
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *command = &command_table[i];
		fprintf(out, "## stagger %s%s%s\n\n", command->name,
			command->n_options > 0 ? " [OPTION]..." : "",
			arguments_text(command->arguments));
		sentence(out, command->meaning);
		fputs(".\n\n", out);
		if (command->details != NULL)
			details(out, command->details);
		for (size_t k = 0; k < command->n_options; k++)
			option(out, &command->options[k]);
	}
	fputs("## Everywhere\n\n", out);
	option(out, &option_help);
	option(out, &option_version);
}
