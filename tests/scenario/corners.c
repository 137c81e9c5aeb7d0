/* SPDX-License-Identifier: Apache-2.0
 *
 * Corners of the rows, which random changes of the code (tests/mutate.py) showed to be untested. */
#define _GNU_SOURCE
#include "support_b.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "engine/state.h"
#include "testing/fake.h"

/* -- tickets ----------------------------------------------------------------------------- */
/* Its own ticket first, then the one of the message before: that one can be taken at once, and
 * leaves the list of the settled from behind the one that cannot. */
static void settle_mine_and_then_the_first(struct rig *rig, const struct stagger_message *m,
					   struct stagger_failure *why)
{
	(void)why;
	if (m->value.size != 3 || memcmp(m->value.data, "b:E", 3) != 0)
		return;
	assert_non_null(stagger_defer(m, &rig->tickets[rig->n_tickets++]));
	assert_int_equal(rig_settle(rig, 1, STAGGER_DONE), STAGGER_OK);
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
}

static void defer_settled_while_its_handler_runs_holds_up_no_other(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.order = STAGGER_ORDER_NONE;
	struct rig *rig = rig_new(&setup);
	rig->in_handler = settle_mine_and_then_the_first;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	rig_send(rig, "k", "b:E");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 2);
	assert_int_equal(rig_stats(rig)->deferred, 0);
	rig_send(rig, "k", "c:B"); /* the list of the settled is whole */
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 3);
	rig_free(rig);
}

/* Of a program that was built when the outcome had no more than its verdict. */
static void defer_settled_with_the_shortest_outcome_there_can_be(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	outcome.verdict = STAGGER_DONE;
	outcome.size = sizeof(outcome.size) + sizeof(outcome.verdict) - 1;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	assert_int_equal(rig_settle_with(rig, 0, &outcome), STAGGER_INVALID);
	outcome.size++;
	assert_int_equal(rig_settle_with(rig, 0, &outcome), STAGGER_OK);
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 1);
	rig_free(rig);
}

static void *settle_there(void *rig)
{
	assert_int_equal(rig_settle(rig, 0, STAGGER_DONE), STAGGER_OK);
	return NULL;
}

static void *stats_there(void *rig)
{
	rig_stats(rig);
	return NULL;
}

/* What the loop does under the lock of tickets nobody may see half done. */
static void defer_settled_elsewhere_waits_for_the_loop(void **state)
{
	(void)state;
	void *(*const there[])(void *) = { settle_there, stats_there };
	struct rig *rig = rig_new(NULL);
	struct engine *e = rig->w->members[0]->engine;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	for (size_t i = 0; i < 2; i++) {
		struct timespec until;
		pthread_t thread;
		pthread_mutex_lock(&e->tickets.lock);
		assert_int_equal(pthread_create(&thread, NULL, there[i], rig), 0);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += until.tv_nsec >= 900000000;
		until.tv_nsec = (until.tv_nsec + 100000000) % 1000000000;
		assert_int_equal(pthread_timedjoin_np(thread, NULL, &until), ETIMEDOUT);
		pthread_mutex_unlock(&e->tickets.lock);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->done, 1);
	rig_free(rig);
}

/* -- revokes ----------------------------------------------------------------------------- */
/* Each call takes a millisecond, and the group rebalances during the n-th. */
static void rebalance_in_the_nth(struct rig *rig, const struct stagger_message *m,
				 struct stagger_failure *why)
{
	(void)m;
	(void)why;
	rig_spend(rig, 1000);
	if (rig->n_calls == *(const size_t *)rig->user)
		world_rebalance(rig->w);
}

/* Whatever queue it stands in: an in-place retry too, whose wait is over and whose slice is not
 * free. Nothing of it is counted as in flight for ever. */
static void revoke_lets_go_of_what_waits_for_its_slice(void **state)
{
	(void)state;
	for (size_t nth = 40; nth < 80; nth++) {
		struct setup setup = SETUP_INIT;
		setup.world.partitions = 3;
		setup.chain.in_place_attempts = 2;
		setup.chain.in_place_backoff = STAGGER_BACKOFF_FIXED;
		setup.chain.in_place_delay_ms = 50;
		struct rig *rig = rig_new(&setup);
		rig_put(rig, MAIN, 2, "k", "a:RD", 0);
		for (int i = 0; i < 100; i++)
			rig_put(rig, MAIN, i % 2, "k", "b:D", 0);
		rig->in_handler = rebalance_in_the_nth;
		rig->user = &nth;
		rig_advance(rig, SECOND);
		assert_int_equal(rig_stats(rig)->in_flight, 0);
		assert_int_equal(rig_stats(rig)->done, 101);
		rig_free(rig);
	}
}

/* -- two chains -------------------------------------------------------------------------- */
static const char *const two[] = { "orders", "bills" };
static struct port_workers workers_of[2];
static int interrupts[2][2]; /* by chain: off, on */

static void interrupt_counted(void *self, bool on)
{
	int chain = self == workers_of[1].self;
	interrupts[chain][on]++;
	workers_of[chain].interrupt(self, on);
}

