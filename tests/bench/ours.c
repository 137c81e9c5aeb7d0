/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches of stagger share. */
#define _GNU_SOURCE
#include "ours.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

enum stagger_status ours_set_all(struct stagger_consumer *c, const char *brokers,
				 const char *properties, struct stagger_error *err)
{
	char *copy = strdup(properties != NULL ? properties : "");
	char *rest = NULL;
	enum stagger_status status = stagger_consumer_set(c, "bootstrap.servers", brokers, err);

	if (copy == NULL)
		errx(1, "out of memory");
	for (char *item = strtok_r(copy, ",", &rest); status == STAGGER_OK && item != NULL;
	     item = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(item, '=');
		if (value == NULL)
			errx(2, "a property is name=value, not '%s'", item);
		*value = '\0';
		status = stagger_consumer_set(c, item, value + 1, err);
	}
	free(copy);
	return status;
}
