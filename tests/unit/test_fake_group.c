/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake coordinator: who owns what, and whose commits count. */
#define _GNU_SOURCE
#include "tiny_engine.h"

static const char *owned(const struct bench *b, int32_t i, char text[128])
{
	const struct engine *e = b->c[i].engine;
	size_t used = 0;
	text[0] = '\0';
	for (size_t k = 0; e != NULL && k < e->n_lanes; k++)
		used += (size_t)snprintf(text + used, 128 - used, "%s%d ", e->lanes[k].topic,
					 e->lanes[k].partition);
	return text;
}

static void commit_one(struct bench *b, int32_t i, int32_t partition, int64_t next_offset)
{
	struct port_source *source = &b->c[i].engine->ports.source;
	struct port_commit one = { .topic = "a",
				   .partition = partition,
				   .next_offset = next_offset };
	source->commit(source->self, &one, 1);
}

static void group__deals_each_topic_by_range(void **state)
{
	(void)state;
	struct bench b;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	for (size_t i = 0; i < 3; i++) {
		b.c[i].topics[1] = "b";
		b.c[i].n_topics = i < 2 ? 2 : 1;
		bench_join(&b, (int32_t)i);
	}
	assert_string_equal(owned(&b, 0, text), "a0 a1 b0 b1 ");
	assert_string_equal(owned(&b, 1, text), "a2 b2 ");
	assert_string_equal(owned(&b, 2, text), "a3 ");
	assert_string_equal(b.c[0].story,
			    "ready(0) assign(7) revoke(7) assign(4) revoke(4) assign(4) ");
	assert_string_equal(b.c[2].story, "ready(0) assign(1) ");
	bench_close(&b);
}

static void group__keeps_groups_apart(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[1].group = "h";
	bench_join(&b, 0);
	bench_send(&b, 0, "x");
	bench_join(&b, 1);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) ");
	assert_string_equal(b.c[0].seen, "x");
	assert_string_equal(b.c[1].seen, "x");
	assert_int_equal(bench_committed(&b, 0), 1);
	assert_int_equal(world_committed(b.w, "h", "a", 0, NULL), 1);
	bench_close(&b);
}

static void group__waits_for_the_slowest_to_unassign(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	world_gap(b.w, "a", 3, 9);
	b.c[0].slow_revoke = true;
	bench_join(&b, 1);
	stagger_world_advance(b.w, 5000);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) revoke(4) ");
	assert_string_equal(b.c[1].story, "ready(0) ");
	commit_one(&b, 0, 3, 9);
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_FINE);
	assert_int_equal(bench_committed(&b, 3), 9);
	b.c[0].slow_revoke = false;
	world_settle(b.w);
	assert_string_equal(b.c[1].story, "ready(0) assign(2) ");
	bench_close(&b);
}

static void group__does_not_revoke_from_who_owns_nothing(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1, .partitions = 1 });
	b.c[0].topics[0] = "single";
	b.c[1].topics[0] = "single";
	bench_join(&b, 0);
	bench_join(&b, 1);
	world_rebalance(b.w);
	world_settle(b.w);
	assert_string_equal(b.c[1].story, "ready(0) assign(0) assign(0) ");
	world_lose(b.w, 1);
	world_settle(b.w);
	assert_string_equal(b.c[1].story, "ready(0) assign(0) assign(0) assign(0) ");
	bench_close(&b);
}

static void group__gives_a_killed_members_partitions_to_the_others(void **state)
{
	(void)state;
	struct bench b;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	bench_join(&b, 1);
	world_kill(b.w, 0);
	world_settle(b.w);
	assert_string_equal(owned(&b, 1, text), "a0 a1 a2 a3 ");
	assert_string_equal(b.c[1].story, "ready(0) assign(2) revoke(2) assign(4) ");
	world_kill(b.w, 0);
	world_forget(b.w, 0);
	world_settle(b.w);
	assert_string_equal(b.c[1].story, "ready(0) assign(2) revoke(2) assign(4) ");
	bench_close(&b);
}

