/* SPDX-License-Identifier: Apache-2.0
 *
 * Did-you-mean for librdkafka's properties, out of its own list: the names of this version, not of
 * the one we know. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_NAMES 512

/* Cuts the table that librdkafka prints into the names of its rows: "name | C/P | ...". */
static size_t cut_names(char *table, const char **names, size_t max)
{
	size_t n = 0;
	char *rest = NULL;

	for (char *line = strtok_r(table, "\n", &rest); line != NULL && n < max;
	     line = strtok_r(NULL, "\n", &rest)) {
		size_t size = strcspn(line, " |");
		if (strchr(line, '|') == NULL || strcspn(line, ".") >= size)
			continue;
		line[size] = '\0';
		names[n++] = line;
	}
	return n;
}

char *nearest_property(const char *name)
{
	char *table = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&table, &size);
	const char *names[MAX_NAMES];
	char *nearest = NULL;

	if (out == NULL)
		return NULL;
	rd_kafka_conf_properties_show(out);
	if (fclose(out) == 0) {
		const char *found = text_nearest(name, names, cut_names(table, names, MAX_NAMES));
		nearest = found != NULL ? strdup(found) : NULL;
	}
	free(table);
	return nearest;
}
