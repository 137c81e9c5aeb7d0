/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading, writing and equality for the targets; equality is that of the unit tests. */
#include "envelopes.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "meter.h"
#include "unit/envelope_samples.h"

void envelope_must_equal(const struct envelope *a, const struct envelope *b)
{
	assert_same_envelope(a, b);
	must(bytes_equal(a->tail, b->tail));
	must(a->framing == b->framing && a->fingerprint == b->fingerprint
	     && a->schema_id == b->schema_id);
}

struct envelope *envelope_read_within(struct stagger_bytes bytes)
{
	struct stagger_bytes exact = sample_copy(bytes);
	struct envelope *e = NULL;
	struct stagger_error err = {0};

	meter_begin();
	enum stagger_status status = envelope_read(&e, exact, &err);
	size_t took = meter_bytes();
	must(status == STAGGER_OK || status == STAGGER_CORRUPT);
	must(took <= (status == STAGGER_OK ? READ_MOST(bytes.size) : 0));
	must((e != NULL) == (status == STAGGER_OK));
	must(status == STAGGER_OK || strncmp(err.text, "envelope: ", 10) == 0);
	envelope_free(&e);
	sample_drop(exact);
	/* once more, to borrow from what the caller has */
	must(envelope_read(&e, bytes, &err) == status);
	return e;
}

size_t envelope_must_last(const struct envelope *e)
{
	struct stagger_bytes once = sample_write(e);
	struct envelope *again = envelope_read_within(once);

	must(once.size == envelope_size(e));
	must(again != NULL);
	envelope_must_equal(e, again);
	struct stagger_bytes twice = sample_write(again);
	must(bytes_equal(once, twice));
	envelope_free(&again);
	sample_drop(once);
	sample_drop(twice);
	return once.size;
}

/* -- good ones --------------------------------------------------------------------------- */
/* UTF-8 without NUL, whatever the bytes: those beyond ASCII take two. */
static struct stagger_bytes text(struct shape *s, struct draw *d)
{
	struct stagger_bytes raw = draw_bytes(d, SHAPE_TEXT);
	const unsigned char *data = raw.data;
	char *start = s->texts + s->used;

	if (s->used + 2 * raw.size > sizeof(s->texts))
		return (struct stagger_bytes){"", 0};
	for (size_t i = 0; i < raw.size; i++) {
		bool ascii = data[i] < 0x80;
		if (!ascii)
			s->texts[s->used++] = '\xc3';
		s->texts[s->used++] = (char)(!ascii	   ? data[i] & 0xbf
					     : data[i] != 0 ? data[i]
							    : ' ');
	}
	return (struct stagger_bytes){start, (size_t)(s->texts + s->used - start)};
}

static struct stagger_bytes maybe_text(struct shape *s, struct draw *d)
{
	return draw_below(d, 2) == 0 ? NONE : text(s, d);
}

static struct stagger_bytes maybe_bytes(struct draw *d)
{
	return draw_below(d, 2) == 0 ? NONE : draw_bytes(d, SHAPE_TEXT);
}

static struct envelope_fault fault(struct shape *s, struct draw *d)
{
	struct envelope_fault f;

	f.error_class = text(s, d);
	f.error_code = maybe_text(s, d);
	f.error_message = text(s, d);
	f.error_detail = maybe_text(s, d);
	return f;
}

static void draw_origin(struct shape *s, struct draw *d)
{
	struct envelope *e = &s->e;

	e->stage = text(s, d);
	e->due_ms = draw_number(d);
	e->visit = (int32_t)draw_number(d);
	e->attempts = (int32_t)draw_number(d);
	e->replays = (int32_t)draw_number(d);
	e->disposition = text(s, d);
	e->group = text(s, d);
	e->chain = text(s, d);
	e->client_id = maybe_text(s, d);
	e->host = maybe_text(s, d);
	e->original_topic = text(s, d);
	e->original_partition = (int32_t)draw_number(d);
	e->original_offset = draw_number(d);
	e->original_timestamp_ms = draw_number(d);
	e->original_timestamp_type = maybe_text(s, d);
	e->first_failed_ms = draw_number(d);
	e->last_failed_ms = draw_number(d);
}

static struct envelope_attempt attempt(struct shape *s, struct draw *d)
{
	struct envelope_attempt a;

	a.stage = text(s, d);
	a.topic = text(s, d);
	a.partition = (int32_t)draw_number(d);
	a.tries = (int32_t)draw_number(d);
	a.offset = draw_number(d);
	a.failed_ms = draw_number(d);
	a.duration_ms = draw_number(d);
	a.fault = fault(s, d);
	a.fault.error_detail = NONE;
	a.host = maybe_text(s, d);
	return a;
}

static void draw_lists(struct shape *s, struct draw *d)
{
	s->e.n_history = draw_below(d, SHAPE_HISTORY + 1);
	for (size_t i = 0; i < s->e.n_history; i++)
		s->history[i] = attempt(s, d);
	s->e.n_attributes = draw_below(d, SHAPE_ATTRIBUTES + 1);
	for (size_t i = 0; i < s->e.n_attributes; i++) {
		s->attributes[i].name = text(s, d);
		s->attributes[i].value = text(s, d);
	}
	s->e.n_headers = draw_below(d, SHAPE_HEADERS + 1);
	for (size_t i = 0; i < s->e.n_headers; i++) {
		s->headers[i].name = text(s, d);
		s->headers[i].value = maybe_bytes(d);
	}
	s->e.history = s->history;
	s->e.attributes = s->attributes;
	s->e.headers = s->headers;
}

/* Our own fingerprint is read as 0. */
static void draw_framing(struct envelope *e, struct draw *d)
{
	size_t kind = draw_below(d, 3);

	if (kind == 1) {
		e->framing = ENVELOPE_REGISTRY;
		e->schema_id = (int32_t)draw_number(d);
	}
	if (kind == 2)
		e->fingerprint = (uint64_t)draw_number(d);
	if (e->fingerprint == ENVELOPE_FINGERPRINT)
		e->fingerprint = 0;
	bool tail = kind == 1 || (kind == 2 && e->fingerprint != 0);
	if (tail && e->group.size > 0 && e->original_topic.size > 0)
		e->tail = draw_bytes(d, SHAPE_TEXT);
	if (e->tail.size == 0)
		e->tail = NONE;
}

void shape_draw(struct shape *s, struct draw *d)
{
	s->e = (struct envelope){.framing = ENVELOPE_SINGLE_OBJECT};
	s->used = 0;
	draw_origin(s, d);
	s->e.last = fault(s, d);
	s->e.has_first = draw_below(d, 2) == 1;
	if (s->e.has_first)
		s->e.first = fault(s, d);
	draw_lists(s, d);
	s->e.history_dropped = (int32_t)draw_number(d);
	s->e.key_content_type = maybe_text(s, d);
	s->e.value_content_type = maybe_text(s, d);
	s->e.has_value_schema_id = draw_below(d, 2) == 1;
	if (s->e.has_value_schema_id)
		s->e.value_schema_id = (int32_t)draw_number(d);
	s->e.payload_omitted = draw_below(d, 2) == 1;
	s->e.key = maybe_bytes(d);
	s->e.value = maybe_bytes(d);
	draw_framing(&s->e, d);
}
