/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hop writes: the envelope of what the record was read from, of how it failed and of where
 * it goes; for a dead letter its headers, too. */
#include "engine/state.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "codec/envelope_codec.h"
#include "core/dead_headers.h"

#define WRITTEN 16384 /* bytes kept for envelopes that are written */

static struct envelope_facts facts_of(const struct record *r)
{
	const struct hop *hop = r->hop;
	const struct stagger_message *m = &r->call.message;
	bool dead = hop->place == PLACE_DEAD_LETTER;
	struct envelope_facts facts = r->chain->facts;
	if (r->broken && r->envelope != NULL) { /* foreign */
		facts.group = r->envelope->group;
		facts.chain = r->envelope->chain;
	}
	facts.stage = bytes_text(dead ? "dlt" : r->chain->chain->stages[hop->stage].name);
	facts.due_ms = dead ? ENVELOPE_NO_TIME : hop->due_ms;
	facts.visit = dead ? 1 : hop->visit;
	facts.disposition = bytes_text(hop->disposition);
	facts.left_stage = bytes_text(m->stage);
	facts.left_topic = bytes_text(m->read_topic);
	facts.left_partition = m->read_partition;
	facts.left_offset = m->read_offset;
	facts.tries = r->calls;
	facts.failed_ms = hop->failed_ms;
	facts.duration_ms = r->calls > 0 ? r->took_us / 1000 : -1;
	return facts;
}

bool hop_compose(const struct record *r, struct envelope *out, struct envelope_room *room)
{
	const struct hop *hop = r->hop;
	struct envelope_facts facts = facts_of(r);
	struct failure failure;
	if (r->failure != NULL) { /* with what all calls of this visit did to the attributes */
		failure = *r->failure;
		failure.attributes = attributes_changes(r, &failure.n_attributes);
		facts.failure = &failure;
	}
	if (hop->republish) {
		republish_compose(r, out);
		return true;
	}
	if (hop->repark) {
		*out = *r->envelope;
		out->due_ms = hop->due_ms; /* clamped where it was forged */
		return true;
	}
	if (r->envelope != NULL) {
		envelope_advance(out, room, r->envelope, &facts);
		return true;
	}
	const struct stagger_message *m = &r->call.message;
	struct envelope_origin origin = {
		.topic = bytes_text(m->topic),
		.partition = m->partition,
		.offset = m->offset,
		.timestamp_ms = m->timestamp_ms,
		.log_append_time = r->read_timestamp_type == 1,
		.key = m->key,
		.value = m->value,
		.headers = m->headers,
		.n_headers = MUTANT(headers_lost) ? 0 : m->n_headers,
	};
	if (!envelope_fresh(out, room, &origin, &facts))
		return false;
	if (r->first_failed_ms != 0)
		out->first_failed_ms = r->first_failed_ms;
	if (r->first_failure != NULL)
		out->first = envelope_fault_of(r->first_failure);
	return true;
}

/* Room for an envelope, which the sink copies; what a large one took is given back at the next. */
static void *room_for(struct engine *e, size_t size)
{
	size_t room = size < WRITTEN ? WRITTEN : size;
	if (room > e->written_room || e->written_room > WRITTEN) {
		free(e->written);
		e->written = malloc(room);
		e->written_room = e->written != NULL ? room : 0;
	}
	return e->written;
}

enum port_fault hop_produce(struct engine *e, struct record *r, const struct envelope *envelope,
			    int32_t partition, bool *full)
{
	struct port_hop copy = { .topic = r->hop->topic, .partition = partition,
				 .key = r->call.message.key, .opaque = r };
	struct dead_headers headers = { .n = 0 };
	size_t size = envelope_size(envelope);
	if (size > ENVELOPE_SIZE_MAX)
		return PORT_TOO_LARGE;
	void *written = room_for(e, size);
	if (written == NULL ||
	    (r->hop->place == PLACE_DEAD_LETTER &&
	     !dead_headers_make(&headers, r->chain->chain->dead_letter_headers, envelope)))
		return PORT_RETRIABLE;
	envelope_put(envelope, written, size);
	copy.value = (struct stagger_bytes){ written, size };
	copy.headers = headers.headers;
	copy.n_headers = headers.n;
	enum port_fault fault = e->o.sink.produce(e->o.sink.self, &copy, full);
	dead_headers_clear(&headers);
	return fault;
}
