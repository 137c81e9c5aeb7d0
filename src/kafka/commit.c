/* SPDX-License-Identifier: Apache-2.0
 *
 * Commits of explicit offsets with metadata. The answer comes to a queue of its own, because the
 * consumer's also carries rebalances; each commit finds its own answer back by the opaque,
 * whatever order librdkafka gives its list. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

void commit_free(struct commit *commit)
{
	if (commit == NULL)
		return;
	if (commit->list != NULL)
		rd_kafka_topic_partition_list_destroy(commit->list);
	free(commit->results);
	free(commit);
}

static bool add(struct commit *commit, const struct port_commit *from)
{
	rd_kafka_topic_partition_t *p =
		rd_kafka_topic_partition_list_add(commit->list, from->topic, from->partition);

	p->offset = from->next_offset;
	p->opaque = (void *)commit->n;
	if (from->metadata.data != NULL && from->metadata.size > 0) {
		p->metadata = malloc(from->metadata.size);
		if (p->metadata == NULL)
			return false;
		memcpy(p->metadata, from->metadata.data, from->metadata.size);
		p->metadata_size = from->metadata.size;
	}
	commit->results[commit->n++] = (struct port_partition){
		.topic = p->topic,
		.partition = from->partition,
		.committed = from->next_offset,
		.fault = PORT_RETRIABLE,
		.lane = from->lane,
	};
	return true;
}

static struct commit *commit_new(const struct port_commit *list, size_t n)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (commit == NULL)
		return NULL;
	commit->list = rd_kafka_topic_partition_list_new((int)n);
	commit->results = calloc(n + 1, sizeof(*commit->results));
	if (commit->results == NULL)
		goto failed;
	for (size_t i = 0; i < n; i++)
		if (!add(commit, &list[i]))
			goto failed;
	return commit;
failed:
	commit_free(commit);
	return NULL;
}

static void set_all(struct commit *commit, rd_kafka_resp_err_t code)
{
	for (size_t i = 0; i < commit->n; i++)
		commit->results[i].fault = error_of_commit(code);
	commit->answered = true;
}

void commit_put(struct kafka *k, const struct port_commit *list, size_t n)
{
	struct commit *commit = commit_new(list, n);

	if (commit == NULL) {
		client_fail(k, &(struct stagger_error){.status = STAGGER_NO_MEMORY,
						       .text = "kafka: commit: out of memory"});
		return;
	}
	commit->round = k->commits.round;
	commit->next = k->commits.first;
	k->commits.first = commit;
	rd_kafka_resp_err_t code = rd_kafka_commit_queue(k->consumer, commit->list,
							 k->commits.bell.queue, NULL, commit);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		set_all(commit, code);
}

/* An answer from librdkafka: its list holds each partition's error and our number. */
static void answer(struct commit *commit, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t whole = rd_kafka_event_error(event);
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_event_topic_partition_list(event);

	set_all(commit, whole);
	for (int i = 0; list != NULL && i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];
		size_t number = (size_t)p->opaque;
		if (number < commit->n && p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			commit->results[number].fault = error_of_commit(p->err);
	}
}

static bool is_ours(const struct kafka *k, const struct commit *commit)
{
	for (const struct commit *c = k->commits.first; c != NULL; c = c->next)
		if (c == commit)
			return true;
	return false;
}

static void take_answers(struct kafka *k)
{
	rd_kafka_event_t *event;

	while ((event = bell_poll(&k->commits.bell)) != NULL) {
		struct commit *commit = rd_kafka_event_opaque(event);
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT &&
		    is_ours(k, commit))
			answer(commit, event);
		rd_kafka_event_destroy(event);
	}
}

bool commit_event(struct kafka *k, struct port_event *out)
{
	struct commits *all = &k->commits;

	if (all->first == NULL)
		return false;
	take_answers(k);
	for (struct commit **at = &all->first; *at != NULL;) {
		struct commit *commit = *at;
		if (!commit->answered) {
			at = &commit->next;
			continue;
		}
		*at = commit->next;
		if (commit->round != all->round) {
			commit_free(commit);
			continue;
		}
		k->told_commit = commit;
		*out = (struct port_event){
			.kind = PORT_COMMITTED, .partitions = commit->results, .n = commit->n};
		return true;
	}
	return false;
}

void commit_forget(struct kafka *k)
{
	k->commits.round++;
}

void commit_clear(struct kafka *k)
{
	while (k->commits.first != NULL) {
		struct commit *commit = k->commits.first;
		k->commits.first = commit->next;
		commit_free(commit);
	}
	bell_close(&k->commits.bell);
}
