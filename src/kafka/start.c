/* SPDX-License-Identifier: Apache-2.0
 *
 * First contact, on the asker's thread: what the first metadata say about the chain's topics, and
 * when to give up waiting for them. librdkafka tries for ever; until then contact.c decides from
 * the errors it reports. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "core/topics.h"

#define CONTACT_MS 1000          /* one attempt */
#define SILENT_US 900000         /* before the first word about brokers that do not answer */
#define SAID_AGAIN_US 10000000
#define MISSING_LASTS_US 2000000 /* a topic made a moment ago is not known everywhere */
#define MAX_NAMED 32             /* topics in one message */
#define SETTING 256

/* No metadata yet. True: given up, the ask has the error. */
static bool silent(struct kafka *k, struct ask *ask)
{
	int64_t now_us = clock_boot_us();
	int64_t waited_us = now_us - ask->since_us;
	char servers[SETTING];

	pthread_mutex_lock(&k->asker.lock);
	struct trouble trouble = k->trouble;
	pthread_mutex_unlock(&k->asker.lock);
	if (contact_refused(k->admin, &trouble, false, &ask->error))
		return true;

	if (k->start_timeout_ms > 0 && waited_us / 1000 >= k->start_timeout_ms) {
		(void)contact_silent(k->admin, &trouble, k->start_timeout_ms, &ask->error);
		return true;
	}
	const char *why = trouble.kind != TROUBLE_NONE ? trouble.text : "no answer";
	client_setting(k->admin, "bootstrap.servers", servers, sizeof(servers));
	int64_t wait_us = ask->told_us != 0 ? SAID_AGAIN_US : SILENT_US;
	if (now_us - (ask->told_us != 0 ? ask->told_us : ask->since_us) >= wait_us &&
	    !asker_quits(k)) {
		ask->told_us = now_us;
		log_warn(k->log, "kafka: no broker of %s answered (%s); trying %s", servers, why,
			 k->start_timeout_ms > 0 ? "until start_timeout" : "for ever");
	}
	return false;
}

static const struct topic *topic_named(const struct kafka *k, const char *name)
{
	for (size_t i = 0; name != NULL && i < k->n_topics; i++)
		if (strcmp(k->topics[i].name, name) == 0)
			return &k->topics[i];
	return NULL;
}

/* Takes counts from an answer about all topics. */
static void take_counts(struct kafka *k, const struct rd_kafka_metadata *found)
{
	for (int i = 0; i < found->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *one = &found->topics[i];
		for (size_t t = 0; t < k->n_topics; t++)
			if (k->topics[t].count < 0 && one->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
			    one->partition_cnt > 0 && strcmp(k->topics[t].name, one->topic) == 0)
				k->topics[t].count = one->partition_cnt;
	}
}

/* Asks for a topic by name: the list of all hides those that we may not see. */
static rd_kafka_resp_err_t ask_one(struct kafka *k, struct topic *topic)
{
	const struct rd_kafka_metadata *found = NULL;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(k->admin, topic->name, NULL);

	if (handle == NULL)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->admin, 0, handle, &found, CONTACT_MS);
	rd_kafka_topic_destroy(handle);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return code;
	code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topics[0].partition_cnt > 0)
		topic->count = found->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(found);
	return code;
}

/* One missing topic, for people: what it should be and the command that makes it. */
static void name_missing(const struct kafka *k, const struct topic *topic, const char *servers,
			 struct stagger_error *err, size_t *used)
{
	const struct topic *main_topic = topic_named(k, topic->main_topic);
	char line[1024];

	if (main_topic != NULL && main_topic->count > 0) {
		topic_create_line(line, sizeof(line), servers, topic->name, main_topic->count,
				  topic->retention_ms);
		text_add(err->text, sizeof(err->text), used, "; '%s' with %d partitions: %s",
			 topic->name, (int)main_topic->count, line);
		return;
	}
	topic_create_line(line, sizeof(line), servers, topic->name, 1, topic->retention_ms);
	if (main_topic != NULL && main_topic != topic)
		text_add(err->text, sizeof(err->text), used,
			 "; '%s' with as many partitions as '%s', for one: %s", topic->name,
			 main_topic->name, line);
	else
		text_add(err->text, sizeof(err->text), used,
			 "; '%s' with as many partitions as you need, for one: %s", topic->name,
			 line);
}

