/* SPDX-License-Identifier: Apache-2.0
 *
 * Partitions that are read: each has its own queue, taken out of the consumer's before it is
 * assigned, so that one that is not polled holds up no other. librdkafka's threads put a
 * partition whose queue got its first message on the list of ready ones. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/error.h"
#include "base/log.h"
#include "base/wake.h"

#define FETCH_BATCH 256 /* messages of one call into librdkafka */

static void list_ready(struct part *part)
{
	struct fetch *f = &part->k->fetch;

	pthread_mutex_lock(&f->lock);
	if (!part->listed) {
		part->listed = true;
		part->next = NULL;
		if (f->last != NULL)
			f->last->next = part;
		else
			f->first = part;
		f->last = part;
	}
	pthread_mutex_unlock(&f->lock);
}

static void on_message(rd_kafka_t *rk, void *opaque)
{
	struct part *part = opaque;

	(void)rk;
	list_ready(part);
	wake_signal(part->k->wake);
}

static void part_free(struct part *part)
{
	if (part == NULL)
		return;
	if (part->queue != NULL) {
		rd_kafka_queue_cb_event_enable(part->queue, NULL, NULL);
		rd_kafka_queue_destroy(part->queue);
	}
	free(part->topic);
	free(part);
}

static struct part *part_new(struct kafka *k, const struct port_start *start)
{
	struct part *part = calloc(1, sizeof(*part));

	if (part == NULL)
		return NULL;
	part->k = k;
	part->lane = start->lane;
	part->partition = start->partition;
	part->topic = malloc(strlen(start->topic) + 1);
	if (part->topic != NULL) {
		strcpy(part->topic, start->topic);
		part->queue = rd_kafka_queue_get_partition(k->consumer, part->topic,
							   part->partition);
	}
	if (part->queue == NULL) {
		part_free(part);
		return NULL;
	}
	rd_kafka_queue_forward(part->queue, NULL);
	rd_kafka_queue_cb_event_enable(part->queue, on_message, part);
	return part;
}

void fetch_mute(struct kafka *k)
{
	for (size_t i = 0; i < k->fetch.n; i++)
		rd_kafka_queue_cb_event_enable(k->fetch.parts[i]->queue, NULL, NULL);
}

void fetch_clear(struct kafka *k)
{
	struct fetch *f = &k->fetch;

	fetch_mute(k);
	pthread_mutex_lock(&f->lock);
	f->first = NULL;
	f->last = NULL;
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < f->n; i++)
		part_free(f->parts[i]);
	free(f->parts);
	f->parts = NULL;
	f->n = 0;
	f->n_resets = 0;
	f->n_hungry = 0;
}

void fetch_unassign(struct kafka *k)
{
	// An app pause survives the assignment.
	hold_parts(k, k->fetch.parts, k->fetch.n, false);
	fetch_clear(k);
}

static enum stagger_status make_parts(struct kafka *k, struct port_start *list, size_t n,
				      rd_kafka_topic_partition_list_t *offsets,
				      struct stagger_error *err)
{
	struct fetch *f = &k->fetch;

	f->parts = calloc(n + 1, sizeof(*f->parts));
	if (f->parts == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		struct part *part = part_new(k, &list[i]);
		if (part == NULL)
			return fail_memory(err);
		f->parts[f->n++] = part;
		list[i].handle = part;
		rd_kafka_topic_partition_list_add(offsets, list[i].topic, list[i].partition)
			->offset = list[i].offset;
	}
	return STAGGER_OK;
}

static void pause_started(struct kafka *k, const struct port_start *list, size_t n)
{
	struct part **paused = calloc(n + 1, sizeof(*paused));
	size_t n_paused = 0;

	for (size_t i = 0; paused != NULL && i < n; i++)
		if (list[i].paused)
			paused[n_paused++] = k->fetch.parts[i];
	if (n_paused > 0)
		hold_parts(k, paused, n_paused, true);
	free(paused); // without memory they are read ahead, no more
}

enum stagger_status fetch_assign(struct kafka *k, struct port_start *list, size_t n,
				 struct stagger_error *err)
{
	fetch_unassign(k);
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new((int)n);
	enum stagger_status status = make_parts(k, list, n, offsets, err);

	if (status == STAGGER_OK) {
		rd_kafka_resp_err_t code = rd_kafka_assign(k->consumer, offsets);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			status = fail_code(err, STAGGER_FATAL, code, "kafka: assign: %s",
					   rd_kafka_err2str(code));
	}
	rd_kafka_topic_partition_list_destroy(offsets);
	if (status != STAGGER_OK) {
		fetch_unassign(k);
		return status;
	}
	pause_started(k, list, n);
	for (size_t i = 0; i < n; i++)
		list_ready(k->fetch.parts[i]);
	wake_signal(k->wake);
	return STAGGER_OK;
}

