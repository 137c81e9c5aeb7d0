/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics and their logs in memory, and the world's functions about them. A topic is made on first
 * use, as a broker with auto-creation does; lanes that read a log are told when it changes. */
#define _GNU_SOURCE
#include "testing/broker.h"

#include <stdlib.h>
#include <string.h>

#include <stagger/envelope.h>

#include "base/bytes.h"
#include "base/error.h"
#include "testing/group.h"

/* -- records ----------------------------------------------------------------------------- */
size_t fake_record_size(const struct world_record *r)
{
	size_t size = r->key.size + r->value.size;
	for (size_t i = 0; i < r->n_headers; i++)
		size += strlen(r->headers[i].name) + 1 + r->headers[i].value.size;
	return size;
}

static struct stagger_bytes copy_bytes(struct stagger_bytes from, char **memory)
{
	if (from.data == NULL)
		return from;
	char *to = *memory;
	memcpy(to, from.data, from.size);
	*memory += from.size;
	return (struct stagger_bytes){ .data = to, .size = from.size };
}

/* The value comes last, so that a reader that runs over its end leaves the block. */
void fake_record_copy(struct world_record *to, struct stagger_header *headers,
		      const struct world_record *from, char *memory)
{
	*to = *from;
	to->headers = from->n_headers == 0 ? NULL : headers;
	to->key = copy_bytes(from->key, &memory);
	for (size_t i = 0; i < from->n_headers; i++) {
		const char *name = from->headers[i].name;
		struct stagger_bytes text = { .data = name, .size = strlen(name) + 1 };
		headers[i].name = copy_bytes(text, &memory).data;
		headers[i].value = copy_bytes(from->headers[i].value, &memory);
	}
	to->value = copy_bytes(from->value, &memory);
}

struct fake_record *fake_record_new(const struct world_record *from)
{
	size_t headers = from->n_headers * sizeof(struct stagger_header);
	struct fake_record *r = malloc(sizeof(*r) + headers + fake_record_size(from));
	if (r == NULL)
		return NULL;
	struct stagger_header *array = (struct stagger_header *)(void *)(r + 1);
	r->envelope = NULL;
	fake_record_copy(&r->seen, array, from, (char *)(void *)(array + from->n_headers));
	return r;
}

void fake_record_free(struct fake_record **record)
{
	if (*record == NULL)
		return;
	stagger_envelope_free(&(*record)->envelope);
	free(*record);
	*record = NULL;
}

/* -- logs -------------------------------------------------------------------------------- */
static struct fake_log *log_new(struct fake_topic *topic, int32_t partition)
{
	struct fake_log *log = calloc(1, sizeof(*log));
	if (log == NULL)
		return NULL;
	log->topic = topic;
	log->partition = partition;
	list_init(&log->readers);
	list_init(&log->claims);
	return log;
}

static void log_empty(struct fake_log *log)
{
	for (size_t i = 0; i < log->n_records; i++)
		fake_record_free(&log->records[i]);
	free(log->records);
	log->records = NULL;
	log->n_records = 0;
}

static void log_changed(struct fake_log *log)
{
	for (struct list *l = log->readers.next; l != &log->readers; l = l->next)
		fake_lane_look(container_of(l, struct fake_lane, by_log));
}

