/* SPDX-License-Identifier: Apache-2.0
 *
 * Chains that must be made, and what must be refused with a text of one line. */
#ifndef UNIT_CHAIN_CALLS_H
#define UNIT_CHAIN_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/chain.h"

#define MIN  INT64_C(60000)
#define HOUR (60 * MIN)
#define DAY  (24 * HOUR)

static struct stagger_chain *make_chain(const struct stagger_chain_options *o)
{
	struct stagger_chain *chain = NULL;
	struct stagger_error err = {0};

	if (stagger_chain_new(&chain, "orders", o, &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	return chain;
}

static void assert_refused(enum stagger_status status, const struct stagger_error *err,
			   const char *says)
{
	assert_int_equal(status, STAGGER_INVALID);
	assert_int_equal(err->status, STAGGER_INVALID);
	if (strstr(err->text, says) == NULL || strchr(err->text, '\n') != NULL)
		fail_msg("'%s' is not in '%s'", says, err->text);
}

#endif
