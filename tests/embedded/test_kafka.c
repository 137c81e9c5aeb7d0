/* SPDX-License-Identifier: Apache-2.0
 *
 * The source port against librdkafka's mock cluster: join, read, hold, reset, commit, rebalance. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

/* The one that small_produce(&c, RETRY, 1, 5, "hello") left. */
static void check_record(struct client *c, size_t lane)
{
	struct port_record record;

	while (c->source.fetch(c->source.self, c->starts[lane].handle, &record, 1) == 0)
		wake_wait(c->wake, clock_boot_us() + 10000);
	assert_int_equal(record.offset, 0);
	assert_memory_equal(record.value.data, "hello", 5);
	assert_int_equal(record.value.size, 5);
	assert_memory_equal(record.key.data, "key", 3);
	assert_int_equal(record.n_headers, 2);
	assert_string_equal(record.headers[0].name, "a");
	assert_memory_equal(record.headers[0].value.data, "1", 1);
	assert_null(record.headers[1].value.data);
	assert_true(record.timestamp_ms > 1000000000000);
	free(record.headers);
	c->source.release(c->source.self, record.pin);
}

static void check_committed(const struct port_event *event)
{
	for (size_t i = 0; i < event->n; i++) {
		const struct port_partition *p = &event->partitions[i];
		bool retry = strcmp(p->topic, RETRY) == 0 && p->partition == 1;
		bool first = strcmp(p->topic, MAIN) == 0 && p->partition == 0;
		assert_int_equal(p->committed, retry ? 1 : first ? 0 : -1);
		assert_int_equal(p->metadata.size, retry ? 9 : 0);
		if (retry)
			assert_memory_equal(p->metadata.data, "sg1:0:1,1", 9);
		assert_int_equal(p->log_end, retry ? 1 : 0);
	}
}

