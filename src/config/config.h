/* SPDX-License-Identifier: Apache-2.0
 *
 * The config room's face: a chain file (stagger.yaml(5)) becomes plain values and sealed chains, or
 * a list of all that is wrong with it. No type of libfyaml leaves this room.
 *
 * Reading asks the environment and the file system, but only for what a `${...}` of the file
 * names. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stagger/consumer.h>

#define CONFIG_MAX_FILE ((size_t)1 << 20) /* bytes of a chain file */
#define CONFIG_MAX_CHAINS 256
#define CONFIG_MAX_PROPERTIES 1000 /* of librdkafka, all maps together */

/* One property as stagger_consumer_set() takes it: "linger.ms", "producer.linger.ms",
 * "embedded.port". */
struct config_property {
	char *name, *value;
	bool secret; /* never to be shown */
};

/* All texts live as long as the config. */
struct config {
	struct stagger_consumer_options consumer; /* 0 and NULL where the file is silent */
	struct config_property *properties;
	size_t n_properties;
	struct stagger_chain **chains; /* sealed, in file order; NULL: taken by the caller */
	size_t n_chains;
	struct config_inside *inside;
};

/* A file's text that is in memory already. */
struct config_text {
	const char *name; /* how findings call it; `${file:}` is looked up beside it */
	struct stagger_bytes bytes;
	const char *group; /* wins over the text's; NULL: the text must say it */
};

/* Reads and checks the file at path; group wins over the file's, or NULL. On STAGGER_OK *out is
 * yours, free with config_free(). STAGGER_INVALID: err->text has as many whole findings as fit and
 * the number of the others, err->line and column are the first one's; *report (NULL: not wanted) is
 * a malloc'd text of all of them. Each is
 *   FILE:LINE:COLUMN: error: TEXT
 *   the line
 *   ^~~~ below the place
 * Secrets are in neither. */
STAGGER_MUST_USE enum stagger_status config_load(struct config **out, const char *path,
						 const char *group, char **report,
						 struct stagger_error *err);
STAGGER_MUST_USE enum stagger_status config_read(struct config **out,
						 const struct config_text *text, char **report,
						 struct stagger_error *err);
void config_free(struct config **config);

/* What is in force, defaults included, as a chain file with a comment where a value is a default;
 * secrets are `***`. Malloc'd; NULL without memory. */
char *config_show(const struct config *config);

/* Sets in *to every option of the key table that *from sets (not 0, not NULL), and the callbacks.
 */
void config_overlay(struct stagger_consumer_options *to,
		    const struct stagger_consumer_options *from);

#endif
