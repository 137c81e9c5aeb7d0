/* SPDX-License-Identifier: Apache-2.0
 *
 * Declaring stages, patterns and routes, and what is refused, with the text users see. */
#include "core/chain.h"

#include "chain_calls.h"

static void chain__refuses_names_that_are_none(void **state)
{
	static const char *const names[] = {
		NULL,  "",    "Orders",
		"a b", "a.b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stagger_error err = {0};
		struct stagger_chain *chain = NULL;

		assert_refused(stagger_chain_new(&chain, names[i], NULL, &err), &err,
			       "a name is [a-z0-9_-]{1,64}");
	}
}

static void chain__takes_stages_in_order(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.retry_topic = "{chain}-{group}-{n}-{delay}";
	o.dead_letter_topic = "all.dlt";
	struct stagger_chain *chain = make_chain(&o);

	(void)state;
	assert_int_equal(stagger_chain_stage(chain, 90000, 100, NULL, NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 1, 0, "own.{n}", NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 365 * DAY, 1, "year", NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "b", NULL), STAGGER_OK);
	assert_string_equal(chain->stages[1].name, "retry.1m30s");
	assert_string_equal(chain->stages[1].topic, "orders-b-1-1m30s");
	assert_int_equal(chain->stages[1].visits, 100);
	assert_string_equal(chain->stages[2].name, "retry.1ms");
	assert_string_equal(chain->stages[2].topic, "own.2");
	assert_int_equal(chain->stages[2].visits, 1);
	assert_string_equal(chain->stages[3].topic, "year");
	assert_string_equal(chain->dead_letter_topic, "all.dlt");
	assert_int_equal(chain->longest_wait_ms, 365 * DAY);

	assert_int_equal(chain_stage_of(chain, "orders"), CHAIN_MAIN);
	assert_int_equal(chain_stage_of(chain, "year"), 3);
	assert_int_equal(chain_stage_of(chain, "all.dlt"), CHAIN_DLT);
	assert_int_equal(chain_stage_named(chain, (struct stagger_bytes){"main", 4}), CHAIN_MAIN);
	assert_int_equal(chain_stage_named(chain, (struct stagger_bytes){"retry.1ms", 9}), 2);
	assert_int_equal(chain_stage_named(chain, (struct stagger_bytes){"retry.1m", 8}),
			 CHAIN_DLT);
	stagger_chain_free(&chain);
}

static void chain__refuses_stages_that_cannot_be(void **state)
{
	static const struct {
		int64_t delay_ms;
		int32_t attempts;
		const char *topic, *says;
	} cases[] = {
		{0, 1, NULL, "delay of 0 ms is not within 1 ms..365d"},
		{-2, 1, NULL, "delay of -2 ms"},
		{365 * DAY + 1, 1, NULL, "not within 1 ms..365d"},
		{MIN, -1, NULL, "-1 attempts of a stage are not within 1..100"},
		{MIN, 101, NULL, "101 attempts"},
		{MIN, 1, "a/b", "column 2"},
		{5 * MIN, 1, NULL, "two stages are named 'retry.5m': give one a name, or use "
		 "attempts or another delay"},
		{5 * MIN, 1, "elsewhere", "two stages are named 'retry.5m'"},
		{STAGGER_OFF, 0, NULL, "STAGGER_OFF must be the only stage"},
	};
	struct stagger_chain *chain = make_chain(NULL);

	(void)state;
	assert_int_equal(stagger_chain_stage(chain, 5 * MIN, 1, NULL, NULL), STAGGER_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_error err = {0};

		assert_refused(stagger_chain_stage(chain, cases[i].delay_ms, cases[i].attempts,
						   cases[i].topic, &err),
			       &err, cases[i].says);
	}
	assert_int_equal(chain->n_stages, 2);
	stagger_chain_free(&chain);
}

