/* SPDX-License-Identifier: Apache-2.0
 *
 * Stranded topics: a chain that lost a stage, or whose delay was changed, leaves a topic behind
 * that nobody reads. They are found by the chain's own naming, and matter when they hold messages
 * that this group has not read. Costs nothing where no such topic exists, needs no right that a
 * consumer lacks, and where it cannot be asked nothing is refused. On the asker's thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kafka/internal.h"

#define MAX_CANDIDATES 1000

static bool is_candidate(const struct kafka *k, const struct rd_kafka_metadata_topic *topic)
{
	bool ours = false;

	for (size_t i = 0; i < k->n_patterns && !ours; i++)
		ours = topic_matches(&k->patterns[i], topic->topic);
	return ours && topic->partition_cnt > 0 && topics_find(k, topic->topic) == NULL;
}

static void tell(struct kafka *k, const struct admin_lag *lag, struct topics_report *report)
{
	char line[1024];

	if (k->allow_stranded) {
		log_warn(k->log,
			 "kafka: topic '%s' holds %" PRId64 " unread messages of group '%s' and no "
			 "stage reads it (allow_stranded)",
			 lag->topic, lag->unread, k->group);
		return;
	}
	snprintf(line, sizeof(line),
		 "'%s' holds %" PRId64 " unread messages of group '%s' and no stage reads it: "
		 "declare its stage with `retired: true` until it is empty, or set allow_stranded "
		 "to leave them there",
		 lag->topic, lag->unread, k->group);
	topics_report_add(report, FAULT_STRANDED, line);
}

void stranded_look(struct kafka *k, const struct rd_kafka_metadata *all,
		   struct topics_report *report)
{
	struct tool tool = {.rk = k->admin, .log = k->log, .logs = k->logs};
	struct stagger_error err;
	size_t n = 0;

	if (k->n_patterns == 0 || all->topic_cnt == 0)
		return;
	struct admin_lag *list = calloc((size_t)all->topic_cnt, sizeof(*list));
	if (list == NULL)
		return;
	for (int i = 0; i < all->topic_cnt && n < MAX_CANDIDATES; i++)
		if (is_candidate(k, &all->topics[i]))
			list[n++] = (struct admin_lag){.topic = all->topics[i].topic,
						       .partitions = all->topics[i].partition_cnt};
	if (n > 0 && admin_lags(&tool, k->group, list, n, &err) != STAGGER_OK) {
		log_warn(k->log, "kafka: whether %zu topics of the chain's naming hold unread "
				 "messages cannot be asked: %s", n, err.text);
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (list[i].unread > 0)
			tell(k, &list[i], report);
		else if (list[i].unread < 0)
			log_debug(k->log, "kafka: what topic '%s' holds cannot be asked",
				  list[i].topic);
	}
	free(list);
}
