/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads whole topics, on librdkafka's consumer without a group: its calls of one partition each,
 * all into one queue. A partition is done when a record at or beyond its end comes, or when
 * librdkafka says that it has reached the end: what stands last may be a marker of a transaction,
 * or compacted away, and never comes. */
#define _GNU_SOURCE
#include "kafka/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "kafka/internal.h"

#define TURN_MS 200       /* the client's news are looked at so often */
#define SILENT_MS 10000

const struct kafka_property reader_properties[] = {
	{"enable.partition.eof", "true"},
	{"auto.offset.reset", "earliest"}, /* retention may overtake us */
	{"allow.auto.create.topics", "false"},
	{"fetch.wait.max.ms", "20"},       /* an end is told by an empty answer */
	{"queued.max.messages.kbytes", "4096"},
};
const size_t n_reader_properties = sizeof(reader_properties) / sizeof(reader_properties[0]);

struct section {
	int32_t topic, partition;
	int64_t start, end;
};
struct reader {
	struct tool *tool;
	rd_kafka_queue_t *queue;
	int64_t silent_us, heard_us; /* boot clock: when there was an answer last */
	rd_kafka_topic_t **topics;
	size_t n_topics;
	struct section *parts;          /* of one topic in the order of their numbers */
	size_t n_parts, n_begun;
	size_t open[READER_AT_ONCE], n_open; /* those that are fetched */
	rd_kafka_message_t *message; /* what record lends from */
	struct reader_record record;
	struct stagger_header *headers;
	size_t room;                 /* of headers */
};

enum stagger_status reader_new(struct reader **out, struct tool *tool, int64_t silent_ms,
			       struct stagger_error *err)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return fail_memory(err);
	r->tool = tool;
	r->silent_us = (silent_ms > 0 ? silent_ms : SILENT_MS) * 1000;
	r->queue = rd_kafka_queue_new(tool->rk);
	*out = r;
	return STAGGER_OK;
}

/* -- topics ------------------------------------------------------------------------------ */

static bool make_room(struct reader *r, int n)
{
	struct section *parts = realloc(r->parts, (r->n_parts + (size_t)n) * sizeof(*parts));
	if (parts != NULL)
		r->parts = parts;
	rd_kafka_topic_t **topics = realloc(r->topics, (r->n_topics + 1) * sizeof(*topics));
	if (topics != NULL)
		r->topics = topics;
	return parts != NULL && topics != NULL;
}

enum stagger_status reader_topic(struct reader *r, const char *topic, int64_t since_ms,
				 struct stagger_error *err)
{
	struct extent extent;
	enum stagger_status status = extent_ask(&extent, r->tool, topic, since_ms, err);

	if (status != STAGGER_OK)
		return status;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(r->tool->rk, topic, NULL);
	if (handle == NULL || !make_room(r, extent.ends->cnt)) {
		if (handle != NULL)
			rd_kafka_topic_destroy(handle);
		extent_clear(&extent);
		return fail_memory(err);
	}
	for (int i = 0; i < extent.ends->cnt; i++)
		r->parts[r->n_parts++] = (struct section){
			.topic = (int32_t)r->n_topics,
			.partition = i,
			.start = extent.starts->elems[i].offset,
			.end = extent.ends->elems[i].offset,
		};
	r->topics[r->n_topics++] = handle;
	extent_clear(&extent);
	return STAGGER_OK;
}

/* -- reading ----------------------------------------------------------------------------- */

static enum stagger_status begin_some(struct reader *r, struct stagger_error *err)
{
	while (r->n_begun < r->n_parts && r->n_open < READER_AT_ONCE) {
		struct section *part = &r->parts[r->n_begun++];
		rd_kafka_topic_t *topic = r->topics[part->topic];
		if (part->start >= part->end)
			continue;
		if (rd_kafka_consume_start_queue(topic, part->partition, part->start, r->queue) !=
		    0)
			return extent_fail(r->tool, rd_kafka_topic_name(topic),
					   rd_kafka_last_error(), err);
		r->open[r->n_open++] = (size_t)(part - r->parts);
		r->heard_us = clock_boot_us();
	}
	return STAGGER_OK;
}

static void end_part(struct reader *r, size_t which)
{
	const struct section *part = &r->parts[r->open[which]];

	(void)rd_kafka_consume_stop(r->topics[part->topic], part->partition);
	r->open[which] = r->open[--r->n_open];
}

/* Which of the open partitions a message is of; n_open: none. */
static size_t part_of(const struct reader *r, const rd_kafka_message_t *m)
{
	const char *topic = m->rkt != NULL ? rd_kafka_topic_name(m->rkt) : "";
	size_t i = 0;

	for (; i < r->n_open; i++) {
		const struct section *part = &r->parts[r->open[i]];
		if (part->partition == m->partition &&
		    strcmp(rd_kafka_topic_name(r->topics[part->topic]), topic) == 0)
			break;
	}
	return i;
}