static void chain__takes_all_that_a_stage_can_have(void **state)
{
	struct stagger_chain_options chain_options = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;

	(void)state;
	chain_options.in_place_on = (const char *const[]){"slow", NULL};
	struct stagger_chain *chain = make_chain(&chain_options);
	o.delay_ms = 5 * MIN;
	assert_int_equal(stagger_chain_stage_with(chain, &o, NULL), STAGGER_OK);
	o.name = "slow";
	o.topic = "orders.slow";
	o.attempts = 3;
	o.retired = true;
	assert_int_equal(stagger_chain_stage_with(chain, &o, NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_string_equal(chain->stages[1].name, "retry.5m");
	assert_false(chain->stages[1].retired || chain->stages[1].in_place);
	assert_string_equal(chain->stages[2].name, "slow");
	assert_string_equal(chain->stages[2].topic, "orders.slow");
	assert_int_equal(chain->stages[2].visits, 3);
	assert_true(chain->stages[2].retired && chain->stages[2].in_place);
	stagger_chain_free(&chain);
}

static void chain__refuses_names_of_stages(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{"", "stage '': a name is [a-z0-9._-]{1,64}"},
		{"Slow", "stage 'Slow': a name is"},
		{"dlt", "no stage may be named 'dlt'"},
		{"all", "no stage may be named 'all'"},
		{"main", "two stages are named 'main'"},
	};
	struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;
	struct stagger_chain *chain = make_chain(NULL);
	struct stagger_error err = {0};

	(void)state;
	o.delay_ms = MIN;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		o.name = cases[i].name;
		assert_refused(stagger_chain_stage_with(chain, &o, &err), &err, cases[i].says);
	}
	assert_refused(stagger_chain_stage_with(chain, NULL, &err), &err, "without options");
	o.size = 0;
	assert_refused(stagger_chain_stage_with(chain, &o, &err), &err, "without options");
	assert_int_equal(chain->n_stages, 1);
	stagger_chain_free(&chain);
}

static void chain__refuses_in_place_retries_in_a_stage_it_has_not(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_error err = {0};

	(void)state;
	o.in_place_on = (const char *const[]){"main", "retry.7m", NULL};
	struct stagger_chain *chain = make_chain(&o);
	assert_refused(chain_seal(chain, "billing", &err), &err, "there is no stage 'retry.7m'");
	stagger_chain_free(&chain);
}

static void chain__may_have_no_stage_at_all(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);
	struct stagger_error err = {0};

	(void)state;
	assert_int_equal(stagger_chain_stage(chain, STAGGER_OFF, 0, NULL, NULL), STAGGER_OK);
	assert_refused(stagger_chain_stage(chain, STAGGER_OFF, 0, NULL, &err), &err, "it has none");
	assert_refused(stagger_chain_stage(chain, MIN, 0, NULL, &err), &err, "it has none");
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_int_equal(chain->n_stages, 1);
	assert_int_equal(chain->longest_wait_ms, HOUR);
	stagger_chain_free(&chain);
}

static void chain__bounds_stages_patterns_and_routes(void **state)
{
	struct stagger_chain *never = make_chain(NULL);
	struct stagger_chain *only = make_chain(NULL);
	struct stagger_error err = {0};

	(void)state;
	for (int32_t i = 0; i < CHAIN_MAX_STAGES; i++)
		assert_int_equal(stagger_chain_stage(never, i + 1, 1, NULL, NULL), STAGGER_OK);
	assert_refused(stagger_chain_stage(never, MIN, 1, NULL, &err), &err, "more than 32 stages");
	for (int32_t i = 0; i < CHAIN_MAX_PATTERNS; i++) {
		assert_int_equal(stagger_chain_never(never, "A", NULL), STAGGER_OK);
		assert_int_equal(stagger_chain_only(only, "A*", NULL), STAGGER_OK);
		assert_int_equal(stagger_chain_route(only, "A/1", "a.dlt", NULL), STAGGER_OK);
	}
	assert_refused(stagger_chain_never(never, "A", &err), &err, "more than 64 patterns");
	assert_refused(stagger_chain_only(only, "A", &err), &err, "more than 64 patterns");
	assert_refused(stagger_chain_route(only, "A", "a.dlt", &err), &err,
		       "more than 64 patterns");
	assert_int_equal(chain_seal(never, "billing", NULL), STAGGER_OK);
	assert_int_equal(never->n_stages, 33);
	stagger_chain_free(&never);
	stagger_chain_free(&only);
}

