/* SPDX-License-Identifier: Apache-2.0
 *
 * What the brokers say of a good chain file. */
#ifndef CLI_CHECK_BROKERS_H
#define CLI_CHECK_BROKERS_H

#include "base/json.h"
#include "cli/chain_file.h"
#include "ops/check.h"

struct check_brokers {
	struct ops_check check;
	char servers[256]; /* that were asked */
};

/* Asks them. What is wrong with asking is said; returns an enum end. On END_OK clear *out with
 * check_brokers_clear(), before the file. */
int check_brokers_ask(struct check_brokers *out, struct chain_file *file, const struct cli *cli);
/* END_FAILED: a consumer would not start. */
enum end check_brokers_end(const struct check_brokers *brokers);
/* What was found, on stderr. */
void check_brokers_say(const struct check_brokers *brokers);
/* "topics": [...], "findings": [...], inside an object. */
void check_brokers_json(struct json *j, const struct check_brokers *brokers, const char *file);
void check_brokers_clear(struct check_brokers *brokers);

#endif
