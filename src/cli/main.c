/* SPDX-License-Identifier: Apache-2.0
 *
 * The command: finds the sub-command, runs it, and judges what became of its output. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <stagger/stagger.h>

#include "cli/cli.h"
#include "cli/texts.h"

static bool asks(const char *word, const struct option_info *option)
{
	if (word != NULL && word[0] == '-' && word[1] == '-')
		return strcmp(word + 2, option->name) == 0;
	return word != NULL && word[0] == '-' && word[1] == option->letter && word[2] == '\0';
}

static int fail_usage(const struct stagger_error *err)
{
	message("%s", err->text);
	return END_USAGE;
}

static int run(struct cli *cli, int argc, const char *const *argv)
{
	const struct command_info *command;
	struct stagger_error err;
	int n_words = 0;

	if (argc > 1 && asks(argv[1], &option_help)) {
		help_all(&cli->out, NULL);
		return END_OK;
	}
	if (argc > 2 && is_family(argv[1]) && asks(argv[2], &option_help)) {
		help_all(&cli->out, argv[1]);
		return END_OK;
	}
	if (argc > 1 && asks(argv[1], &option_version)) {
		output_print(&cli->out, "stagger %s\n", stagger_version());
		return END_OK;
	}
	if (command_find(&command, &n_words, argc, argv, &err) != STAGGER_OK)
		return fail_usage(&err);
	if (options_read(&cli->given, command, argc - 1 - n_words, argv + 1 + n_words, &err) !=
	    STAGGER_OK)
		return fail_usage(&err);
	if (cli->given.values[OPTION_HELP] != NULL) {
		help_command(&cli->out, command);
		return END_OK;
	}
	return command->run(cli);
}

/* Where a standard descriptor is closed, the next socket would get its number, and what we print
 * would go there. Its place is taken by one that refuses: reading the output, writing the input. */
static void take_closed_places(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	int end;

	/* A reader that leaves is seen when we write; and TLS writes without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	take_closed_places();
	output_open(&cli.out, stdout);
	end = run(&cli, argc, (const char *const *)argv);
	return output_close(&cli.out) ? end : END_FAILED;
}