static enum stagger_verdict done_by_chain(const struct stagger_message *m,
					  struct stagger_failure *why, void *user)
{
	(void)why;
	((int *)user)[strcmp(m->chain, two[1]) == 0]++;
	return STAGGER_DONE;
}

static struct stagger_consumer *consumer_of_two(int *done)
{
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_consumer *c = NULL;
	struct stagger_error err;
	o.group = GROUP;
	assert_int_equal(stagger_consumer_open(&c, NULL, &o, &err), STAGGER_OK);
	for (size_t i = 0; i < 2; i++) {
		struct stagger_chain *chain = NULL;
		assert_int_equal(stagger_chain_new(&chain, two[i], NULL, &err), STAGGER_OK);
		assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_OK);
	}
	assert_int_equal(stagger_consumer_on(c, NULL, done_by_chain, done, &err), STAGGER_OK);
	return c;
}

static void revoke_interrupts_the_workers_of_every_chain(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.members = -1;
	struct rig *rig = rig_new(&setup);
	struct stagger_error err;
	int done[2] = { 0, 0 };
	int32_t number;
	struct stagger_consumer *c = consumer_of_two(done);
	assert_int_equal(world_join(rig->w, &c, &number, &err), STAGGER_OK);
	rig_advance(rig, SECOND);
	struct engine *e = rig->w->members[0]->engine;
	for (size_t i = 0; i < 2; i++) {
		rig_put(rig, two[i], 0, "k", "a:D", 0);
		workers_of[i] = e->chains[i].workers;
		e->chains[i].workers.interrupt = interrupt_counted;
	}
	rig_advance(rig, SECOND);
	world_rebalance(rig->w);
	rig_advance(rig, SECOND);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(done[i], 1);
		assert_int_equal(interrupts[i][true], 1);
		assert_int_equal(interrupts[i][false], 1);
		assert_int_equal(rig_committed(rig, two[i], 0), 1);
	}
	rig_free(rig);
}

/* -- hops -------------------------------------------------------------------------------- */
static struct port_sink sink; /* as the world made it */

static int32_t no_partitions(void *self, int32_t topic)
{
	(void)self;
	(void)topic;
	return 0;
}

static void missing_topic_that_has_no_partitions_stalls_the_lane(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	struct engine *e = rig->w->members[0]->engine;
	sink = e->o.sink;
	e->o.sink.partitions = no_partitions;
	rig_send(rig, "k", "a:RD");
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_events(rig, STAGGER_STALLED), 1);
	assert_non_null(strstr(rig_event(rig, STAGGER_STALLED, 0)->reason, "unknown"));
	e->o.sink.partitions = sink.partitions;
	rig_advance(rig, 2 * MINUTE);
	expect_story(rig, "a/main/1 a/retry.1m/2");
	rig_free(rig);
}

/* -- slices and lanes -------------------------------------------------------------------- */
static struct port_workers workers; /* as the world made them */
static size_t sizes[8], n_sizes;    /* of slices */

static void submit_noting_the_size(void *self, struct port_slice *slice)
{
	if (n_sizes < sizeof(sizes) / sizeof(sizes[0]))
		sizes[n_sizes++] = slice->n;
	workers.submit(self, slice);
}

/* Four workers: each finds a part of what has no order. */
static void slice_of_what_has_no_order_leaves_some_for_the_other_workers(void **state)
{
	(void)state;
	for (int order = STAGGER_ORDER_PARTITION; order <= STAGGER_ORDER_NONE; order++) {
		struct setup setup = SETUP_INIT;
		setup.chain.order = (enum stagger_order)order;
		struct rig *rig = rig_new(&setup);
		rig_advance(rig, SECOND);
		struct chain_state *chain = &rig->w->members[0]->engine->chains[0];
		n_sizes = 0;
		workers = chain->workers;
		chain->workers.submit = submit_noting_the_size;
		chain->workers.n = 4;
		for (int i = 0; i < 40; i++)
			rig_put(rig, MAIN, 0, "k", "a:D", 0);
		rig_advance(rig, 0);
		chain->workers = workers;
		assert_int_equal(sizes[0], order == STAGGER_ORDER_NONE ? 40 / 4 + 1 : 40);
		if (order == STAGGER_ORDER_NONE)
			assert_int_equal(sizes[1], 29 / 4 + 1);
		rig_free(rig);
	}
}

/* One strand gives one slice at a time: more of its lane would only stand in memory. */
static void lane_of_one_strand_is_read_no_further_than_its_next_slice(void **state)
{
	(void)state;
	for (int order = STAGGER_ORDER_PARTITION; order <= STAGGER_ORDER_NONE; order++) {
		struct setup setup = SETUP_INIT;
		setup.chain.order = (enum stagger_order)order;
		struct rig *rig = rig_new(&setup);
		rig_put(rig, MAIN, 0, "k", "a:A", 0);
		for (int i = 0; i < 500; i++)
			rig_put(rig, MAIN, 0, "k", "b:D", 0);
		rig_advance(rig, SECOND);
		assert_int_equal(rig_lane(rig, MAIN, 0)->position,
				 order == STAGGER_ORDER_PARTITION ? 1 + PORT_SLICE_MAX : 501);
		rig_free(rig);
	}
}

