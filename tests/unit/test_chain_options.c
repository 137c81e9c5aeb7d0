/* SPDX-License-Identifier: Apache-2.0
 *
 * Options: defaults, ranges, and what is refused, with the text users see. */
#include "core/chain.h"

#include <math.h>

#include "chain_calls.h"

static void chain_options__has_the_documented_defaults(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	const struct stagger_chain_options *both[] = {NULL, &o};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stagger_chain *chain = make_chain(both[i]);

		assert_int_equal(chain_seal(chain, "billing", NULL), STAGGER_OK);
		assert_string_equal(chain->topic, "orders");
		assert_int_equal(chain->order, STAGGER_ORDER_PARTITION);
		assert_int_equal(chain->workers, 1);
		assert_int_equal(chain->in_place_attempts, 1);
		assert_int_equal(chain->in_place_backoff, STAGGER_BACKOFF_EXPONENTIAL);
		assert_int_equal(chain->in_place_delay_ms, 200);
		assert_int_equal(chain->in_place_max_delay_ms, 300000);
		assert_true(chain->in_place_multiplier == 2 && chain->in_place_jitter == 0);
		assert_true(chain->jitter == 0);
		assert_int_equal(chain->jitter_max_ms, 30000);
		assert_int_equal(chain->deadline_ms, 0);
		assert_int_equal(chain->expire_ms, 0);
		assert_int_equal(chain->handler_timeout_ms, 300000);
		assert_int_equal(chain->longest_wait_ms, HOUR);
		assert_null(chain->value_content_type);
		assert_int_equal(chain->n_stages, 4);
		assert_string_equal(chain->stages[0].name, "main");
		assert_string_equal(chain->stages[0].topic, "orders");
		assert_int_equal(chain->stages[0].visits, 1);
		assert_string_equal(chain->stages[1].name, "retry.1m");
		assert_string_equal(chain->stages[1].topic, "orders.billing.retry.1m");
		assert_string_equal(chain->stages[2].topic, "orders.billing.retry.5m");
		assert_int_equal(chain->stages[3].delay_ms, 30 * MIN);
		assert_int_equal(chain->stages[3].visits, 1);
		assert_string_equal(chain->dead_letter_topic, "orders.billing.dlt");
		assert_true(chain->stages[0].in_place && !chain->stages[1].in_place);
		assert_false(chain->stages[1].retired || chain->republish || chain->shared_topics);
		assert_int_equal(chain->dead_letter_headers, STAGGER_HEADERS_KAFKA);
		assert_int_equal(chain->dead_letter_retention_ms, 0);
		assert_int_equal(chain->retention_margin_ms, 7 * DAY);
		assert_int_equal(chain->replication + chain->min_insync_replicas, 0);
		stagger_chain_free(&chain);
		assert_null(chain);
	}
}

static void chain_options__takes_what_is_said(void **state)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	char text[] = "text/plain";

	(void)state;
	o.topic = "Orders";
	o.order = STAGGER_ORDER_KEY;
	o.workers = STAGGER_INLINE;
	o.start_latest = true;
	o.in_place_on = (const char *const[]){"main", "retry.5m", NULL};
	o.republish = true;
	o.shared_topics = true;
	o.dead_letter_headers = STAGGER_HEADERS_SPRING;
	o.dead_letter_retention_ms = DAY;
	o.replication = 7;
	o.min_insync_replicas = 2;
	o.retention_margin_ms = STAGGER_OFF;
	o.in_place_attempts = 100;
	o.in_place_backoff = STAGGER_BACKOFF_FIXED;
	o.in_place_multiplier = 1.5;
	o.in_place_jitter = 1;
	o.jitter = 0.5;
	o.jitter_max_ms = STAGGER_OFF;
	o.deadline_ms = 3650 * DAY;
	o.expire_ms = STAGGER_OFF;
	o.longest_wait_ms = MIN;
	o.handler_timeout_ms = STAGGER_OFF;
	o.value_content_type = text;
	o.key_content_type = text;
	struct stagger_chain *chain = make_chain(&o);
	text[0] = 'X';
	assert_string_equal(chain->topic, "Orders");
	assert_int_equal(chain->order, STAGGER_ORDER_KEY);
	assert_int_equal(chain->workers, STAGGER_INLINE);
	assert_true(chain->start_latest && chain->republish && chain->shared_topics);
	assert_string_equal(chain->in_place_on[1], "retry.5m");
	assert_null(chain->in_place_on[2]);
	assert_int_equal(chain->dead_letter_headers, STAGGER_HEADERS_SPRING);
	assert_int_equal(chain->dead_letter_retention_ms, DAY);
	assert_int_equal(chain->replication, 7);
	assert_int_equal(chain->min_insync_replicas, 2);
	assert_int_equal(chain->retention_margin_ms, 0);
	assert_int_equal(chain->in_place_attempts, 100);
	assert_int_equal(chain->in_place_backoff, STAGGER_BACKOFF_FIXED);
	assert_true(chain->in_place_multiplier == 1.5 && chain->in_place_jitter == 1);
	assert_int_equal(chain->jitter_max_ms, 0);
	assert_int_equal(chain->deadline_ms, 3650 * DAY);
	assert_int_equal(chain->expire_ms, 0);
	assert_int_equal(chain->longest_wait_ms, MIN);
	assert_int_equal(chain->handler_timeout_ms, 0);
	assert_string_equal(chain->value_content_type, "text/plain");
	assert_string_equal(chain->key_content_type, "text/plain");
	stagger_chain_free(&chain);
}

