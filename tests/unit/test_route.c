/* SPDX-License-Identifier: Apache-2.0
 *
 * "Verdicts and where a message goes", row by row. */
#include "core/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW   INT64_C(1700000000000)
#define MIN   INT64_C(60000)
#define UNSET ((enum stagger_verdict)0)

static const char *const in_every_stage[] = {"all", NULL};

/* main -> 1m (two visits) -> 5m -> 30m */
static struct stagger_chain *make_chain(const struct stagger_chain_options *o)
{
	struct stagger_chain *chain = NULL;

	assert_int_equal(stagger_chain_new(&chain, "orders", o, NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, MIN, 2, NULL, NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 5 * MIN, 1, NULL, NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, 30 * MIN, 0, NULL, NULL), STAGGER_OK);
	return chain;
}

static void seal(struct stagger_chain *chain)
{
	assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
}

static struct route_facts facts_of(enum stagger_verdict verdict)
{
	return (struct route_facts){
		.verdict = verdict,
		.error_class = "Boom",
		.visit = 1,
		.call = 1,
		.now_ms = NOW,
	};
}

static void assert_dead(struct route route, const char *disposition)
{
	assert_int_equal(route.place, PLACE_DEAD_LETTER);
	assert_int_equal(route.stage, CHAIN_DLT);
	assert_string_equal(route.disposition, disposition);
}

static void route__finishes_halts_and_dead_letters_by_the_verdict(void **state)
{
	struct stagger_chain *chain = make_chain(NULL);
	struct route_facts facts = facts_of(STAGGER_DONE);

	(void)state;
	seal(chain);
	assert_int_equal(route_next(chain, &facts).place, PLACE_FINISHED);
	facts.verdict = STAGGER_HALT;
	assert_int_equal(route_next(chain, &facts).place, PLACE_HALT);
	assert_null(route_next(chain, &facts).disposition);
	facts.verdict = STAGGER_DEAD_LETTER;
	assert_dead(route_next(chain, &facts), DISPOSITION_NOT_RETRIABLE);
	stagger_chain_free(&chain);
}

static void route__climbs_the_ladder(void **state)
{
	static const struct {
		int32_t stage, visit;
		int64_t unknown_delay_ms;
		int32_t to_stage, to_visit; /* CHAIN_DLT: attempts_exhausted */
		int64_t wait_ms;
	} cases[] = {
		{CHAIN_MAIN, 1, 0, 1, 1, MIN},
		{1, 1, 0, 1, 2, MIN},
		{1, 2, 0, 2, 1, 5 * MIN},
		{1, 99, 0, 2, 1, 5 * MIN},
		{2, 1, 0, 3, 1, 30 * MIN},
		{3, 1, 0, CHAIN_DLT, 1, 0},
		{3, INT32_MAX, 0, CHAIN_DLT, 1, 0},
		/* A stage that this chain does not know (any more). */
		{CHAIN_DLT, 1, 0, 1, 1, MIN},
		{CHAIN_DLT, 7, MIN, 1, 1, MIN},
		{CHAIN_DLT, 1, MIN + 1, 2, 1, 5 * MIN},
		{CHAIN_DLT, 1, 30 * MIN, 3, 1, 30 * MIN},
		{CHAIN_DLT, 1, 30 * MIN + 1, CHAIN_DLT, 1, 0},
	};
	struct stagger_chain *chain = make_chain(NULL);

	(void)state;
	seal(chain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_facts facts = facts_of(STAGGER_RETRY);

		facts.stage = cases[i].stage;
		facts.visit = cases[i].visit;
		facts.stage_delay_ms = cases[i].unknown_delay_ms;
		struct route route = route_next(chain, &facts);
		if (route.stage != cases[i].to_stage || route.visit != cases[i].to_visit)
			fail_msg("case %zu: stage %d visit %d", i, (int)route.stage,
				 (int)route.visit);
		if (route.stage == CHAIN_DLT) {
			assert_dead(route, DISPOSITION_EXHAUSTED);
			continue;
		}
		assert_int_equal(route.place, PLACE_STAGE);
		assert_int_equal(route.due_ms, NOW + cases[i].wait_ms);
		assert_string_equal(route.disposition, DISPOSITION_RETRY);
	}
	stagger_chain_free(&chain);
}

/* main -> 1m (three visits) -> 5m -> 5m -> 30m, with those of the mask retired. */
static struct stagger_chain *make_changed(unsigned retired)
{
	static const int64_t delays_ms[] = {MIN, 5 * MIN, 5 * MIN, 30 * MIN};
	struct stagger_chain *chain = NULL;

