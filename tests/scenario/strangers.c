/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "When the framework's own work fails": records of others in our topics, errors of the
 * consumer, brokers that are away. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* -- not an envelope --------------------------------------------------------------------- */
static void what_is_no_envelope_goes_to_the_dlt_undecodable(void **state)
{
	(void)state;
	static const struct stagger_bytes values[] = {
		{ "hello", 5 },
		{ NULL, 0 },
		{ "", 0 },
		{ "\xc3\x01", 2 },
		{ "\xc3\x01truncated", 11 },
		{ "\0\0\0\0\1", 5 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 29 },
	};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct setup setup = SETUP_INIT;
		setup.world.partitions = 3;
		struct rig *rig = rig_new(&setup);
		struct stagger_error error;
		struct stagger_header header = { "trace", { "abc", 3 } };
		struct world_record record = {
			.timestamp_ms = START_MS - HOUR,
			.key = bytes_text("key"),
			.value = values[i],
			.headers = &header,
			.n_headers = 1,
		};
		assert_int_equal(world_produce(rig->w, RETRY_5M, 2, &record, &error), STAGGER_OK);
		rig_advance(rig, SECOND);
		const struct stagger_envelope *e = rig_dead(rig, "undecodable");
		assert_string_equal(e->original_topic, RETRY_5M);
		assert_int_equal(e->original_partition, 2);
		assert_int_equal(e->original_offset, 0);
		assert_int_equal(e->original_timestamp_ms, START_MS - HOUR);
		assert_string_equal(e->group, GROUP);
		assert_int_equal(e->attempts, 0);
		assert_int_equal(e->value.size, values[i].size);
		assert_int_equal(e->value.data == NULL, values[i].data == NULL);
		if (values[i].size > 0)
			assert_memory_equal(e->value.data, values[i].data, values[i].size);
		assert_int_equal(e->key.size, 3);
		assert_int_equal(e->n_headers, 1);
		assert_string_equal(e->headers[0].name, "trace");
		assert_int_equal(world_size(rig->w, DLT, 2), 1);
		assert_int_equal(rig->n_calls, 0);
		assert_int_equal(rig_stats(rig)->undecodable, 1);
		assert_int_equal(rig_committed(rig, RETRY_5M, 2), 1);
		rig_free(rig);
	}
}

/* -- other versions ---------------------------------------------------------------------- */
#define TAIL "\x02\x0etail of a newer version"

/* A copy of the first record of RETRY_1M as a newer version would have framed and extended it. */
static struct stagger_bytes newer(struct rig *rig, const char *frame, size_t size)
{
	struct stagger_bytes old = world_record(rig->w, RETRY_1M, 0, 0)->value;
	size_t body = old.size - 10; /* after C3 01 and the fingerprint */
	char *bytes = malloc(size + body + sizeof(TAIL) - 1);
	assert_non_null(bytes);
	memcpy(bytes, frame, size);
	memcpy(bytes + size, (const char *)old.data + 10, body);
	memcpy(bytes + size + body, TAIL, sizeof(TAIL) - 1);
	return (struct stagger_bytes){ bytes, size + body + sizeof(TAIL) - 1 };
}

static void expect_newer(struct rig *rig, const char *topic, const char *frame, size_t size)
{
	size_t last = world_size(rig->w, topic, 0) - 1;
	struct stagger_bytes value = world_record(rig->w, topic, 0, last)->value;
	const char *bytes = value.data;
	size_t tail = sizeof(TAIL) - 1;
	assert_memory_equal(bytes, frame, size);
	assert_true(value.size > size + tail);
	assert_memory_equal(bytes + value.size - tail, TAIL, tail);
}

static void unknown_schema(const char *frame, size_t size)
{
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND);
	struct stagger_bytes value = newer(rig, frame, size);
	put_bytes(rig, RETRY_1M, 0, value);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2 a/retry.1m/2"); /* the original, then the copy */
	assert_int_equal(rig_call(rig, 2)->offset, 0);
	expect_newer(rig, RETRY_5M, frame, size);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_count(rig, DLT), 2);
	expect_newer(rig, DLT, frame, size);
	assert_string_equal(rig_envelope(rig, DLT, 1)->disposition, "attempts_exhausted");
	assert_int_equal(rig_envelope(rig, DLT, 1)->attempts, 4);
	assert_int_equal(rig_stats(rig)->undecodable, 0);
	rig_free(rig);
	free((void *)(uintptr_t)value.data);
}

static void unknown_fingerprint_is_read_and_its_tail_copied(void **state)
{
	(void)state;
	unknown_schema("\xc3\x01newer_v2", 10);
}

static void unknown_schema_id_is_read_and_its_tail_copied(void **state)
{
	(void)state;
	unknown_schema("\0\0\0\0\x2a", 5);
}

static void own_fingerprint_with_a_tail_is_undecodable(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, SECOND);
	struct stagger_bytes own = world_record(rig->w, RETRY_1M, 0, 0)->value;
	struct stagger_bytes value = newer(rig, own.data, 10);
	put_bytes(rig, RETRY_1M, 0, value);
	rig_advance(rig, MINUTE);
	rig_dead(rig, "undecodable");
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_free(rig);
	free((void *)(uintptr_t)value.data);
}