static void chain__refuses_wrong_patterns_and_routes(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);
	struct stagger_error err = {0};

	(void)state;
	assert_refused(stagger_chain_never(chain, "A*b", &err), &err,
		       "chain 'orders': pattern 'A*b'");
	assert_refused(stagger_chain_only(chain, NULL, &err), &err,
		       "chain 'orders': a pattern is empty");
	assert_refused(stagger_chain_route(chain, "", "a.dlt", &err), &err, "empty");
	assert_refused(stagger_chain_route(chain, "A", NULL, &err), &err, "without a topic");
	assert_refused(stagger_chain_route(chain, "A", "{delay}", &err), &err,
		       "means nothing here");
	assert_int_equal(stagger_chain_never(chain, "A", NULL), STAGGER_OK);
	assert_refused(stagger_chain_only(chain, "B", &err), &err, "exclude each other");
	stagger_chain_free(&chain);

	chain = make_chain(NULL);
	assert_int_equal(stagger_chain_only(chain, "A", NULL), STAGGER_OK);
	assert_refused(stagger_chain_never(chain, "B", &err), &err, "exclude each other");
	stagger_chain_free(&chain);
}

static void chain__routes_dead_letters_by_the_first_match(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);

	(void)state;
	assert_int_equal(stagger_chain_route(chain, "Http/4*", "{topic}.client.dlt", NULL),
			 STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "Http", "http.dlt", NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "Soap", "http.dlt", NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_route(chain, "X", "orders.billing.dlt", NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_string_equal(chain_dead_letter_route(chain, "Http", "404"), "orders.client.dlt");
	assert_string_equal(chain_dead_letter_route(chain, "Http", NULL), "http.dlt");
	assert_string_equal(chain_dead_letter_route(chain, "Soap", "1"), "http.dlt");
	assert_string_equal(chain_dead_letter_route(chain, "X", "1"), "orders.billing.dlt");
	assert_null(chain_dead_letter_route(chain, "Other", NULL));
	stagger_chain_free(&chain);
}

static void chain__stops_instead_of_dead_letters(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.stop_instead_of_dead_letter = true;
	struct stagger_chain *chain = make_chain(&o);
	struct stagger_error err = {0};

	(void)state;
	assert_refused(stagger_chain_route(chain, "A", "a.dlt", &err), &err, "stops instead");
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_null(chain->dead_letter_topic);
	stagger_chain_free(&chain);
}

static void chain__bounds_jitter(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.jitter = 0.2;
	struct stagger_chain *chain = make_chain(&o);

	(void)state;
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_int_equal(chain_jitter_ms(chain, CHAIN_MAIN), 0);
	assert_int_equal(chain_jitter_ms(chain, 1), 12000);
	assert_int_equal(chain_jitter_ms(chain, 3), 30000);
	stagger_chain_free(&chain);
	o.jitter_max_ms = STAGGER_OFF;
	chain = make_chain(&o);
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_int_equal(chain_jitter_ms(chain, 3), 0);
	stagger_chain_free(&chain);
}

static void chain__cannot_be_changed_once_it_was_given_away(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);

	(void)state;
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_STATE);
	assert_int_equal(stagger_chain_stage(chain, 1, 1, NULL, NULL), STAGGER_STATE);
	assert_int_equal(stagger_chain_never(chain, "A", NULL), STAGGER_STATE);
	assert_int_equal(stagger_chain_only(chain, "A", NULL), STAGGER_STATE);
	assert_int_equal(stagger_chain_route(chain, "A", "b", NULL), STAGGER_STATE);
	stagger_chain_free(&chain);
	assert_int_equal(stagger_chain_stage(NULL, 1, 1, NULL, NULL), STAGGER_INVALID);
	stagger_chain_free(&chain);
	stagger_chain_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain__refuses_names_that_are_none),
		cmocka_unit_test(chain__takes_stages_in_order),
		cmocka_unit_test(chain__refuses_stages_that_cannot_be),
		cmocka_unit_test(chain__takes_all_that_a_stage_can_have),
		cmocka_unit_test(chain__refuses_names_of_stages),
		cmocka_unit_test(chain__refuses_in_place_retries_in_a_stage_it_has_not),
		cmocka_unit_test(chain__may_have_no_stage_at_all),
		cmocka_unit_test(chain__bounds_stages_patterns_and_routes),
		cmocka_unit_test(chain__refuses_wrong_patterns_and_routes),
		cmocka_unit_test(chain__routes_dead_letters_by_the_first_match),
		cmocka_unit_test(chain__stops_instead_of_dead_letters),
		cmocka_unit_test(chain__bounds_jitter),
		cmocka_unit_test(chain__cannot_be_changed_once_it_was_given_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
