/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory runs out: one story is replayed for every n with its n-th allocation failing. Whatever
 * fails, nothing may crash, and every message must end after a restart at the latest. Sanitizers
 * bring an allocator of their own: under them the story is told once, without a failure. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "memory_heap.h"

#define ROUTED    "orders.bank.dlt"
#define N_IDS     10
#define N_TICKETS 64
#define N_MAX     6000 /* allocations of one story; more fails the test */

/* -- the application --------------------------------------------------------------------- */
/* A message's key is its id, "1"; its value the letters its attempts obey, the last one repeats:
 * D done, R retry, B retry of class "Bank", P retry_after, X dead letter, A defer and settle with
 * done, F defer and settle with a retry. */
struct tale {
	struct stagger_world *w;
	bool done[N_IDS];
	struct {
		struct stagger_ticket ticket;
		size_t id;
		bool fails;
	} tickets[N_TICKETS];
	size_t n_tickets;
};

static size_t id_of(const struct stagger_message *m)
{
	assert_int_equal(m->key.size, 1);
	return (size_t)(*(const char *)m->key.data - '0');
}

static enum stagger_verdict put_off(struct tale *tale, const struct stagger_message *m,
				    struct stagger_failure *why, bool fails)
{
	struct stagger_ticket ticket;
	if (stagger_defer(m, &ticket) == NULL)
		return stagger_retry(why, "NoTicket", "no memory");
	assert_true(tale->n_tickets < N_TICKETS);
	tale->tickets[tale->n_tickets].ticket = ticket;
	tale->tickets[tale->n_tickets].id = id_of(m);
	tale->tickets[tale->n_tickets++].fails = fails;
	return STAGGER_DEFER;
}

static enum stagger_verdict handle(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct tale *tale = user;
	if (m->key.data == NULL)
		return STAGGER_DONE;
	size_t at = (size_t)m->attempt - 1;
	const char *letters = m->value.data;
	char attempt[16];
	snprintf(attempt, sizeof(attempt), "%d", m->attempt);
	(void)stagger_failure_attribute(why, "last", attempt);
	(void)stagger_failure_attribute(why, attempt, "was here");
	(void)stagger_failure_attribute(why, "2", NULL);
	stagger_failure_code(why, "503");
	switch (letters[at < m->value.size ? at : m->value.size - 1]) {
	case 'R':
		return stagger_retry(why, "Bad", "attempt %s", attempt);
	case 'B':
		return stagger_retry(why, "Bank", "attempt %s", attempt);
	case 'P':
		return stagger_retry_after(why, 90 * SECOND, "Busy", "attempt %s", attempt);
	case 'X':
		return stagger_dead_letter(why, "Bad", "attempt %s", attempt);
	case 'A':
		return put_off(tale, m, why, false);
	case 'F':
		return put_off(tale, m, why, true);
	case 'N':
		return (enum stagger_verdict)0;
	default:
		tale->done[id_of(m)] = true;
		return STAGGER_DONE;
	}
}

static void settle_all(struct tale *tale)
{
	for (size_t i = 0; i < tale->n_tickets; i++) {
		struct stagger_error err;
		struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
		outcome.verdict = tale->tickets[i].fails ? STAGGER_RETRY : STAGGER_DONE;
		outcome.error_class = "Settled";
		outcome.error_message = "later";
		enum stagger_status status = STAGGER_NO_MEMORY;
		heap.everywhere = true;
		for (int k = 0; status == STAGGER_NO_MEMORY; k++) {
			heap.armed = k == 0;
			status = stagger_settle(world_member(tale->w, 0), tale->tickets[i].ticket,
						&outcome, &err);
		}
		heap.armed = false;
		heap.everywhere = false;
		if (status == STAGGER_OK && !tale->tickets[i].fails)
			tale->done[tale->tickets[i].id] = true;
	}
	tale->n_tickets = 0;
}

