/* SPDX-License-Identifier: Apache-2.0
 *
 * What the librdkafka we run on may and may not do. Decided at run time: the shared library may
 * be newer or older than the headers. */
#ifndef KAFKA_GATES_H
#define KAFKA_GATES_H

#include <librdkafka/rdkafka.h>

#include <stagger/error.h>

struct log;

/* rd_kafka_consume_batch_queue() with more than one message; before 2.1.0 it loses messages at each
 * pause and rebalance (#4208). */
bool gates_batches(void);
/* That a full queue has room again is seen after fetch.queue.backoff.ms; before 2.2.0 after up to
 * 1 s (measured: refill.c). */
bool gates_sees_room(void);
/* Key and value of a message that was read point into the broker's response: so in every version
 * that was looked at, the newest is 2.16. */
bool gates_bytes_in_place(void);
/* SCRAM against Kafka 4; before 2.6.1 it repeats its nonce and is refused (#4895). */
bool gates_scram(void);
/* Sets a property that only some versions know; others go without. */
void gates_offer(rd_kafka_conf_t *conf, const char *name, const char *value);
/* Warns of versions that are known to break. */
void gates_warn(struct log *log);

#endif
