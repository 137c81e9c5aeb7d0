/* SPDX-License-Identifier: Apache-2.0
 *
 * read_config FILE [GROUP]: what is in force, or all that is wrong (status 78). */
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"

int main(int argc, char **argv)
{
	struct config *config = NULL;
	struct stagger_error err = { 0 };
	char *text = NULL;

	if (argc < 2) {
		fputs("usage: read_config FILE [GROUP]\n", stderr);
		return 2;
	}
	enum stagger_status status =
		config_load(&config, argv[1], argc > 2 ? argv[2] : NULL, &text, &err);
	if (status == STAGGER_OK)
		text = config_show(config);
	fputs(text != NULL ? text : err.text, stdout);
	free(text);
	config_free(&config);
	return status == STAGGER_OK ? 0 : 78;
}
