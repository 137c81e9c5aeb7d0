/* SPDX-License-Identifier: Apache-2.0
 *
 * Completions: what bash, zsh and fish read. Names of the table hold no character that a shell
 * minds; its meanings do, and are quoted. */
#include "cli/texts.h"

#include <string.h>

/* In single quotes, as the shells and zsh's _arguments want it. */
static void quoted(FILE *out, const char *text, const char *special, const char *apostrophe)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs(apostrophe, out);
		else if (strchr(special, *text) != NULL)
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static bool takes_file(const struct command_info *command)
{
	return command->arguments != ARGUMENTS_NONE;
}

struct each {
	FILE *out;
	const char *before;
};

/* -- bash -------------------------------------------------------------------------------- */

static void bash_word(const struct command_info *command, void *context)
{
	const struct each *each = context;

	fprintf(each->out, "%.*s ", (int)first_size(command), command->name);
}

static void bash_family(const struct command_info *first, void *context)
{
	const struct each *each = context;

	if (first->family == NULL)
		return;
	fprintf(each->out, "\t%s)\n\t\tsecond='", first->family);
	for (size_t i = 0; i < n_commands; i++)
		if (command_table[i].family != NULL &&
		    strcmp(command_table[i].family, first->family) == 0)
			fprintf(each->out, "%s ", second_word(&command_table[i]));
	fputs("--help'\n\t\t;;\n", each->out);
}

static void bash_values(FILE *out, const struct command_info *command)
{
	for (size_t i = 0; i < command->n_options; i++) {
		const struct option_info *option = &command->options[i];
		if (option->value == NULL)
			continue;
		fprintf(out, "\t'%s,--%s'", command->name, option->name);
		if (option->letter != 0)
			fprintf(out, " | '%s,-%c'", command->name, option->letter);
		if (option->choices != NULL)
			fprintf(out, ")\n\t\tCOMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n",
				option->choices);
		else
			fputs(")\n", out);
		fputs("\t\treturn\n\t\t;;\n", out);
	}
}

static void bash_options(FILE *out, const struct command_info *command)
{
	fprintf(out, "\t'%s')\n\t\toptions='", command->name);
	for (size_t i = 0; i < command->n_options; i++)
		fprintf(out, "--%s ", command->options[i].name);
	fprintf(out, "--help'\n%s\t\t;;\n", takes_file(command) ? "\t\tfiles=yes\n" : "");
}

void complete_bash(FILE *out)
{
	struct each each = {.out = out};

	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# Completion of stagger(1) for bash, made of the command's own table.\n"
	      "_stagger()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal command=${COMP_WORDS[1]} second='' options='' files=''\n\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W '",
	      out);
	each_first(bash_word, &each);
	fputs("--help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\tcase $command in\n",
	      out);
	each_first(bash_family, &each);
	fputs("\tesac\n"
	      "\tif [ -n \"$second\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$second\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\t[ -z \"$second\" ] || command=\"$command ${COMP_WORDS[2]}\"\n"
	      "\t# --name=value comes as three words\n"
	      "\t[ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\t[ \"$cur\" != = ] || cur=''\n"
	      "\tcase $command,$prev in\n",
	      out);
	for (size_t i = 0; i < n_commands; i++)
		bash_values(out, &command_table[i]);
	fputs("\tesac\n\tcase $command in\n", out);
	for (size_t i = 0; i < n_commands; i++)
		bash_options(out, &command_table[i]);
	fputs("\tesac\n"
	      "\tif [ \"${cur#-}\" != \"$cur\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\telif [ -n \"$files\" ]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	      "\tfi\n}\n"
	      "complete -F _stagger stagger\n",
	      out);
}

/* -- zsh --------------------------------------------------------------------------------- */

#define ZSH_SPECIAL "[]:\\"
#define ZSH_APOSTROPHE "'\\''"

static void zsh_first(const struct command_info *command, void *context)
{
	const struct each *each = context;
	FILE *out = each->out;

	fprintf(out, "\t\t\t'%.*s:", (int)first_size(command), command->name);
	if (command->family != NULL)
		fprintf(out, "%s ...", command->family);
	else
		quoted(out, command->meaning, ZSH_SPECIAL, ZSH_APOSTROPHE);
	fputs("'\n", out);
}

static void zsh_family(const struct command_info *first, void *context)
{
	const struct each *each = context;
	FILE *out = each->out;

	if (first->family == NULL)
		return;
	fprintf(out,
		"\t%s)\n\t\tif (( CURRENT == 2 )); then\n\t\t\tcommands=(\n", first->family);
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *command = &command_table[i];
		if (command->family == NULL || strcmp(command->family, first->family) != 0)
			continue;
		fprintf(out, "\t\t\t\t'%s:", second_word(command));
		quoted(out, command->meaning, ZSH_SPECIAL, ZSH_APOSTROPHE);
		fputs("'\n", out);
	}
	fputs("\t\t\t)\n\t\t\t_describe command commands\n\t\t\treturn\n\t\tfi\n"
	      "\t\tcommand+=\" $words[2]\"\n\t\tshift words\n\t\t(( CURRENT-- ))\n\t\t;;\n",
	      out);
}

