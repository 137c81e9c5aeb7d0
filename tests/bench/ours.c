/* SPDX-License-Identifier: Apache-2.0
 *
 * What the benches of stagger share. */
#define _GNU_SOURCE
#include "ours.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define EARLY_MARGIN_MS 1000 /* by the boot-time clock, see the contract */

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

enum stagger_status ours_add_chain(struct stagger_consumer *c, const char *name,
				   const struct stagger_chain_options *options,
				   const struct ours_stage *stage, struct stagger_error *err)
{
	struct stagger_chain *chain = NULL;
	enum stagger_status status = stagger_chain_new(&chain, name, options, err);

	if (status == STAGGER_OK)
		status = stagger_chain_stage(chain, stage->delay_ms, 1, stage->topic, err);
	if (status == STAGGER_OK)
		status = stagger_consumer_add(c, &chain, err);
	stagger_chain_free(&chain);
	return status;
}

bool ours_is_early(const struct stagger_message *m, int64_t late_us)
{
	int64_t away_ms = m->due_ms - m->first_seen_ms + EARLY_MARGIN_MS;

	return late_us < 0 && bench_boot_us() / 1000 - m->first_seen_boot_ms < away_ms;
}