/* -- other groups ------------------------------------------------------------------------ */
static void envelope_of_another_group_goes_to_the_dlt_foreign(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_envelope *e = retry_envelope(rig, "a:D", 50 * SECOND);
	e->group = "shipping";
	e->chain = "parcels";
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, SECOND); /* not waited for */
	const struct stagger_envelope *letter = rig_dead(rig, "foreign");
	assert_string_equal(letter->group, "shipping"); /* whose it is */
	assert_string_equal(letter->chain, "parcels");
	assert_string_equal(letter->original_topic, MAIN);
	assert_int_equal(letter->original_offset, 1234);
	assert_int_equal(letter->attempts, 1);
	assert_string_equal(letter->last.error_message, "before");
	assert_int_equal(letter->value.size, 3);
	assert_int_equal(rig->n_calls, 0);
	assert_int_equal(rig_stats(rig)->foreign, 1);
	assert_int_equal(rig_committed(rig, RETRY_1M, 0), 1);
	rig_free(rig);
}

static void envelope_of_a_former_name_is_ours(void **state)
{
	(void)state;
	static const char *const formerly[] = { "invoices", "shipping", NULL };
	struct setup setup = SETUP_INIT;
	setup.consumer.formerly = formerly;
	struct rig *rig = rig_new(&setup);
	struct stagger_envelope *e = retry_envelope(rig, "a:R", 50 * SECOND);
	e->group = "shipping";
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/retry.1m/2");
	assert_int_equal(rig_call(rig, 0)->wall_ms, START_MS + 50 * SECOND);
	assert_string_equal(rig_envelope(rig, RETRY_5M, 0)->group, GROUP);
	assert_int_equal(rig_stats(rig)->foreign, 0);
	rig_free(rig);
}

/* -- the consumer and the brokers -------------------------------------------------------- */
static void fatal_consumer_error_ends_the_run_and_commits_nothing(void **state)
{
	(void)state;
	static const struct {
		int32_t code;
		const char *text;
	} fatal[] = { { 82, "fenced instance id" }, { 30, "group not authorized" } };
	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_new(NULL);
		struct commits *commits = commits_watch(rig);
		struct stagger_error error;
		rig_advance(rig, SECOND);
		rig_send(rig, "k", "a:D");
		rig_advance(rig, 0);
		size_t before = commits->n;
		world_fail_source(rig->w, 0, STAGGER_FATAL, fatal[i].code, fatal[i].text);
		rig_advance(rig, MINUTE);
		assert_int_equal(rig_ended(rig, 0, &error), STAGGER_FATAL);
		assert_int_equal(error.kafka_code, fatal[i].code);
		assert_non_null(strstr(error.text, fatal[i].text));
		assert_int_equal(commits->n, before);
		rig_free(rig);
		free(commits);
	}
}

/* The worse end is told: after a halt one may start again, after this one must look. */
static void fatal_consumer_error_is_told_also_while_a_halt_drains(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	struct stagger_error error;
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:H");
	rig_advance(rig, SECOND);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	world_fail_source(rig->w, 0, STAGGER_FATAL, 82, "fenced instance id");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_ended(rig, 0, &error), STAGGER_FATAL);
	assert_int_equal(error.kafka_code, 82);
	assert_string_equal(error.text, "fenced instance id");
	rig_free(rig);
}

static void broker_down_at_the_start_is_waited_for(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	world_silence(rig->w, true);
	rig_join(rig);
	rig_send(rig, "k", "a:D");
	rig_advance(rig, 3 * DAY);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	world_silence(rig->w, false);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1");
	rig_free(rig);
}

static void broker_down_at_any_time_is_waited_for(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "wait:RRD");
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "call:AR");
	rig_advance(rig, SECOND);
	world_silence(rig->w, true);
	rig_send(rig, "k", "later:D");
	rig_advance(rig, MINUTE); /* what is in memory is handled on time */
	rig_settle(rig, 0, STAGGER_RETRY);
	rig_advance(rig, 5 * HOUR);
	assert_false(world_ended(rig->w, 0, NULL, NULL));
	assert_int_equal(rig_calls_of(rig, "later"), 0);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	world_silence(rig->w, false);
	rig_advance(rig, 2 * HOUR);
	assert_int_equal(rig_calls_of(rig, "later"), 1);
	assert_int_equal(rig_calls_of(rig, "wait"), 3);
	assert_int_equal(rig_count(rig, RETRY_1M), 2);
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	assert_int_equal(rig_stats(rig)->hop_failures, 0);
	rig_free(rig);
}

static void stop_while_the_broker_is_down_ends_in_time(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "a:R");
	world_silence(rig->w, false);
	rig_advance(rig, 0);
	rig_send(rig, "k", "b:A");
	rig_advance(rig, 0);
	world_silence(rig->w, true);
	rig_settle(rig, 0, STAGGER_RETRY);
	rig_advance(rig, SECOND);
	int64_t before = rig_now(rig);
	world_stop(rig->w, 0);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_TIMEOUT);
	assert_in_range(rig_now(rig) - before, 30 * SECOND, 37 * SECOND);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_envelope_goes_to_the_dlt_undecodable),
		cmocka_unit_test(unknown_fingerprint_is_read_and_its_tail_copied),
		cmocka_unit_test(unknown_schema_id_is_read_and_its_tail_copied),
		cmocka_unit_test(own_fingerprint_with_a_tail_is_undecodable),
		cmocka_unit_test(envelope_of_another_group_goes_to_the_dlt_foreign),
		cmocka_unit_test(envelope_of_a_former_name_is_ours),
		cmocka_unit_test(fatal_consumer_error_ends_the_run_and_commits_nothing),
		cmocka_unit_test(fatal_consumer_error_is_told_also_while_a_halt_drains),
		cmocka_unit_test(broker_down_at_the_start_is_waited_for),
		cmocka_unit_test(broker_down_at_any_time_is_waited_for),
		cmocka_unit_test(stop_while_the_broker_is_down_ends_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
