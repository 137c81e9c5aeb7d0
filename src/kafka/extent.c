/* SPDX-License-Identifier: Apache-2.0
 *
 * How far a topic reaches now: where each partition starts, or what was appended at an instant, and
 * where it ends. Asked so that nothing is made by asking. */
#include "kafka/internal.h"

#include <string.h>

#include "base/error.h"
#include "kafka/reader.h"

#define ASK_MS 5000
#define MOCK "mockCluster" /* how the cluster id of librdkafka's mock begins */

/* The mock makes what is asked for by name, and does not know times. */
static bool is_mock(const struct tool *tool)
{
	char *id = rd_kafka_clusterid(tool->rk, ASK_MS);
	bool mock = id != NULL && strncmp(id, MOCK, strlen(MOCK)) == 0;

	rd_kafka_mem_free(tool->rk, id);
	return mock;
}

/* Partitions of the topic among those that were found, or -1 and why. */
static int count_in(const struct rd_kafka_metadata *found, const char *topic,
		    rd_kafka_resp_err_t *code)
{
	*code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	for (int i = 0; i < found->topic_cnt; i++) {
		if (strcmp(found->topics[i].topic, topic) != 0)
			continue;
		*code = found->topics[i].err;
		return *code == RD_KAFKA_RESP_ERR_NO_ERROR ? found->topics[i].partition_cnt : -1;
	}
	return -1;
}

/* named: asked for by name, or NULL: all. */
static int ask_count(const struct tool *tool, const char *topic, rd_kafka_topic_t *named,
		     rd_kafka_resp_err_t *code)
{
	const struct rd_kafka_metadata *found;

	*code = rd_kafka_metadata(tool->rk, named == NULL, named, &found, ASK_MS);
	if (*code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return -1;
	int count = count_in(found, topic, code);
	rd_kafka_metadata_destroy(found);
	return count;
}

/* By the list of all, then by name: the list hides what we may not see. A handle is a question by
 * name, too: none is made before the topic is known to be there. */
static int count_partitions(const struct tool *tool, const char *topic, rd_kafka_resp_err_t *code)
{
	int count = ask_count(tool, topic, NULL, code);

	if (count >= 0 || !error_is_missing_topic(*code) || is_mock(tool))
		return count;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(tool->rk, topic, NULL);
	if (handle == NULL)
		return -1;
	count = ask_count(tool, topic, handle, code);
	rd_kafka_topic_destroy(handle);
	return count;
}

enum stagger_status extent_fail(const struct tool *tool, const char *topic,
				rd_kafka_resp_err_t code, struct stagger_error *err)
{
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return fail_code(err, STAGGER_DENIED, code,
				 "kafka: topic '%s' is not authorized: an ACL that allows DESCRIBE "
				 "and READ on it is missing",
				 topic);
	if (error_is_missing_topic(code))
		return fail_code(err, STAGGER_TOPICS, code, "kafka: there is no topic '%s'", topic);
	if (contact_refused(tool->rk, &tool->trouble, true, err))
		return STAGGER_DENIED;
	return fail_code(err, STAGGER_UNREACHABLE, code, "kafka: topic '%s': %s", topic,
			 rd_kafka_err2str(code));
}

/* For each of the n partitions the offset of that time, BEGINNING or END. */
static rd_kafka_topic_partition_list_t *ask_offsets(const struct tool *tool, const char *topic,
						    int n, int64_t time,
						    rd_kafka_resp_err_t *code)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset = time;
	*code = rd_kafka_offsets_for_times(tool->rk, list, ASK_MS);
	for (int i = 0; i < n && *code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		*code = list->elems[i].err;
	if (*code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return list;
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

/* From the instant on; where nothing is that young the answer is END. */
static void begin_at(struct extent *extent, const rd_kafka_topic_partition_list_t *since)
{
	for (int i = 0; i < since->cnt; i++) {
		int64_t *start = &extent->starts->elems[i].offset;
		if (since->elems[i].offset < 0)
			*start = extent->ends->elems[i].offset;
		else if (since->elems[i].offset > *start)
			*start = since->elems[i].offset;
	}
}

enum stagger_status extent_ask(struct extent *out, const struct tool *tool, const char *topic,
			       int64_t since_ms, struct stagger_error *err)
{
	struct extent extent = {NULL, NULL};
	rd_kafka_topic_partition_list_t *since = NULL;
	bool timed = since_ms != READER_FROM_START && !is_mock(tool);
	rd_kafka_resp_err_t code;
	int n = count_partitions(tool, topic, &code);

	if (n > 0)
		extent.starts = ask_offsets(tool, topic, n, RD_KAFKA_OFFSET_BEGINNING, &code);
	if (extent.starts != NULL)
		extent.ends = ask_offsets(tool, topic, n, RD_KAFKA_OFFSET_END, &code);
	if (extent.ends != NULL && timed)
		since = ask_offsets(tool, topic, n, since_ms < 0 ? 0 : since_ms, &code);
	if (extent.ends == NULL || (timed && since == NULL)) {
		extent_clear(&extent);
		return extent_fail(tool, topic, code, err);
	}
	if (since != NULL) {
		begin_at(&extent, since);
		rd_kafka_topic_partition_list_destroy(since);
	}
	*out = extent;
	return STAGGER_OK;
}

void extent_clear(struct extent *extent)
{
	if (extent->starts != NULL)
		rd_kafka_topic_partition_list_destroy(extent->starts);
	if (extent->ends != NULL)
		rd_kafka_topic_partition_list_destroy(extent->ends);
	*extent = (struct extent){NULL, NULL};
}