size_t fetch_ready(struct kafka *k, void **lanes, size_t max)
{
	struct fetch *f = &k->fetch;
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (; n < max && f->first != NULL; n++) {
		struct part *part = f->first;
		f->first = part->next;
		if (f->first == NULL)
			f->last = NULL;
		part->listed = false;
		lanes[n] = part->lane;
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

void fetch_stuck(struct part *part)
{
	if (part->stuck)
		return;
	part->stuck = true;
	part->reset = true;
	part->k->fetch.n_resets++;
	wake_signal(part->k->wake); // events are asked for before records are
}

void fetch_fault(struct part *part, const rd_kafka_message_t *m)
{
	if (!error_is_reset(m->err)) {
		log_warn(part->k->log, "kafka: reading topic '%s' partition %d: %s", part->topic,
			 (int)part->partition, rd_kafka_err2str(m->err));
		return;
	}
	fetch_stuck(part);
}

/* next: the one that was read after it, or NULL. False without memory. */
static bool take_record(rd_kafka_message_t *m, const rd_kafka_message_t *next,
			struct port_record *r)
{
	rd_kafka_timestamp_type_t type;
	int64_t timestamp_ms = rd_kafka_message_timestamp(m, &type);

	*r = (struct port_record){
		.offset = m->offset,
		.timestamp_ms = type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp_ms,
		.log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
		.key = {m->key, m->key_len},
		.value = {m->payload, m->len},
		.pin = m,
	};
	return headers_none(m, next) || headers_take(m, r);
}

/* Up to max messages out of the queue, errors among them; fewer: it is empty. */
static size_t poll_queue(struct part *part, rd_kafka_message_t **to, size_t max)
{
	size_t n = 0;

	if (gates_batches()) {
		ssize_t got = rd_kafka_consume_batch_queue(part->queue, 0, to, max);
		return got > 0 ? (size_t)got : 0;
	}
	while (n < max && (to[n] = rd_kafka_consume_queue(part->queue, 0)) != NULL)
		n++;
	return n;
}

/* Makes records of messages, which are destroyed when none came of them; how many it made. */
static size_t take_polled(struct part *part, rd_kafka_message_t *const *polled, size_t n,
			  struct port_record *out)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		rd_kafka_message_t *m = polled[i];
		if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			fetch_fault(part, m);
		} else if (!part->stuck &&
			   take_record(m, i + 1 < n ? polled[i + 1] : NULL, &out[taken])) {
			taken++;
			continue;
		} else {
			fetch_stuck(part); // no memory for its headers
		}
		rd_kafka_message_destroy(m);
	}
	return taken;
}

size_t fetch_take(struct kafka *k, struct part *part, struct port_record *out, size_t max)
{
	rd_kafka_message_t *polled[FETCH_BATCH];
	size_t taken = 0;

	(void)k;
	while (taken < max && !part->stuck) {
		size_t wanted = max - taken < FETCH_BATCH ? max - taken : FETCH_BATCH;
		size_t n = poll_queue(part, polled, wanted);
		if (n == 0)
			break;
		taken += take_polled(part, polled, n, &out[taken]);
	}
	refill_look(part, out, taken);
	if (taken > 0)
		CRASH_POINT(after_poll);
	return taken;
}

bool fetch_event(struct kafka *k, struct port_event *out)
{
	struct fetch *f = &k->fetch;

	if (f->n_resets == 0)
		return false;
	k->told = calloc(f->n_resets, sizeof(*k->told));
	if (k->told == NULL)
		return false; // again at the next turn
	*out = (struct port_event){.kind = PORT_RESET, .partitions = k->told};
	for (size_t i = 0; i < f->n; i++) {
		struct part *part = f->parts[i];
		if (!part->reset)
			continue;
		part->reset = false;
		k->told[out->n++] = (struct port_partition){
			.topic = part->topic, .partition = part->partition, .lane = part->lane};
	}
	f->n_resets = 0;
	return true;
}

void fetch_ask_bounds(struct kafka *k, void *const *handles, size_t n)
{
	struct ask *ask = asker_ask(ASK_BOUNDS);

	if (ask == NULL) {
		for (size_t i = 0; i < n; i++) { // tell of them again
			struct part *part = handles[i];
			part->stuck = false;
			fetch_stuck(part);
		}
		return;
	}
	ask->offsets = rd_kafka_topic_partition_list_new((int)n);
	for (size_t i = 0; i < n; i++) {
		const struct part *part = handles[i];
		rd_kafka_topic_partition_list_add(ask->offsets, part->topic, part->partition);
	}
	asker_put(k, ask);
}

bool fetch_bounds(struct kafka *k, struct ask *answer, struct port_event *out)
{
	size_t n = 0;

	// Lanes as they are now: the list may have been assigned anew since.
	for (size_t i = 0; i < answer->n; i++) {
		for (size_t j = 0; j < k->fetch.n; j++) {
			const struct part *part = k->fetch.parts[j];
			if (part->partition != answer->list[i].partition ||
			    strcmp(part->topic, answer->list[i].topic) != 0)
				continue;
			answer->list[n] = answer->list[i];
			answer->list[n++].lane = part->lane;
			break;
		}
	}
	k->told_ask = answer;
	*out = (struct port_event){.kind = PORT_BOUNDS, .partitions = answer->list, .n = n};
	return n > 0;
}
