/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of a handler and its chain, with no broker and no waiting: 36 minutes pass in microseconds.
 * They link libstagger-testing.a instead of libstagger; any test framework will do. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <stagger/testing.h>

#define MINUTE INT64_C(60000)
#define RETRY_1M "orders.billing.retry.1m"
#define DLT "orders.billing.dlt"

/* -- what is tested: a handler that charges orders at a bank ---------------------------------- */

struct bank {
	int busy_for; /* calls; then it works */
	int calls, charged;
};

static enum stagger_verdict charge(const struct stagger_message *m, struct stagger_failure *why,
				   void *user)
{
	struct bank *bank = user;

	bank->calls++;
	if (m->value.size == 0)
		return stagger_dead_letter(why, "InvalidOrder", "the order is empty");
	if (bank->busy_for-- > 0)
		return stagger_retry(why, "BankBusy", "no free connection");
	bank->charged++;
	return STAGGER_DONE;
}

/* -- the bench: a world with one member and one order ----------------------------------------- */

static struct stagger_world *world_with(struct bank *bank, const char *order)
{
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_bytes key = { "customer-7", 10 };
	struct stagger_bytes value = { order, strlen(order) };
	struct stagger_consumer *consumer = NULL;
	struct stagger_chain *orders = NULL;
	struct stagger_world *world = NULL;

	options.group = "billing";
	options.log_level = STAGGER_LOG_WARN;
	assert(stagger_consumer_open(&consumer, NULL, &options, NULL) == STAGGER_OK);
	assert(stagger_chain_new(&orders, "orders", NULL, NULL) == STAGGER_OK);
	assert(stagger_consumer_add(consumer, &orders, NULL) == STAGGER_OK);
	assert(stagger_consumer_on(consumer, "orders", charge, bank, NULL) == STAGGER_OK);
	assert(stagger_world_new(&world, &consumer, NULL) == STAGGER_OK);
	assert(stagger_world_send(world, "orders", key, value, NULL) == STAGGER_OK);
	stagger_world_advance(world, 0);
	return world;
}

/* -- the tests -------------------------------------------------------------------------------- */

static void a_good_order_is_charged_at_once(void)
{
	struct bank bank = { .busy_for = 0 };
	struct stagger_world *world = world_with(&bank, "1900");

	assert(bank.charged == 1);
	assert(stagger_world_count(world, RETRY_1M) == 0);
	stagger_world_free(&world);
}

static void a_busy_bank_is_asked_again_after_1_and_5_minutes(void)
{
	struct bank bank = { .busy_for = 2 };
	struct stagger_world *world = world_with(&bank, "1900");

	stagger_world_advance(world, MINUTE - 1);
	assert(bank.calls == 1); /* not a millisecond too early */
	stagger_world_advance(world, 1);
	assert(bank.calls == 2);
	stagger_world_advance(world, 5 * MINUTE);
	assert(bank.calls == 3);
	assert(bank.charged == 1);
	assert(stagger_world_count(world, DLT) == 0);
	stagger_world_free(&world);
}

static void an_empty_order_is_a_dead_letter_at_once(void)
{
	struct bank bank = { .busy_for = 0 };
	struct stagger_world *world = world_with(&bank, "");
	const struct stagger_envelope *dead = stagger_world_envelope(world, DLT, 0);

	assert(dead != NULL);
	assert(strcmp(dead->disposition, "not_retriable") == 0);
	assert(strcmp(dead->last.error_class, "InvalidOrder") == 0);
	assert(bank.calls == 1);
	stagger_world_free(&world);
}

static void a_bank_that_stays_busy_ends_in_the_dlt_with_its_history(void)
{
	struct bank bank = { .busy_for = 1000 };
	struct stagger_world *world = world_with(&bank, "1900");

	stagger_world_advance(world, (1 + 5 + 30) * MINUTE);
	assert(bank.calls == 4);
	const struct stagger_envelope *dead = stagger_world_envelope(world, DLT, 0);
	assert(dead != NULL);
	assert(strcmp(dead->disposition, "attempts_exhausted") == 0);
	assert(dead->attempts == 4);
	assert(strcmp(dead->history[dead->n_history - 1]->stage, "retry.30m") == 0);
	assert(dead->value.size == 4 && memcmp(dead->value.data, "1900", 4) == 0);
	stagger_world_free(&world);
}

static void a_crash_before_the_commit_loses_nothing_but_calls_twice(void)
{
	struct bank bank = { .busy_for = 0 };
	struct stagger_world *world = world_with(&bank, "1900");

	stagger_world_crash(world);
	stagger_world_advance(world, MINUTE);
	assert(bank.charged == 2); /* so a real handler looks at stagger_message_id() */
	stagger_world_free(&world);
}

int main(void)
{
	a_good_order_is_charged_at_once();
	a_busy_bank_is_asked_again_after_1_and_5_minutes();
	an_empty_order_is_a_dead_letter_at_once();
	a_bank_that_stays_busy_ends_in_the_dlt_with_its_history();
	a_crash_before_the_commit_loses_nothing_but_calls_twice();
	puts("all 5 passed");
}
