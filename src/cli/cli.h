/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of the command: what was asked for, where answers go, how it ends. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/options.h"
#include "cli/output.h"

/* Exit codes, as docs and scripts know them. */
enum end {
	END_OK = 0,
	END_FAILED = 1,
	END_USAGE = 2,
	END_PARTLY = 3,       /* some of it was done, messages say what not */
	END_NOTHING = 4,      /* nothing matched */
	END_UNREACHABLE = 75, /* no broker answered: EX_TEMPFAIL */
	END_CONFIG = 78,      /* the chain file is wrong: EX_CONFIG */
};

struct cli {
	struct arguments_given given;
	struct output out; /* stdout: data. Messages go to stderr by message() */
};

/* The end that a status is, where no finding of a chain file is meant. */
enum end end_of(enum stagger_status status);
/* Says err and returns end_of() it. */
int cli_fail(const struct stagger_error *err);

/* One a sub-command; each returns an enum end. */
int cmd_broker(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_decode(struct cli *cli);
int cmd_dlt_count(struct cli *cli);
int cmd_dlt_ls(struct cli *cli);
int cmd_dlt_show(struct cli *cli);
int cmd_plan(struct cli *cli);
int cmd_topics_create(struct cli *cli);

#endif