static void chain_options__refuses_numbers_out_of_range(void **state)
{
	static const struct {
		size_t at;
		int64_t value;
		const char *says;
	} cases[] = {
#define AT(field) offsetof(struct stagger_chain_options, field)
		{AT(in_place_delay_ms), STAGGER_OFF,
		 "in_place_delay_ms -1 is not within 1..300000"},
		{AT(in_place_delay_ms), 300001, "in_place_delay_ms 300001"},
		{AT(in_place_max_delay_ms), 300001, "in_place_max_delay_ms"},
		{AT(jitter_max_ms), 3600001, "jitter_max_ms"},
		{AT(jitter_max_ms), -2, "jitter_max_ms -2"},
		{AT(deadline_ms), 3650 * DAY + 1, "deadline_ms"},
		{AT(expire_ms), INT64_MIN, "expire_ms"},
		{AT(longest_wait_ms), 59999,
		 "longest_wait_ms 59999 is not within 60000..31536000000"},
		{AT(longest_wait_ms), 365 * DAY + 1, "longest_wait_ms"},
		{AT(longest_wait_ms), STAGGER_OFF, "longest_wait_ms"},
		{AT(handler_timeout_ms), DAY + 1, "handler_timeout_ms"},
		{AT(dead_letter_retention_ms), 3650 * DAY + 1, "dead_letter_retention_ms"},
		{AT(retention_margin_ms), 365 * DAY + 1, "retention_margin_ms"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
		struct stagger_error err = {0};
		struct stagger_chain *chain = NULL;

		memcpy((char *)&o + cases[i].at, &cases[i].value, sizeof(cases[i].value));
		assert_refused(stagger_chain_new(&chain, "orders", &o, &err), &err, cases[i].says);
		assert_null(chain);
	}
}

static void chain_options__takes_as_many_names_in_place_as_stages_can_be(void **state)
{
	const char *names[CHAIN_MAX_STAGES + 3] = {NULL};
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_error err = {0};
	struct stagger_chain *chain = NULL;
	(void)state;

	for (size_t i = 0; i < CHAIN_MAX_STAGES + 1; i++)
		names[i] = "main";
	o.in_place_on = names;
	assert_int_equal(stagger_chain_new(&chain, "orders", &o, &err), STAGGER_OK);
	assert_string_equal(chain->in_place_on[CHAIN_MAX_STAGES], "main");
	assert_null(chain->in_place_on[CHAIN_MAX_STAGES + 1]);
	stagger_chain_free(&chain);
	names[CHAIN_MAX_STAGES + 1] = "main";
	assert_refused(stagger_chain_new(&chain, "orders", &o, &err), &err,
		       "in_place_on: more than");
}

static void chain_options__refuses_shares_out_of_range(void **state)
{
	static const struct {
		size_t at;
		double value;
		const char *says;
	} cases[] = {
		{AT(jitter), 0.7, "chain 'orders': jitter 0.7 is not within 0..0.5"},
		{AT(jitter), -0.1, "jitter -0.1"},
		{AT(jitter), NAN, "jitter"},
		{AT(in_place_jitter), 1.1, "in_place_jitter 1.1 is not within 0..1"},
		{AT(in_place_multiplier), 0.5, "in_place_multiplier 0.5 is not within 1..10"},
		{AT(in_place_multiplier), INFINITY, "in_place_multiplier inf"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
		struct stagger_error err = {0};
		struct stagger_chain *chain = NULL;

		memcpy((char *)&o + cases[i].at, &cases[i].value, sizeof(cases[i].value));
		assert_refused(stagger_chain_new(&chain, "orders", &o, &err), &err, cases[i].says);
	}
}

static void chain_options__refuses_unknown_choices_and_counts(void **state)
{
	static const struct {
		struct stagger_chain_options o;
		const char *says;
	} cases[] = {
		{{.workers = -2}, "workers -2 is not within 1..1024"},
		{{.workers = 1025}, "workers 1025"},
		{{.in_place_attempts = -1}, "in_place_attempts -1 is not within 1..100"},
		{{.in_place_attempts = 101}, "in_place_attempts 101"},
		{{.order = (enum stagger_order)3}, "order 3 is unknown"},
		{{.in_place_backoff = (enum stagger_backoff)4}, "in_place_backoff 4 is unknown"},
		{{.in_place_backoff = (enum stagger_backoff) - 1},
		 "in_place_backoff -1 is unknown"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = cases[i].o;
		struct stagger_error err = {0};
		struct stagger_chain *chain = NULL;

		o.size = sizeof(o);
		assert_refused(stagger_chain_new(&chain, "orders", &o, &err), &err, cases[i].says);
	}
}

static void chain_options__refuses_texts_that_cannot_be(void **state)
{
	char too_long[129];
	const struct {
		struct stagger_chain_options o;
		uint32_t column;
		const char *says;
	} cases[] = {
		{{.topic = "a b"}, 0, "'a b' is no topic name"},
		{{.topic = "{chain}"}, 0, "is no topic name"},
		{{.retry_topic = "{topic}.{wait}"},
		 9,
		 "chain 'orders': topic '{topic}.{wait}', column 9"},
		{{.retry_topic = ""}, 0, "Kafka refuses"},
		{{.dead_letter_topic = "x.{delay}"}, 3, "means nothing here"},
		{{.value_content_type = too_long},
		 0,
		 "value_content_type is longer than 127 bytes"},
		{{.key_content_type = "a\xFF"}, 0, "key_content_type is not UTF-8"},
	};
	(void)state;
	memset(too_long, 'a', sizeof(too_long));
	too_long[128] = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stagger_chain_options o = cases[i].o;
		struct stagger_error err = {0};
		struct stagger_chain *chain = NULL;

		o.size = sizeof(o);
		assert_refused(stagger_chain_new(&chain, "orders", &o, &err), &err, cases[i].says);
		assert_int_equal(err.column, cases[i].column);
		assert_int_equal(stagger_chain_new(&chain, "orders", &o, NULL), STAGGER_INVALID);
	}
}

static void chain_options__reads_options_only_up_to_their_size(void **state)
{
	struct {
		struct stagger_chain_options o;
		char later[32];
	} newer = {.o = {.workers = 3}};
	struct stagger_chain_options older;
	struct stagger_error err = {0};
	struct stagger_chain *chain = NULL;

	(void)state;
	newer.o.size = sizeof(newer);
	memset(newer.later, 0xFF, sizeof(newer.later));
	chain = make_chain(&newer.o);
	assert_int_equal(chain->workers, 3);
	stagger_chain_free(&chain);

	memset(&older, 0xFF, sizeof(older));
	older.size = offsetof(struct stagger_chain_options, topic);
	chain = make_chain(&older);
	assert_string_equal(chain->topic, "orders");
	assert_int_equal(chain->jitter_max_ms, 30000);
	stagger_chain_free(&chain);

	older.size = 0;
	assert_refused(stagger_chain_new(&chain, "orders", &older, &err), &err, "size 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_options__has_the_documented_defaults),
		cmocka_unit_test(chain_options__takes_what_is_said),
		cmocka_unit_test(chain_options__refuses_numbers_out_of_range),
		cmocka_unit_test(chain_options__takes_as_many_names_in_place_as_stages_can_be),
		cmocka_unit_test(chain_options__refuses_shares_out_of_range),
		cmocka_unit_test(chain_options__refuses_unknown_choices_and_counts),
		cmocka_unit_test(chain_options__refuses_texts_that_cannot_be),
		cmocka_unit_test(chain_options__reads_options_only_up_to_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
