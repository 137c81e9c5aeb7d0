/* SPDX-License-Identifier: Apache-2.0
 *
 * What is generated from the table: help, the man page's options, completions. */
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H

#include <stdio.h>

#include "cli/output.h"
#include "cli/table.h"

/* family: only its commands; NULL: all. */
void help_all(struct output *out, const char *family);
void help_command(struct output *out, const struct command_info *command);
/* The part of stagger(1) between its two marks, in scdoc's language. */
void man_options(FILE *out);
void complete_bash(FILE *out);
void complete_zsh(FILE *out);
void complete_fish(FILE *out);

/* Calls each(of, context) for every command that is the first of its family, or has none: the first
 * words of command lines, each once. */
void each_first(void (*each)(const struct command_info *command, void *context), void *context);
/* The first word of the command. */
size_t first_size(const struct command_info *command);
/* What follows the first word, or NULL. */
const char *second_word(const struct command_info *command);

#endif
