/* SPDX-License-Identifier: Apache-2.0
 *
 * The row DEFER: tickets that are settled later, from any thread, over revokes and assignments. */
#define _GNU_SOURCE
#include "support.h"

#include <pthread.h>
#include <string.h>

/* -- the settled verdict ----------------------------------------------------------------- */
static void defer_settled_done_finishes(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, DAY);
	assert_int_equal(rig_stats(rig)->deferred, 1);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->deferred, 0);
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	rig_free(rig);
}

static void defer_settled_retry_hops_from_the_settle_on(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	outcome.verdict = STAGGER_RETRY;
	outcome.retry_after_ms = 90000;
	outcome.error_class = "Busy";
	outcome.error_code = "503";
	outcome.error_message = "later";
	outcome.error_detail = "a stack";
	rig_send(rig, "k", "a:AD");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_settle_with(rig, 0, &outcome), STAGGER_OK);
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_int_equal(rig_call(rig, 1)->wall_ms - START_MS, 100 * SECOND);
	const struct stagger_envelope *hop = rig_envelope(rig, RETRY_1M, 0);
	assert_int_equal(hop->last_failed_ms, START_MS + 10 * SECOND);
	assert_string_equal(hop->last.error_class, "Busy");
	assert_string_equal(hop->last.error_code, "503");
	assert_string_equal(hop->last.error_message, "later");
	assert_string_equal(hop->last.error_detail, "a stack");
	rig_free(rig);
}

static void defer_settled_retry_waits_in_place_first(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:AD");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	rig_settle(rig, 0, STAGGER_RETRY);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 a/main/2 b/main/1");
	assert_string_equal(rig_call(rig, 1)->error_class, "Settled");
	rig_free(rig);
}

static void defer_settled_verdict_is_read_in_the_table(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.never[0] = "Settled";
	struct rig *rig = rig_new(&setup);
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT; /* 0: no verdict */
	rig_send(rig, "k", "dead:A");
	rig_advance(rig, 0);
	rig_settle(rig, 0, STAGGER_DEAD_LETTER);
	rig_send(rig, "k", "never:A");
	rig_advance(rig, 0);
	rig_settle(rig, 1, STAGGER_RETRY);
	rig_send(rig, "k", "none:AD");
	rig_advance(rig, 0);
	assert_int_equal(rig_settle_with(rig, 2, &outcome), STAGGER_OK);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->not_retriable, 2);
	assert_string_equal(rig_call_of(rig, "none", 1)->error_class, "NoVerdict");
	rig_send(rig, "k", "halt:A");
	rig_advance(rig, 0);
	rig_settle(rig, 3, STAGGER_HALT);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_ended(rig, 0, NULL), STAGGER_HALTED);
	assert_int_equal(rig_committed(rig, MAIN, 0), 3);
	rig_free(rig);
}

struct settler {
	struct rig *rig;
	enum stagger_status status;
};

static void *settle_there(void *user)
{
	struct settler *s = user;
	s->status = rig_settle(s->rig, 0, STAGGER_DONE);
	return NULL;
}

static void defer_may_be_settled_from_any_thread(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct settler settler = { .rig = rig, .status = STAGGER_STATE };
	pthread_t thread;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	assert_int_equal(pthread_create(&thread, NULL, settle_there, &settler), 0);
	pthread_join(thread, NULL);
	assert_int_equal(settler.status, STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 1);
	rig_free(rig);
}

static void defer_may_be_settled_before_the_handler_returns(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:B");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_stats(rig)->done, 2);
	assert_int_equal(rig_stats(rig)->deferred, 0);
	rig_free(rig);
}

static void defer_copy_is_valid_until_the_settle(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "key", "a:RA");
	rig_advance(rig, DAY);
	assert_int_equal(rig->n_tickets, 1);
	const struct stagger_message *m = rig->deferred[0];
	assert_int_equal(m->value.size, 4);
	assert_memory_equal(m->value.data, "a:RA", 4);
	assert_memory_equal(m->key.data, "key", 3);
	assert_string_equal(m->topic, MAIN);
	assert_string_equal(m->read_topic, RETRY_1M);
	assert_string_equal(m->stage, "retry.1m");
	assert_string_equal(m->error_class, "Bad");
	assert_null(stagger_message_local(m));
	rig_free(rig);
}

