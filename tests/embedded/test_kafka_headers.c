/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers of what is read, beside records that have none: kafka/headers.c looks at the bytes around
 * a record to tell. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

#define N 400

static const struct stagger_header HEADERS[3] = {
	{"a", {"1", 1}}, {"b", {NULL, 0}}, {"content-type", {"application/json", 16}}};
static const struct stagger_bytes KEYS[] = {{"key", 3}, {NULL, 0}, {"", 0}};
#define N_KEYS (sizeof(KEYS) / sizeof(KEYS[0]))
/* Values without bytes, of zeros, and of some length. */
static const size_t SIZES[] = {0, 1, 2, 7, 63, 64, 300};
#define N_SIZES (sizeof(SIZES) / sizeof(SIZES[0]))

static size_t n_headers(size_t i)
{
	return i % 5 < 2 ? i % 5 * (1 + i % 3) : 0; // runs of none, and one, two or three
}

static void produce(struct client *c, size_t i)
{
	static const char zeros[512];
	size_t size = SIZES[i % N_SIZES];
	bool full;
	struct port_hop hop = {
		.topic = c->sink.topic(c->sink.self, MAIN),
		.key = KEYS[i / 3 % N_KEYS],
		.value = {zeros, size},
		.headers = HEADERS,
		.n_headers = n_headers(i),
		.opaque = c,
	};
	if (i % 11 == 0) // a tombstone now and then
		hop.value = (struct stagger_bytes){NULL, 0};
	assert_int_equal(c->sink.produce(c->sink.self, &hop, &full), PORT_FINE);
}

static void check(const struct port_record *r, size_t i)
{
	assert_int_equal(r->offset, i);
	assert_int_equal(r->n_headers, n_headers(i));
	assert_int_equal(r->value.size, i % 11 == 0 ? 0 : SIZES[i % N_SIZES]);
	assert_int_equal(r->value.data == NULL, i % 11 == 0);
	for (size_t h = 0; h < r->n_headers; h++) {
		assert_string_equal(r->headers[h].name, HEADERS[h].name);
		assert_int_equal(r->headers[h].value.size, HEADERS[h].value.size);
	}
}

/* Records in offset order, all N of them; how many of them needed no look by librdkafka. */
static size_t take_all(struct client *c, size_t lane)
{
	struct port_record records[N];
	size_t taken = 0;
	size_t n_told = 0;

	while (taken < N) {
		wake_clear(c->wake);
		size_t n = c->source.fetch(c->source.self, c->starts[lane].handle, records, N);
		for (size_t i = 0; i < n; i++) {
			check(&records[i], taken + i);
			if (i + 1 < n && headers_none(records[i].pin, records[i + 1].pin)) {
				assert_int_equal(records[i].n_headers, 0);
				n_told++;
			}
		}
		for (size_t i = 0; i < n; i++) {
			free(records[i].headers);
			c->source.release(c->source.self, records[i].pin);
		}
		taken += n;
		if (taken < N)
			wake_wait(c->wake, clock_boot_us() + 10000);
	}
	return n_told;
}

static void headers__are_those_that_were_sent_whatever_stands_beside_them(void **state)
{
	struct embedded *broker = broker_new();
	struct client c;
	(void)state;

	small_join(&c, broker, "g");
	small_await(&c, PORT_READY);
	for (size_t i = 0; i < N; i++)
		produce(&c, i);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(small_report(&c).fault, PORT_FINE);
	small_await(&c, PORT_ASSIGN);
	small_assign(&c, false);
	size_t n_told = take_all(&c, small_lane(&c, MAIN, 0));
	/* Not a matter of right and wrong: else the saving is gone, see gates_bytes_in_place(). */
	if (gates_bytes_in_place())
		assert_true(n_told > N / 4);
	small_leave(&c);
	small_close(&c);
	embedded_free(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers__are_those_that_were_sent_whatever_stands_beside_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
