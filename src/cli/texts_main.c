/* SPDX-License-Identifier: Apache-2.0
 *
 * The build's tool that writes what is generated from the table: cli-texts man|bash|zsh|fish. */
#include <stdio.h>
#include <string.h>

#include "cli/texts.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(FILE *out);
	} texts[] = {
		{"man", man_options},
		{"bash", complete_bash},
		{"zsh", complete_zsh},
		{"fish", complete_fish},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].name, argv[1]) != 0)
			continue;
		texts[i].write(stdout);
		return fflush(stdout) == 0 ? 0 : 1;
	}
	fputs("usage: cli-texts man|bash|zsh|fish\n", stderr);
	return 2;
}