/* What stands from one tick to the next is copied, so that it pins no response of a fetch; what is
 * handled before need not be. */
static void lane_lets_go_of_a_fetch_after_a_whole_tick(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.commit_interval_ms = (int32_t)SECOND;
	struct rig *rig = rig_new(&setup);
	const struct fake_source *source = rig->w->members[0]->source;
	rig_advance(rig, SECOND + 100);
	rig_send(rig, "k", "a:A");
	rig_send(rig, "k", "b:D"); /* behind a */
	rig_advance(rig, 0);
	assert_int_equal(source->n_pinned, 2);
	rig_advance(rig, SECOND);
	assert_int_equal(source->n_pinned, 2);
	rig_advance(rig, SECOND);
	assert_int_equal(source->n_pinned, 0);
	rig_settle(rig, 0, STAGGER_DONE);
	rig_advance(rig, 0);
	expect_story(rig, "a/main/1 b/main/1");
	rig_free(rig);
}

/* A bound held b back until the very millisecond of its due. */
static void bound_makes_nothing_late_that_is_read_when_it_is_due(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.consumer.max_waiting = 1;
	struct rig *rig = rig_new(&setup);
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "a:D", 90 * SECOND));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "b:D", 90 * SECOND));
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_call_of(rig, "a", 0)->wall_ms, START_MS + 90 * SECOND);
	assert_int_equal(rig_call_of(rig, "b", 0)->wall_ms, START_MS + 90 * SECOND);
	assert_int_equal(rig_stats(rig)->head_of_line, 0);
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "c:D", 90 * SECOND));
	put_envelope(rig, RETRY_1M, 0, retry_envelope(rig, "d:D", 89 * SECOND));
	rig_advance(rig, 2 * MINUTE);
	assert_int_equal(rig_stats(rig)->head_of_line, 1);
	rig_free(rig);
}

/* -- handlers that hang ------------------------------------------------------------------ */
static const struct port_call *hangs; /* the inline worker pretends that it runs */
static int64_t hangs_since_us;

static bool running_for_long(void *self, int32_t i, const struct port_call **call,
			     int64_t *since_boot_us)
{
	(void)self;
	*call = hangs;
	*since_boot_us = hangs_since_us;
	return i == 0;
}

static void handler_past_its_timeout_is_reported_once(void **state)
{
	(void)state;
	struct setup setup = SETUP_INIT;
	setup.chain.handler_timeout_ms = MINUTE;
	struct rig *rig = rig_new(&setup);
	struct engine *e = rig->w->members[0]->engine;
	rig_send(rig, "k", "a:A");
	rig_advance(rig, SECOND);
	e->n_called++; /* while anything is called each second is looked at */
	hangs = &e->tickets.slots[rig->tickets[0].slot - 1].record->call;
	hangs_since_us = world_boot_ms(rig->w) * 1000;
	e->chains[0].workers.running = running_for_long;
	rig_advance(rig, MINUTE - 1);
	assert_int_equal(rig_events(rig, STAGGER_STUCK), 0);
	assert_int_equal(rig_stats(rig)->stuck, 0);
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_events(rig, STAGGER_STUCK), 1);
	assert_string_equal(rig_event(rig, STAGGER_STUCK, 0)->id, "a");
	assert_string_equal(rig_event(rig, STAGGER_STUCK, 0)->topic, MAIN);
	assert_int_equal(rig_event(rig, STAGGER_STUCK, 0)->offset, 0);
	assert_int_equal(rig_stats(rig)->stuck, 1);
	assert_true(rig_logged(rig, "offset 0 for 60 s"));
	hangs_since_us = world_boot_ms(rig->w) * 1000; /* called again */
	rig_advance(rig, 10 * SECOND);
	assert_int_equal(rig_stats(rig)->stuck, 0);
	rig_advance(rig, MINUTE);
	assert_int_equal(rig_events(rig, STAGGER_STUCK), 2);
	hangs = NULL;
	rig_advance(rig, SECOND);
	assert_int_equal(rig_stats(rig)->stuck, 0);
	e->n_called--;
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defer_settled_while_its_handler_runs_holds_up_no_other),
		cmocka_unit_test(defer_settled_with_the_shortest_outcome_there_can_be),
		cmocka_unit_test(defer_settled_elsewhere_waits_for_the_loop),
		cmocka_unit_test(revoke_lets_go_of_what_waits_for_its_slice),
		cmocka_unit_test(missing_topic_that_has_no_partitions_stalls_the_lane),
		cmocka_unit_test(revoke_interrupts_the_workers_of_every_chain),
		cmocka_unit_test(slice_of_what_has_no_order_leaves_some_for_the_other_workers),
		cmocka_unit_test(lane_of_one_strand_is_read_no_further_than_its_next_slice),
		cmocka_unit_test(lane_lets_go_of_a_fetch_after_a_whole_tick),
		cmocka_unit_test(bound_makes_nothing_late_that_is_read_when_it_is_due),
		cmocka_unit_test(handler_past_its_timeout_is_reported_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
