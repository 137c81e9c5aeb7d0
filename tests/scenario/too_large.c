/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of "When the framework's own work fails": hops that are too large. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char detail[8001];

static void fail_at_length(struct rig *rig, const struct stagger_message *m,
			   struct stagger_failure *why)
{
	const size_t *size = rig->user;
	(void)m;
	memset(detail, 'd', sizeof(detail) - 1);
	stagger_failure_detail(why, detail, *size);
}

/* "<head>:0:xxx...": n bytes in all. */
static char *long_value(const char *head, size_t n)
{
	char *value = malloc(n + 1);
	assert_non_null(value);
	memset(value, 'x', n);
	value[n] = '\0';
	memcpy(value, head, strlen(head));
	return value;
}

static void send_long(struct rig *rig, const char *head, size_t n)
{
	char *value = long_value(head, n);
	rig_send(rig, "k", value);
	free(value);
}

static void expect_payload(const struct stagger_envelope *e, const char *head, size_t n)
{
	char *value = long_value(head, n);
	assert_false(e->payload_omitted);
	assert_int_equal(e->value.size, n);
	assert_memory_equal(e->value.data, value, n);
	assert_int_equal(e->key.size, 1);
	free(value);
}

/* -- shrinking --------------------------------------------------------------------------- */
static void too_large_drops_the_error_detail_first(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t size = 1500;
	rig->user = &size;
	rig->in_handler = fail_at_length;
	world_max_message(rig->w, RETRY_1M, 4500);
	send_long(rig, "a:RD:Bad:0:", 2000);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 1);
	const struct stagger_envelope *e = rig_envelope(rig, RETRY_1M, 0);
	expect_payload(e, "a:RD:Bad:0:", 2000);
	assert_null(e->last.error_detail);
	assert_string_equal(e->last.error_message, "attempt 1");
	assert_int_equal(strlen(e->first->error_detail), 1500); /* the same error, so far */
	assert_int_equal(rig_stats(rig)->shrunk, 1);
	assert_false(rig_lane(rig, MAIN, 0)->stalled);
	rig_advance(rig, MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_free(rig);
}

static void too_large_drops_the_first_errors_detail_next(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t size = 3000;
	rig->user = &size;
	rig->in_handler = fail_at_length;
	rig_send(rig, "k", "a:R");
	rig_advance(rig, SECOND);
	world_max_message(rig->w, RETRY_5M, 2500);
	rig_advance(rig, MINUTE);
	const struct stagger_envelope *e = rig_envelope(rig, RETRY_5M, 0);
	assert_null(e->last.error_detail);
	assert_non_null(e->first);
	assert_null(e->first->error_detail);
	assert_string_equal(e->first->error_message, "attempt 1");
	assert_int_equal(e->n_history, 2);
	assert_int_equal(rig_stats(rig)->shrunk, 2);
	rig_free(rig);
}

static void too_large_drops_history_but_its_first_and_last(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.stages[0] = (struct setup_stage){ MINUTE, 20 };
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, 8 * MINUTE + SECOND);
	size_t n = rig_count(rig, RETRY_1M);
	const struct world_record *record = world_record(rig->w, RETRY_1M, 0, n - 1);
	assert_int_equal(rig_envelope(rig, RETRY_1M, n - 1)->n_history, n);
	world_max_message(rig->w, RETRY_1M, record->value.size - 200);
	rig_advance(rig, MINUTE);
	const struct stagger_envelope *e = rig_envelope(rig, RETRY_1M, n);
	assert_int_equal(e->n_history, 2);
	assert_int_equal(e->history_dropped, n - 1);
	assert_string_equal(e->history[0]->stage, "main");
	assert_string_equal(e->history[1]->stage, "retry.1m");
	assert_string_equal(e->history[1]->fault.error_message, "attempt 10");
	assert_int_equal(e->attempts, 10);
	assert_int_equal(rig_count(rig, DLT), 0);
	rig_free(rig);
}

