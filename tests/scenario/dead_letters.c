/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reader of the DLT sees without decoding anything: the headers of the family that the chain
 * names. Their bytes are in tests/unit/test_dead_headers.c. */
#define _GNU_SOURCE
#include "support.h"

#include <string.h>

#include "base/bytes.h"

static const struct stagger_header sent[] = {
	{ "traceparent", { "00-trace-01", 11 } },
	{ "content-type", { "text/plain", 10 } },
};

static void send_with_headers(struct rig *rig, const char *value)
{
	struct stagger_error err;
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w),
				       .value = bytes_text(value),
				       .headers = sent,
				       .n_headers = 2 };
	assert_int_equal(world_produce(rig->w, MAIN, 0, &record, &err), STAGGER_OK);
}

/* NULL: there is none of that name. */
static const struct stagger_header *find(const struct world_record *record, const char *name)
{
	for (size_t i = 0; i < record->n_headers; i++)
		if (strcmp(record->headers[i].name, name) == 0)
			return &record->headers[i];
	return NULL;
}

static void expect(const struct world_record *record, const char *name, struct stagger_bytes value)
{
	const struct stagger_header *header = find(record, name);
	if (header == NULL)
		fail_msg("no header %s", name);
	else if (!bytes_equal(header->value, value))
		fail_msg("header %s is %.*s", name, (int)header->value.size,
			 (const char *)header->value.data);
}

/* The second message of its partition fails four times. */
static struct rig *with_family(enum stagger_dead_letter_headers family)
{
	struct setup setup = SETUP_INIT;
	setup.chain.dead_letter_headers = family;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "first:D");
	send_with_headers(rig, "a:R:Timeout");
	rig_advance(rig, HOUR);
	rig_dead(rig, "attempts_exhausted");
	return rig;
}

static void dead_letter_carries_the_headers_of_its_family(void **state)
{
	(void)state;
	static const struct {
		enum stagger_dead_letter_headers family;
		size_t n; /* traceparent included */
		const char *topic, *message;
		struct { /* binary, or text */
			const char *name;
			struct stagger_bytes value;
		} more[2];
	} rows[] = {
		{ STAGGER_HEADERS_DEFAULT, 7, "__dlq.errors.topic", "__dlq.errors.message",
		  { { "__dlq.errors.offset", { "1", 1 } },
		    { "__dlq.errors.delivery.count", { "4", 1 } } } },
		{ STAGGER_HEADERS_KAFKA, 7, "__dlq.errors.topic", "__dlq.errors.message",
		  { { "__dlq.errors.partition", { "0", 1 } },
		    { "__dlq.errors.group", { GROUP, 7 } } } },
		{ STAGGER_HEADERS_CONNECT, 11, "__connect.errors.topic",
		  "__connect.errors.exception.message",
		  { { "__connect.errors.offset", { "1", 1 } },
		    { "__connect.errors.exception.class.name", { "Timeout", 7 } } } },
		{ STAGGER_HEADERS_SPRING, 11, "kafka_dlt-original-topic",
		  "kafka_dlt-exception-message",
		  { { "kafka_dlt-original-offset", { "\0\0\0\0\0\0\0\1", 8 } },
		    { "kafka_dlt-exception-fqcn", { "Timeout", 7 } } } },
		{ STAGGER_HEADERS_NONE, 1, NULL, NULL, { { NULL, { NULL, 0 } } } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig *rig = with_family(rows[i].family);
		const struct world_record *dead = world_record(rig->w, DLT, 0, 0);
		assert_int_equal(dead->n_headers, rows[i].n);
		if (rows[i].topic != NULL) {
			expect(dead, rows[i].topic, bytes_text(MAIN));
			expect(dead, rows[i].message, bytes_text("attempt 4"));
		}
		for (size_t k = 0; k < 2 && rows[i].more[k].name != NULL; k++)
			expect(dead, rows[i].more[k].name, rows[i].more[k].value);
		rig_free(rig);
	}
}

/* A reader would take content-type for the envelope's. */
static void dead_letter_shows_the_trace_outside_whatever_the_family(void **state)
{
	(void)state;
	for (int family = STAGGER_HEADERS_KAFKA; family <= STAGGER_HEADERS_NONE; family++) {
		struct rig *rig = with_family((enum stagger_dead_letter_headers)family);
		const struct world_record *dead = world_record(rig->w, DLT, 0, 0);
		expect(dead, "traceparent", sent[0].value);
		assert_null(find(dead, "content-type"));
		assert_int_equal(rig_envelope(rig, DLT, 0)->n_headers, 2);
		rig_free(rig);
	}
}

static void stage_records_have_no_headers_of_their_own(void **state)
{
	(void)state;
	for (int family = STAGGER_HEADERS_KAFKA; family <= STAGGER_HEADERS_NONE; family++) {
		struct rig *rig = with_family((enum stagger_dead_letter_headers)family);
		assert_int_equal(world_record(rig->w, RETRY_1M, 0, 0)->n_headers, 0);
		assert_int_equal(world_record(rig->w, RETRY_30M, 0, 0)->n_headers, 0);
		rig_free(rig);
	}
}

static void fails_at_length(struct rig *rig, const struct stagger_message *m,
			    struct stagger_failure *why)
{
	char text[3000];
	(void)rig;
	(void)m;
	memset(text, 'd', sizeof(text));
	stagger_failure_detail(why, text, sizeof(text));
}

/* Else the outside would be too large again, with the detail that the inside gave up. */
static void dead_letter_headers_shrink_with_the_envelope(void **state)
{
	(void)state;
	for (int fits = 1; fits >= 0; fits--) {
		struct setup setup = SETUP_INIT;
		setup.chain.dead_letter_headers = STAGGER_HEADERS_CONNECT;
		struct rig *rig = rig_new(&setup);
		rig->in_handler = fails_at_length;
		world_max_message(rig->w, DLT, fits ? 10000 : 2500);
		rig_send(rig, "k", "a:X");
		rig_advance(rig, SECOND);
		const struct world_record *dead = world_record(rig->w, DLT, 0, 0);
		const struct stagger_header *trace =
			find(dead, "__connect.errors.exception.stacktrace");
		assert_non_null(trace);
		assert_int_equal(trace->value.size, fits ? 3000 : 0);
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_letter_carries_the_headers_of_its_family),
		cmocka_unit_test(dead_letter_shows_the_trace_outside_whatever_the_family),
		cmocka_unit_test(stage_records_have_no_headers_of_their_own),
		cmocka_unit_test(dead_letter_headers_shrink_with_the_envelope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
