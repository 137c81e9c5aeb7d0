/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chain file alone shows to be unwise: good, but worth a word. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/chain_file.h"

#define CHECK_MAX_WARNINGS 64 /* more are counted, not kept */
#define CHECK_WARNING 512

struct check_warnings {
	char list[CHECK_MAX_WARNINGS][CHECK_WARNING];
	size_t n, n_more;
};

STAGGER_MUST_USE enum stagger_status check_file(struct check_warnings *out,
						const struct chain_file *file,
						struct stagger_error *err);
/* Why that session time-out is in force. */
const char *check_session_why(const struct chain_file *file);

#endif
