/* SPDX-License-Identifier: Apache-2.0
 *
 * How a run ends. */
#include "cli/cli.h"

enum end end_of(enum stagger_status status)
{
	switch (status) {
	case STAGGER_OK:
		return END_OK;
	case STAGGER_UNREACHABLE:
		return END_UNREACHABLE;
	case STAGGER_INVALID:
	case STAGGER_NO_MEMORY:
	case STAGGER_STATE:
	case STAGGER_DENIED:
	case STAGGER_TOPICS:
	case STAGGER_STALE:
	case STAGGER_CORRUPT:
	case STAGGER_TIMEOUT:
	case STAGGER_HALTED:
	case STAGGER_FATAL:
	case STAGGER_STOPPED:
		return END_FAILED;
	}
	return END_FAILED;
}

int cli_fail(const struct stagger_error *err)
{
	message("%s", err->text);
	return (int)end_of(err->status);
}