static void group__keeps_a_static_members_partitions_until_it_is_forgotten(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].instance = "i-0";
	bench_join(&b, 0);
	bench_join(&b, 1);
	world_kill(b.w, 0);
	world_settle(b.w);
	assert_string_equal(owned(&b, 1, text), "a2 a3 ");
	assert_int_equal(world_restart(b.w, 0, &error), STAGGER_OK);
	world_settle(b.w);
	assert_string_equal(owned(&b, 0, text), "a0 a1 ");
	world_stop(b.w, 0);
	assert_string_equal(b.c[1].story, "ready(0) assign(2) ");
	world_rebalance(b.w);
	world_settle(b.w);
	assert_string_equal(owned(&b, 1, text), "a2 a3 ");
	world_forget(b.w, 0);
	world_settle(b.w);
	assert_string_equal(owned(&b, 1, text), "a0 a1 a2 a3 ");
	bench_close(&b);
}

static void group__fences_the_older_of_two_with_one_instance(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	enum stagger_status status = STAGGER_OK;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].instance = "twin";
	b.c[1].instance = "twin";
	bench_join(&b, 0);
	bench_join(&b, 1);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) failed(82) ");
	assert_string_equal(b.c[1].story, "ready(0) assign(4) ");
	assert_true(world_ended(b.w, 0, &status, &error));
	assert_int_equal(status, STAGGER_FATAL);
	assert_string_equal(error.text, "fenced instance id");
	bench_close(&b);
}

static void group__removes_a_static_member_that_leaves_for_good(void **state)
{
	(void)state;
	struct bench b;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].instance = "i-0";
	bench_join(&b, 0);
	bench_join(&b, 1);
	struct port_source *source = &b.c[0].engine->ports.source;
	b.c[0].engine->leaving = true;
	source->leave(source->self, true);
	source->leave(source->self, true);
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) revoke(4) assign(2) left(0) ");
	assert_string_equal(owned(&b, 1, text), "a0 a1 a2 a3 ");
	bench_close(&b);
}

static void group__refuses_a_lost_member_and_lets_it_join_again(void **state)
{
	(void)state;
	struct bench b;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	bench_join(&b, 1);
	b.c[0].slow_revoke = true;
	world_lose(b.w, 0);
	commit_one(&b, 0, 0, 5); /* it does not know yet */
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_REBALANCE);
	assert_int_equal(bench_committed(&b, 0), -1);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) revoke(4) assign(2) lost(2) ");
	assert_string_equal(owned(&b, 1, text), "a0 a1 a2 a3 ");
	b.c[0].slow_revoke = false;
	world_settle(b.w);
	assert_string_equal(owned(&b, 0, text), "a0 a1 ");
	assert_string_equal(owned(&b, 1, text), "a2 a3 ");
	bench_close(&b);
}

static void group__loses_a_member_in_the_middle_of_its_revoke(void **state)
{
	(void)state;
	struct bench b;
	char text[128];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	b.c[0].slow_revoke = true;
	bench_join(&b, 1);
	world_lose(b.w, 0);
	world_settle(b.w);
	assert_string_equal(owned(&b, 1, text), "a0 a1 a2 a3 ");
	commit_one(&b, 0, 0, 5);
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_REBALANCE);
	b.c[0].slow_revoke = false;
	world_settle(b.w);
	assert_string_equal(owned(&b, 0, text), "a0 a1 ");
	assert_string_equal(b.c[0].story, "ready(0) assign(4) revoke(4) assign(2) ");
	world_lose(b.w, 7);
	bench_close(&b);
}

/* -- commits ----------------------------------------------------------------------------- */
static void commit__takes_its_time_and_is_judged_by_generation(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1, .commit_delay_ms = 20 });
	bench_join(&b, 0);
	commit_one(&b, 0, 0, 1);
	stagger_world_advance(b.w, 19);
	assert_int_equal(bench_committed(&b, 0), -1);
	assert_int_equal(b.c[0].n_answers, 0);
	stagger_world_advance(b.w, 1);
	assert_int_equal(bench_committed(&b, 0), 1);
	assert_int_equal(b.c[0].n_answers, 1);
	commit_one(&b, 0, 0, 2);
	world_rebalance(b.w); /* it unassigns without waiting for the answer */
	stagger_world_advance(b.w, 100);
	assert_int_equal(bench_committed(&b, 0), 1);
	assert_int_equal(b.c[0].n_answers, 1);
	commit_one(&b, 0, 0, 3);
	world_kill(b.w, 0);
	stagger_world_advance(b.w, 100);
	assert_int_equal(bench_committed(&b, 0), 1);
	bench_close(&b);
}

