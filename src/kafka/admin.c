/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics: described and made. A consumer at its start and the tools ask alike. */
#include "kafka/admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kafka/internal.h"

#define ASK_MS    3000
#define CREATE_MS 10000
#define LATER_MS  500 /* librdkafka answers by itself when its time is over */

bool admin_controller(rd_kafka_t *rk, const struct rd_kafka_metadata *found)
{
	int32_t id = rd_kafka_controllerid(rk, 0);
	bool known = false;

	for (int i = 0; i < found->broker_cnt; i++)
		known = known || found->brokers[i].id == id;
	return known;
}

static enum stagger_status note(struct admin_topic *topic, rd_kafka_resp_err_t code,
				const char *text)
{
	topic->kafka_code = code;
	topic->status = error_of_produce(code) == PORT_DENIED ? STAGGER_DENIED : STAGGER_INVALID;
	snprintf(topic->text, sizeof(topic->text), "%s",
		 text != NULL && text[0] != '\0' ? text : rd_kafka_err2str(code));
	return topic->status;
}

enum stagger_status admin_unreachable(rd_kafka_resp_err_t code, const char *what,
				      struct stagger_error *err)
{
	return fail_code(err, STAGGER_UNREACHABLE, code, "kafka: %s: %s; %s", what,
			 rd_kafka_err2str(code), error_advice(TROUBLE_NETWORK));
}

/* -- metadata ---------------------------------------------------------------------------- */

static bool take(struct wish_topic *to, const struct rd_kafka_metadata_topic *found)
{
	if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR || found->partition_cnt <= 0)
		return false;
	to->partitions = found->partition_cnt;
	to->replication = found->partitions[0].replica_cnt;
	return true;
}

void admin_take(const struct rd_kafka_metadata *all, struct admin_topic *list, size_t n)
{
	for (int i = 0; i < all->topic_cnt; i++)
		for (size_t t = 0; t < n; t++)
			if (list[t].is.partitions <= 0 &&
			    strcmp(list[t].name, all->topics[i].topic) == 0)
				(void)take(&list[t].is, &all->topics[i]);
}

rd_kafka_resp_err_t admin_ask_one(const struct tool *tool, struct admin_topic *topic,
				  int timeout_ms)
{
	const struct rd_kafka_metadata *found = NULL;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(tool->rk, topic->name, NULL);

	if (handle == NULL)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	rd_kafka_resp_err_t code = rd_kafka_metadata(tool->rk, 0, handle, &found, timeout_ms);
	rd_kafka_topic_destroy(handle);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return code;
	code = found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		(void)take(&topic->is, &found->topics[0]);
	rd_kafka_metadata_destroy(found);
	return code;
}

/* -- settings ---------------------------------------------------------------------------- */

static void take_setting(struct wish_topic *to, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (strcmp(name, "cleanup.policy") == 0)
		to->compacted = strstr(value, "compact") != NULL;
	else if (strcmp(name, "retention.ms") == 0)
		to->retention_ms = strtoll(value, NULL, 10);
	else if (strcmp(name, "retention.bytes") == 0)
		to->retention_bytes = strtoll(value, NULL, 10);
	else if (strcmp(name, "min.insync.replicas") == 0)
		to->min_insync_replicas = (int32_t)strtol(value, NULL, 10);
	else if (strcmp(name, "max.message.bytes") == 0)
		to->max_message = strtoll(value, NULL, 10);
}

static void take_settings(struct admin_topic *list, size_t n,
			  const rd_kafka_ConfigResource_t *resource)
{
	size_t n_entries;
	const rd_kafka_ConfigEntry_t **entries =
		rd_kafka_ConfigResource_configs(resource, &n_entries);

	if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	for (size_t t = 0; t < n; t++) {
		if (strcmp(list[t].name, rd_kafka_ConfigResource_name(resource)) != 0)
			continue;
		list[t].is.known = true;
		list[t].is.retention_ms = list[t].is.retention_bytes = -1;
		for (size_t i = 0; i < n_entries; i++)
			take_setting(&list[t].is, rd_kafka_ConfigEntry_name(entries[i]),
				     rd_kafka_ConfigEntry_value(entries[i]));
	}
}

