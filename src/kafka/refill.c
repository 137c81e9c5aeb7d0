/* SPDX-License-Identifier: Apache-2.0
 *
 * Full queues that have room again. Before 2.2 a broker thread of librdkafka that found all its
 * partitions' queues full looks at them again when something wakes it, or after a second; what is
 * taken out of a queue does not. So each time a queue that was full is half empty, a broker thread
 * is woken: by a question to its partition's leader, of which only the sending matters. Without it
 * eight partitions of small messages were read at 133,000 a second, whatever the handlers could do.
 *
 * A queue's bytes cannot be asked for; they are what its messages were on average. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/wake.h"
#include "kafka/gates.h"

#define ASK_TIMEOUT_MS 200 /* the other questions wait as long */
#define MEAN_OF 8          /* takes that a mean size is about */

void refill_limits(struct fetch *f, const rd_kafka_t *consumer)
{
	char text[32];

	f->asleep_when_full = !gates_sees_room();
	client_setting(consumer, "queued.min.messages", text, sizeof(text));
	f->queued_messages = strtoull(text, NULL, 10);
	client_setting(consumer, "queued.max.messages.kbytes", text, sizeof(text));
	f->queued_bytes = strtoull(text, NULL, 10) * 1024;
}

/* A share of 1: what n messages are of a full queue. */
static double share(const struct part *part, size_t n)
{
	const struct fetch *f = &part->k->fetch;
	double of_messages = (double)n / (double)(f->queued_messages + 1);
	double of_bytes = (double)n * part->mean_bytes / (double)(f->queued_bytes + 1);

	return of_messages > of_bytes ? of_messages : of_bytes;
}

static void learn_size(struct part *part, const struct port_record *taken, size_t n)
{
	double bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += (double)taken[i].value.size;
	double mean = bytes / (double)n;
	part->mean_bytes += part->mean_bytes > 0 ? (mean - part->mean_bytes) / MEAN_OF : mean;
}

void refill_look(struct part *part, const struct port_record *taken, size_t n)
{
	if (!part->k->fetch.asleep_when_full || part->hungry)
		return;
	size_t left = rd_kafka_queue_length(part->queue);
	if (n > 0)
		learn_size(part, taken, n);
	if (share(part, left + n) >= 0.9) // sizes are a guess
		part->full = true;
	if (!part->full || share(part, left) >= 0.5)
		return;
	part->full = false;
	part->hungry = true;
	part->k->fetch.n_hungry++;
}

/* One at a time: it wakes a thread that reads many partitions; what is hungry still asks next. */
void refill_ask(struct kafka *k)
{
	struct fetch *f = &k->fetch;

	if (f->n_hungry == 0 || atomic_load(&f->refilling))
		return;
	for (size_t i = 0; i < f->n; i++) {
		struct part *part = f->parts[i];
		if (!part->hungry)
			continue;
		struct ask *ask = asker_ask(ASK_REFILL);
		if (ask == NULL)
			return; // at the next turn
		ask->offsets = rd_kafka_topic_partition_list_new(1);
		rd_kafka_topic_partition_list_add(ask->offsets, part->topic, part->partition);
		part->hungry = false;
		f->n_hungry--;
		atomic_store(&f->refilling, true);
		asker_put(k, ask);
		return;
	}
}

void refill_try(struct kafka *k, const struct ask *ask)
{
	const rd_kafka_topic_partition_t *p = &ask->offsets->elems[0];
	int64_t low;
	int64_t high;

	(void)rd_kafka_query_watermark_offsets(k->consumer, p->topic, p->partition, &low, &high,
					       ASK_TIMEOUT_MS);
}

void refill_done(struct kafka *k)
{
	atomic_store(&k->fetch.refilling, false);
	wake_signal(k->wake); // the next one
}