	assert_int_equal(stagger_chain_new(&chain, "orders", NULL, NULL), STAGGER_OK);
	for (int32_t i = 0; i < 4; i++) {
		struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;
		char name[8] = {'s', (char)('1' + i), '\0'};

		o.delay_ms = delays_ms[i];
		o.attempts = i == 0 ? 3 : 1;
		o.name = name;
		o.topic = name;
		o.retired = (retired & (1U << (i + 1))) != 0;
		assert_int_equal(stagger_chain_stage_with(chain, &o, NULL), STAGGER_OK);
	}
	seal(chain);
	return chain;
}

static void route__puts_nothing_into_a_retired_stage(void **state)
{
	static const struct {
		unsigned retired; /* bits: stages */
		int32_t stage, visit;
		int64_t unknown_delay_ms;
		int32_t to_stage, to_visit;
	} cases[] = {
		{2, CHAIN_MAIN, 1, 0, 2, 1},
		{2 + 4, CHAIN_MAIN, 1, 0, 3, 1},
		{4 + 8, 1, 3, 0, 4, 1},
		{4, 1, 1, 0, 1, 2},
		/* visits that are left there are not made */
		{2, 1, 1, 0, 2, 1},
		{2, 1, 2, 0, 2, 1},
		/* what is no shorter, not what comes next */
		{4, 2, 1, 0, 3, 1},
		{8, 3, 1, 0, 2, 1},
		{4 + 8, 3, 1, 0, 4, 1},
		{16, 4, 1, 0, CHAIN_DLT, 1},
		{16, 3, 1, 0, CHAIN_DLT, 1},
		/* of an unknown stage neither */
		{2, CHAIN_DLT, 1, 0, 2, 1},
		{4, CHAIN_DLT, 1, 5 * MIN, 3, 1},
		{16, CHAIN_DLT, 1, 5 * MIN + 1, CHAIN_DLT, 1},
		/* all of them */
		{2 + 4 + 8 + 16, CHAIN_MAIN, 1, 0, CHAIN_DLT, 1},
		{2 + 4 + 8 + 16, 1, 1, 0, CHAIN_DLT, 1},
		{2 + 4 + 8 + 16, CHAIN_DLT, 1, 0, CHAIN_DLT, 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain *chain = make_changed(cases[i].retired);
		struct route_facts facts = facts_of(STAGGER_RETRY);

		facts.stage = cases[i].stage;
		facts.visit = cases[i].visit;
		facts.stage_delay_ms = cases[i].unknown_delay_ms;
		struct route route = route_next(chain, &facts);
		if (route.stage != cases[i].to_stage || route.visit != cases[i].to_visit)
			fail_msg("case %zu: stage %d visit %d", i, (int)route.stage,
				 (int)route.visit);
		if (route.stage == CHAIN_DLT)
			assert_dead(route, DISPOSITION_EXHAUSTED);
		stagger_chain_free(&chain);
	}
}

static void route__sends_all_to_the_dlt_without_stages(void **state)
{
	struct stagger_chain *chain = NULL;
	struct route_facts facts = facts_of(STAGGER_RETRY);

	(void)state;
	assert_int_equal(stagger_chain_new(&chain, "orders", NULL, NULL), STAGGER_OK);
	assert_int_equal(stagger_chain_stage(chain, STAGGER_OFF, 0, NULL, NULL), STAGGER_OK);
	seal(chain);
	assert_dead(route_next(chain, &facts), DISPOSITION_EXHAUSTED);
	facts.stage = CHAIN_DLT;
	assert_dead(route_next(chain, &facts), DISPOSITION_EXHAUSTED);
	stagger_chain_free(&chain);
}

static void route__applies_never_and_only(void **state)
{
	static const struct {
		const char *never, *only;
		enum stagger_verdict verdict;
		const char *error_class, *code;
		bool retried;
	} cases[] = {
		{"Boom", NULL, STAGGER_RETRY, "Boom", NULL, false},
		{"Boom", NULL, STAGGER_RETRY, "Other", NULL, true},
		{"Boom/4*", NULL, STAGGER_RETRY, "Boom", "404", false},
		{"Boom/4*", NULL, STAGGER_RETRY, "Boom", NULL, true},
		{NULL, "Boom", STAGGER_RETRY, "Boom", NULL, true},
		{NULL, "Boom", STAGGER_RETRY, "Other", NULL, false},
		{NULL, "Boom", STAGGER_RETRY, NULL, NULL, false},
		/* No verdict is a RETRY of its own class, whatever class was set. */
		{NULL, NULL, UNSET, "Boom", NULL, true},
		{"NoVerdict", NULL, UNSET, "Boom", NULL, false},
		{"Boom", NULL, UNSET, "Boom", NULL, true},
		{NULL, "Boom", UNSET, "Boom", NULL, false},
		{NULL, "NoVerdict", UNSET, NULL, NULL, true},
		{"NoVerdict", NULL, (enum stagger_verdict)77, NULL, NULL, false},
		{"NoVerdict", NULL, STAGGER_DEFER, NULL, NULL, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain *chain = make_chain(NULL);
		struct route_facts facts = facts_of(cases[i].verdict);
		enum stagger_status status = STAGGER_OK;

		if (cases[i].never != NULL)
			status = stagger_chain_never(chain, cases[i].never, NULL);
		if (cases[i].only != NULL)
			status = stagger_chain_only(chain, cases[i].only, NULL);
		assert_int_equal(status, STAGGER_OK);
		seal(chain);
		facts.error_class = cases[i].error_class;
		facts.error_code = cases[i].code;
		struct route route = route_next(chain, &facts);
		if ((route.place == PLACE_STAGE) != cases[i].retried)
			fail_msg("case %zu: place %d", i, (int)route.place);
		if (!cases[i].retried)
			assert_dead(route, DISPOSITION_NOT_RETRIABLE);
		stagger_chain_free(&chain);
	}
}

static void route__waits_in_place_while_calls_are_left(void **state)
{
	static const struct {
		bool everywhere;
		int32_t stage, call;
		int64_t retry_after_ms;
		double jitter;
		int64_t wait_ms; /* -1: hops */
	} cases[] = {
		{false, CHAIN_MAIN, 1, 0, 0, 200},
		{false, CHAIN_MAIN, 2, 0, 0, 400},
		{false, CHAIN_MAIN, 1, 0, 1, 300},
		{false, CHAIN_MAIN, 3, 0, 0, -1},
		{false, CHAIN_MAIN, 4, 0, 0, -1},
		{false, CHAIN_MAIN, 1, 1, 0, -1},
		{false, 1, 1, 0, 0, -1},
		{false, CHAIN_DLT, 1, 0, 0, -1},
		{true, 1, 1, 0, 0, 200},
		{true, CHAIN_DLT, 2, 0, 0, -1},
		{true, 1, 3, 0, 0, -1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;

		o.in_place_attempts = 3;
		o.in_place_jitter = 0.5;
		o.in_place_on = cases[i].everywhere ? in_every_stage : NULL;
		o.deadline_ms = 1; /* has no say in place: its row comes later */
		struct stagger_chain *chain = make_chain(&o);
		struct route_facts facts = facts_of(STAGGER_RETRY);
		seal(chain);
		facts.stage = cases[i].stage;
		facts.read_stage = cases[i].stage;
		facts.call = cases[i].call;
		facts.retry_after_ms = cases[i].retry_after_ms;
		facts.backoff_jitter = cases[i].jitter;
		struct route route = route_next(chain, &facts);
		if ((route.place == PLACE_WAIT) != (cases[i].wait_ms >= 0))
			fail_msg("case %zu: place %d", i, (int)route.place);
		if (route.place == PLACE_WAIT && route.wait_ms != cases[i].wait_ms)
			fail_msg("case %zu: wait %lld", i, (long long)route.wait_ms);
		stagger_chain_free(&chain);
	}
}

static void route__tells_slices_where_to_stop(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_chain *once = make_chain(&o);
	o.in_place_attempts = 2;
	struct stagger_chain *in_main = make_chain(&o);
	o.in_place_on = in_every_stage;
	struct stagger_chain *everywhere = make_chain(&o);

	(void)state;
	seal(once);
	seal(in_main);
	seal(everywhere);
	assert_false(route_may_wait(everywhere, CHAIN_DLT));
	assert_false(route_may_wait(once, CHAIN_MAIN));
	assert_true(route_may_wait(in_main, CHAIN_MAIN));
	assert_false(route_may_wait(in_main, 1));
	assert_true(route_may_wait(everywhere, 1));
	stagger_chain_free(&once);
	stagger_chain_free(&in_main);
	stagger_chain_free(&everywhere);
}

static void route__schedules_nothing_beyond_the_deadline(void **state)
{
	static const struct {
		int32_t stage;
		int64_t first_failed_ms, retry_after_ms;
		double jitter;
		const char *disposition; /* NULL: hops */
	} cases[] = {
		{CHAIN_MAIN, 0, 0, 0, NULL},
		{CHAIN_MAIN, 0, 10 * MIN, 0, NULL},
		{CHAIN_MAIN, 0, 10 * MIN + 1, 0, DISPOSITION_EXPIRED},
		{CHAIN_MAIN, NOW - 9 * MIN, 0, 0, NULL},
		{CHAIN_MAIN, NOW - 9 * MIN - 1, 0, 0, DISPOSITION_EXPIRED},
		{CHAIN_MAIN, NOW - 9 * MIN, 0, 1, DISPOSITION_EXPIRED},
		{CHAIN_MAIN, NOW - 9 * MIN - 1, 0, -1, NULL},
		{2, NOW - MIN, 0, 0, DISPOSITION_EXPIRED},
		/* Nowhere to go is exhausted: there is no next due. */
		{3, NOW - 60 * MIN, 0, 0, DISPOSITION_EXHAUSTED},
		{CHAIN_MAIN, INT64_MAX, 0, 0, NULL},
	};
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.deadline_ms = 10 * MIN;
	o.jitter = 0.1;
	struct stagger_chain *chain = make_chain(&o);

	(void)state;
	seal(chain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_facts facts = facts_of(STAGGER_RETRY);

		facts.stage = cases[i].stage;
		facts.first_failed_ms = cases[i].first_failed_ms;
		facts.retry_after_ms = cases[i].retry_after_ms;
		facts.jitter = cases[i].jitter;
		struct route route = route_next(chain, &facts);
		if ((route.place == PLACE_STAGE) != (cases[i].disposition == NULL))
			fail_msg("case %zu: place %d", i, (int)route.place);
		if (cases[i].disposition != NULL)
			assert_dead(route, cases[i].disposition);
	}
	stagger_chain_free(&chain);
}

static void route__takes_retry_after_as_a_floor_and_keeps_the_order_of_stages(void **state)
{
	static const struct {
		int64_t retry_after_ms, wait_ms;
		bool clamped;
	} cases[] = {
		{1, MIN, false},
		{90000, 90000, false},
		{60 * MIN, 60 * MIN, false},
		{60 * MIN + 1, 60 * MIN, true},
		{-1, MIN, false},
	};
	struct stagger_chain *chain = make_chain(NULL);

	(void)state;
	seal(chain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route_facts facts = facts_of(STAGGER_RETRY);

		facts.retry_after_ms = cases[i].retry_after_ms;
		struct route route = route_next(chain, &facts);
		assert_int_equal(route.place, PLACE_STAGE);
		assert_int_equal(route.stage, 1);
		assert_int_equal(route.due_ms, NOW + cases[i].wait_ms);
		assert_int_equal(route.clamped, cases[i].clamped);
	}
	stagger_chain_free(&chain);
}

static void route__halts_instead_of_every_dead_letter(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	o.stop_instead_of_dead_letter = true;
	o.deadline_ms = 10 * MIN;
	struct stagger_chain *chain = make_chain(&o);
	struct route_facts facts = facts_of(STAGGER_DEAD_LETTER);
	struct route route;

	(void)state;
	seal(chain);
	route = route_next(chain, &facts);
	assert_int_equal(route.place, PLACE_HALT);
	assert_string_equal(route.disposition, DISPOSITION_NOT_RETRIABLE);
	facts.verdict = STAGGER_RETRY;
	facts.stage = 3;
	route = route_next(chain, &facts);
	assert_int_equal(route.place, PLACE_HALT);
	assert_string_equal(route.disposition, DISPOSITION_EXHAUSTED);
	facts.stage = 2;
	route = route_next(chain, &facts);
	assert_int_equal(route.place, PLACE_HALT);
	assert_string_equal(route.disposition, DISPOSITION_EXPIRED);
	facts.stage = CHAIN_MAIN;
	assert_int_equal(route_next(chain, &facts).place, PLACE_STAGE);
	stagger_chain_free(&chain);
}

static void route__expires_by_the_original_timestamp(void **state)
{
	static const struct {
		int64_t expire_ms, timestamp_ms;
		bool expired;
	} cases[] = {
		{0, 0, false},           {MIN, NOW, false},
		{MIN, NOW - MIN, false}, {MIN, NOW - MIN - 1, true},
		{MIN, 0, true},          {MIN, -1, false},
		{MIN, NOW + MIN, false}, {MIN, INT64_MAX, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stagger_chain chain = {.expire_ms = cases[i].expire_ms};

		if (route_expired(&chain, cases[i].timestamp_ms, NOW) != cases[i].expired)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route__finishes_halts_and_dead_letters_by_the_verdict),
		cmocka_unit_test(route__climbs_the_ladder),
		cmocka_unit_test(route__puts_nothing_into_a_retired_stage),
		cmocka_unit_test(route__sends_all_to_the_dlt_without_stages),
		cmocka_unit_test(route__applies_never_and_only),
		cmocka_unit_test(route__waits_in_place_while_calls_are_left),
		cmocka_unit_test(route__tells_slices_where_to_stop),
		cmocka_unit_test(route__schedules_nothing_beyond_the_deadline),
		cmocka_unit_test(route__takes_retry_after_as_a_floor_and_keeps_the_order_of_stages),
		cmocka_unit_test(route__halts_instead_of_every_dead_letter),
		cmocka_unit_test(route__expires_by_the_original_timestamp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
