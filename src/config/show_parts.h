/* SPDX-License-Identifier: Apache-2.0
 *
 * Between show.c and show_values.c; nobody else's. */
#ifndef CONFIG_SHOW_PARTS_H
#define CONFIG_SHOW_PARTS_H

#include <stdio.h>

#include "config/bind.h"

struct show {
	FILE *out;
	const struct config *config;
	struct arena arena; /* texts without secrets */
	char path[64];      /* the map that is open, "retry.in_place" */
	int indent;         /* of the scope */
};

void show_text(struct show *s, const char *text);
void show_indent(struct show *s, int more);
/* Opens the maps of a path that are not open yet, and writes "delay:". */
void show_name(struct show *s, const char *path);
/* The value of a row's field. */
void show_value(struct show *s, const struct config_key *key, const char *at);

#endif
