/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a command line by the table. */
#define _GNU_SOURCE
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#define MAX_NAMES 64 /* commands, or options of one command */

/* -- commands ---------------------------------------------------------------------------- */

/* The words of the command's name if argv[1..] begin with them, else 0. */
static int words_of(const struct command_info *command, int argc, const char *const *argv)
{
	size_t first = strcspn(command->name, " ");
	const char *second = command->name + first;

	if (argc < 2 || strlen(argv[1]) != first || memcmp(argv[1], command->name, first) != 0)
		return 0;
	if (*second == '\0')
		return 1;
	return argc > 2 && strcmp(argv[2], second + 1) == 0 ? 2 : 0;
}

static bool in_family(const struct command_info *command, const char *word)
{
	return command->family != NULL && strcmp(command->family, word) == 0;
}

bool is_family(const char *word)
{
	for (size_t i = 0; i < n_commands; i++)
		if (in_family(&command_table[i], word))
			return true;
	return false;
}

/* After the family's name: what there is, or what was meant. */
static enum stagger_status fail_family(const char *family, const char *word,
				       struct stagger_error *err)
{
	const char *names[MAX_NAMES];
	char list[256] = "";
	size_t used = 0, n = 0;

	for (size_t i = 0; i < n_commands && n < MAX_NAMES; i++) {
		if (!in_family(&command_table[i], family))
			continue;
		names[n] = command_table[i].name + strlen(family) + 1;
		text_add(list, sizeof(list), &used, "%s%s", used > 0 ? ", " : "", names[n]);
		n++;
	}
	if (word == NULL)
		return fail(err, STAGGER_INVALID,
			    "%s: say what: %s; see 'stagger --help'", family, list);
	const char *meant = text_nearest(word, names, n);
	if (meant != NULL)
		return fail(err, STAGGER_INVALID,
			    "%s: unknown command '%s' (did you mean '%s'?); see 'stagger --help'",
			    family, word, meant);
	return fail(err, STAGGER_INVALID,
		    "%s: unknown command '%s', there are %s; see 'stagger --help'", family, word,
		    list);
}

enum stagger_status command_find(const struct command_info **out, int *n_words, int argc,
				 const char *const *argv, struct stagger_error *err)
{
	const char *names[MAX_NAMES];
	size_t n = 0;

	if (argc < 2)
		return fail(err, STAGGER_INVALID, "say what to do; see 'stagger --help'");
	for (size_t i = 0; i < n_commands && n < MAX_NAMES; i++) {
		int words = words_of(&command_table[i], argc, argv);
		if (words > 0) {
			*out = &command_table[i];
			*n_words = words;
			return STAGGER_OK;
		}
		names[n++] = command_table[i].family != NULL ? command_table[i].family
							     : command_table[i].name;
	}
	if (is_family(argv[1]))
		return fail_family(argv[1], argc > 2 ? argv[2] : NULL, err);
	const char *meant = text_nearest(argv[1], names, n);
	const char *kind = argv[1][0] == '-' ? "option" : "command";
	if (meant != NULL)
		return fail(err, STAGGER_INVALID,
			    "unknown %s '%s' (did you mean '%s'?); see 'stagger --help'", kind,
			    argv[1], meant);
	return fail(err, STAGGER_INVALID, "unknown %s '%s'; see 'stagger --help'", kind, argv[1]);
}

/* -- options ----------------------------------------------------------------------------- */

struct reader {
	struct arguments_given *given;
	const struct command_info *command;
	int argc, at;
	const char *const *argv;
};

static enum stagger_status fail_usage(const struct command_info *command, const char *what,
				      struct stagger_error *err)
{
	return fail(err, STAGGER_INVALID, "%s: %s; see 'stagger %s --help'", command->name, what,
		    command->name);
}

static enum stagger_status fail_unknown(const struct command_info *command, const char *word,
					size_t size, struct stagger_error *err)
{
	const char *names[MAX_NAMES];
	char what[512];
	char name[TEXT_MAX_WORD + 1] = "";
	size_t n = 0;

	names[n++] = option_help.name;
	for (size_t i = 0; i < command->n_options && n < MAX_NAMES; i++)
		names[n++] = command->options[i].name;
	if (size < sizeof(name))
		memcpy(name, word, size);
	const char *meant = name[0] != '\0' && size > 1 ? text_nearest(name, names, n) : NULL;
	const char *dashes = size > 1 ? "--" : "-";
	if (meant != NULL)
		snprintf(what, sizeof(what), "unknown option '%s%.*s' (did you mean '--%s'?)",
			 dashes, (int)size, word, meant);
	else
		snprintf(what, sizeof(what), "unknown option '%s%.*s'", dashes,
			 (int)(size < 200 ? size : 200), word);
	return fail_usage(command, what, err);
}

static enum stagger_status check_choice(const struct command_info *command,
					const struct option_info *option, const char *value,
					struct stagger_error *err)
{
	const char *rest = option->choices;
	const char *word;
	char what[512];
	char list[256] = "";
	size_t size, used = 0;

