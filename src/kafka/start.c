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

#define CONTACT_MS 1000          /* one attempt */
#define SILENT_US 900000         /* before the first word about brokers that do not answer */
#define SAID_AGAIN_US 10000000
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
	if (!ask->contact) {
		ask->contact = true;
		ask->since_us = clock_boot_us();
		pthread_mutex_lock(&k->asker.lock);
		k->trouble = (struct trouble){0}; // it is over
		pthread_mutex_unlock(&k->asker.lock);
	}
	enum topics_answer answer = topics_look(k, ask, found);
	rd_kafka_metadata_destroy(found);
	switch (answer) {
	case TOPICS_FINE:
		return warm_up(k, ask);
	case TOPICS_AGAIN:
		return false;
	case TOPICS_SILENT: // gone in the meantime
		return silent(k, ask);
	case TOPICS_BAD:
		return true;
	}
	return true;
}