static void commit__counts_only_from_the_owner(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	bench_join(&b, 1);
	commit_one(&b, 0, 3, 1);
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_REBALANCE);
	assert_int_equal(bench_committed(&b, 3), -1);
	assert_int_equal(world_violations(b.w), 1);
	world_free(&b.w);
}

static void commit__fails_as_often_as_it_was_told(void **state)
{
	(void)state;
	const struct {
		enum port_fault fault;
		int64_t n;
		enum port_fault first, second;
		int64_t committed;
	} rows[] = {
		{ PORT_RETRIABLE, 1, PORT_RETRIABLE, PORT_FINE, 2 },
		{ PORT_REBALANCE, INT64_MAX, PORT_REBALANCE, PORT_REBALANCE, -1 },
		/* these commits have no metadata */
		{ PORT_METADATA_TOO_LARGE, 1, PORT_FINE, PORT_FINE, 2 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;
		bench_open(&b, &(struct world_options){ .seed = 1 });
		bench_join(&b, 0);
		world_fail_commit(b.w, rows[i].fault, rows[i].n);
		commit_one(&b, 0, 0, 1);
		world_settle(b.w);
		assert_int_equal(b.c[0].commit_fault, rows[i].first);
		commit_one(&b, 0, 0, 2);
		world_settle(b.w);
		assert_int_equal(b.c[0].commit_fault, rows[i].second);
		assert_int_equal(bench_committed(&b, 0), rows[i].committed);
		world_fail_commit(b.w, PORT_FINE, 0);
		commit_one(&b, 0, 0, 3);
		world_settle(b.w);
		assert_int_equal(bench_committed(&b, 0), 3);
		bench_close(&b);
	}
}

static void commit__refuses_metadata_that_is_too_large(void **state)
{
	(void)state;
	struct bench b;
	static const char large[4097];
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	struct port_source *source = &b.c[0].engine->ports.source;
	struct port_commit list[2] = {
		{ .topic = "a", .partition = 0, .next_offset = 1, .metadata = { large, 4097 } },
		{ .topic = "a", .partition = 1, .next_offset = 1, .metadata = { large, 4096 } },
	};
	source->commit(source->self, list, 2);
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_METADATA_TOO_LARGE);
	assert_int_equal(bench_committed(&b, 0), -1);
	assert_int_equal(bench_committed(&b, 1), 1);
	world_fail_commit(b.w, PORT_METADATA_TOO_LARGE, 1);
	list[0].metadata = (struct stagger_bytes){ .data = "", .size = 0 };
	list[1].metadata = (struct stagger_bytes){ .data = NULL };
	list[1].next_offset = 2;
	source->commit(source->self, list, 2);
	world_settle(b.w);
	assert_int_equal(b.c[0].commit_fault, PORT_METADATA_TOO_LARGE);
	assert_int_equal(bench_committed(&b, 0), -1);
	assert_int_equal(bench_committed(&b, 1), 2);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group__deals_each_topic_by_range),
		cmocka_unit_test(group__keeps_groups_apart),
		cmocka_unit_test(group__waits_for_the_slowest_to_unassign),
		cmocka_unit_test(group__does_not_revoke_from_who_owns_nothing),
		cmocka_unit_test(group__gives_a_killed_members_partitions_to_the_others),
		cmocka_unit_test(group__keeps_a_static_members_partitions_until_it_is_forgotten),
		cmocka_unit_test(group__fences_the_older_of_two_with_one_instance),
		cmocka_unit_test(group__removes_a_static_member_that_leaves_for_good),
		cmocka_unit_test(group__refuses_a_lost_member_and_lets_it_join_again),
		cmocka_unit_test(group__loses_a_member_in_the_middle_of_its_revoke),
		cmocka_unit_test(commit__takes_its_time_and_is_judged_by_generation),
		cmocka_unit_test(commit__counts_only_from_the_owner),
		cmocka_unit_test(commit__fails_as_often_as_it_was_told),
		cmocka_unit_test(commit__refuses_metadata_that_is_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
