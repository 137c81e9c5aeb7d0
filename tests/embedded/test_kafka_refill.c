/* SPDX-License-Identifier: Apache-2.0
 *
 * A backlog larger than a partition's queue, and nothing else to read: librdkafka before 2.2 leaves
 * a queue that was full alone for a second each time, unless it is told. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

#define N 40000 /* the mock keeps 5 MB of a partition */
#define SIZE 100
#define MOST_MS 6000 /* a second each for the queue's dozen fills would be twice as much */

/* A queue of 256 KiB, filled by few responses. */
static void join(struct client *c, const struct embedded *broker)
{
	const struct kafka_property properties[] = {
		{"bootstrap.servers", embedded_servers(broker)},
		{"fetch.message.max.bytes", "100000"},
		{"heartbeat.interval.ms", "300"},
	};
	const struct kafka_options o = {.group = "g",
					.session_timeout_ms = 6000,
					.prefetch_bytes = 1 << 20,
					.expected_partitions = 4,
					.properties = properties,
					.n_properties = 3};
	struct stagger_error err;

	assert_int_equal(small_open(c, &o, &err), STAGGER_OK);
	assert_int_equal(c->source.start(c->source.self, &err), STAGGER_OK);
}

static void produce_all(struct client *c)
{
	static const char value[SIZE];

	for (size_t i = 0; i < N; i++) {
		bool full;
		struct port_hop hop = {.topic = c->sink.topic(c->sink.self, MAIN),
				       .value = {value, SIZE},
				       .opaque = c};
		assert_int_equal(c->sink.produce(c->sink.self, &hop, &full), PORT_FINE);
	}
	for (size_t i = 0; i < N; i++)
		assert_int_equal(small_report(c).fault, PORT_FINE);
}

static void take_all(struct client *c, size_t lane)
{
	struct port_record records[64];
	void *lanes[16];
	size_t taken = 0;

	while (taken < N) {
		wake_clear(c->wake);
		(void)c->source.ready(c->source.self, lanes, 16);
		size_t n = c->source.fetch(c->source.self, c->starts[lane].handle, records, 64);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(records[i].offset, taken + i);
			c->source.release(c->source.self, records[i].pin);
		}
		taken += n;
		if (n == 0)
			wake_wait(c->wake, clock_boot_us() + 1000000);
	}
}

static void refill__a_backlog_is_read_without_pauses(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	(void)state;

	join(&c, broker);
	small_await(&c, PORT_READY);
	produce_all(&c);
	small_await(&c, PORT_ASSIGN);
	small_assign(&c, true); // none of the others has librdkafka look at its queues
	size_t lane = small_lane(&c, MAIN, 0);
	c.source.hold(c.source.self, &c.starts[lane].handle, 1, false);
	int64_t began_us = clock_boot_us();
	take_all(&c, lane);
	assert_in_range((clock_boot_us() - began_us) / 1000, 0, MOST_MS);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refill__a_backlog_is_read_without_pauses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
