/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of the fake world that concern several of its parts: leaders that are away, logs that are
 * cut, sessions that end unnoticed, clocks that differ, copies that nobody will tell of. */
#define _GNU_SOURCE
#include "tiny_engine.h"

static void send(struct bench *b, const char *value)
{
	struct stagger_error error;
	struct world_record record = { .value = bytes_text(value) };
	assert_int_equal(world_produce(b->w, "a", 0, &record, &error), STAGGER_OK);
}

static void open_one(struct bench *b, const struct world_options *o)
{
	bench_open(b, o);
	bench_join(b, 0);
}

static void faults__a_leader_that_is_away_gives_and_takes_nothing(void **state)
{
	(void)state;
	struct bench b;
	open_one(&b, &(struct world_options){ .seed = 1 });
	b.c[0].forward = "b";
	world_away(b.w, "a", 0, 40, 0);
	world_topic(b.w, "b", 4);
	world_away(b.w, "b", 0, 0, 70);
	send(&b, "x");
	stagger_world_advance(b.w, 39);
	assert_int_equal(b.c[0].n_seen, 0);
	stagger_world_advance(b.w, 1);
	assert_int_equal(b.c[0].n_seen, 1);
	stagger_world_advance(b.w, 29);
	assert_int_equal(world_size(b.w, "b", 0), 0);
	stagger_world_advance(b.w, 1);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	bench_close(&b);
}

static void faults__a_leader_that_goes_meanwhile_takes_copies_late(void **state)
{
	(void)state;
	struct bench b;
	open_one(&b, &(struct world_options){ .seed = 1, .report_delay_ms = 10 });
	b.c[0].forward = "b";
	send(&b, "x");
	world_settle(b.w);
	world_away(b.w, "b", 0, 0, 50);
	stagger_world_advance(b.w, 49);
	assert_int_equal(world_size(b.w, "b", 0), 0);
	stagger_world_advance(b.w, 1);
	assert_int_equal(world_size(b.w, "b", 0), 1);
	bench_close(&b);
}

static void faults__delays_that_vary_keep_the_order_of_a_log(void **state)
{
	(void)state;
	struct bench b;
	open_one(&b, &(struct world_options){ .seed = 3, .report_delay_ms = 5, .spread_ms = 200 });
	b.c[0].forward = "b";
	for (char value[] = "a"; value[0] <= 'p'; value[0]++)
		send(&b, value);
	stagger_world_advance(b.w, 6);
	assert_true(world_size(b.w, "b", 0) < 16);
	stagger_world_advance(b.w, 1000);
	assert_int_equal(world_size(b.w, "b", 0), 16);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(*(const char *)world_record(b.w, "b", 0, i)->value.data, 'a' + (int)i);
	world_delays(b.w, 0, 0, 0);
	send(&b, "q");
	world_settle(b.w);
	assert_int_equal(world_size(b.w, "b", 0), 17);
	bench_close(&b);
}

static void faults__a_log_that_is_cut_resets_its_reader(void **state)
{
	(void)state;
	struct bench b;
	open_one(&b, &(struct world_options){ .seed = 1 });
	send(&b, "x");
	send(&b, "y");
	send(&b, "z");
	world_settle(b.w);
	world_truncate(b.w, "a", 0, 1);
	assert_int_equal(world_log_end(b.w, "a", 0), 1);
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) reset(1) bounds(1) ");
	assert_string_equal(b.c[0].seen, "xyzx"); /* from the log's start again */
	world_truncate(b.w, "a", 0, 5); /* beyond its end */
	assert_int_equal(world_log_end(b.w, "a", 0), 1);
	bench_close(&b);
}

static void faults__a_session_may_end_unnoticed(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	bench_join(&b, 1);
	world_expire(b.w, 0, 100);
	stagger_world_advance(b.w, 99);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) revoke(4) assign(2) ");
	assert_string_equal(b.c[1].story, "ready(0) assign(2) revoke(2) assign(4) ");
	send(&b, "x"); /* read by both */
	world_settle(b.w);
	assert_int_equal(b.c[0].n_seen, 1);
	assert_int_equal(b.c[1].n_seen, 1);
	assert_int_equal(b.c[0].commit_fault, PORT_REBALANCE);
	stagger_world_advance(b.w, 1);
	assert_string_equal(b.c[0].story,
			    "ready(0) assign(4) revoke(4) assign(2) lost(2) assign(2) ");
	bench_close(&b);
}

static void faults__a_members_wall_clock_may_differ(void **state)
{
	(void)state;
	struct bench b;
	open_one(&b, &(struct world_options){ .seed = 1 });
	int64_t wall_ms = world_wall_ms(b.w);
	int64_t boot_ms = world_boot_ms(b.w);
	world_skew(b.w, 0, -5000);
	const struct port_clock *clock = &b.c[0].engine->ports.clock;
	assert_int_equal(clock->wall_us(clock->self) / 1000, wall_ms - 5000);
	assert_int_equal(clock->boot_us(clock->self) / 1000, boot_ms);
	assert_int_equal(world_wall_of(b.w, 0), wall_ms - 5000);
	assert_int_equal(world_wall_of(b.w, 7), wall_ms);
	b.c[0].forward = "b";
	send(&b, "x");
	world_settle(b.w);
	assert_int_equal(world_record(b.w, "b", 0, 0)->timestamp_ms, wall_ms - 5000);
	bench_close(&b);
}

static void count_copy(void *user, int32_t member, const char *topic,
		       const struct world_record *record)
{
	size_t *n = user;
	assert_int_equal(member, 0);
	assert_string_equal(topic, "b");
	assert_int_equal(*(const char *)record->value.data, 'x');
	(*n)++;
}

static void faults__copies_without_a_report_are_named_once(void **state)
{
	(void)state;
	struct bench b;
	size_t n = 0;
	open_one(&b, &(struct world_options){ .seed = 1 });
	world_observe(b.w, &(struct world_watch){ .user = &n, .orphaned = count_copy });
	b.c[0].forward = "b";
	send(&b, "x"); /* reported: nothing to name */
	world_settle(b.w);
	world_hold_reports(b.w, true);
	send(&b, "x");
	world_settle(b.w);
	world_rebalance(b.w);
	world_settle(b.w);
	assert_int_equal(n, 1);
	world_kill(b.w, 0);
	assert_int_equal(n, 1);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults__a_leader_that_is_away_gives_and_takes_nothing),
		cmocka_unit_test(faults__a_leader_that_goes_meanwhile_takes_copies_late),
		cmocka_unit_test(faults__delays_that_vary_keep_the_order_of_a_log),
		cmocka_unit_test(faults__a_log_that_is_cut_resets_its_reader),
		cmocka_unit_test(faults__a_session_may_end_unnoticed),
		cmocka_unit_test(faults__a_members_wall_clock_may_differ),
		cmocka_unit_test(faults__copies_without_a_report_are_named_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
