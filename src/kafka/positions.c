/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about partitions: what was committed, where the logs start and end, how many
 * partitions a topic has. Commits are asked for on the consumer (they are the group's); the rest
 * on a client of its own, where no long poll is in the way. On the asker's thread. */
#include "kafka/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define ASK_TIMEOUT_MS 1500
#define TOLD_US 10000000     /* said again when a question stays unanswered */
#define GONE_US 5000000      /* a partition unknown for so long was deleted */

static bool known(const rd_kafka_topic_partition_t *p)
{
	return p->err == RD_KAFKA_RESP_ERR_NO_ERROR && p->offset >= 0;
}

/* Says what keeps a question from being answered, once it lasts. */
static bool again(struct kafka *k, struct ask *ask, const char *what,
		  const rd_kafka_topic_partition_t *p, rd_kafka_resp_err_t code)
{
	int64_t now_us = clock_boot_us();
	int64_t last_us = ask->told_us != 0 ? ask->told_us : ask->since_us;

	if (now_us - last_us >= TOLD_US && !asker_quits(k)) {
		ask->told_us = now_us;
		log_warn(k->log, "kafka: cannot read %s of topic '%s' partition %d: %s; trying on",
			 what, p != NULL ? p->topic : "*", p != NULL ? (int)p->partition : -1,
			 rd_kafka_err2str(code));
	}
	return false;
}

static bool ask_commits(struct kafka *k, struct ask *ask)
{
	rd_kafka_resp_err_t code = rd_kafka_committed(k->consumer, ask->offsets, ASK_TIMEOUT_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return again(k, ask, "commits", NULL, code);
	for (int i = 0; i < ask->offsets->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &ask->offsets->elems[i];
		if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			return again(k, ask, "the commit", p, p->err);
	}
	ask->committed = true;
	return true;
}

/* What the brokers say of one topic now, which librdkafka keeps; NULL without an answer. */
static const struct rd_kafka_metadata *ask_topic(struct kafka *k, const char *name)
{
	const struct rd_kafka_metadata *found = NULL;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(k->admin, name, NULL);

	if (topic == NULL)
		return NULL;
	rd_kafka_resp_err_t code =
		rd_kafka_metadata(k->admin, 0, topic, &found, ASK_TIMEOUT_MS);
	rd_kafka_topic_destroy(topic);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? found : NULL;
}

/* A partition's leader may have moved or died: librdkafka 2.0.2 would ask the old one for minutes.
 * Partitions of one topic stand together. */
static void ask_leaders(struct kafka *k, const rd_kafka_topic_partition_list_t *list)
{
	const char *last = "";

	for (int i = 0; i < list->cnt && !asker_quits(k); i++) {
		const char *topic = list->elems[i].topic;
		if (strcmp(topic, last) == 0)
			continue;
		const struct rd_kafka_metadata *found = ask_topic(k, topic);
		if (found == NULL)
			return; // nobody answers: nor would they for the next one
		rd_kafka_metadata_destroy(found);
		last = topic;
	}
}

/* Log starts (OFFSET_BEGINNING) or ends (OFFSET_END) of all; a new list in the same order. */
static rd_kafka_topic_partition_list_t *ask_ends(struct kafka *k, struct ask *ask, int64_t which)
{
	int n = ask->offsets->cnt;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);
	bool gone = clock_boot_us() - ask->since_us > GONE_US;

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, ask->offsets->elems[i].topic,
						  ask->offsets->elems[i].partition)
			->offset = which;
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(k->admin, list, ASK_TIMEOUT_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !(gone && error_is_missing_topic(code))) {
		(void)again(k, ask, "log offsets", NULL, code);
		goto failed;
	}
	for (int i = 0; i < n; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];
		if (known(p))
			continue;
		rd_kafka_resp_err_t why = p->err != RD_KAFKA_RESP_ERR_NO_ERROR ? p->err : code;
		// A deleted topic must not keep the others waiting until the group has noticed:
		// bounds that contradict no commit.
		if (!gone || (why != RD_KAFKA_RESP_ERR_NO_ERROR && !error_is_missing_topic(why))) {
			(void)again(k, ask, "log offsets", p, why);
			goto failed;
		}
		p->offset = which == RD_KAFKA_OFFSET_END ? INT64_MAX : 0;
	}
	return list;
failed:
	ask_leaders(k, list); // for the next attempt
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

static int64_t kept_ms(const struct kafka *k, const char *name)
{
	const struct wish_topic *topic = topics_find(k, name);

	return topic != NULL && topic->known && topic->retention_ms > 0 ? topic->retention_ms : 0;
}

static bool write_list(const struct kafka *k, struct ask *ask,
		       const rd_kafka_topic_partition_list_t *starts,
		       const rd_kafka_topic_partition_list_t *ends)
{
	size_t n = (size_t)ask->offsets->cnt;
	struct port_partition *list = calloc(n, sizeof(*list));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const rd_kafka_topic_partition_t *p = &ask->offsets->elems[i];
		list[i] = (struct port_partition){
			.topic = p->topic,
			.partition = p->partition,
			.committed = ask->committed && p->offset >= 0 ? p->offset : -1,
			.retention_ms = kept_ms(k, p->topic),
			.log_start = starts->elems[i].offset,
			.log_end = ends->elems[i].offset,
		};
		if (list[i].committed >= 0 && p->metadata_size > 0)
			list[i].metadata = (struct stagger_bytes){p->metadata, p->metadata_size};
	}
	ask->list = list;
	ask->n = n;
	return true;
}

bool positions_try(struct kafka *k, struct ask *ask)
{
	if (ask->kind == ASK_ASSIGN && !ask->committed && !ask_commits(k, ask))
		return false;
	if (asker_quits(k))
		return false;
	// Starts first: an end asked for later is never before them.
	rd_kafka_topic_partition_list_t *starts = ask_ends(k, ask, RD_KAFKA_OFFSET_BEGINNING);
	if (starts == NULL)
		return false;
	bool answered = false;
	rd_kafka_topic_partition_list_t *ends =
		asker_quits(k) ? NULL : ask_ends(k, ask, RD_KAFKA_OFFSET_END);
	if (ends != NULL) {
		answered = write_list(k, ask, starts, ends);
		rd_kafka_topic_partition_list_destroy(ends);
	}
	rd_kafka_topic_partition_list_destroy(starts);
	return answered;
}

bool counts_try(struct kafka *k, struct ask *ask)
{
	const struct rd_kafka_metadata *found = ask_topic(k, ask->topic);

	if (found == NULL)
		return false;
	if (found->topic_cnt == 1 && found->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
		ask->count = found->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(found);
	return ask->count > 0;
}
