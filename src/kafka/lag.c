/* SPDX-License-Identifier: Apache-2.0
 *
 * What a group has not read of topics: its commits against the ends of the logs. Three requests
 * however many partitions there are; needs no right that a consumer of the group lacks. */
#include "kafka/admin.h"

#include <assert.h>

#include "base/error.h"
#include "kafka/internal.h"

#define ASK_MS   3000
#define LATER_MS 500

static rd_kafka_topic_partition_list_t *partitions_of(const struct admin_lag *list, size_t n,
						      int64_t offset)
{
	rd_kafka_topic_partition_list_t *made = rd_kafka_topic_partition_list_new((int)n);

	for (size_t i = 0; i < n; i++)
		for (int32_t p = 0; p < list[i].partitions; p++)
			rd_kafka_topic_partition_list_add(made, list[i].topic, p)->offset = offset;
	return made;
}

static enum stagger_status refuse(rd_kafka_resp_err_t code, const char *group,
				  struct stagger_error *err)
{
	bool denied = error_of_commit(code) == PORT_DENIED;

	return fail_code(err, denied ? STAGGER_DENIED : STAGGER_UNREACHABLE, code,
			 "kafka: the commits of group '%s' cannot be read: %s%s%s", group,
			 rd_kafka_err2str(code), denied ? "; " : "",
			 denied ? error_advice(TROUBLE_GROUP) : "");
}

/* The commits, where there are some, into wanted. */
static enum stagger_status take_commits(rd_kafka_event_t *event,
					rd_kafka_topic_partition_list_t *wanted, const char *group,
					struct stagger_error *err)
{
	size_t n;
	const rd_kafka_ListConsumerGroupOffsets_result_t *result =
		rd_kafka_event_ListConsumerGroupOffsets_result(event);
	const rd_kafka_group_result_t **groups =
		result != NULL ? rd_kafka_ListConsumerGroupOffsets_result_groups(result, &n) : NULL;
	if (groups == NULL || n != 1)
		return refuse(RD_KAFKA_RESP_ERR__TIMED_OUT, group, err);
	const rd_kafka_error_t *error = rd_kafka_group_result_error(groups[0]);
	if (error != NULL)
		return refuse(rd_kafka_error_code(error), group, err);
	const rd_kafka_topic_partition_list_t *found =
		rd_kafka_group_result_partitions(groups[0]);
	for (int i = 0; i < found->cnt; i++) {
		rd_kafka_topic_partition_t *to = rd_kafka_topic_partition_list_find(
			wanted, found->elems[i].topic, found->elems[i].partition);
		if (to == NULL)
			continue;
		to->offset = found->elems[i].offset;
		to->err = found->elems[i].err;
	}
	return STAGGER_OK;
}

static enum stagger_status ask_commits(const struct tool *tool, const char *group,
				       rd_kafka_topic_partition_list_t *wanted,
				       struct stagger_error *err)
{
	char text[256];
	rd_kafka_t *rk = tool->group_rk;
	assert(rk != NULL);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *how =
		rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_ListConsumerGroupOffsets_t *request =
		rd_kafka_ListConsumerGroupOffsets_new(group, wanted);

	(void)rd_kafka_AdminOptions_set_request_timeout(how, ASK_MS, text, sizeof(text));
	rd_kafka_ListConsumerGroupOffsets(rk, &request, 1, how, queue);
	rd_kafka_ListConsumerGroupOffsets_destroy(request);
	rd_kafka_AdminOptions_destroy(how);
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ASK_MS + LATER_MS);
	rd_kafka_resp_err_t code =
		event != NULL ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	enum stagger_status status = code != RD_KAFKA_RESP_ERR_NO_ERROR
					     ? refuse(code, group, err)
					     : take_commits(event, wanted, group, err);
	if (event != NULL)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	return status;
}

/* Where the logs start or end; what a partition does not tell stays below 0. */
static enum stagger_status ask_bounds(const struct tool *tool,
				      rd_kafka_topic_partition_list_t *list,
				      struct stagger_error *err)
{
	rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(tool->rk, list, ASK_MS);
	bool some = false;

	for (int i = 0; i < list->cnt; i++) {
		if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			list->elems[i].offset = -1;
		some = some || list->elems[i].offset >= 0;
	}
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !some)
		return fail_code(err,
				 error_of_commit(code) == PORT_DENIED ? STAGGER_DENIED
								      : STAGGER_UNREACHABLE,
				 code, "kafka: the ends of logs cannot be read: %s",
				 rd_kafka_err2str(code));
	return STAGGER_OK;
}

static void add_up(struct admin_lag *lag, const rd_kafka_topic_partition_list_t *commits,
		   const rd_kafka_topic_partition_list_t *starts,
		   const rd_kafka_topic_partition_list_t *ends, int first)
{
	lag->unread = 0;
	lag->n_committed = 0;
	for (int i = first; i < first + lag->partitions; i++) {
		int64_t from = commits->elems[i].offset;
		int64_t start = starts->elems[i].offset;
		int64_t end = ends->elems[i].offset;

		lag->n_committed += from >= 0;
		if (start < 0 || end < 0 || commits->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
			lag->unread = -1;
			return;
		}
		if (from < start)
			from = start;
		lag->unread += end > from ? end - from : 0;
	}
}

enum stagger_status admin_lags(struct tool *tool, const char *group, struct admin_lag *list,
			       size_t n, struct stagger_error *err)
{
	rd_kafka_topic_partition_list_t *commits =
		partitions_of(list, n, RD_KAFKA_OFFSET_INVALID);
	rd_kafka_topic_partition_list_t *starts =
		partitions_of(list, n, RD_KAFKA_OFFSET_BEGINNING);
	rd_kafka_topic_partition_list_t *ends = partitions_of(list, n, RD_KAFKA_OFFSET_END);
	enum stagger_status status = STAGGER_OK;

	if (commits->cnt > 0) {
		status = ask_commits(tool, group, commits, err);
		// Starts first: an end asked for later is never before them.
		if (status == STAGGER_OK)
			status = ask_bounds(tool, starts, err);
		if (status == STAGGER_OK)
			status = ask_bounds(tool, ends, err);
	}
	int first = 0;
	for (size_t i = 0; i < n && status == STAGGER_OK; i++) {
		add_up(&list[i], commits, starts, ends, first);
		first += list[i].partitions;
	}
	rd_kafka_topic_partition_list_destroy(commits);
	rd_kafka_topic_partition_list_destroy(starts);
	rd_kafka_topic_partition_list_destroy(ends);
	return status;
}
