/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as an envelope: read within a bound of memory, or refused without an allocation. What
 * is read is the same when it was written and read again, for the engine and for programs. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "envelopes.h"
#include "fuzz.h"
#include "meter.h"

/* The same for a program: it copies what it reads. An item takes at most 12 times its bytes, and
 * the texts once. */
#define COPY_MOST(n)                                                                               \
	(READ_MOST(n) + sizeof(struct stagger_envelope) + sizeof(struct stagger_fault) + 13 * (n))

/* A text of its own; free it. */
static char *json_of(const struct stagger_envelope *e)
{
	char *json = NULL;

	must(stagger_envelope_json(e, &json, NULL) == STAGGER_OK);
	must(json[0] == '{' && utf8_valid((struct stagger_bytes){json, strlen(json)}));
	return json;
}

/* All that a program sees of it is in its JSON. */
static void public_must_last(const struct stagger_envelope *e, int32_t schema_id)
{
	const struct stagger_envelope *again = NULL;
	void *bytes = NULL;
	size_t size = 0;
	char *json = json_of(e);

	must(stagger_envelope_write(e, schema_id, &bytes, &size, NULL) == STAGGER_OK);
	must(stagger_envelope_read(&again, (struct stagger_bytes){bytes, size}, NULL)
	     == STAGGER_OK);
	char *json_again = json_of(again);
	must(strcmp(json, json_again) == 0);
	free(json);
	free(json_again);
	free(bytes);
	stagger_envelope_free(&again);
}

static void check_public(struct stagger_bytes bytes, bool good)
{
	const struct stagger_envelope *e = NULL;
	struct stagger_error err = {0};

	meter_begin();
	enum stagger_status status = stagger_envelope_read(&e, bytes, &err);
	size_t took = meter_bytes();
	must(status == (good ? STAGGER_OK : STAGGER_CORRUPT));
	must(took <= (good ? COPY_MOST(bytes.size) : 0));
	must(!good || stagger_envelope_is(bytes));
	if (good)
		public_must_last(e, bytes.size % 2 == 0 ? 0 : 100001);
	stagger_envelope_free(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stagger_bytes bytes = {data, size};
	struct envelope *e = envelope_read_within(bytes);

	/* our writer takes the shortest way to say anything */
	if (e != NULL)
		must(envelope_must_last(e) <= size);
	check_public(bytes, e != NULL);
	envelope_free(&e);
	return 0;
}
