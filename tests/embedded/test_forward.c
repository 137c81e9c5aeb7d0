/* SPDX-License-Identifier: Apache-2.0
 *
 * The fixed port of the embedded broker: bytes pass unchanged both ways, ends pass on, a taken port
 * is an error, and clients of Kafka find the broker through it. */
#define _GNU_SOURCE
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "small_client.h"

#include "kafka/forward.h"
#include "ports.h"

#define BIG (4 << 20)

static int connect_to(int port)
{
	struct sockaddr_in at = port_address(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

struct carried {
	int listener, port;
	struct forward *forward;
};

static void carry(struct carried *c)
{
	struct stagger_error err;
	int to;

	c->listener = port_bind(&to);
	assert_int_equal(listen(c->listener, 128), 0);
	c->port = port_free();
	assert_int_equal(forward_new(&c->forward, c->port, &err), STAGGER_OK);
	assert_int_equal(forward_begin(c->forward, to, &err), STAGGER_OK);
}

static void uncarry(struct carried *c)
{
	forward_free(&c->forward);
	close(c->listener);
}

static bool readable(int fd, int ms)
{
	return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, ms) == 1;
}

/* One end writes all while the other reads, more than any buffer between them holds. */
static void send_through(int from, int to, char seed)
{
	static char sent[BIG], got[BIG];
	size_t n_sent = 0, n_got = 0;

	for (size_t i = 0; i < BIG; i++)
		sent[i] = (char)((char)(i * 31 >> 3) + seed);
	while (n_got < BIG) {
		if (n_sent < BIG) {
			ssize_t n = send(from, sent + n_sent, BIG - n_sent, MSG_DONTWAIT);
			n_sent += n > 0 ? (size_t)n : 0;
		}
		if (n_sent == BIG)
			assert_true(readable(to, LONG_MS));
		ssize_t n = recv(to, got + n_got, BIG - n_got, MSG_DONTWAIT);
		assert_true(n != 0);
		n_got += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(sent, got, BIG);
}

static void forward__carries_bytes_and_ends_both_ways(void **state)
{
	struct carried c;
	char byte;
	(void)state;

	carry(&c);
	int client = connect_to(c.port);
	int broker = accept(c.listener, NULL, NULL);
	assert_true(broker >= 0);
	send_through(client, broker, 1);
	send_through(broker, client, 2);

	shutdown(client, SHUT_WR); /* one way ends, the other goes on */
	assert_true(readable(broker, LONG_MS));
	assert_int_equal(recv(broker, &byte, 1, 0), 0);
	send_through(broker, client, 3);
	close(broker);
	assert_true(readable(client, LONG_MS));
	assert_int_equal(recv(client, &byte, 1, 0), 0);
	close(client);
	uncarry(&c);
}

static void forward__lets_more_connections_wait_than_it_carries(void **state)
{
	int clients[FORWARD_MAX + 1], brokers[FORWARD_MAX + 1];
	struct carried c;
	(void)state;

	carry(&c);
	for (int i = 0; i <= FORWARD_MAX; i++) {
		clients[i] = connect_to(c.port);
		if (i < FORWARD_MAX)
			brokers[i] = accept(c.listener, NULL, NULL);
	}
	assert_false(readable(c.listener, 100));
	close(clients[0]);
	close(brokers[0]);
	assert_true(readable(c.listener, LONG_MS));
	brokers[FORWARD_MAX] = accept(c.listener, NULL, NULL);
	send_through(clients[FORWARD_MAX], brokers[FORWARD_MAX], 4);
	for (int i = 1; i <= FORWARD_MAX; i++) {
		close(clients[i]);
		close(brokers[i]);
	}
	uncarry(&c);
}

static void forward__ends_connections_to_nobody(void **state)
{
	struct forward *forward = NULL;
	struct stagger_error err;
	int port = port_free();
	char byte;
	(void)state;

	assert_int_equal(forward_new(&forward, port, &err), STAGGER_OK);
	assert_int_equal(forward_begin(forward, port_free(), &err), STAGGER_OK);
	int client = connect_to(port);
	assert_true(readable(client, LONG_MS));
	assert_true(recv(client, &byte, 1, 0) <= 0);
	close(client);
	forward_free(&forward);
	assert_null(forward);
}

static void forward__says_that_a_port_is_taken(void **state)
{
	struct forward *forward = NULL;
	struct embedded *broker = NULL;
	struct stagger_error err;
	int port;
	(void)state;

	int taken = port_bind(&port);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(forward_new(&forward, port, &err), STAGGER_INVALID);
	assert_null(forward);
	assert_int_equal(embedded_new(&broker, port, 1, NULL, 0, &err), STAGGER_INVALID);
	assert_non_null(strstr(err.text, "is in use by another program"));
	close(taken);
	assert_int_equal(embedded_new(&broker, port, 1, NULL, 0, &err), STAGGER_OK);
	embedded_free(&broker);
	/* at once again, with its connections in TIME_WAIT */
	assert_int_equal(embedded_new(&broker, port, 1, NULL, 0, &err), STAGGER_OK);
	embedded_free(&broker);
}

/* A consumer starts the broker on the port; a client that knows only the port finds it. */
static void embedded_port__is_where_clients_find_the_broker(void **state)
{
	char port[8], servers[32];
	struct client inside, outside;
	struct stagger_error err;
	(void)state;

	snprintf(port, sizeof(port), "%d", port_free());
	snprintf(servers, sizeof(servers), "127.0.0.1:%s", port);
	const struct kafka_property starts[] = {{"bootstrap.servers", "embedded"},
						{"embedded.port", port}};
	const struct kafka_property finds[] = {{"bootstrap.servers", servers}};
	assert_int_equal(small_open(&inside,
				    &(struct kafka_options){.group = "g",
							    .session_timeout_ms = 6000,
							    .properties = starts,
							    .n_properties = 2},
				    &err),
			 STAGGER_OK);
	assert_string_equal(embedded_servers(inside.kafka->embedded), servers);
	if (small_open(&outside,
		       &(struct kafka_options){.group = "h",
					       .session_timeout_ms = 6000,
					       .properties = finds,
					       .n_properties = 1},
		       &err) != STAGGER_OK)
		fail_msg("%s", err.text);
	assert_int_equal(outside.source.start(outside.source.self, &err), STAGGER_OK);
	small_await(&outside, PORT_READY);
	small_produce(&outside, MAIN, 0, 5, "found");
	assert_int_equal(small_report(&outside).fault, PORT_FINE);
	small_close(&outside);
	small_close(&inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forward__carries_bytes_and_ends_both_ways),
		cmocka_unit_test(forward__lets_more_connections_wait_than_it_carries),
		cmocka_unit_test(forward__ends_connections_to_nobody),
		cmocka_unit_test(forward__says_that_a_port_is_taken),
		cmocka_unit_test(embedded_port__is_where_clients_find_the_broker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