static void kafka__joins_reads_commits_and_finds_the_commit_again(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	void *ready[16];
	(void)state;

	small_join(&c, broker, "g");
	small_await(&c, PORT_READY);
	int32_t topic = c.sink.topic(c.sink.self, RETRY);
	assert_int_equal(c.sink.partitions(c.sink.self, topic), PARTITIONS);
	assert_int_equal(c.sink.topic(c.sink.self, RETRY), topic);
	small_produce(&c, RETRY, 1, 5, "hello");
	struct port_report report = small_report(&c);
	assert_int_equal(report.fault, PORT_FINE);
	assert_ptr_equal(report.opaque, &c);

	small_await(&c, PORT_ASSIGN);
	assert_int_equal(c.event.n, 2 * PARTITIONS);
	for (size_t i = 0; i < c.event.n; i++) {
		assert_int_equal(c.event.partitions[i].committed, -1);
		assert_null(c.event.partitions[i].metadata.data);
		assert_int_equal(c.event.partitions[i].log_start, 0);
	}
	small_assign(&c, false);
	assert_int_equal(c.source.ready(c.source.self, ready, 16), 4);
	assert_int_equal(c.source.ready(c.source.self, ready, 16), 0);
	size_t lane = small_lane(&c, RETRY, 1);
	check_record(&c, lane);
	struct port_commit commits[2] = {
		{RETRY, 1, 1, {"sg1:0:1,1", 9}, &c.lanes[lane]},
		{MAIN, 0, 0, {NULL, 0}, &c.lanes[small_lane(&c, MAIN, 0)]},
	};
	c.source.commit(c.source.self, commits, 2);
	small_await(&c, PORT_COMMITTED);
	assert_int_equal(c.event.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(c.event.partitions[i].fault, PORT_FINE);
		assert_ptr_equal(c.event.partitions[i].lane, commits[i].lane);
		assert_int_equal(c.event.partitions[i].committed, commits[i].next_offset);
		assert_string_equal(c.event.partitions[i].topic, commits[i].topic);
	}
	small_leave(&c);
	small_close(&c);

	small_join(&c, broker, "g");
	small_await(&c, PORT_READY);
	small_await(&c, PORT_ASSIGN);
	check_committed(&c.event);
	// Left without having answered the assignment.
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

static void kafka__a_held_lane_gives_nothing_and_goes_on_where_it_stopped(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	struct port_record records[8];
	(void)state;

	small_join(&c, broker, "hold");
	small_await(&c, PORT_READY);
	for (int i = 0; i < 100; i++)
		small_produce(&c, MAIN, 0, 4, "main");
	for (int i = 0; i < 100; i++)
		assert_int_equal(small_report(&c).fault, PORT_FINE);
	small_await(&c, PORT_ASSIGN);
	small_assign(&c, true);
	size_t lane = small_lane(&c, MAIN, 0);
	void *handle = c.starts[lane].handle;
	assert_false(small_next(&c, 300));
	assert_int_equal(c.source.fetch(c.source.self, handle, records, 8), 0);

	c.source.hold(c.source.self, &handle, 1, false);
	c.source.hold(c.source.self, &handle, 1, false); // not paused: nothing happens
	small_take(&c, lane, 100, 0);
	for (int i = 0; i < 20; i++)
		small_produce(&c, MAIN, 0, 4, "main");
	for (int i = 0; i < 20; i++)
		assert_int_equal(small_report(&c).fault, PORT_FINE);
	c.source.hold(c.source.self, &handle, 1, true);
	assert_int_equal(c.source.fetch(c.source.self, handle, records, 8), 0);
	c.source.hold(c.source.self, &handle, 1, false);
	small_take(&c, lane, 20, 100);

	// The whole list again, elsewhere: what was prefetched is forgotten.
	c.source.hold(c.source.self, &handle, 1, true);
	c.starts[lane].offset = 50;
	c.starts[lane].paused = false;
	struct stagger_error err;
	assert_int_equal(c.source.assign(c.source.self, c.starts, c.n, &err), STAGGER_OK);
	small_take(&c, lane, 70, 50);
	assert_true(c.source.resume_lead_ms(c.source.self) == 1100);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

static void kafka__a_position_outside_the_log_is_an_event_and_bounds_mend_it(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	struct stagger_error err;
	struct port_record record;
	(void)state;

	small_join(&c, broker, "reset");
	small_await(&c, PORT_READY);
	for (int i = 0; i < 10; i++)
		small_produce(&c, MAIN, 1, 4, "main");
	for (int i = 0; i < 10; i++)
		assert_int_equal(small_report(&c).fault, PORT_FINE);
	small_await(&c, PORT_ASSIGN);
	small_assign(&c, false);
	size_t lane = small_lane(&c, MAIN, 1);
	c.starts[lane].offset = 4711;
	assert_int_equal(c.source.assign(c.source.self, c.starts, c.n, &err), STAGGER_OK);
	int64_t until_us = clock_boot_us() + (int64_t)LONG_MS * 1000;
	bool told = false;
	while (!told && clock_boot_us() < until_us) {
		void *handle = c.starts[lane].handle;
		assert_int_equal(c.source.fetch(c.source.self, handle, &record, 1), 0);
		told = small_next(&c, 20);
	}
	assert_true(told);
	assert_int_equal(c.event.kind, PORT_RESET);
	assert_int_equal(c.event.n, 1);
	assert_ptr_equal(c.event.partitions[0].lane, &c.lanes[lane]);

	c.source.ask_bounds(c.source.self, &c.starts[lane].handle, 1);
	small_await(&c, PORT_BOUNDS);
	assert_int_equal(c.event.n, 1);
	assert_ptr_equal(c.event.partitions[0].lane, &c.lanes[lane]);
	assert_int_equal(c.event.partitions[0].log_start, 0);
	assert_int_equal(c.event.partitions[0].log_end, 10);
	c.starts[lane].offset = 7;
	assert_int_equal(c.source.assign(c.source.self, c.starts, c.n, &err), STAGGER_OK);
	small_take(&c, lane, 3, 7);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

struct half { /* of the partitions; what a client was given and told to leave so far */
	size_t assigned;
	int assigns, revokes;
};

/* Takes what comes to a client until both hold a part of the partitions. */
static void serve(struct client *c, struct half *half)
{
	if (!small_next(c, 20))
		return;
	if (c->event.kind == PORT_REVOKE) {
		half->revokes++;
		half->assigned = 0;
		c->source.unassign(c->source.self);
	} else if (c->event.kind == PORT_ASSIGN) {
		half->assigns++;
		half->assigned = c->event.n;
		small_assign(c, false);
	} else if (c->event.kind != PORT_READY) {
		fail_msg("event %d", (int)c->event.kind);
	}
}

static void kafka__a_second_member_takes_half_and_a_pause_does_not_outlive_it(void **state)
{
	struct embedded *broker = broker_new();
	struct client *a = calloc(1, sizeof(*a));
	struct client *b = calloc(1, sizeof(*b));
	struct half of_a = { .assigned = 0 };
	struct half of_b = { .assigned = 0 };
	void *ready[16];
	(void)state;

	small_join(a, broker, "two");
	while (of_a.assigned != 4)
		serve(a, &of_a);
	for (size_t i = 0; i < 4; i++)
		a->source.hold(a->source.self, &a->starts[i].handle, 1, true);
	small_join(b, broker, "two");
	int64_t until_us = clock_boot_us() + (int64_t)2 * LONG_MS * 1000;
	while (!(of_a.assigned == 2 && of_b.assigned == 2) && clock_boot_us() < until_us) {
		serve(a, &of_a);
		serve(b, &of_b);
	}
	assert_int_equal(of_a.assigned, 2);
	assert_int_equal(of_b.assigned, 2);
	/* Each assignment is taken away once. On a busy machine there is more than one: the mock
	 * refuses the SyncGroup of a follower that comes after its leader's, who then joins again. */
	assert_int_equal(of_a.revokes, of_a.assigns - 1);
	assert_int_equal(of_b.revokes, of_b.assigns - 1);
	small_produce(b, a->starts[0].topic, a->starts[0].partition, 4, "text");
	assert_int_equal(small_report(b).fault, PORT_FINE);
	small_take(a, 0, 1, 0);

	// Nothing of the old assignment is told after the revoke.
	a->source.commit(a->source.self,
			 &(struct port_commit){.topic = a->starts[0].topic,
					       .partition = a->starts[0].partition,
					       .next_offset = 1,
					       .lane = a->starts[0].lane},
			 1);
	a->source.unassign(a->source.self);
	assert_int_equal(a->source.ready(a->source.self, ready, 16), 0);
	assert_false(small_next(a, 200));
	small_leave(a);
	small_leave(b);
	small_close(a);
	small_close(b);
	free(a);
	free(b);
	embedded_free(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafka__joins_reads_commits_and_finds_the_commit_again),
		cmocka_unit_test(kafka__a_held_lane_gives_nothing_and_goes_on_where_it_stopped),
		cmocka_unit_test(kafka__a_position_outside_the_log_is_an_event_and_bounds_mend_it),
		cmocka_unit_test(kafka__a_second_member_takes_half_and_a_pause_does_not_outlive_it),
	};

	return cmocka_run_group_tests_name("kafka", tests, NULL, NULL);
}