/* False: all are there. True: ask->error says what is missing or forbidden, for now. */
static bool missing(struct kafka *k, struct ask *ask)
{
	struct stagger_error *err = &ask->error;
	char servers[SETTING];
	size_t n_missing = 0;
	size_t used = 0;

	client_setting(k->admin, "bootstrap.servers", servers, sizeof(servers));
	for (size_t i = 0; i < k->n_topics; i++) {
		struct topic *topic = &k->topics[i];
		if (topic->count > 0)
			continue;
		rd_kafka_resp_err_t code =
			n_missing < MAX_NAMED ? ask_one(k, topic) : RD_KAFKA_RESP_ERR_NO_ERROR;
		if (topic->count > 0)
			continue;
		if (error_trouble(code, "") == TROUBLE_NETWORK) {
			err->status = STAGGER_UNREACHABLE;
			return true;
		}
		if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
			(void)contact_denied(topic->name, code, err);
			return true;
		}
		if (n_missing++ == 0) {
			fail_code(err, STAGGER_TOPICS, code,
				  "kafka: topics of the chain are missing");
			used = strlen(err->text);
		}
		if (n_missing <= MAX_NAMED)
			name_missing(k, topic, servers, err, &used);
	}
	if (n_missing > MAX_NAMED)
		text_add(err->text, sizeof(err->text), &used, "; and %zu more",
			 n_missing - MAX_NAMED);
	return n_missing > 0;
}

static void warn_counts(struct kafka *k)
{
	for (size_t i = 0; i < k->n_topics; i++) {
		const struct topic *topic = &k->topics[i];
		const struct topic *main_topic = topic_named(k, topic->main_topic);
		if (topic->subscribed && main_topic != NULL && topic->count != main_topic->count)
			log_warn(k->log,
				 "topic '%s' has %d partitions and '%s' %d: their messages may be "
				 "handled by different members",
				 topic->name, (int)topic->count, main_topic->name,
				 (int)main_topic->count);
	}
}

/* The sink's producer, with a handle for every topic: a client asks for the metadata of those. */
static enum stagger_status make_producer(struct kafka *k, struct ask *ask)
{
	enum stagger_status status = client_producer(k, &ask->producer, &ask->error);
	if (status != STAGGER_OK)
		return status;
	ask->warm = calloc(k->n_topics + 1, sizeof(rd_kafka_topic_t *));
	if (ask->warm == NULL)
		return fail_memory(&ask->error);
	for (size_t i = 0; i < k->n_topics; i++) {
		rd_kafka_topic_t *handle =
			rd_kafka_topic_new(ask->producer, k->topics[i].name, NULL);
		if (handle != NULL)
			ask->warm[ask->n_warm++] = handle;
	}
	return STAGGER_OK;
}

/* The sink's producer with every topic's metadata in it: the first hop would wait for them. */
static bool warm_up(struct kafka *k, struct ask *ask)
{
	const struct rd_kafka_metadata *found = NULL;

	if (ask->producer == NULL && make_producer(k, ask) != STAGGER_OK)
		return true;
	rd_kafka_resp_err_t code = rd_kafka_metadata(ask->producer, 0, NULL, &found, CONTACT_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
		rd_kafka_metadata_destroy(found);
		return true;
	}
	// Nobody else polls it yet: its errors may be about credentials of its own.
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(ask->producer);
	rd_kafka_event_t *event;
	while ((event = rd_kafka_queue_poll(queue, 0)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			client_note(k, rd_kafka_event_error(event),
				    rd_kafka_event_error_string(event));
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
	return silent(k, ask);
}

bool start_try(struct kafka *k, struct ask *ask)
{
	const struct rd_kafka_metadata *found = NULL;

	if (ask->producer != NULL)
		return warm_up(k, ask);
	// All topics, not ours by name: asking by name may make them.
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->admin, 1, NULL, &found, CONTACT_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return silent(k, ask);
	take_counts(k, found);
	rd_kafka_metadata_destroy(found);
	if (!ask->contact) {
		ask->contact = true;
		ask->since_us = clock_boot_us();
		pthread_mutex_lock(&k->asker.lock);
		k->trouble = (struct trouble){0}; // it is over
		pthread_mutex_unlock(&k->asker.lock);
	}
	if (missing(k, ask)) {
		if (ask->error.status == STAGGER_UNREACHABLE) // gone in the meantime
			return silent(k, ask);
		return ask->error.status == STAGGER_DENIED ||
		       clock_boot_us() - ask->since_us >= MISSING_LASTS_US;
	}
	ask->error.status = STAGGER_OK;
	warn_counts(k);
	if (limits_read(k, &ask->error) != STAGGER_OK)
		return true;
	return warm_up(k, ask);
}