size_t fake_log_from(const struct fake_log *log, int64_t offset)
{
	size_t low = 0;
	size_t high = log->n_records;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (log->records[middle]->seen.offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool fake_log_append(struct stagger_world *w, struct fake_log *log,
		     struct fake_record **take_record, int32_t member)
{
	void *records = log->records;
	if (!fake_grow(&records, log->n_records))
		return false;
	struct fake_record *r = *take_record;
	*take_record = NULL;
	r->seen.offset = log->end;
	log->end = add_saturated(log->end, 1);
	log->records = records;
	log->records[log->n_records++] = r;
	if (w->watch.produced != NULL)
		w->watch.produced(w->watch.user, member, log->topic->name, log->partition,
				  &r->seen);
	log_changed(log);
	return true;
}

/* -- topics ------------------------------------------------------------------------------ */
struct fake_topic *fake_topic_find(const struct stagger_world *w, const char *name)
{
	for (size_t i = 0; i < w->n_topics; i++) {
		if (strcmp(w->topics[i]->name, name) == 0)
			return w->topics[i];
	}
	return NULL;
}

struct fake_log *fake_log_find(const struct stagger_world *w, const char *topic, int32_t partition)
{
	const struct fake_topic *t = fake_topic_find(w, topic);
	if (t == NULL || partition < 0 || partition >= t->n_logs)
		return NULL;
	return t->logs[partition];
}

static bool topic_widen(struct fake_topic *t, int32_t partitions)
{
	while (t->n_logs < partitions) {
		void *logs = t->logs;
		if (!fake_grow(&logs, (size_t)t->n_logs))
			return false;
		t->logs = logs;
		struct fake_log *log = log_new(t, t->n_logs);
		if (log == NULL)
			return false;
		t->logs[t->n_logs++] = log;
	}
	return true;
}

static void topic_free(struct fake_topic *t)
{
	for (int32_t i = 0; i < t->n_logs; i++) {
		log_empty(t->logs[i]);
		fake_claims_free(t->logs[i]);
		free(t->logs[i]);
	}
	free(t->logs);
	free(t->name);
	free(t);
}

static struct fake_topic *topic_new(struct stagger_world *w, const char *name, int32_t partitions)
{
	void *topics = w->topics;
	if (!fake_grow(&topics, w->n_topics))
		return NULL;
	w->topics = topics;
	struct fake_topic *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->name = bytes_dup(bytes_text(name));
	t->number = (int32_t)w->n_topics;
	if (t->name == NULL || !topic_widen(t, partitions)) {
		topic_free(t);
		return NULL;
	}
	w->topics[w->n_topics++] = t;
	return t;
}

struct fake_topic *fake_topic_need(struct stagger_world *w, const char *name)
{
	struct fake_topic *t = fake_topic_find(w, name);
	return t != NULL ? t : topic_new(w, name, w->options.partitions);
}

void fake_topics_free(struct stagger_world *w)
{
	for (size_t i = 0; i < w->n_topics; i++)
		topic_free(w->topics[i]);
	free(w->topics);
}

/* -- the world's functions --------------------------------------------------------------- */
void world_topic(struct stagger_world *w, const char *topic, int32_t partitions)
{
	if (partitions < 1 || partitions > FAKE_PARTITIONS_MAX)
		partitions = w->options.partitions;
	struct fake_topic *t = fake_topic_find(w, topic);
	if (t == NULL ? topic_new(w, topic, partitions) == NULL : !topic_widen(t, partitions))
		fake_violation(w, -1, "topic '%s': out of memory", topic);
	else if (t != NULL && t->n_logs > partitions)
		fake_violation(w, -1, "topic '%s' has %d partitions already", topic, t->n_logs);
}

enum stagger_status world_produce(struct stagger_world *w, const char *topic, int32_t partition,
				  const struct world_record *record, struct stagger_error *err)
{
	struct fake_topic *t = fake_topic_need(w, topic);
	if (t == NULL)
		return fail_memory(err);
	if (partition < 0 || partition >= t->n_logs)
		return fail(err, STAGGER_INVALID, "topic '%s' has no partition %d", topic,
			    partition);
	struct fake_record *r = fake_record_new(record);
	if (r == NULL || !fake_log_append(w, t->logs[partition], &r, -1)) {
		fake_record_free(&r);
		return fail_memory(err);
	}
	return STAGGER_OK;
}

int32_t world_partitions(const struct stagger_world *w, const char *topic)
{
	const struct fake_topic *t = fake_topic_find(w, topic);
	return t == NULL ? 0 : t->n_logs;
}

size_t world_size(const struct stagger_world *w, const char *topic, int32_t partition)
{
	const struct fake_log *log = fake_log_find(w, topic, partition);
	return log == NULL ? 0 : log->n_records;
}

const struct world_record *world_record(const struct stagger_world *w, const char *topic,
					int32_t partition, size_t i)
{
	const struct fake_log *log = fake_log_find(w, topic, partition);
	return log == NULL || i >= log->n_records ? NULL : &log->records[i]->seen;
}

int64_t world_log_start(const struct stagger_world *w, const char *topic, int32_t partition)
{
	const struct fake_log *log = fake_log_find(w, topic, partition);
	return log == NULL ? 0 : log->start;
}

int64_t world_log_end(const struct stagger_world *w, const char *topic, int32_t partition)
{
	const struct fake_log *log = fake_log_find(w, topic, partition);
	return log == NULL ? 0 : log->end;
}

void world_gap(struct stagger_world *w, const char *topic, int32_t partition, int64_t n)
{
	fake_topic_need(w, topic);
	struct fake_log *log = fake_log_find(w, topic, partition);
	if (log != NULL && n > 0)
		log->end = add_saturated(log->end, n);
}

void world_trim(struct stagger_world *w, const char *topic, int32_t partition, int64_t before)
{
	struct fake_log *log = fake_log_find(w, topic, partition);
	if (log == NULL || before <= log->start)
		return;
	log->start = before < log->end ? before : log->end;
	log_changed(log);
}

void world_truncate(struct stagger_world *w, const char *topic, int32_t partition, int64_t end)
{
	struct fake_log *log = fake_log_find(w, topic, partition);
	if (log == NULL || end >= log->end)
		return;
	while (log->n_records > 0 && log->records[log->n_records - 1]->seen.offset >= end)
		fake_record_free(&log->records[--log->n_records]);
	log->end = end > 0 ? end : 0;
	if (log->start > log->end)
		log->start = log->end;
	log_changed(log);
}

void world_away(struct stagger_world *w, const char *topic, int32_t partition, int64_t fetch_ms,
		int64_t produce_ms)
{
	struct fake_log *log = fake_log_find(w, topic, partition);
	if (log == NULL)
		return;
	if (fetch_ms > 0) {
		w->n_away += log->fetch_us == 0;
		log->fetch_us = add_saturated(w->clock.boot_us, mul_saturated(fetch_ms, 1000));
	}
	if (produce_ms > 0)
		log->produce_us = add_saturated(w->clock.boot_us, mul_saturated(produce_ms, 1000));
}

bool fake_logs_step(struct stagger_world *w)
{
	bool busy = false;
	for (size_t t = 0; w->n_away > 0 && !w->silent && t < w->n_topics; t++)
		for (int32_t i = 0; i < w->topics[t]->n_logs; i++) {
			struct fake_log *log = w->topics[t]->logs[i];
			if (log->fetch_us == 0 || log->fetch_us > w->clock.boot_us)
				continue;
			log->fetch_us = 0;
			w->n_away--;
			log_changed(log);
			busy = true;
		}
	return busy;
}

int64_t fake_logs_next_us(const struct stagger_world *w)
{
	int64_t next_us = INT64_MAX;
	for (size_t t = 0; w->n_away > 0 && t < w->n_topics; t++)
		for (int32_t i = 0; i < w->topics[t]->n_logs; i++) {
			int64_t fetch_us = w->topics[t]->logs[i]->fetch_us;
			if (fetch_us != 0 && fetch_us < next_us)
				next_us = fetch_us;
		}
	return next_us;
}

void world_recreate(struct stagger_world *w, const char *topic)
{
	struct fake_topic *t = fake_topic_find(w, topic);
	for (int32_t i = 0; t != NULL && i < t->n_logs; i++) {
		log_empty(t->logs[i]);
		t->logs[i]->start = 0;
		t->logs[i]->end = 0;
		log_changed(t->logs[i]);
	}
}

void world_retention(struct stagger_world *w, const char *topic, int64_t ms)
{
	struct fake_topic *t = fake_topic_need(w, topic);
	if (t != NULL)
		t->retention_ms = ms;
}

void world_max_message(struct stagger_world *w, const char *topic, size_t bytes)
{
	struct fake_topic *t = fake_topic_need(w, topic);
	if (t != NULL)
		t->max_message = bytes;
}
