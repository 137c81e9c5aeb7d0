/* SPDX-License-Identifier: Apache-2.0
 *
 * mode republish, both ends of it: a record of a stage that is due goes back to main as it was
 * first, with one header more; a record of main with that header is that message again. It goes to
 * the chain's main topic and nowhere else, whatever an envelope names. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "codec/replay_header.h"

/* -- back to main ------------------------------------------------------------------------ */

void republish_compose(const struct record *r, struct envelope *out)
{
	const struct stagger_message *m = &r->call.message;
	*out = *r->envelope;
	out->stage = bytes_text(m->stage); /* of now, if it had another name */
	out->visit = m->visit;
	out->due_ms = r->item.due_ms;      /* clamped where it was forged */
	out->group = r->chain->facts.group;
	out->chain = r->chain->facts.chain;
	if (MUTANT(republish_loses_attempts))
		out->attempts = 1;
}

bool republish_waits(const struct lane *lane)
{
	return lane->chain->chain->republish && lane->failing;
}

bool republish_begin(struct engine *e, struct record *r)
{
	const struct stagger_chain *chain = r->chain->chain;
	struct envelope envelope;
	if (MUTANT(room_drops_last) && waiting_head(&r->lane->room) == NULL) {
		record_finish(e, r);
		return true;
	}
	if (!chain->republish)
		return false;
	republish_compose(r, &envelope);
	if (!replay_header_fits(&envelope, chain->topic))
		return false; /* main would not know it again */
	if (route_expired(chain, r->call.message.timestamp_ms, e->now.wall_ms))
		settle_dead(e, r, DISPOSITION_EXPIRED);
	else
		hop_to_main(e, r);
	return true;
}

enum port_fault republish_produce(struct engine *e, struct record *r,
				  const struct envelope *envelope, int32_t partition, bool *full)
{
	const struct stagger_message *m = &r->call.message;
	struct port_hop copy = { .topic = r->hop->topic, .partition = partition, .key = m->key,
				 .value = m->value, .n_headers = m->n_headers + 1, .opaque = r };
	struct stagger_header *headers = malloc(copy.n_headers * sizeof(*headers));
	struct stagger_error why;
	enum port_fault fault = PORT_RETRIABLE;
	void *bytes = NULL;
	size_t size = 0;
	if (headers != NULL &&
	    replay_header_write(envelope, &bytes, &size, &why) == STAGGER_OK) {
		for (size_t i = 0; i < m->n_headers; i++)
			headers[i] = m->headers[i];
		headers[m->n_headers] = (struct stagger_header){ REPLAY_HEADER, { bytes, size } };
		copy.headers = headers;
		fault = e->o.sink.produce(e->o.sink.self, &copy, full);
	}
	free(bytes);
	free(headers);
	return fault;
}

void republish_refused(struct engine *e, struct record *r)
{
	const struct stagger_message *m = &r->call.message;
	log_info(e->o.log, "handled in %s: topic '%s' partition %d offset %lld: too large for '%s'",
		 m->stage, m->read_topic, m->read_partition, (long long)m->read_offset,
		 r->hop->topic_name);
	record_leave(e, r);
	hop_free(e, r);
	if (e->farewell != FAREWELL_NONE)
		record_free(e, r); /* it comes again */
	else if (!strand_put(r))
		engine_no_memory(e);
}

/* -- in main again ----------------------------------------------------------------------- */

/* As if it were still in the stage that it waited in, but for where it was read. */
static void put_back(struct record *r)
{
	const struct stagger_chain *chain = r->chain->chain;
	const struct envelope *envelope = r->envelope;
	struct stagger_message *m = &r->call.message;
	if (r->from != CHAIN_DLT)
		m->stage = chain->stages[r->from].name;
	m->visit = envelope->visit > 0 ? envelope->visit : 1;
	m->due_ms = envelope->due_ms != ENVELOPE_NO_TIME ? envelope->due_ms : 0;
	r->item.due_ms = m->due_ms;
}

bool republish_take(struct engine *e, struct record *r)
{
	struct stagger_message *m = &r->call.message;
	struct stagger_error why;
	if (replay_header_find(m->headers, m->n_headers) == NULL)
		return true;
	if (!record_own(e, r)) {
		engine_no_memory(e);
		return false;
	}
	enum stagger_status status = replay_header_read(
		&r->envelope, m, replay_header_find(m->headers, m->n_headers), &why);
	if (status == STAGGER_NO_MEMORY) {
		engine_no_memory(e);
		return false;
	}
	if (status != STAGGER_OK) { /* a header like any other */
		e->count.header_ignored++;
		log_debug(e->o.log, "header ignored: topic '%s' partition %d offset %lld: %s",
			  m->read_topic, m->read_partition, (long long)m->read_offset, why.text);
		return true;
	}
	if (!intake_is_ours(e, r->envelope)) {
		intake_foreign(e, r);
		return false;
	}
	r->from = chain_stage_named(r->chain->chain, r->envelope->stage);
	if (!message_fill(r)) {
		engine_no_memory(e);
		return false;
	}
	put_back(r);
	return true;
}
