/* SPDX-License-Identifier: Apache-2.0
 *
 * Stranded topics: a chain that lost a stage, or whose delay was changed, leaves a topic behind
 * that nobody reads. They are found by the chain's own naming, and matter when they hold messages
 * that this group has not read. Costs nothing where no such topic exists, and needs no right that a
 * consumer of the group lacks. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "kafka/internal.h"

#define ASK_MS 3000
#define MAX_CANDIDATES 1000

static bool is_candidate(const struct admin_naming *naming,
			 const struct rd_kafka_metadata_topic *topic)
{
	bool ours = false;

	for (size_t i = 0; i < naming->n_patterns && !ours; i++)
		ours = topic_matches(&naming->patterns[i], topic->topic);
	for (size_t i = 0; i < naming->n_rules && ours; i++)
		ours = strcmp(naming->rules[i].topic, topic->topic) != 0;
	return ours && topic->partition_cnt > 0;
}

enum stagger_status stranded_find(struct tool *tool, const struct rd_kafka_metadata *all,
				  const struct admin_naming *naming, struct admin_lag **out,
				  size_t *n, struct stagger_error *err)
{
	size_t n_found = 0;
	size_t n_unread = 0;
	struct admin_lag *list = NULL;

	*n = 0;
	for (int i = 0; i < all->topic_cnt && n_found < MAX_CANDIDATES; i++) {
		if (!is_candidate(naming, &all->topics[i]))
			continue;
		if (list == NULL)
			list = calloc((size_t)(all->topic_cnt - i), sizeof(*list));
		if (list == NULL)
			return fail_memory(err);
		list[n_found++] = (struct admin_lag){.topic = all->topics[i].topic,
						     .partitions = all->topics[i].partition_cnt};
	}
	if (n_found == 0)
		return STAGGER_OK;
	enum stagger_status status = admin_lags(tool, naming->group, list, n_found, err);
	for (size_t i = 0; i < n_found && status == STAGGER_OK; i++) {
		if (list[i].unread < 0)
			log_debug(tool->log, "kafka: what topic '%s' holds cannot be asked",
				  list[i].topic);
		if (list[i].unread > 0)
			list[n_unread++] = list[i];
	}
	if (n_unread == 0) {
		free(list);
		return status;
	}
	*out = list;
	*n = n_unread;
	return STAGGER_OK;
}

/* The same list with names of its own behind it. */
static enum stagger_status with_names(struct admin_lag **out, const struct admin_lag *list,
				      size_t n, struct stagger_error *err)
{
	size_t size = n * sizeof(*list);

	for (size_t i = 0; i < n; i++)
		size += strlen(list[i].topic) + 1;
	struct admin_lag *made = malloc(size);
	if (made == NULL)
		return fail_memory(err);
	memcpy(made, list, n * sizeof(*list));
	char *at = (char *)(made + n);
	for (size_t i = 0; i < n; i++)
		made[i].topic = text_pack(&at, list[i].topic);
	*out = made;
	return STAGGER_OK;
}

enum stagger_status admin_stranded(struct tool *tool, const struct admin_naming *naming,
				   struct admin_lag **out, size_t *n, struct stagger_error *err)
{
	const struct rd_kafka_metadata *all = NULL;
	struct admin_lag *list = NULL;
	size_t n_found;

	rd_kafka_resp_err_t code = rd_kafka_metadata(tool->rk, 1, NULL, &all, ASK_MS);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return admin_unreachable(code, "the list of topics", err);
	enum stagger_status status = stranded_find(tool, all, naming, &list, &n_found, err);
	struct admin_lag *named = NULL;
	if (status == STAGGER_OK && n_found > 0)
		status = with_names(&named, list, n_found, err);
	free(list);
	rd_kafka_metadata_destroy(all);
	if (status == STAGGER_OK) {
		*out = named;
		*n = n_found;
	}
	return status;
}
