/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue with a wake-up. librdkafka calls back when an empty queue gets its first entry, so the
 * flag is taken down before a poll and put up again until a poll has found the queue empty. */
#include "kafka/internal.h"

#include "base/wake.h"

static void ring(rd_kafka_t *rk, void *opaque)
{
	struct bell *bell = opaque;

	(void)rk;
	atomic_store(&bell->rung, true);
	wake_signal(bell->wake);
}

void bell_open(struct bell *bell, rd_kafka_queue_t *take_queue, struct wake *wake)
{
	bell->queue = take_queue;
	bell->wake = wake;
	atomic_store(&bell->rung, true); // what came before we listened
	rd_kafka_queue_cb_event_enable(bell->queue, ring, bell);
}

rd_kafka_event_t *bell_poll(struct bell *bell)
{
	if (bell->queue == NULL || !atomic_exchange(&bell->rung, false))
		return NULL;
	rd_kafka_event_t *event = rd_kafka_queue_poll(bell->queue, 0);
	if (event != NULL)
		atomic_store(&bell->rung, true);
	return event;
}

void bell_mute(struct bell *bell)
{
	if (bell->queue != NULL)
		rd_kafka_queue_cb_event_enable(bell->queue, NULL, NULL);
}

void bell_close(struct bell *bell)
{
	if (bell->queue == NULL)
		return;
	bell_mute(bell);
	rd_kafka_queue_destroy(bell->queue);
	bell->queue = NULL;
}
