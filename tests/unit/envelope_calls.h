/* SPDX-License-Identifier: Apache-2.0
 *
 * The public envelope's calls where they must succeed. */
#ifndef UNIT_ENVELOPE_CALLS_H
#define UNIT_ENVELOPE_CALLS_H

#include <stagger/envelope.h>

#include "envelope_samples.h"

static struct stagger_envelope *new_ok(void)
{
	struct stagger_envelope *e = NULL;
	struct stagger_error err;

	assert_int_equal(stagger_envelope_new(&e, &err), STAGGER_OK);
	return e;
}

static void drop(const struct stagger_envelope *e)
{
	stagger_envelope_free(&e);
	assert_null(e);
}

static const struct stagger_envelope *read_ok(struct stagger_bytes bytes)
{
	const struct stagger_envelope *e = NULL;
	struct stagger_error err;

	assert_int_equal(stagger_envelope_read(&e, bytes, &err), STAGGER_OK);
	return e;
}

static struct stagger_bytes write_ok(const struct stagger_envelope *e, int32_t schema_id)
{
	void *bytes = NULL;
	size_t size = 0;
	struct stagger_error err;

	assert_int_equal(stagger_envelope_write(e, schema_id, &bytes, &size, &err), STAGGER_OK);
	return (struct stagger_bytes){bytes, size};
}

#endif