static void defer_without_a_ticket_is_no_verdict(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:ED");
	rig_advance(rig, HOUR);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	assert_string_equal(rig_call(rig, 1)->error_class, "NoVerdict");
	rig_free(rig);
}

static void defer_not_returned_leaves_the_handlers_verdict(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:T");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 1);
	assert_int_equal(rig_settle(rig, 0, STAGGER_RETRY), STAGGER_STALE);
	rig_free(rig);
}

/* -- attributes, stale, for ever --------------------------------------------------------- */
static void leaves_a_mark(struct rig *rig, const struct stagger_message *m,
			  struct stagger_failure *why)
{
	if (m->attempt == 1)
		assert_true(stagger_failure_attribute(why, "job", "4711"));
	else
		*(bool *)rig->user = stagger_message_attribute(m, "job") != NULL &&
				     strcmp(stagger_message_attribute(m, "job"), "4711") == 0;
}

static void defer_keeps_attributes_set_before_it(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	bool found = false;
	rig->user = &found;
	rig->in_handler = leaves_a_mark;
	rig_send(rig, "k", "a:AD");
	rig_advance(rig, SECOND);
	rig_settle(rig, 0, STAGGER_RETRY);
	rig_advance(rig, HOUR);
	assert_true(found);
	const struct stagger_envelope *hop = rig_envelope(rig, RETRY_1M, 0);
	assert_int_equal(hop->n_attributes, 1);
	assert_string_equal(hop->attributes[0].value, "4711");
	assert_string_equal(hop->last.error_class, "Settled");
	rig_free(rig);
}

static void defer_settled_a_second_time_is_stale_and_changes_nothing(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DEAD_LETTER), STAGGER_STALE);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DEAD_LETTER), STAGGER_STALE);
	rig_send(rig, "k", "b:A"); /* may get the same slot */
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DEAD_LETTER), STAGGER_STALE);
	rig_advance(rig, HOUR);
	assert_int_equal(rig_stats(rig)->done, 1);
	assert_int_equal(rig_stats(rig)->deferred, 1);
	assert_int_equal(rig_count(rig, DLT), 0);
	rig_free(rig);
}

static void defer_settled_with_what_is_no_verdict_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DEFER), STAGGER_INVALID);
	assert_int_equal(rig_settle(rig, 0, (enum stagger_verdict)99), STAGGER_INVALID);
	outcome.size = 0;
	assert_int_equal(rig_settle_with(rig, 0, &outcome), STAGGER_INVALID);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_free(rig);
}

static void defer_never_settled_keeps_its_place_for_ever(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	rig_send(rig, "k", "a:A");
	for (int i = 0; i < 10; i++)
		rig_send(rig, "k", "b:D");
	rig_advance(rig, 300 * DAY);
	assert_int_equal(rig->n_calls, 11);
	assert_int_equal(rig_committed(rig, MAIN, 0), 0);
	assert_int_equal(rig_lane(rig, MAIN, 0)->finished_ahead, 10);
	assert_int_equal(rig_lane(rig, MAIN, 0)->in_flight, 1);
	assert_int_equal(rig_stats(rig)->deferred, 1);
	rig_crash(rig);
	rig_advance(rig, SECOND);
	assert_string_equal(rig_story(rig, 11), "a/main/1");
	rig_free(rig);
}

/* -- revoke and assignment --------------------------------------------------------------- */
/* Settles the first ticket when the first partition is gone, and remembers what was said. */
static void settle_when_revoked(struct rig *rig, const struct stagger_event *event)
{
	enum stagger_status *status = rig->user;
	if (event->kind == STAGGER_REVOKED && *status == STAGGER_STATE)
		*status = rig_settle(rig, 0, STAGGER_DONE);
}