/* A topic that can be read no more: the others are read on. */
static void drop_topic(struct reader *r, int32_t topic)
{
	for (size_t i = r->n_open; i-- > 0;)
		if (r->parts[r->open[i]].topic == topic)
			end_part(r, i);
	for (size_t i = r->n_begun; i < r->n_parts; i++)
		if (r->parts[i].topic == topic)
			r->parts[i].start = r->parts[i].end;
}

static bool take_headers(struct reader *r)
{
	rd_kafka_headers_t *headers;
	size_t n = 0;

	if (rd_kafka_message_headers(r->message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
		n = rd_kafka_header_cnt(headers);
	if (n > r->room) {
		struct stagger_header *more = realloc(r->headers, n * sizeof(*more));
		if (more == NULL)
			return false;
		r->headers = more;
		r->room = n;
	}
	for (size_t i = 0; i < n; i++) {
		struct stagger_header *to = &r->headers[i];
		(void)rd_kafka_header_get_all(headers, i, &to->name, &to->value.data,
					      &to->value.size);
	}
	r->record.headers = r->headers;
	r->record.n_headers = n;
	return true;
}

/* Takes the message over. */
static enum stagger_status take_record(struct reader *r, rd_kafka_message_t *m,
				       const struct reader_record **out, struct stagger_error *err)
{
	rd_kafka_timestamp_type_t kind;

	r->message = m;
	r->record = (struct reader_record){
		.topic = rd_kafka_topic_name(m->rkt),
		.partition = m->partition,
		.offset = m->offset,
		.timestamp_ms = rd_kafka_message_timestamp(m, &kind),
		.key = {m->key, m->key_len},
		.value = {m->payload, m->len},
	};
	if (!take_headers(r))
		return fail_memory(err);
	*out = &r->record;
	return STAGGER_OK;
}

/* An error of a partition: most pass, and the silence after them does not last. */
static enum stagger_status take_error(struct reader *r, const struct section *part,
				      const rd_kafka_message_t *m, struct stagger_error *err)
{
	if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	    error_is_missing_topic(m->err)) {
		const char *topic = rd_kafka_topic_name(r->topics[part->topic]);
		drop_topic(r, part->topic);
		return extent_fail(r->tool, topic, m->err, err);
	}
	contact_note(&r->tool->trouble, r->tool->logs, m->err, rd_kafka_message_errstr(m));
	return STAGGER_OK;
}

/* *out stays NULL when nothing is to be shown of it. */
static enum stagger_status take(struct reader *r, rd_kafka_message_t *m,
				const struct reader_record **out, struct stagger_error *err)
{
	size_t which = part_of(r, m);
	bool eof = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
	bool record = m->err == RD_KAFKA_RESP_ERR_NO_ERROR;
	enum stagger_status status = STAGGER_OK;
	bool shown = false;

	if (which == r->n_open) {
		; /* of one that is done */
	} else if (!eof && !record) {
		status = take_error(r, &r->parts[r->open[which]], m, err);
	} else {
		int64_t end = r->parts[r->open[which]].end;
		shown = record && m->offset < end;
		r->heard_us = clock_boot_us();
		if (eof || m->offset + 1 >= end)
			end_part(r, which);
	}
	if (shown)
		return take_record(r, m, out, err);
	rd_kafka_message_destroy(m);
	return status;
}

static enum stagger_status check_silence(const struct reader *r, struct stagger_error *err)
{
	enum stagger_status status = tool_check(r->tool, err);

	if (status == STAGGER_OK && clock_boot_us() - r->heard_us > r->silent_us)
		status = contact_silent(r->tool->rk, &r->tool->trouble, r->silent_us / 1000, err);
	return status;
}

enum stagger_status reader_next(struct reader *r, const struct reader_record **out,
				struct stagger_error *err)
{
	const struct reader_record *found = NULL;
	enum stagger_status status = STAGGER_OK;

	if (r->message != NULL)
		rd_kafka_message_destroy(r->message);
	r->message = NULL;
	while (found == NULL && status == STAGGER_OK) {
		status = begin_some(r, err);
		if (status != STAGGER_OK || r->n_open == 0)
			break;
		rd_kafka_message_t *m = rd_kafka_consume_queue(r->queue, TURN_MS);
		status = m != NULL ? take(r, m, &found, err) : check_silence(r, err);
	}
	if (status == STAGGER_OK)
		*out = found;
	return status;
}

void reader_free(struct reader **reader)
{
	struct reader *r = *reader;

	if (r == NULL)
		return;
	if (r->message != NULL)
		rd_kafka_message_destroy(r->message);
	while (r->n_open > 0)
		end_part(r, 0);
	for (size_t i = 0; i < r->n_topics; i++)
		rd_kafka_topic_destroy(r->topics[i]);
	rd_kafka_queue_destroy(r->queue);
	free(r->topics);
	free(r->parts);
	free(r->headers);
	free(r);
	*reader = NULL;
}