static void too_large_for_every_stage_goes_whole_to_the_dlt(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t size = 1000;
	rig->user = &size;
	rig->in_handler = fail_at_length;
	world_max_message(rig->w, RETRY_1M, 4000);
	send_long(rig, "a:R:Bad:0:", 5000);
	rig_advance(rig, SECOND);
	const struct stagger_envelope *e = rig_dead(rig, "too_large");
	expect_payload(e, "a:R:Bad:0:", 5000);
	assert_int_equal(strlen(e->last.error_detail), 1000); /* shrunk for nobody but the stage */
	assert_int_equal(rig_stats(rig)->too_large, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void payload_is_omitted_only_in_the_dlt_and_only_then(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_max_message(rig->w, RETRY_1M, 4000);
	world_max_message(rig->w, DLT, 3000);
	send_long(rig, "a:R:Bad:0:", 5000);
	rig_advance(rig, SECOND);
	const struct stagger_envelope *e = rig_dead(rig, "too_large");
	assert_true(e->payload_omitted);
	assert_null(e->value.data);
	assert_null(e->key.data);
	assert_int_equal(e->original_offset, 0); /* where it still is */
	assert_string_equal(e->original_topic, MAIN);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void too_large_is_never_dropped(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	world_max_message(rig->w, DLT, 50);
	rig_send(rig, "k", "a:X");
	rig_advance(rig, HOUR);
	assert_false(world_livelocked(rig->w));
	assert_int_equal(rig_count(rig, DLT), 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_true(rig_lane(rig, MAIN, 0)->stalled);
	assert_non_null(strstr(rig_event(rig, STAGGER_STALLED, 0)->reason, "too large"));
	world_max_message(rig->w, DLT, 0);
	rig_advance(rig, 10 * SECOND);
	rig_dead(rig, "not_retriable");
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

/* -- the proof --------------------------------------------------------------------------- */
static void too_large_is_believed_only_of_a_hop_that_was_alone(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t size = 500;
	rig->user = &size;
	rig->in_handler = fail_at_length;
	world_max_message(rig->w, RETRY_1M, 4000);
	send_long(rig, "a:R:Bad:0:", 1000);
	send_long(rig, "b:R:Bad:0:", 3400); /* fits without its detail */
	send_long(rig, "c:R:Bad:0:", 1000);
	send_long(rig, "d:R:Bad:0:", 5000); /* never fits */
	send_long(rig, "e:R:Bad:0:", 1000);
	rig_advance(rig, SECOND); /* one batch: all five are refused */
	assert_int_equal(rig_count(rig, RETRY_1M), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct stagger_envelope *e = rig_envelope(rig, RETRY_1M, i);
		assert_false(e->payload_omitted);
		if (e->original_offset == 1)
			assert_null(e->last.error_detail);
		else
			assert_int_equal(strlen(e->last.error_detail), 500);
	}
	assert_int_equal(rig_dead(rig, "too_large")->original_offset, 3);
	assert_int_equal(rig_stats(rig)->too_large, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 5);
	rig_free(rig);
}

static void too_large_for_the_producer_itself_is_believed_at_once(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	size_t size = 500;
	rig->user = &size;
	rig->in_handler = fail_at_length;
	world_fail_produce(rig->w, RETRY_1M, PORT_TOO_LARGE, 1, true);
	rig_send(rig, "k", "a:R");
	rig_send(rig, "k", "b:R");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_count(rig, RETRY_1M), 2);
	assert_null(rig_envelope(rig, RETRY_1M, 0)->last.error_detail);
	assert_non_null(rig_envelope(rig, RETRY_1M, 1)->last.error_detail);
	assert_int_equal(rig_stats(rig)->shrunk, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_large_drops_the_error_detail_first),
		cmocka_unit_test(too_large_drops_the_first_errors_detail_next),
		cmocka_unit_test(too_large_drops_history_but_its_first_and_last),
		cmocka_unit_test(too_large_for_every_stage_goes_whole_to_the_dlt),
		cmocka_unit_test(payload_is_omitted_only_in_the_dlt_and_only_then),
		cmocka_unit_test(too_large_is_never_dropped),
		cmocka_unit_test(too_large_is_believed_only_of_a_hop_that_was_alone),
		cmocka_unit_test(too_large_for_the_producer_itself_is_believed_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
