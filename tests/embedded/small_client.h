/* SPDX-License-Identifier: Apache-2.0
 *
 * A client of the kafka room with a loop as small as it can be: it waits on the wake and asks
 * for events, as the engine does. What goes wrong fails the running test. */
#ifndef TESTS_EMBEDDED_SMALL_CLIENT_H
#define TESTS_EMBEDDED_SMALL_CLIENT_H

#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h> // after it

#include "base/clock.h"
#include "base/log.h"
#include "base/wake.h"
#include "kafka/internal.h"

#define MAIN "orders"
#define RETRY "orders.g.retry.1m"
#define DLT "orders.g.dlt"
#define PARTITIONS 2
#define LONG_MS 30000 /* a bound, not a measure */

struct lines {
	char text[65536];
	size_t used;
};
struct client {
	struct kafka *kafka;
	struct wake *wake;
	struct log *log;
	struct port_source source;
	struct port_sink sink;
	struct lines lines;
	struct port_event event;
	struct port_start starts[16];
	char topics[16][64];
	int lanes[16]; /* their addresses are the lanes */
	size_t n;
};

/* MAIN and RETRY with PARTITIONS, DLT with one. */
struct embedded *broker_new(void);
/* librdkafka's mock cluster itself, to tell it what to do, without topics. Both are the caller's. */
rd_kafka_mock_cluster_t *small_cluster(rd_kafka_t **host, int n_brokers);
/* options: log, wake and, where they are NULL, topics are filled in. */
enum stagger_status small_open(struct client *c, const struct kafka_options *options,
			       struct stagger_error *err);
/* Fails the test when librdkafka had to be left behind. */
void small_close(struct client *c);
/* Opens and starts a member of the group. */
void small_join(struct client *c, const struct embedded *broker, const char *group);
void small_join_at(struct client *c, const char *servers, const char *group);
/* The next event within ms, into c->event; false: none. */
bool small_next(struct client *c, int64_t ms);
const struct port_event *small_await(struct client *c, enum port_event_kind kind);
/* Answers PORT_ASSIGN: from the commit, else from the start. */
void small_assign(struct client *c, bool paused);
void small_leave(struct client *c);
void small_produce(struct client *c, const char *topic, int32_t partition, size_t size,
		   const char *text);
struct port_report small_report(struct client *c);
/* Fetches n records of one lane, offset by offset, through ready(). */
void small_take(struct client *c, size_t lane, size_t n, int64_t first_offset);
size_t small_lane(const struct client *c, const char *topic, int32_t partition);

#endif