static rd_kafka_AdminOptions_t *options(const struct tool *tool, rd_kafka_admin_op_t op,
					int timeout_ms)
{
	char text[256];
	rd_kafka_AdminOptions_t *made = rd_kafka_AdminOptions_new(tool->rk, op);

	(void)rd_kafka_AdminOptions_set_request_timeout(made, timeout_ms, text, sizeof(text));
	return made;
}

static void ask_settings(const struct tool *tool, struct admin_topic *list, size_t n,
			 rd_kafka_ConfigResource_t **resources, size_t n_resources)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_new(tool->rk);
	rd_kafka_AdminOptions_t *how = options(tool, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, ASK_MS);

	rd_kafka_DescribeConfigs(tool->rk, resources, n_resources, how, queue);
	rd_kafka_AdminOptions_destroy(how);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ASK_MS + LATER_MS);
	const rd_kafka_DescribeConfigs_result_t *result =
		event != NULL ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
	if (result != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		size_t n_found;
		const rd_kafka_ConfigResource_t **found =
			rd_kafka_DescribeConfigs_result_resources(result, &n_found);
		for (size_t i = 0; i < n_found; i++)
			take_settings(list, n, found[i]);
	}
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
}

enum stagger_status admin_settings(const struct tool *tool, struct admin_topic *list, size_t n,
				   struct stagger_error *err)
{
	size_t n_resources = 0;

	if (!tool->controller)
		return STAGGER_OK;
	rd_kafka_ConfigResource_t **resources = calloc(n + 1, sizeof(*resources));
	if (resources == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		if (list[i].is.partitions <= 0)
			continue;
		resources[n_resources] =
			rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, list[i].name);
		n_resources += resources[n_resources] != NULL;
	}
	if (n_resources > 0)
		ask_settings(tool, list, n, resources, n_resources);
	rd_kafka_ConfigResource_destroy_array(resources, n_resources);
	free(resources);
	return STAGGER_OK;
}

enum stagger_status admin_describe(struct tool *tool, struct admin_topic *list, size_t n,
				   struct stagger_error *err)
{
	const struct rd_kafka_metadata *all = NULL;

	rd_kafka_resp_err_t code = rd_kafka_metadata(tool->rk, 1, NULL, &all, ASK_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return admin_unreachable(code, "topics", err);
	for (size_t i = 0; i < n; i++)
		list[i].is = (struct wish_topic){0};
	admin_take(all, list, n);
	rd_kafka_metadata_destroy(all);
	for (size_t i = 0; i < n; i++) {
		list[i].status = STAGGER_OK;
		if (list[i].is.partitions > 0)
			continue;
		// The list of all hides what we may not see.
		code = admin_ask_one(tool, &list[i], ASK_MS);
		if (error_trouble(code, "") == TROUBLE_NETWORK)
			return admin_unreachable(code, "topics", err);
		if (error_of_produce(code) == PORT_DENIED)
			(void)note(&list[i], code, NULL);
	}
	return admin_settings(tool, list, n, err);
}

/* -- making ------------------------------------------------------------------------------ */

static void set_number(rd_kafka_NewTopic_t *topic, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	(void)rd_kafka_NewTopic_set_config(topic, name, text);
}

static rd_kafka_NewTopic_t *new_topic(const struct admin_topic *of)
{
	char text[256];
	const struct wish_topic *is = &of->is;
	rd_kafka_NewTopic_t *topic =
		rd_kafka_NewTopic_new(of->name, is->partitions > 0 ? is->partitions : -1,
				      is->replication > 0 ? is->replication : -1, text,
				      sizeof(text));

	if (topic == NULL)
		return NULL;
	(void)rd_kafka_NewTopic_set_config(topic, "cleanup.policy",
					   is->compacted ? "compact" : "delete");
	set_number(topic, "retention.bytes", is->retention_bytes);
	if (is->retention_ms != 0)
		set_number(topic, "retention.ms", is->retention_ms);
	if (is->min_insync_replicas > 0)
		set_number(topic, "min.insync.replicas", is->min_insync_replicas);
	if (is->max_message > 0)
		set_number(topic, "max.message.bytes", is->max_message);
	return topic;
}

static void take_results(const rd_kafka_CreateTopics_result_t *result, struct admin_topic *list,
			 size_t n)
{
	size_t n_results;
	const rd_kafka_topic_result_t **results =
		rd_kafka_CreateTopics_result_topics(result, &n_results);

	for (size_t i = 0; i < n_results; i++) {
		rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
		for (size_t t = 0; t < n; t++) {
			if (strcmp(list[t].name, rd_kafka_topic_result_name(results[i])) != 0)
				continue;
			list[t].status = STAGGER_OK;
			list[t].existed = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
			if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !list[t].existed)
				(void)note(&list[t], code,
					   rd_kafka_topic_result_error_string(results[i]));
		}
	}
}