static void log_nothing(enum stagger_level level, const char *line, void *user)
{
	(void)level;
	(void)line;
	(void)user;
}

static void hear_nothing(const struct stagger_event *event, void *user)
{
	(void)event;
	(void)user;
}

static struct stagger_consumer *consumer_of(struct tale *tale,
					    const struct stagger_chain_options *options)
{
	struct stagger_error err;
	struct stagger_consumer *c = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options co = *options;
	o.group = GROUP;
	o.log = log_nothing;
	o.event = hear_nothing;
	co.in_place_attempts = 2;
	co.in_place_on = in_every_stage;
	assert_int_equal(stagger_consumer_open(&c, NULL, &o, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_new(&chain, MAIN, &co, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, MINUTE, 0, NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 5 * MINUTE, 0, NULL, &err), STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "Bank", ROUTED, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_add(c, &chain, &err), STAGGER_OK);
	assert_int_equal(stagger_consumer_on(c, NULL, handle, tale, &err), STAGGER_OK);
	return c;
}

/* -- the story --------------------------------------------------------------------------- */
static void revive(struct tale *tale)
{
	struct stagger_error err;
	enum stagger_status status;
	if (!world_ended(tale->w, 0, &status, &err))
		return;
	assert_true(status == STAGGER_OK || status == STAGGER_NO_MEMORY);
	assert_int_equal(world_restart(tale->w, 0, &err), STAGGER_OK);
	ports_watch(tale->w);
}

static void go_on(struct tale *tale, int64_t ms)
{
	heap.armed = true;
	stagger_world_advance(tale->w, ms);
	heap.armed = false;
	revive(tale);
}

static void join(struct tale *tale, const struct stagger_chain_options *options)
{
	struct stagger_error err;
	struct stagger_consumer *c = consumer_of(tale, options);
	int32_t number;
	heap.armed = true;
	heap.everywhere = true;
	enum stagger_status status = world_join(tale->w, &c, &number, &err);
	heap.everywhere = false;
	heap.armed = false;
	if (status != STAGGER_OK) {
		assert_int_equal(status, STAGGER_NO_MEMORY);
		assert_int_equal(world_join(tale->w, &c, &number, &err), STAGGER_OK);
	}
	ports_watch(tale->w);
}

static void send(struct tale *tale, const char *topic, const char *key, const char *value)
{
	static const struct stagger_header headers[] = {
		{ "trace", { "one", 3 } }, { "trace", { NULL, 0 } }, { "", { "", 0 } }
	};
	struct stagger_error err;
	struct world_record record = { .timestamp_ms = world_wall_ms(tale->w),
				       .key = key != NULL ? bytes_text(key)
							  : (struct stagger_bytes){ NULL, 0 },
				       .value = bytes_text(value),
				       .headers = headers,
				       .n_headers = 3 };
	assert_int_equal(world_produce(tale->w, topic, 0, &record, &err), STAGGER_OK);
}

static void look_at_stats(struct tale *tale)
{
	struct stagger_error err;
	const struct stagger_stats *stats = NULL;
	heap.armed = true;
	enum stagger_status status = stagger_consumer_stats(world_member(tale->w, 0), &stats, &err);
	heap.armed = false;
	assert_true(status == STAGGER_OK || status == STAGGER_NO_MEMORY);
	stagger_stats_free(&stats);
}

static void tell(struct tale *tale, const struct stagger_chain_options *options)
{
	static const char *const letters[N_IDS] = { NULL, "D",   "RD", "R",  "B",
						    "AD", "FAD", "PD", "RX", "RRAD" };
	join(tale, options);
	send(tale, MAIN, NULL, "of the first log");
	go_on(tale, SECOND);
	world_recreate(tale->w, MAIN);
	go_on(tale, SECOND);
	send(tale, MAIN, NULL, "has an offset that was committed"); /* who restarts skips it */
	for (size_t i = 1; i < N_IDS; i++)
		send(tale, MAIN, (const char[]){ (char)('0' + i), '\0' }, letters[i]);
	send(tale, RETRY_1M, "0", "no envelope");
	go_on(tale, SECOND);
	go_on(tale, 2 * SECOND);
	look_at_stats(tale);
	world_rebalance(tale->w); /* tickets are still open: exiles */
	go_on(tale, 10 * SECOND);
	world_lose(tale->w, 0);
	settle_all(tale);
	go_on(tale, SECOND);
	for (int i = 0; i < 8; i++) {
		go_on(tale, MINUTE);
		settle_all(tale);
	}
}

static void stop(struct tale *tale)
{
	heap.armed = true;
	world_stop(tale->w, 0);
	heap.armed = false;
	revive(tale);
}

/* -- its end ----------------------------------------------------------------------------- */
static void mark_dead(struct tale *tale, const char *topic)
{
	const struct stagger_envelope *e;
	for (size_t i = 0; (e = stagger_world_envelope(tale->w, topic, i)) != NULL; i++)
		if (e->key.size == 1)
			tale->done[(size_t)(*(const char *)e->key.data - '0')] = true;
}

static void expect_the_end(struct tale *tale, long n)
{
	for (int i = 0; i < 20; i++) {
		go_on(tale, MINUTE);
		settle_all(tale);
	}
	assert_false(world_livelocked(tale->w));
	if (world_violation(tale->w) != NULL)
		fail_msg("allocation %ld: %s", n, world_violation(tale->w));
	mark_dead(tale, DLT);
	mark_dead(tale, ROUTED);
	for (size_t i = 0; i < N_IDS; i++)
		if (!tale->done[i])
			fail_msg("allocation %ld: message %zu did not end", n, i);
}

/* Whether the n-th allocation was reached. */
static bool replay(const struct stagger_chain_options *options, long n, long misses)
{
	struct tale tale = { .n_tickets = 0 };
	struct stagger_error err;
	struct world_options o = { .partitions = 1, .seed = 1 };
	assert_int_equal(world_new(&tale.w, &o, &err), STAGGER_OK);
	heap.until = n;
	heap.misses = misses;
	tell(&tale, options);
	if (heap.misses == 0) /* it is over: who went on without a restart needs none */
		expect_the_end(&tale, n);
	stop(&tale);
	bool reached = heap.misses < misses;
	heap.misses = 0;
	expect_the_end(&tale, n);
	heap.member = NULL;
	world_free(&tale.w);
	return reached;
}

static void replay_all(enum stagger_order order, bool republish, long misses)
{
	struct stagger_chain_options options = STAGGER_CHAIN_OPTIONS_INIT;
	long n = 1;
	options.order = order;
	options.republish = republish;
	while (replay(&options, n, misses))
		assert_true(++n < N_MAX);
#ifndef OTHER_ALLOCATOR
	assert_true(n > 100); /* it does fail them */
#endif
}

static void memory_that_is_short_loses_nothing(void **state)
{
	(void)state;
	replay_all(STAGGER_ORDER_PARTITION, false, 1);
}

static void memory_that_is_short_loses_nothing_with_order_key(void **state)
{
	(void)state;
	replay_all(STAGGER_ORDER_KEY, false, 1);
}

static void memory_that_is_short_for_a_while_loses_nothing(void **state)
{
	(void)state;
	replay_all(STAGGER_ORDER_NONE, false, 3);
}

static void memory_that_is_short_loses_nothing_in_republish_mode(void **state)
{
	(void)state;
	replay_all(STAGGER_ORDER_PARTITION, true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_is_short_loses_nothing),
		cmocka_unit_test(memory_that_is_short_loses_nothing_with_order_key),
		cmocka_unit_test(memory_that_is_short_for_a_while_loses_nothing),
		cmocka_unit_test(memory_that_is_short_loses_nothing_in_republish_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
