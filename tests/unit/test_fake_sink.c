/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake producer: when a record is durable, when it is reported, and what fails with what. */
#define _GNU_SOURCE
#include "tiny_engine.h"

static void bench_writer(struct bench *b, const struct world_options *o)
{
	bench_open(b, o);
	bench_join(b, 0);
}

static enum port_fault put(struct bench *b, int32_t partition, const char *value)
{
	struct port_sink *sink = &b->c[0].engine->ports.sink;
	bool full = false;
	struct port_hop hop = { .topic = sink->topic(sink->self, "b"), .partition = partition,
				.value = { value, strlen(value) }, .opaque = b };
	enum port_fault fault = sink->produce(sink->self, &hop, &full);
	return full ? PORT_RETRIABLE : fault;
}

static enum port_fault fault_of(const struct bench *b, size_t i)
{
	assert_true(i < b->c[0].n_reports);
	assert_ptr_equal(b->c[0].reports[i].opaque, b);
	return b->c[0].reports[i].fault;
}

static void sink__makes_a_record_durable_when_its_report_is_due(void **state)
{
	(void)state;
	struct bench b;
	bench_writer(&b, &(struct world_options){ .seed = 1, .report_delay_ms = 30 });
	assert_int_equal(put(&b, 0, "x"), PORT_FINE);
	stagger_world_advance(b.w, 29);
	assert_int_equal(world_size(b.w, "b", 0), 0);
	stagger_world_advance(b.w, 1);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	assert_int_equal(fault_of(&b, 0), PORT_FINE);
	assert_int_equal(world_record(b.w, "b", 0, 0)->timestamp_ms, world_wall_ms(b.w) - 30);
	assert_int_equal(put(&b, 0, "lost"), PORT_FINE);
	stagger_world_advance(b.w, 10);
	world_kill(b.w, 0);
	stagger_world_advance(b.w, 1000);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	bench_close(&b);
}

static void sink__holds_reports_back_of_what_is_durable(void **state)
{
	(void)state;
	struct bench b;
	bench_writer(&b, &(struct world_options){ .seed = 1 });
	world_hold_reports(b.w, true);
	put(&b, 0, "x");
	world_settle(b.w);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	assert_int_equal(b.c[0].n_reports, 0);
	world_hold_reports(b.w, false);
	world_settle(b.w);
	assert_int_equal(fault_of(&b, 0), PORT_FINE);
	world_hold_reports(b.w, true);
	put(&b, 0, "y");
	world_settle(b.w);
	world_kill(b.w, 0);
	assert_int_equal(world_size(b.w, "b", 0), 2);
	bench_close(&b);
}

