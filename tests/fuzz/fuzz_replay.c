/* SPDX-License-Identifier: Apache-2.0
 *
 * Anybody may write the header with which messages come back to main. Of any bytes: it counts, and
 * then as an envelope of that message that would be written so, or it is refused, within a bound of
 * memory. Of any envelope: it counts just when replay_header_fits() says so. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/replay_header.h"
#include "envelopes.h"
#include "fuzz.h"
#include "meter.h"

#define HEADERS_MAX 6

/* Twice: the envelope is read, and joined with the message and its headers. */
#define HEADER_MOST(n)                                                                             \
	(2 * READ_MOST(n) + HEADERS_MAX * sizeof(struct envelope_header))

struct topic {
	char name[SHAPE_TEXT + 1];
};

static struct topic topic_of(struct stagger_bytes name)
{
	struct topic topic = {""};

	if (name.size > 0 && name.size < sizeof(topic.name))
		memcpy(topic.name, name.data, name.size);
	return topic;
}

/* A message whose headers lie around those of our name, the last of which is *ours. */
static struct stagger_message message_of(struct draw *d, const char *topic,
					 struct stagger_header *headers,
					 struct stagger_bytes value)
{
	static const char *const names[] = {"trace", REPLAY_HEADER, ""};
	struct stagger_message m = {.read_topic = topic, .headers = headers};
	size_t before = draw_below(d, HEADERS_MAX / 2);
	size_t after = draw_below(d, HEADERS_MAX / 2);

	for (; m.n_headers < before; m.n_headers++) {
		headers[m.n_headers].name = names[draw_below(d, 3)];
		headers[m.n_headers].value = draw_bytes(d, 20);
	}
	headers[m.n_headers++] = (struct stagger_header){REPLAY_HEADER, value};
	for (size_t i = 0; i < after; i++)
		headers[m.n_headers++] = (struct stagger_header){"trace", draw_bytes(d, 20)};
	must(replay_header_find(headers, m.n_headers) == &headers[before]);
	if (draw_below(d, 2) == 1)
		m.key = draw_bytes(d, 20);
	if (draw_below(d, 2) == 1)
		m.value = draw_bytes(d, 20);
	return m;
}

static void check_joined(const struct envelope *e, const struct stagger_message *m,
			 const struct stagger_header *ours)
{
	size_t n = 0;

	must(e->key.data == m->key.data && e->value.data == m->value.data);
	must(e->n_headers == m->n_headers - 1 && e->group.size > 0);
	must(bytes_is(e->original_topic, m->read_topic) && !e->payload_omitted);
	must(e->original_partition >= 0 && e->original_offset >= 0 && e->attempts >= 0);
	for (size_t i = 0; i < m->n_headers; i++) {
		if (&m->headers[i] == ours)
			continue;
		must(bytes_is(e->headers[n].name, m->headers[i].name));
		must(e->headers[n++].value.data == m->headers[i].value.data);
	}
}

/* NULL: it does not count. */
static struct envelope *read(const struct stagger_message *m)
{
	const struct stagger_header *ours = replay_header_find(m->headers, m->n_headers);
	struct envelope *e = NULL;
	struct stagger_error err = {0};

	meter_begin();
	enum stagger_status status = replay_header_read(&e, m, ours, &err);
	size_t took = meter_bytes();
	must(took <= HEADER_MOST(ours->value.size));
	must(ours->value.size <= REPLAY_HEADER_MAX || (status != STAGGER_OK && took == 0));
	if (status != STAGGER_OK) {
		must(status == STAGGER_CORRUPT && e == NULL);
		must(strncmp(err.text, "header: ", 8) == 0
		     || strncmp(err.text, "envelope: ", 10) == 0);
		return NULL;
	}
	check_joined(e, m, ours);
	return e;
}

/* Written, it is the header of the same message once more. */
static void write_again(const struct envelope *e, const struct stagger_message *m)
{
	struct stagger_header headers[HEADERS_MAX];
	struct stagger_message again = *m;
	void *bytes = NULL;
	size_t size = 0;

	must(replay_header_fits(e, m->read_topic));
	must(replay_header_write(e, &bytes, &size, NULL) == STAGGER_OK);
	must(size == replay_header_size(e));
	for (size_t i = 0; i < m->n_headers; i++) {
		bool ours = &m->headers[i] == replay_header_find(m->headers, m->n_headers);
		headers[i] = m->headers[i];
		if (ours)
			headers[i].value = (struct stagger_bytes){bytes, size};
	}
	again.headers = headers;
	struct envelope *second = read(&again);
	must(second != NULL);
	envelope_must_equal(e, second);
	envelope_free(&second);
	free(bytes);
}

static void read_any(struct draw *d)
{
	struct stagger_header headers[HEADERS_MAX];
	struct topic topic = topic_of(draw_below(d, 2) == 0 ? bytes_text("orders")
							    : draw_bytes(d, 20));
	struct stagger_message m = message_of(d, topic.name, headers, (struct stagger_bytes){0});
	const struct stagger_header *ours = replay_header_find(headers, m.n_headers);

	headers[ours - headers].value = (struct stagger_bytes){d->at, d->left};
	struct envelope *e = read(&m);
	if (e != NULL)
		write_again(e, &m);
	envelope_free(&e);
}

static void read_drawn(struct draw *d)
{
	static struct shape s;
	struct stagger_header headers[HEADERS_MAX];
	void *bytes = NULL;
	size_t size = 0;

	shape_draw(&s, d);
	if (draw_below(d, 4) != 1)
		s.e.payload_omitted = false;
	struct topic topic = topic_of(s.e.original_topic);
	bool fits = replay_header_fits(&s.e, topic.name);
	must(replay_header_write(&s.e, &bytes, &size, NULL) == STAGGER_OK);
	must(size == replay_header_size(&s.e));
	struct stagger_message m =
		message_of(d, topic.name, headers, (struct stagger_bytes){bytes, size});
	struct envelope *e = read(&m);
	must((e != NULL) == fits);
	envelope_free(&e);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw d = {data, size};

	if (draw_below(&d, 2) == 0)
		read_any(&d);
	else
		read_drawn(&d);
	return 0;
}
