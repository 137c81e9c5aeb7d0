/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a command line by the table. Options may stand anywhere, "--" ends them, a value follows
 * as the next word or behind '='. No abbreviations: a script must not break when an option is
 * added. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stagger/error.h>

#include "cli/table.h"

struct arguments_given {
	const struct command_info *command;
	const char *values[N_OPTIONS]; /* "" for a flag; NULL: not given. The last one counts */
	const char *file;              /* NULL: not given */
};

/* Whether it is the first word of commands with two. */
bool is_family(const char *word);
/* The command that argv[1..] begin with; *n_words of them are its name. INVALID: the text says what
 * is wrong and where help is. */
STAGGER_MUST_USE enum stagger_status command_find(const struct command_info **out, int *n_words,
						  int argc, const char *const *argv,
						  struct stagger_error *err);
/* The words behind the command's name. With --help nothing else is looked at. */
STAGGER_MUST_USE enum stagger_status options_read(struct arguments_given *out,
						  const struct command_info *command,
						  int argc, const char *const *argv,
						  struct stagger_error *err);
/* Whether that is the option's choice, given or by default. */
bool option_is(const struct arguments_given *given, enum option_id id, const char *choice);
/* The value as a number from bounds[0] to bounds[1]; *out stays when it was not given. */
STAGGER_MUST_USE enum stagger_status option_number(int64_t *out,
						   const struct arguments_given *given,
						   enum option_id id, const int64_t bounds[2],
						   struct stagger_error *err);

#endif
