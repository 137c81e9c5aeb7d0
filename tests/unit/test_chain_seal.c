/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the whole chain and its group can tell: loops, names, the longest wait. */
#include "core/chain.h"

#include "chain_calls.h"

static void chain_seal__refuses_loops(void **state)
{
	static const struct {
		const char *retry_topic, *dead_letter_topic, *stage_topic, *route_topic, *says;
	} cases[] = {
		{NULL, NULL, "orders", NULL, "loop: main and retry.10m are both topic 'orders'"},
		{"{topic}.retry", NULL, NULL, NULL, "loop: retry.1m and retry.10m"},
		{NULL, "orders", NULL, NULL, "loop: main and the dead-letter topic"},
		{NULL, NULL, "orders.billing.dlt", NULL,
		 "loop: retry.10m and the dead-letter topic"},
		{NULL, NULL, NULL, "orders", "loop: a dead-letter route leads to 'orders' of main"},
		{NULL, NULL, NULL, "orders.billing.retry.1m", "of retry.1m"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
		struct stagger_error err = {0};

		o.retry_topic = cases[i].retry_topic;
		o.dead_letter_topic = cases[i].dead_letter_topic;
		struct stagger_chain *chain = make_chain(&o);
		assert_int_equal(stagger_chain_stage(chain, MIN, 1, NULL, NULL), STAGGER_OK);
		assert_int_equal(
			stagger_chain_stage(chain, 10 * MIN, 1, cases[i].stage_topic, NULL),
			STAGGER_OK);
		if (cases[i].route_topic != NULL)
			assert_int_equal(
				stagger_chain_route(chain, "A", cases[i].route_topic, NULL),
				STAGGER_OK);
		assert_refused(chain_seal(chain, "billing", &err), &err, cases[i].says);
		assert_false(chain->sealed);
		stagger_chain_free(&chain);
	}
}

static void chain_seal__knows_the_longest_wait(void **state)
{
	static const struct {
		int64_t delay_ms, said_ms;
		double jitter;
		int64_t longest_wait_ms; /* 0: refused */
	} cases[] = {
		{MIN, 0, 0, HOUR},
		{HOUR, 0, 0.1, HOUR + 6 * MIN},
		{2 * HOUR, 0, 0, 2 * HOUR},
		{365 * DAY, 0, 0.5, 365 * DAY + 365 * DAY / 2},
		{HOUR, HOUR, 0.1, HOUR},
		{HOUR, HOUR - 1, 0, 0},
		{HOUR, 3 * HOUR, 0, 3 * HOUR},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
		struct stagger_error err = {0};

		o.longest_wait_ms = cases[i].said_ms;
		o.jitter = cases[i].jitter;
		struct stagger_chain *chain = make_chain(&o);
		assert_int_equal(stagger_chain_stage(chain, cases[i].delay_ms, 1, NULL, NULL),
				 STAGGER_OK);
		assert_int_equal(stagger_chain_stage(chain, 1, 1, NULL, NULL), STAGGER_OK);
		enum stagger_status status = chain_seal(chain, "billing", &err);
		if (cases[i].longest_wait_ms == 0)
			assert_refused(
				status, &err,
				"longest_wait 59m59s999ms is shorter than the longest delay 1h");
		else
			assert_int_equal(chain->longest_wait_ms, cases[i].longest_wait_ms);
		stagger_chain_free(&chain);
	}
}

static void chain_seal__that_is_refused_can_be_sealed_for_another_group(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);
	struct stagger_error err = {0};
	char group[256];

	(void)state;
	memset(group, 'g', sizeof(group));
	group[255] = '\0';
	assert_int_equal(stagger_chain_route(chain, "A", "a.{group}.dlt", NULL), STAGGER_OK);
	assert_refused(chain_seal(chain, group, &err), &err, "chain 'orders': topic");
	assert_int_equal(chain->n_stages, 1);
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_string_equal(chain->stages[1].topic, "orders.billing.retry.1m");
	assert_string_equal(chain->routes[0].topic, "a.billing.dlt");
	stagger_chain_free(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_seal__refuses_loops),
		cmocka_unit_test(chain_seal__knows_the_longest_wait),
		cmocka_unit_test(chain_seal__that_is_refused_can_be_sealed_for_another_group),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
