/* SPDX-License-Identifier: Apache-2.0
 *
 * One client: three handles of librdkafka and what they report. The consumer belongs to the
 * group; questions have a handle of their own, because behind a consumer's long poll they would
 * wait; the producer comes at first contact, because only the topics' settings tell how large a
 * record may be. */
#define _GNU_SOURCE
#include "kafka/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#define ASSUMED_MESSAGE (1048576 + 65536) /* of a topic whose settings cannot be read */
#define ASSUMED_BATCH 1000000             /* fits Kafka's default of max.message.bytes */
#define MAX_MESSAGE 1000000000            /* librdkafka's largest */
#define NETWORK_AGAIN_US 10000000         /* a lasting outage is told so often */
#define TEXT 512

enum stagger_status client_make(struct logs *logs, rd_kafka_t **out, enum role role,
				rd_kafka_conf_t *take_conf, struct stagger_error *err)
{
	char text[TEXT];
	int events = RD_KAFKA_EVENT_ERROR;

	if (role == ROLE_CONSUMER)
		events |= RD_KAFKA_EVENT_REBALANCE;
	if (role == ROLE_PRODUCER)
		events |= RD_KAFKA_EVENT_DR;
	rd_kafka_conf_set_events(take_conf, events);
	logs_conf(logs, take_conf);
	rd_kafka_t *rk = rd_kafka_new(role == ROLE_PRODUCER ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
				      take_conf, text, sizeof(text));
	if (rk == NULL) {
		rd_kafka_conf_destroy(take_conf);
		logs_clean(logs, text);
		return fail(err, STAGGER_INVALID, "kafka: %s", text);
	}
	*out = rk;
	return STAGGER_OK;
}

enum stagger_status client_producer(struct kafka *k, rd_kafka_t **out, struct stagger_error *err)
{
	int64_t largest = 0;
	int64_t smallest = INT64_MAX;
	char number[24];
	char text[TEXT];

	for (size_t i = 0; i < k->n_topics; i++) {
		int64_t read = k->topics[i].is.max_message;
		int64_t message = read > 0 ? read : ASSUMED_MESSAGE;
		int64_t batch = read > 0 ? read : ASSUMED_BATCH;
		if (message > largest)
			largest = message;
		if (batch < smallest)
			smallest = batch;
	}
	largest = largest < 1000 ? ASSUMED_MESSAGE : largest > MAX_MESSAGE ? MAX_MESSAGE : largest;
	smallest = smallest < 1 || smallest > MAX_MESSAGE ? ASSUMED_BATCH : smallest;

	rd_kafka_conf_t *conf = rd_kafka_conf_dup(k->producer_conf);
	snprintf(number, sizeof(number), "%" PRId64, largest);
	if (!k->sizes_given)
		(void)rd_kafka_conf_set(conf, "message.max.bytes", number, text, sizeof(text));
	snprintf(number, sizeof(number), "%" PRId64, smallest);
	if (!k->batch_given)
		(void)rd_kafka_conf_set(conf, "batch.size", number, text, sizeof(text));
	return client_make(k->logs, out, ROLE_PRODUCER, conf, err);
}

const char *client_setting(const rd_kafka_t *rk, const char *name, char *text, size_t size)
{
	const rd_kafka_conf_t *conf;
	rd_kafka_t *unconst; // rd_kafka_conf() only reads

	memcpy(&unconst, &rk, sizeof(unconst));
	conf = rd_kafka_conf(unconst);
	text[0] = '\0';
	if (rd_kafka_conf_get(conf, name, text, &size) != RD_KAFKA_CONF_OK)
		text[0] = '\0';
	return text;
}

void client_fail(struct kafka *k, const struct stagger_error *why)
{
	if (k->failing)
		return;
	k->failure = *why;
	k->failing = true;
	logs_clean(k->logs, k->failure.text);
	log_debug(k->log, "kafka: failed: %s", k->failure.text);
}

void client_note(struct kafka *k, rd_kafka_resp_err_t code, const char *text)
{
	pthread_mutex_lock(&k->asker.lock);
	contact_note(&k->trouble, k->logs, code, text);
	pthread_mutex_unlock(&k->asker.lock);
}

/* The consumer's end. True: this error is one. */
static bool ends(struct kafka *k, rd_kafka_resp_err_t code, const char *text, bool fatal)
{
	struct stagger_error err;
	char why[TEXT];

	if (fatal) {
		rd_kafka_resp_err_t real = rd_kafka_fatal_error(k->consumer, why, sizeof(why));
		fail_code(&err, STAGGER_FATAL, real,
			  "kafka: the consumer is refused for good: %s: %s",
			  rd_kafka_err2str(real), why);
	} else if (error_trouble(code, text) == TROUBLE_GROUP) {
		fail_code(&err, k->member.assigned_once ? STAGGER_FATAL : STAGGER_DENIED, code,
			  "kafka: group '%s': %s; %s", k->group, text, error_advice(TROUBLE_GROUP));
	} else {
		return false;
	}
	client_fail(k, &err);
	return true;
}

