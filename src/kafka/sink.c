/* SPDX-License-Identifier: Apache-2.0
 *
 * The producer of hops: idempotent, acks=all, no message time-out, so that an outage makes
 * neither duplicates nor losses. Reports come as events and are handed over one by one out of
 * librdkafka's batch. A fatal error purges what is not acknowledged; the engine drains that and
 * asks for a new producer. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/wake.h"

#define SINK_MAX_TOPICS 65536

static void ask_count(struct kafka *k, int32_t number)
{
	struct target *target = &k->sink.targets[number];
	if (target->asking)
		return;
	struct ask *ask = asker_ask(ASK_COUNT);
	if (ask == NULL)
		return; // partitions() asks again
	ask->target = number;
	ask->topic = malloc(strlen(target->name) + 1);
	if (ask->topic == NULL) {
		ask_free(ask);
		return;
	}
	strcpy(ask->topic, target->name);
	target->asking = true;
	asker_put(k, ask);
}

/* As first contact saw it; -1: not one of the chains', or unknown. */
static int32_t count_of(const struct kafka *k, const char *name)
{
	const struct wish_topic *topic = topics_find(k, name);

	return topic != NULL && topic->partitions > 0 ? topic->partitions : -1;
}

static int32_t topic(void *self, const char *name)
{
	struct kafka *k = self;
	struct sink *s = &k->sink;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->targets[i].name, name) == 0)
			return (int32_t)i;
	if (s->n == SINK_MAX_TOPICS)
		return -1;
	if (s->n == s->room) {
		size_t room = s->room > 0 ? s->room * 2 : 16;
		struct target *targets = realloc(s->targets, room * sizeof(*targets));
		if (targets == NULL)
			return -1;
		s->targets = targets;
		s->room = room;
	}
	struct target target = {.name = malloc(strlen(name) + 1), .count = -1};
	if (target.name == NULL)
		return -1;
	strcpy(target.name, name);
	if (k->contact)
		target.count = count_of(k, name);
	s->targets[s->n] = target;
	return (int32_t)s->n++;
}

static int32_t partitions(void *self, int32_t number)
{
	struct kafka *k = self;

	if (k->sink.targets[number].count < 0 && k->contact)
		ask_count(k, number);
	return k->sink.targets[number].count;
}

void sink_count(struct kafka *k, int32_t number, int32_t count)
{
	k->sink.targets[number].count = count;
	k->sink.targets[number].asking = false;
}

static void open_producer(struct kafka *k, rd_kafka_t *producer)
{
	k->sink.producer = producer;
	k->sink.dead = false;
	bell_open(&k->sink.bell, rd_kafka_queue_get_main(producer), k->wake);
	for (size_t i = 0; i < k->sink.n; i++)
		k->sink.targets[i].handle =
			rd_kafka_topic_new(producer, k->sink.targets[i].name, NULL);
}

void sink_adopt(struct kafka *k, rd_kafka_t *take_producer)
{
	for (size_t i = 0; i < k->sink.n; i++)
		k->sink.targets[i].count = count_of(k, k->sink.targets[i].name);
	open_producer(k, take_producer);
}

/* From now on nothing is acknowledged any more; what waits comes back as PORT_FATAL. */
static void die(struct kafka *k)
{
	char text[256];

	if (k->sink.dead)
		return;
	k->sink.dead = true;
	rd_kafka_resp_err_t code = rd_kafka_fatal_error(k->sink.producer, text, sizeof(text));
	log_error(k->log, "kafka: the retry producer is dead (%s: %s); a new one takes its place",
		  rd_kafka_err2name(code), text);
	(void)rd_kafka_purge(k->sink.producer, RD_KAFKA_PURGE_F_QUEUE |
						       RD_KAFKA_PURGE_F_INFLIGHT |
						       RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/* Looks at a code once: a count that was wrong is asked for again, a dead producer stays dead. */
static enum port_fault fault_of(struct kafka *k, const char *name, rd_kafka_resp_err_t code)
{
	enum port_fault fault = error_of_produce(code);

	if (fault == PORT_FATAL && rd_kafka_fatal_error(k->sink.producer, NULL, 0) != 0)
		die(k);
	if (fault != PORT_FINE && k->sink.dead)
		return PORT_FATAL;
	for (size_t i = 0; fault == PORT_NO_TOPIC && i < k->sink.n; i++) {
		if (strcmp(k->sink.targets[i].name, name) != 0)
			continue;
		k->sink.targets[i].count = -1;
		ask_count(k, (int32_t)i);
	}
	return fault == PORT_FATAL ? PORT_RETRIABLE : fault; // purged, but by nobody's fatal error
}

static rd_kafka_headers_t *copy_headers(const struct port_hop *hop)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(hop->n_headers);

	for (size_t i = 0; headers != NULL && i < hop->n_headers; i++)
		(void)rd_kafka_header_add(headers, hop->headers[i].name, -1,
					  hop->headers[i].value.data,
					  (ssize_t)hop->headers[i].value.size);
	return headers;
}

/* Hops into stages have no headers and take the call without variable arguments. */
static rd_kafka_resp_err_t hand_over(struct sink *s, const struct port_hop *hop)
{
	rd_kafka_topic_t *topic = s->targets[hop->topic].handle;
	void *key = NULL; // librdkafka wants them without const; they are copied
	void *value = NULL;

	memcpy(&key, &hop->key.data, sizeof(key));
	memcpy(&value, &hop->value.data, sizeof(value));
	if (hop->n_headers == 0) {
		int refused = rd_kafka_produce(topic, hop->partition, RD_KAFKA_MSG_F_COPY, value,
					       hop->value.size, key, hop->key.size, hop->opaque);
		return refused == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_last_error();
	}
	rd_kafka_headers_t *headers = copy_headers(hop);
	rd_kafka_resp_err_t code = rd_kafka_producev(
		s->producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(hop->partition),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, hop->key.size),
		RD_KAFKA_V_VALUE(value, hop->value.size), RD_KAFKA_V_OPAQUE(hop->opaque),
		RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL)
		rd_kafka_headers_destroy(headers);
	return code;
}