static void sink__fails_as_it_was_told(void **state)
{
	(void)state;
	const struct {
		const char *topic;
		enum port_fault fault;
		bool at_once;
		int32_t kafka_code;
	} rows[] = {
		{ NULL, PORT_RETRIABLE, false, 7 },  { "b", PORT_NO_TOPIC, false, 3 },
		{ NULL, PORT_DENIED, false, 29 },    { "b", PORT_REFUSED, false, 87 },
		{ "b", PORT_TOO_LARGE, false, 10 },  { "b", PORT_TOO_LARGE, true, 0 },
		{ NULL, PORT_NO_TOPIC, true, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;
		bench_writer(&b, &(struct world_options){ .seed = 1 });
		world_fail_produce(b.w, "other", PORT_FATAL, INT64_MAX, true);
		world_fail_produce(b.w, rows[i].topic, rows[i].fault, 1, rows[i].at_once);
		assert_int_equal(put(&b, 0, "x"), rows[i].at_once ? rows[i].fault : PORT_FINE);
		assert_int_equal(put(&b, 0, "y"), PORT_FINE);
		world_settle(b.w);
		assert_int_equal(world_size(b.w, "b", 0), 1);
		assert_int_equal(b.c[0].n_reports, rows[i].at_once ? 1 : 2);
		if (!rows[i].at_once) {
			assert_int_equal(fault_of(&b, 0), rows[i].fault);
			assert_int_equal(b.c[0].reports[0].kafka_code, rows[i].kafka_code);
		}
		assert_int_equal(fault_of(&b, b.c[0].n_reports - 1), PORT_FINE);
		bench_close(&b);
	}
}

static void sink__refuses_a_whole_batch_for_one_large_record(void **state)
{
	(void)state;
	struct bench b;
	bench_writer(&b, &(struct world_options){ .seed = 1, .report_delay_ms = 5 });
	world_max_message(b.w, "b", 3);
	put(&b, 0, "1");
	stagger_world_advance(b.w, 1);
	put(&b, 0, "2");
	put(&b, 0, "four");
	put(&b, 1, "3");
	put(&b, 0, "abc");
	stagger_world_advance(b.w, 5);
	assert_int_equal(b.c[0].n_reports, 5);
	const enum port_fault expected[] = { PORT_FINE, PORT_TOO_LARGE, PORT_TOO_LARGE, PORT_FINE,
					     PORT_TOO_LARGE };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(fault_of(&b, i), expected[i]);
	put(&b, 0, "four");
	stagger_world_advance(b.w, 1);
	put(&b, 0, "abc");
	stagger_world_advance(b.w, 5);
	assert_int_equal(fault_of(&b, 5), PORT_TOO_LARGE);
	assert_int_equal(fault_of(&b, 6), PORT_FINE);
	assert_int_equal(world_size(b.w, "b", 0), 2);
	bench_close(&b);
}

static void sink__dies_of_a_fatal_error_until_it_is_rebuilt(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_writer(&b, &(struct world_options){ .seed = 1, .report_delay_ms = 5 });
	b.c[0].no_reports = true;
	put(&b, 0, "acknowledged");
	stagger_world_advance(b.w, 5);
	world_hold_reports(b.w, true);
	put(&b, 0, "durable");
	stagger_world_advance(b.w, 5);
	world_fail_produce(b.w, "b", PORT_FATAL, 1, false);
	put(&b, 0, "fatal");
	put(&b, 1, "same instant");
	stagger_world_advance(b.w, 2);
	put(&b, 0, "later");
	b.c[0].no_reports = false;
	stagger_world_advance(b.w, 3);
	assert_int_equal(b.c[0].n_reports, 5);
	assert_int_equal(fault_of(&b, 0), PORT_FINE);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(fault_of(&b, i), PORT_FATAL);
	assert_int_equal(b.c[0].reports[1].kafka_code, -150);
	assert_int_equal(world_size(b.w, "b", 0), 2);
	assert_int_equal(put(&b, 0, "dead"), PORT_FATAL);
	struct port_sink *sink = &b.c[0].engine->ports.sink;
	assert_int_equal(sink->rebuild(sink->self, &error), STAGGER_OK);
	world_hold_reports(b.w, false);
	assert_int_equal(put(&b, 0, "again"), PORT_FINE);
	stagger_world_advance(b.w, 5);
	assert_int_equal(world_size(b.w, "b", 0), 3);
	assert_int_equal(fault_of(&b, 5), PORT_FINE);
	bench_close(&b);
}

static void sink__drops_every_report_of_the_producer_that_was_rebuilt(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_writer(&b, &(struct world_options){ .seed = 1 });
	put(&b, 0, "x");
	world_fail_produce(b.w, NULL, PORT_FATAL, 1, true);
	assert_int_equal(put(&b, 0, "y"), PORT_FATAL);
	struct port_sink *sink = &b.c[0].engine->ports.sink;
	assert_int_equal(sink->rebuild(sink->self, &error), STAGGER_OK);
	world_settle(b.w);
	assert_int_equal(b.c[0].n_reports, 0);
	assert_int_equal(world_size(b.w, "b", 0), 0);
	assert_null(world_violation(b.w));
	assert_int_equal(sink->rebuild(sink->self, &error), STAGGER_OK);
	assert_string_equal(world_violation(b.w), "member 0: rebuild of a producer that lives");
	world_free(&b.w);
}

static void sink__takes_nothing_while_its_queue_is_full(void **state)
{
	(void)state;
	struct bench b;
	bench_writer(&b, &(struct world_options){ .seed = 1 });
	world_queue_full(b.w, true);
	assert_int_equal(put(&b, 0, "x"), PORT_RETRIABLE);
	world_queue_full(b.w, false);
	assert_int_equal(put(&b, 0, "x"), PORT_FINE);
	world_settle(b.w);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	bench_close(&b);
}

static void sink__knows_topics_and_their_partitions(void **state)
{
	(void)state;
	struct bench b;
	bench_writer(&b, &(struct world_options){ .seed = 1, .partitions = 6 });
	struct port_sink *sink = &b.c[0].engine->ports.sink;
	int32_t topic = sink->topic(sink->self, "fresh");
	assert_int_equal(sink->topic(sink->self, "fresh"), topic);
	assert_int_equal(sink->partitions(sink->self, topic), 6);
	assert_int_equal(world_partitions(b.w, "fresh"), 6);
	assert_int_equal(world_partitions(b.w, "never"), 0);
	world_topic(b.w, "fresh", 8);
	assert_int_equal(sink->partitions(sink->self, topic), 8);
	assert_int_equal(put(&b, 3, "x"), PORT_NO_TOPIC);
	assert_int_equal(put(&b, -1, "x"), PORT_NO_TOPIC);
	assert_null(world_violation(b.w));
	assert_int_equal(sink->partitions(sink->self, 99), -1);
	assert_string_equal(world_violation(b.w),
			    "member 0: partitions of unknown topic number 99");
	world_topic(b.w, "fresh", 2);
	assert_int_equal(world_violations(b.w), 2);
	world_free(&b.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sink__makes_a_record_durable_when_its_report_is_due),
		cmocka_unit_test(sink__holds_reports_back_of_what_is_durable),
		cmocka_unit_test(sink__fails_as_it_was_told),
		cmocka_unit_test(sink__refuses_a_whole_batch_for_one_large_record),
		cmocka_unit_test(sink__dies_of_a_fatal_error_until_it_is_rebuilt),
		cmocka_unit_test(sink__drops_every_report_of_the_producer_that_was_rebuilt),
		cmocka_unit_test(sink__takes_nothing_while_its_queue_is_full),
		cmocka_unit_test(sink__knows_topics_and_their_partitions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
