/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command line may say: ONE table of commands, options and arguments. The parser, --help,
 * the man page and the completions of three shells are made of it, so that they cannot drift. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct cli;

enum option_id {
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_OUTPUT,
	OPTION_GROUP,
	OPTION_OFFLINE,
	OPTION_DRY_RUN,
	OPTION_CHAIN,
	OPTION_BROKERS,
	OPTION_TIMEOUT,
	OPTION_HEX,
	OPTION_PORT,
	OPTION_PARTITIONS,
	OPTION_CLASS,
	OPTION_CODE,
	OPTION_KEY,
	OPTION_DISPOSITION,
	OPTION_TOPIC,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_LIMIT,
	OPTION_BY,
	N_OPTIONS
};

struct option_info {
	enum option_id id;
	char letter;         /* 0: none */
	const char *name;    /* without its dashes */
	const char *value;   /* what --help calls its value; NULL: a flag */
	const char *choices; /* words between blanks, the first is the default; NULL: free */
	const char *meaning; /* one line, no full stop */
};

enum arguments { /* words that are no options */
	ARGUMENTS_NONE,
	ARGUMENTS_FILE,       /* one chain file, or "-" */
	ARGUMENTS_MAYBE_FILE, /* the same, or nothing */
};

struct command_info {
	const char *name;    /* one word or two: "check", "dlt ls" */
	const char *family;  /* the first of two words: "dlt"; else NULL */
	enum arguments arguments;
	const char *meaning; /* one line, no full stop */
	const char *details; /* lines for --help and the man page, each with its newline; or NULL */
	const struct option_info *options; /* --help is everybody's and not among them */
	size_t n_options;
	int (*run)(struct cli *cli); /* returns an enum end */
};

extern const struct command_info command_table[];
extern const size_t n_commands;
extern const struct option_info option_help, option_version;

/* " FILE", " [FILE]" or "". */
const char *arguments_text(enum arguments arguments);
/* The option of that command, --help included, or NULL. */
const struct option_info *command_option(const struct command_info *command, const char *name,
					 size_t size);
const struct option_info *command_letter(const struct command_info *command, char letter);
/* The next word of a list of choices: *rest moves behind it. False at the end. */
bool choice_next(const char **rest, const char **word, size_t *size);

#endif