static enum port_fault produce(void *self, const struct port_hop *hop, bool *full)
{
	struct kafka *k = self;
	struct sink *s = &k->sink;
	struct target *target = &s->targets[hop->topic];

	*full = false;
	if (s->producer == NULL)
		return PORT_RETRIABLE;
	if (s->dead)
		return PORT_FATAL;
	if (target->handle == NULL)
		target->handle = rd_kafka_topic_new(s->producer, target->name, NULL);
	if (target->handle == NULL)
		return PORT_RETRIABLE;
	rd_kafka_resp_err_t code = hand_over(s, hop);
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		*full = true;
		return PORT_RETRIABLE;
	}
	return fault_of(k, target->name, code);
}

/* The next event with reports in it; errors are dealt with on the way. */
static bool next_batch(struct kafka *k)
{
	rd_kafka_event_t *event;

	while ((event = bell_poll(&k->sink.bell)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
			k->sink.reports = event;
			return true;
		}
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
			client_error(k, k->sink.producer, event);
			if (rd_kafka_fatal_error(k->sink.producer, NULL, 0) != 0)
				die(k);
		}
		rd_kafka_event_destroy(event);
	}
	return false;
}

/* A report without an offset comes when the broker took a repeated batch for a duplicate.
 * With 2.0.2 on a partition just made it was seen to be neither: the record was not in the log. So
 * it counts as not delivered and is produced again: twice at worst, never lost. */
static enum port_fault report_fault(struct kafka *k, const rd_kafka_message_t *m)
{
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return m->offset < 0 ? PORT_RETRIABLE : PORT_FINE;
	return fault_of(k, rd_kafka_topic_name(m->rkt), m->err);
}

static size_t reports(void *self, struct port_report *out, size_t max)
{
	struct kafka *k = self;
	size_t n = 0;

	while (n < max && (k->sink.reports != NULL || next_batch(k))) {
		const rd_kafka_message_t *m = rd_kafka_event_message_next(k->sink.reports);
		if (m == NULL) {
			rd_kafka_event_destroy(k->sink.reports);
			k->sink.reports = NULL;
			continue;
		}
		out[n++] = (struct port_report){
			.opaque = m->_private,
			.fault = report_fault(k, m),
			.kafka_code = m->err,
		};
	}
	return n;
}

/* Takes our hands off the producer: handles, queue, reports. */
static rd_kafka_t *let_go(struct kafka *k)
{
	struct sink *s = &k->sink;
	rd_kafka_t *producer = s->producer;

	if (s->reports != NULL)
		rd_kafka_event_destroy(s->reports);
	s->reports = NULL;
	for (size_t i = 0; i < s->n; i++) {
		if (s->targets[i].handle != NULL)
			rd_kafka_topic_destroy(s->targets[i].handle);
		s->targets[i].handle = NULL;
	}
	bell_close(&s->bell);
	s->producer = NULL;
	return producer;
}

static enum stagger_status rebuild(void *self, struct stagger_error *err)
{
	struct kafka *k = self;
	rd_kafka_t *producer = NULL;
	struct ask *retire = asker_ask(ASK_RETIRE);

	if (retire == NULL)
		return fail_memory(err);
	enum stagger_status status = client_producer(k, &producer, err);
	if (status != STAGGER_OK) {
		ask_free(retire);
		return status;
	}
	retire->producer = let_go(k);
	if (retire->producer != NULL)
		asker_put(k, retire);
	else
		ask_free(retire);
	open_producer(k, producer);
	return STAGGER_OK;
}

struct port_sink sink_port(struct kafka *k)
{
	return (struct port_sink){
		.self = k,
		.topic = topic,
		.partitions = partitions,
		.produce = produce,
		.reports = reports,
		.rebuild = rebuild,
	};
}

void sink_clear(struct kafka *k)
{
	struct sink *s = &k->sink;
	rd_kafka_t *producer = let_go(k);

	if (producer != NULL) {
		(void)rd_kafka_purge(producer,
				     RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		rd_kafka_destroy(producer);
	}
	for (size_t i = 0; i < s->n; i++)
		free(s->targets[i].name);
	free(s->targets);
	s->targets = NULL;
	s->n = 0;
}
