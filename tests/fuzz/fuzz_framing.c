/* SPDX-License-Identifier: Apache-2.0
 *
 * Any first bytes: what is taken for a framing says just those bytes again, what is not is refused
 * with the byte at which it ends; and every framing that can be put is taken as it was. */
#include <string.h>

#include "codec/framing.h"
#include "draw.h"
#include "fuzz.h"

static void take(struct stagger_bytes bytes)
{
	struct framing framing = {.schema_id = 7};
	struct stagger_bytes body = {"before", 6};
	struct stagger_error err = {0};
	unsigned char again[ENVELOPE_FRAME_MAX];
	enum stagger_status status = framing_take(&framing, &body, bytes, &err);
	const unsigned char *data = bytes.data;

	must(framing_is(bytes) || status != STAGGER_OK);
	must(framing_is(bytes) == stagger_envelope_is(bytes));
	if (status != STAGGER_OK) {
		must(status == STAGGER_CORRUPT && strncmp(err.text, "envelope: byte ", 15) == 0);
		must(!framing_is(bytes) || bytes.size < framing_size(data[0] == 0
									     ? ENVELOPE_REGISTRY
									     : ENVELOPE_SINGLE_OBJECT));
		must(framing.schema_id == 7 && body.size == 6);
		return;
	}
	size_t size = framing_size(framing.kind);
	must(framing_put(again, &framing) == again + size);
	must(size <= bytes.size && memcmp(again, data, size) == 0);
	must(body.data == data + size && body.size == bytes.size - size);
}

static void put(struct draw *d)
{
	unsigned char bytes[ENVELOPE_FRAME_MAX];
	struct framing framing = {.kind = draw_below(d, 2) == 0 ? ENVELOPE_SINGLE_OBJECT
								: ENVELOPE_REGISTRY};
	struct framing again;
	struct stagger_bytes body;

	if (framing.kind == ENVELOPE_REGISTRY)
		framing.schema_id = (int32_t)draw_number(d);
	else
		framing.fingerprint = (uint64_t)draw_number(d);
	size_t size = (size_t)(framing_put(bytes, &framing) - bytes);
	must(size == framing_size(framing.kind));
	must(framing_take(&again, &body, (struct stagger_bytes){bytes, size}, NULL) == STAGGER_OK);
	must(again.kind == framing.kind && again.fingerprint == framing.fingerprint
	     && again.schema_id == framing.schema_id && body.size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data, size};

	take((struct stagger_bytes){data, size});
	put(&d);
	return 0;
}