void client_error(struct kafka *k, const rd_kafka_t *rk, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	const char *reason = rd_kafka_event_error_string(event);
	char text[TEXT];

	snprintf(text, sizeof(text), "%s", reason != NULL ? reason : rd_kafka_err2str(code));
	logs_clean(k->logs, text);
	if (rk == k->consumer && ends(k, code, text, rd_kafka_event_error_is_fatal(event) != 0))
		return;
	if (!k->contact) {
		client_note(k, code, text);
		return;
	}
	if (error_trouble(code, text) != TROUBLE_NETWORK) {
		log_warn(k->log, "kafka: %s: %s", rd_kafka_err2name(code), text);
		return;
	}
	// Each thread of librdkafka reports each broker; an outage is one piece of news. That all
	// are down does not say why, and the client for questions, mostly idle, has no news.
	int64_t now_us = clock_boot_us();
	if (rk == k->admin || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		return;
	if (k->network_told_us != 0 && now_us - k->network_told_us < NETWORK_AGAIN_US)
		return;
	k->network_told_us = now_us;
	log_warn(k->log, "kafka: %s; trying on", text);
}

enum stagger_status client_secrets(struct logs *logs, const struct kafka_options *o,
				   struct stagger_error *err)
{
	for (size_t i = 0; i < o->n_properties; i++)
		if (kafka_secret(o->properties[i].name) &&
		    !logs_secret(logs, o->properties[i].value))
			return fail_memory(err);
	return STAGGER_OK;
}

static enum stagger_status open_embedded(struct kafka *k, const struct kafka_options *o,
					 struct stagger_error *err)
{
	const char *count = keys_given(o, ROLE_ADMIN, "embedded.partitions");
	const char *port = keys_given(o, ROLE_ADMIN, "embedded.port");
	struct embedded_topic *topics = calloc(o->n_topics + 1, sizeof(*topics));

	if (topics == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < o->n_topics; i++)
		topics[i] = (struct embedded_topic){.name = o->topics[i].topic};
	enum stagger_status status = embedded_new(
		&k->embedded, port != NULL ? (int32_t)strtol(port, NULL, 10) : 0,
		count != NULL ? (int32_t)strtol(count, NULL, 10) : EMBEDDED_PARTITIONS, topics,
		o->n_topics, err);
	free(topics);
	return status;
}

/* Where the cluster is: what the user says, or the broker that we start. */
static enum stagger_status find_servers(struct kafka *k, const struct kafka_options *o,
					const char **servers, struct stagger_error *err)
{
	enum stagger_status status = keys_servers(o, servers, err);
	if (status != STAGGER_OK || strcmp(*servers, EMBEDDED_SERVERS) != 0)
		return status;
	status = open_embedded(k, o, err);
	if (status == STAGGER_OK)
		*servers = embedded_servers(k->embedded);
	return status;
}

static enum stagger_status open_handles(struct kafka *k, const struct kafka_options *o,
					struct stagger_error *err)
{
	rd_kafka_conf_t *conf;
	const char *servers;
	char text[TEXT];

	enum stagger_status status = find_servers(k, o, &servers, err);
	if (status == STAGGER_OK)
		status = keys_conf(&k->producer_conf, o, ROLE_PRODUCER, servers, err);
	if (status == STAGGER_OK)
		status = keys_conf(&conf, o, ROLE_CONSUMER, servers, err);
	if (status == STAGGER_OK)
		status = client_make(k->logs, &k->consumer, ROLE_CONSUMER, conf, err);
	if (status == STAGGER_OK)
		status = keys_conf(&conf, o, ROLE_ADMIN, servers, err);
	if (status == STAGGER_OK)
		status = client_make(k->logs, &k->admin, ROLE_ADMIN, conf, err);
	if (status != STAGGER_OK)
		return status;

	(void)rd_kafka_poll_set_consumer(k->consumer); // errors come to the consumer's queue, too
	bell_open(&k->consumer_bell, rd_kafka_queue_get_consumer(k->consumer), k->wake);
	bell_open(&k->admin_bell, rd_kafka_queue_get_main(k->admin), k->wake);
	bell_open(&k->commits.bell, rd_kafka_queue_new(k->consumer), k->wake);
	client_setting(k->consumer, "fetch.wait.max.ms", text, sizeof(text));
	k->fetch_wait_ms = strtoll(text, NULL, 10);
	refill_limits(&k->fetch, k->consumer);
	k->sizes_given = keys_given(o, ROLE_PRODUCER, "message.max.bytes") != NULL;
	k->batch_given = keys_given(o, ROLE_PRODUCER, "batch.size") != NULL;
	return STAGGER_OK;
}

enum stagger_status kafka_new(struct kafka **out, const struct kafka_options *o,
			      struct stagger_error *err)
{
	struct kafka *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return fail_memory(err);
	pthread_mutex_init(&k->fetch.lock, NULL);
	k->log = o->log;
	k->wake = o->wake;
	k->start_timeout_ms = o->start_timeout_ms;
	gates_warn(o->log);
	k->logs = logs_new(o->log);
	enum stagger_status status = k->logs != NULL ? STAGGER_OK : fail_memory(err);
	if (status == STAGGER_OK)
		status = client_secrets(k->logs, o, err);
	if (status == STAGGER_OK)
		status = topics_copy(k, o, err);
	if (status == STAGGER_OK)
		status = open_handles(k, o, err);
	if (status == STAGGER_OK)
		status = asker_begin(k, err);
	if (status == STAGGER_OK) {
		*out = k;
		return STAGGER_OK;
	}
	client_destroy(k);
	client_free(k);
	return status;
}