static void zsh_option(FILE *out, const struct option_info *option)
{
	fputs(" \\\n\t\t\t", out);
	if (option->letter != 0)
		fprintf(out, "'(-%c --%s)'{-%c,--%s}'", option->letter, option->name,
			option->letter, option->name);
	else
		fprintf(out, "'--%s", option->name);
	fputc('[', out);
	quoted(out, option->meaning, ZSH_SPECIAL, ZSH_APOSTROPHE);
	fputc(']', out);
	if (option->value != NULL)
		fprintf(out, ":%s:", option->value);
	if (option->choices != NULL)
		fprintf(out, "(%s)", option->choices);
	fputc('\'', out);
}

void complete_zsh(FILE *out)
{
	struct each each = {.out = out};

	fputs("#compdef stagger\n"
	      "# SPDX-License-Identifier: Apache-2.0\n"
	      "# Completion of stagger(1) for zsh, made of the command's own table.\n"
	      "_stagger() {\n\tlocal -a commands\n"
	      "\tif (( CURRENT == 2 )); then\n\t\tcommands=(\n",
	      out);
	each_first(zsh_first, &each);
	fputs("\t\t\t'--help:say what there is'\n"
	      "\t\t)\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	      "\tcase $command in\n",
	      out);
	each_first(zsh_family, &each);
	fputs("\tesac\n\tcase $command in\n", out);
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *command = &command_table[i];
		fprintf(out, "\t'%s')\n\t\t_arguments", command->name);
		for (size_t k = 0; k < command->n_options; k++)
			zsh_option(out, &command->options[k]);
		zsh_option(out, &option_help);
		if (takes_file(command))
			fputs(" \\\n\t\t\t'1:chain file:_files'", out);
		fputs("\n\t\t;;\n", out);
	}
	fputs("\tesac\n}\n_stagger \"$@\"\n", out);
}

/* -- fish -------------------------------------------------------------------------------- */

#define FISH_SPECIAL "\\"
#define FISH_APOSTROPHE "\\'"

static void fish_begin(FILE *out, const struct command_info *command)
{
	fputs("complete -c stagger -n '__fish_seen_subcommand_from ", out);
	if (command->family != NULL)
		fprintf(out, "%s; and __fish_seen_subcommand_from %s' ", command->family,
			second_word(command));
	else
		fprintf(out, "%s' ", command->name);
}

static void fish_option(FILE *out, const struct option_info *option)
{
	if (option->letter != 0)
		fprintf(out, "-s %c ", option->letter);
	fprintf(out, "-l %s ", option->name);
	if (option->value != NULL)
		fputs("-x ", out);
	if (option->choices != NULL)
		fprintf(out, "-a '%s' ", option->choices);
	fputs("-d '", out);
	quoted(out, option->meaning, FISH_SPECIAL, FISH_APOSTROPHE);
	fputs("'\n", out);
}

static void fish_first(const struct command_info *command, void *context)
{
	const struct each *each = context;
	FILE *out = each->out;

	fprintf(out, "complete -c stagger -n __fish_use_subcommand -a %.*s",
		(int)first_size(command), command->name);
	if (command->family != NULL) {
		fputc('\n', out);
		return;
	}
	fputs(" -d '", out);
	quoted(out, command->meaning, FISH_SPECIAL, FISH_APOSTROPHE);
	fputs("'\n", out);
}

static void fish_second(FILE *out, const struct command_info *command)
{
	if (command->family == NULL)
		return;
	fprintf(out,
		"complete -c stagger -n '__fish_seen_subcommand_from %s; and not "
		"__fish_seen_subcommand_from %s' -a %s -d '",
		command->family, second_word(command), second_word(command));
	quoted(out, command->meaning, FISH_SPECIAL, FISH_APOSTROPHE);
	fputs("'\n", out);
}

void complete_fish(FILE *out)
{
	struct each each = {.out = out};

	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# Completion of stagger(1) for fish, made of the command's own table.\n"
	      "complete -c stagger -f\n",
	      out);
	each_first(fish_first, &each);
	for (size_t i = 0; i < n_commands; i++) {
		const struct command_info *command = &command_table[i];
		fish_second(out, command);
		for (size_t k = 0; k < command->n_options; k++) {
			fish_begin(out, command);
			fish_option(out, &command->options[k]);
		}
		if (takes_file(command)) {
			fish_begin(out, command);
			fputs("-F\n", out);
		}
	}
	fputs("complete -c stagger ", out);
	fish_option(out, &option_help);
	fputs("complete -c stagger -n __fish_use_subcommand ", out);
	fish_option(out, &option_version);
}