static void defer_settled_between_revoke_and_assignment_is_kept(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	enum stagger_status status = STAGGER_STATE;
	rig->user = &status;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	rig->in_event = settle_when_revoked;
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND); /* revoke_timeout: the ticket is open */
	assert_int_equal(status, STAGGER_OK);
	expect_story(rig, "a/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 1);
	assert_int_equal(rig_stats(rig)->late_completion, 0);
	rig_free(rig);
}

static void defer_survives_a_rebalance_that_gives_the_partition_back(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, 10 * SECOND);
	expect_story(rig, "a/main/1"); /* not again, and its strand still waits */
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 b/main/1");
	assert_int_equal(rig_committed(rig, MAIN, 0), 2);
	rig_free(rig);
}

static void defer_settled_before_the_partition_went_elsewhere_is_dropped(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	enum stagger_status status = STAGGER_STATE;
	rig->user = &status;
	rig_put(rig, MAIN, 1, "k", "a:A", 0);
	rig_advance(rig, SECOND);
	rig->in_event = settle_when_revoked;
	rig_join(rig);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(status, STAGGER_OK);
	expect_story(rig, "a/main/1 a/main/1");
	assert_int_equal(rig_call(rig, 1)->member, 1);
	assert_int_equal(rig_stats(rig)->late_completion, 1);
	assert_int_equal(rig_stats(rig)->done, 0);
	rig_free(rig);
}

static void defer_is_stale_once_the_partition_is_elsewhere(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.world.partitions = 2;
	struct rig *rig = rig_new(&setup);
	rig_put(rig, MAIN, 1, "k", "a:A", 0);
	rig_advance(rig, SECOND);
	rig_join(rig);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_STALE);
	expect_story(rig, "a/main/1 a/main/1");
	assert_int_equal(rig_stats(rig)->deferred, 0);
	rig_free(rig);
}

/* The log of a call is begun anew while the call runs; then it is deferred. */
static void mends_the_broker(struct rig *rig, const struct stagger_message *m,
			     struct stagger_failure *why)
{
	(void)why;
	if (m->attempt == 2)
		world_silence(rig->w, false);
}

static void defer_is_stale_once_its_log_was_begun_anew(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = 2;
	setup.chain.in_place_delay_ms = 200;
	struct rig *rig = rig_new(&setup);
	rig->in_handler = mends_the_broker;
	rig_send(rig, "k", "a:RA");
	rig_advance(rig, 100);
	world_recreate(rig->w, MAIN);
	world_silence(rig->w, true); /* its start and end are asked for, and not known until the call */
	rig_advance(rig, SECOND);
	expect_story(rig, "a/main/1 a/main/2");
	assert_int_equal(rig_stats(rig)->log_reset, 1);
	assert_int_equal(rig_stats(rig)->deferred, 0);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_STALE);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defer_settled_done_finishes),
		cmocka_unit_test(defer_settled_retry_hops_from_the_settle_on),
		cmocka_unit_test(defer_settled_retry_waits_in_place_first),
		cmocka_unit_test(defer_settled_verdict_is_read_in_the_table),
		cmocka_unit_test(defer_may_be_settled_from_any_thread),
		cmocka_unit_test(defer_may_be_settled_before_the_handler_returns),
		cmocka_unit_test(defer_copy_is_valid_until_the_settle),
		cmocka_unit_test(defer_without_a_ticket_is_no_verdict),
		cmocka_unit_test(defer_not_returned_leaves_the_handlers_verdict),
		cmocka_unit_test(defer_keeps_attributes_set_before_it),
		cmocka_unit_test(defer_settled_a_second_time_is_stale_and_changes_nothing),
		cmocka_unit_test(defer_settled_with_what_is_no_verdict_is_refused),
		cmocka_unit_test(defer_never_settled_keeps_its_place_for_ever),
		cmocka_unit_test(defer_settled_between_revoke_and_assignment_is_kept),
		cmocka_unit_test(defer_survives_a_rebalance_that_gives_the_partition_back),
		cmocka_unit_test(defer_settled_before_the_partition_went_elsewhere_is_dropped),
		cmocka_unit_test(defer_is_stale_once_the_partition_is_elsewhere),
		cmocka_unit_test(defer_is_stale_once_its_log_was_begun_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