static enum stagger_status fail_unable(struct stagger_error *err)
{
	return fail(err, STAGGER_INVALID,
		    "kafka: this broker makes no topics on request (the embedded broker makes "
		    "those of its chains itself)");
}

static enum stagger_status make_all(struct tool *tool, rd_kafka_NewTopic_t **topics,
				    struct admin_topic *list, size_t n, bool validate_only,
				    struct stagger_error *err)
{
	char text[256];
	enum stagger_status status = STAGGER_OK;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(tool->rk);
	rd_kafka_AdminOptions_t *how = options(tool, RD_KAFKA_ADMIN_OP_CREATETOPICS, CREATE_MS);

	(void)rd_kafka_AdminOptions_set_operation_timeout(how, CREATE_MS - 2 * LATER_MS, text,
							  sizeof(text));
	(void)rd_kafka_AdminOptions_set_validate_only(how, validate_only, text, sizeof(text));
	rd_kafka_CreateTopics(tool->rk, topics, n, how, queue);
	rd_kafka_AdminOptions_destroy(how);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CREATE_MS + LATER_MS);
	rd_kafka_resp_err_t code =
		event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	const rd_kafka_CreateTopics_result_t *result =
		event != NULL ? rd_kafka_event_CreateTopics_result(event) : NULL;
	if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
		status = fail_unable(err);
	else if (code != RD_KAFKA_RESP_ERR_NO_ERROR || result == NULL)
		status = admin_unreachable(code, "topics cannot be made", err);
	else
		take_results(result, list, n);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return status;
}

enum stagger_status admin_create(struct tool *tool, struct admin_topic *list, size_t n,
				 bool validate_only, struct stagger_error *err)
{
	size_t n_new = 0;
	enum stagger_status status = STAGGER_OK;

	if (n == 0)
		return STAGGER_OK;
	if (!tool->controller)
		return fail_unable(err);
	rd_kafka_NewTopic_t **topics = calloc(n, sizeof(*topics));
	if (topics == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < n && status == STAGGER_OK; i++) {
		list[i].existed = false;
		(void)note(&list[i], RD_KAFKA_RESP_ERR__NOENT, "the broker did not answer for it");
		topics[n_new] = new_topic(&list[i]);
		if (topics[n_new] == NULL)
			status = fail(err, STAGGER_INVALID, "kafka: topic '%s' with %d partitions",
				      list[i].name, (int)list[i].is.partitions);
		else
			n_new++;
	}
	if (status == STAGGER_OK)
		status = make_all(tool, topics, list, n, validate_only, err);
	rd_kafka_NewTopic_destroy_array(topics, n_new);
	free(topics);
	return status;
}
