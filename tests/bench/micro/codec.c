/* SPDX-License-Identifier: Apache-2.0
 *
 * The envelope: a full one (two errors, three visits, two attributes, two headers) around 1 KiB. */
#include "micro.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "codec/envelope_codec.h"

#define PAYLOAD 1024

static struct stagger_bytes payload(void)
{
	static char bytes[PAYLOAD];

	for (size_t i = 0; i < PAYLOAD; i++)
		bytes[i] = (char)('a' + i % 26);
	return (struct stagger_bytes){bytes, PAYLOAD};
}

static const struct stagger_header HEADERS[] = {
	{"traceparent", {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 55}},
	{"content-type", {"application/json", 16}},
};

/* What one more failed visit adds. */
static struct envelope_facts facts(const struct failure *failure)
{
	return (struct envelope_facts){
		.stage = bytes_text("retry.5m"),
		.due_ms = INT64_C(1767227100789),
		.visit = 1,
		.disposition = bytes_text("retry"),
		.group = bytes_text("billing"),
		.chain = bytes_text("orders"),
		.client_id = bytes_text("billing-7"),
		.host = bytes_text("worker-7.example"),
		.key_content_type = bytes_text("text/plain"),
		.value_content_type = bytes_text("application/json"),
		.left_stage = bytes_text("retry.1m"),
		.left_topic = bytes_text("orders.billing.retry.1m"),
		.left_partition = 3,
		.tries = 1,
		.left_offset = 123456,
		.failed_ms = INT64_C(1767225300790),
		.duration_ms = 12,
		.failure = failure,
	};
}

static struct failure *fail_once(void)
{
	struct failure *failure = failure_of("BankBusy", "503", "the connection pool is full",
					     "at charge() in bank.c:120", 0, NULL);

	MICRO_MUST(failure != NULL);
	return failure;
}

/* The third failure's envelope, out of two rooms taken in turn. */
static void make(struct envelope *out, struct envelope_room room[2], const struct failure *failure)
{
	struct envelope_origin origin = {
		.topic = bytes_text("orders"),
		.partition = 3,
		.offset = 4711,
		.timestamp_ms = INT64_C(1767225300000),
		.key = bytes_text("order-1001"),
		.value = payload(),
		.headers = HEADERS,
		.n_headers = 2,
	};
	struct envelope_facts why = facts(failure);
	struct envelope first;
	struct envelope second;

	MICRO_MUST(envelope_fresh(&first, &room[0], &origin, &why));
	envelope_advance(&second, &room[1], &first, &why);
	struct envelope_header *headers = room[0].headers; // envelope_advance() forgets them
	envelope_advance(out, &room[0], &second, &why);
	room[0].headers = headers;
}

void micro_codec_write(int64_t n)
{
	struct envelope_room room[2];
	struct envelope envelope;
	struct failure *failure = fail_once();

	make(&envelope, room, failure);
	for (int64_t i = 0; i < n; i++) { // as a hop does
		static char bytes[16384];
		size_t size = envelope_size(&envelope);
		MICRO_MUST(size <= sizeof(bytes));
		envelope_put(&envelope, bytes, size);
	}
	envelope_room_clear(&room[0]);
	failure_free(&failure);
}

void micro_codec_read(int64_t n)
{
	struct envelope_room room[2];
	struct envelope envelope;
	struct failure *failure = fail_once();
	void *bytes;
	size_t size;

	make(&envelope, room, failure);
	MICRO_MUST(envelope_write(&envelope, &bytes, &size, NULL) == STAGGER_OK);
	for (int64_t i = 0; i < n; i++) {
		struct envelope *read;
		MICRO_MUST(envelope_read(&read, (struct stagger_bytes){bytes, size}, NULL) ==
			   STAGGER_OK);
		envelope_free(&read);
	}
	free(bytes);
	envelope_room_clear(&room[0]);
	failure_free(&failure);
}

void micro_compose(int64_t n)
{
	struct envelope_room room[2];
	struct envelope_room next_room;
	struct envelope envelope;
	struct envelope next;
	struct failure *failure = fail_once();
	struct envelope_facts why = facts(failure);

	make(&envelope, room, failure);
	for (int64_t i = 0; i < n; i++)
		envelope_advance(&next, &next_room, &envelope, &why);
	MICRO_MUST(n == 0 || next.n_history == 4);
	envelope_room_clear(&room[0]);
	failure_free(&failure);
}
