/* SPDX-License-Identifier: Apache-2.0
 *
 * Pausing partitions in librdkafka so that what they prefetched is given back. Only a partition
 * that we paused is resumed (before 2.4.0 resuming another one rewinds it), and each is polled
 * once after its pause, because what was prefetched is freed by the next poll only. */
#include "kafka/internal.h"

#include "base/log.h"

static void free_prefetched(struct part *part)
{
	rd_kafka_message_t *m = rd_kafka_consume_queue(part->queue, 0);

	if (m == NULL)
		return;
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		fetch_fault(part, m);
	else
		fetch_stuck(part); // not outdated by the pause: read it again
	rd_kafka_message_destroy(m);
}

void hold_parts(struct kafka *k, struct part *const *parts, size_t n, bool pause)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

	for (size_t i = 0; i < n; i++) {
		if (parts[i]->held == pause)
			continue;
		parts[i]->held = pause;
		rd_kafka_topic_partition_list_add(list, parts[i]->topic, parts[i]->partition)
			->opaque = parts[i];
	}
	if (list->cnt > 0) {
		if (pause)
			(void)rd_kafka_pause_partitions(k->consumer, list);
		else
			(void)rd_kafka_resume_partitions(k->consumer, list);
	}
	for (int i = 0; i < list->cnt; i++) {
		struct part *part = list->elems[i].opaque;
		if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			log_warn(k->log, "kafka: cannot %s topic '%s' partition %d: %s",
				 pause ? "pause" : "resume", part->topic, (int)part->partition,
				 rd_kafka_err2str(list->elems[i].err));
			part->held = !pause;
		} else if (pause) {
			free_prefetched(part);
		}
	}
	rd_kafka_topic_partition_list_destroy(list);
}

int64_t hold_lead_ms(const struct kafka *k)
{
	return (k->fetch_wait_ms > 1000 ? k->fetch_wait_ms : 1000) + 100;
}
