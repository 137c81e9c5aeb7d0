/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of chains, printed: for `topics create` and `check`. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include "base/json.h"
#include "cli/output.h"
#include "ops/topics.h"

/* A row a topic. False without memory. */
STAGGER_MUST_USE bool topics_table(struct output *out, const struct ops_topics *topics);
/* "topics": [...], inside an object. */
void topics_json(struct json *j, const struct ops_topics *topics, const struct wish_help *help);
/* What is wrong with them, on stderr. */
void topics_say(const struct ops_topics *topics, const struct wish_help *help);

#endif