	while (choice_next(&rest, &word, &size)) {
		if (strlen(value) == size && memcmp(word, value, size) == 0)
			return STAGGER_OK;
		text_add(list, sizeof(list), &used, "%s%.*s", used > 0 ? ", " : "", (int)size,
			 word);
	}
	snprintf(what, sizeof(what), "--%s is '%.64s', not one of %s", option->name, value, list);
	return fail_usage(command, what, err);
}

/* joined: the value that stood in the same word, or NULL. */
static enum stagger_status take_option(struct reader *r, const struct option_info *option,
				       const char *joined, struct stagger_error *err)
{
	const char *value = joined;
	char what[256];

	if (option->value == NULL) {
		if (joined != NULL) {
			snprintf(what, sizeof(what), "--%s takes no value", option->name);
			return fail_usage(r->command, what, err);
		}
		value = "";
	} else if (value == NULL) {
		if (r->at + 1 >= r->argc) {
			snprintf(what, sizeof(what), "--%s needs a value: --%s %s", option->name,
				 option->name, option->value);
			return fail_usage(r->command, what, err);
		}
		value = r->argv[++r->at];
	}
	if (option->choices != NULL) {
		enum stagger_status status = check_choice(r->command, option, value, err);
		if (status != STAGGER_OK)
			return status;
	}
	r->given->values[option->id] = value;
	return STAGGER_OK;
}

static enum stagger_status take_long(struct reader *r, const char *word, struct stagger_error *err)
{
	size_t size = strcspn(word, "=");
	const struct option_info *option = command_option(r->command, word, size);

	if (option == NULL)
		return fail_unknown(r->command, word, size, err);
	return take_option(r, option, word[size] == '=' ? word + size + 1 : NULL, err);
}

/* "-o json", "-ojson", and flags together. */
static enum stagger_status take_letters(struct reader *r, const char *word,
					struct stagger_error *err)
{
	for (; *word != '\0'; word++) {
		const struct option_info *option = command_letter(r->command, *word);
		if (option == NULL)
			return fail_unknown(r->command, word, 1, err);
		bool joined = option->value != NULL && word[1] != '\0';
		enum stagger_status status =
			take_option(r, option, joined ? word + 1 : NULL, err);
		if (status != STAGGER_OK || option->value != NULL)
			return status;
	}
	return STAGGER_OK;
}

static enum stagger_status take_word(struct reader *r, const char *word, struct stagger_error *err)
{
	char what[256];

	if (r->command->arguments == ARGUMENTS_NONE || r->given->file != NULL) {
		snprintf(what, sizeof(what), "'%.128s' is too much: %s", word,
			 r->command->arguments == ARGUMENTS_NONE ? "no file is read"
								 : "one file is read");
		return fail_usage(r->command, what, err);
	}
	r->given->file = word;
	return STAGGER_OK;
}

static bool wants_help(int argc, const char *const *argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

enum stagger_status options_read(struct arguments_given *out, const struct command_info *command,
				 int argc, const char *const *argv, struct stagger_error *err)
{
	struct arguments_given given = {.command = command};
	struct reader r = {.given = &given, .command = command, .argc = argc, .argv = argv};
	enum stagger_status status = STAGGER_OK;
	bool words_only = false;

	if (wants_help(argc, argv)) {
		given.values[OPTION_HELP] = "";
		*out = given;
		return STAGGER_OK;
	}
	for (; r.at < argc && status == STAGGER_OK; r.at++) {
		const char *word = argv[r.at];
		if (words_only || word[0] != '-' || word[1] == '\0')
			status = take_word(&r, word, err);
		else if (strcmp(word, "--") == 0)
			words_only = true;
		else if (word[1] == '-')
			status = take_long(&r, word + 2, err);
		else
			status = take_letters(&r, word + 1, err);
	}
	if (status == STAGGER_OK && command->arguments == ARGUMENTS_FILE && given.file == NULL)
		status = fail_usage(command, "a chain file is missing", err);
	if (status == STAGGER_OK)
		*out = given;
	return status;
}

static const struct option_info *option_of(const struct command_info *command, enum option_id id)
{
	for (size_t i = 0; i < command->n_options; i++)
		if (command->options[i].id == id)
			return &command->options[i];
	return NULL;
}

bool option_is(const struct arguments_given *given, enum option_id id, const char *choice)
{
	const struct option_info *option = option_of(given->command, id);
	const char *value = given->values[id];
	size_t size = strlen(choice);

	if (value != NULL)
		return strcmp(value, choice) == 0;
	return option != NULL && option->choices != NULL && strcspn(option->choices, " ") == size &&
	       memcmp(option->choices, choice, size) == 0;
}

enum stagger_status option_number(int64_t *out, const struct arguments_given *given,
				  enum option_id id, const int64_t bounds[2],
				  struct stagger_error *err)
{
	const char *text = given->values[id];
	char *end;
	char what[256];

	if (text == NULL)
		return STAGGER_OK;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0 && number >= bounds[0] &&
	    number <= bounds[1]) {
		*out = number;
		return STAGGER_OK;
	}
	snprintf(what, sizeof(what), "--%s is '%.64s', not a number of %lld..%lld",
		 option_of(given->command, id)->name, text, (long long)bounds[0],
		 (long long)bounds[1]);
	return fail_usage(given->command, what, err);
}
