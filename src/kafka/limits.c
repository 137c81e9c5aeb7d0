/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of the chain's topics, read once at first contact: how large a record may be, and
 * what would lose waiting messages. Where they cannot be read (no permission, embedded broker)
 * common defaults are assumed and nothing is refused. On the asker's thread. */
#include "kafka/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

#define READ_TIMEOUT_MS 3000

static bool is_stage(const struct topic *topic)
{
	return topic->subscribed && topic->main_topic != NULL &&
	       strcmp(topic->main_topic, topic->name) != 0;
}

static const char *setting(const rd_kafka_ConfigResource_t *resource, const char *name)
{
	size_t n;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0)
			return rd_kafka_ConfigEntry_value(entries[i]);
	return NULL;
}

static struct topic *topic_of(struct kafka *k, const rd_kafka_ConfigResource_t *resource)
{
	for (size_t i = 0; i < k->n_topics; i++)
		if (strcmp(k->topics[i].name, rd_kafka_ConfigResource_name(resource)) == 0)
			return &k->topics[i];
	return NULL;
}

static enum stagger_status look_at(struct kafka *k, const rd_kafka_ConfigResource_t *resource,
				   struct stagger_error *err)
{
	struct topic *topic = topic_of(k, resource);
	if (topic == NULL || rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return STAGGER_OK;
	const char *largest = setting(resource, "max.message.bytes");
	const char *kept = setting(resource, "retention.ms");
	const char *policy = setting(resource, "cleanup.policy");

	if (largest != NULL)
		topic->max_message = strtoll(largest, NULL, 10);
	if (is_stage(topic) && policy != NULL && strstr(policy, "compact") != NULL)
		return fail(err, STAGGER_INVALID,
			    "kafka: retry topic '%s' is compacted: newer messages of a key would "
			    "delete those that wait; set cleanup.policy=delete",
			    topic->name);
	long long kept_ms = kept != NULL ? strtoll(kept, NULL, 10) : -1;
	topic->kept_ms = kept_ms > 0 ? kept_ms : 0;
	if (is_stage(topic) && kept_ms >= 0 &&
	    (topic->retention_ms < 0 || kept_ms < topic->retention_ms))
		log_warn(k->log,
			 "topic '%s' is kept for %lld ms, it should be %lld: messages may be "
			 "deleted while they wait",
			 topic->name, kept_ms, (long long)topic->retention_ms);
	return STAGGER_OK;
}

static enum stagger_status read_all(struct kafka *k, rd_kafka_ConfigResource_t **resources,
				    rd_kafka_queue_t *queue, struct stagger_error *err)
{
	char text[256];
	enum stagger_status status = STAGGER_OK;
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(k->admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);

	(void)rd_kafka_AdminOptions_set_request_timeout(options, READ_TIMEOUT_MS, text,
							sizeof(text));
	rd_kafka_DescribeConfigs(k->admin, resources, k->n_topics, options, queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, READ_TIMEOUT_MS + 500);
	if (event == NULL)
		return STAGGER_OK;
	const rd_kafka_DescribeConfigs_result_t *result =
		rd_kafka_event_DescribeConfigs_result(event);
	if (result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		size_t n;
		const rd_kafka_ConfigResource_t **found =
			rd_kafka_DescribeConfigs_result_resources(result, &n);
		for (size_t i = 0; i < n && status == STAGGER_OK; i++)
			status = look_at(k, found[i], err);
	}
	rd_kafka_event_destroy(event);
	return status;
}

enum stagger_status limits_read(struct kafka *k, struct stagger_error *err)
{
	size_t n = 0;
	enum stagger_status status = STAGGER_OK;

	if (k->n_topics == 0 || rd_kafka_controllerid(k->admin, 0) < 0)
		return STAGGER_OK; // the embedded broker has no controller and would not answer
	rd_kafka_queue_t *queue = rd_kafka_queue_new(k->admin);
	rd_kafka_ConfigResource_t **resources = calloc(k->n_topics, sizeof(*resources));
	if (resources == NULL) {
		status = fail_memory(err);
		goto done;
	}
	for (; n < k->n_topics; n++) {
		resources[n] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
							   k->topics[n].name);
		if (resources[n] == NULL) {
			status = fail_memory(err);
			goto done;
		}
	}
	status = read_all(k, resources, queue, err);
	size_t unread = 0;
	for (size_t i = 0; i < k->n_topics; i++)
		unread += k->topics[i].max_message <= 0;
	if (unread > 0)
		log_debug(k->log, "kafka: settings of %zu topics cannot be read; defaults assumed",
			  unread);
done:
	if (resources != NULL)
		rd_kafka_ConfigResource_destroy_array(resources, n);
	free(resources);
	rd_kafka_queue_destroy(queue);
	return status;
}
