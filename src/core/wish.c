/* SPDX-License-Identifier: Apache-2.0
 *
 * A topic's wish and its differences. What loses messages for sure is refused, what may lose them
 * or make them late is warned of, what is merely not as declared is a note: a start that warns of
 * every topic made with Kafka's defaults would teach people to look away. */
#include "core/wish.h"

#include <string.h>

#include "base/bytes.h"
#include "core/chain.h"
#include "core/topics.h"

#define MAX_MESSAGE_LIMIT INT32_MAX /* Kafka's type of max.message.bytes */

static void add(struct wish_rule *list, size_t *n, struct wish_rule rule)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(list[i].topic, rule.topic) != 0)
			continue;
		bool longer = list[i].retention_ms >= 0 &&
			      (rule.retention_ms < 0 || rule.retention_ms > list[i].retention_ms);
		if (list[i].role == WISH_DEAD && longer)
			list[i].retention_ms = rule.retention_ms;
		return; // DLTs may be shared
	}
	list[(*n)++] = rule;
}

void wish_add(struct wish_rule *list, size_t *n, const struct stagger_chain *chain)
{
	struct wish_rule rule = {
		.topic = chain->stages[CHAIN_MAIN].topic,
		.main_topic = chain->stages[CHAIN_MAIN].topic,
		.role = WISH_MAIN,
		.republish = chain->republish,
	};

	add(list, n, rule);
	rule.role = WISH_STAGE;
	rule.republish = false;
	rule.longest_wait_ms = chain->longest_wait_ms;
	rule.retention_ms = topic_retention_ms(chain->longest_wait_ms, chain->retention_margin_ms);
	rule.replication = chain->replication;
	rule.min_insync_replicas = chain->min_insync_replicas;
	for (int32_t s = 1; s < chain->n_stages; s++) {
		rule.topic = chain->stages[s].topic;
		add(list, n, rule);
	}
	rule.role = WISH_DEAD;
	rule.longest_wait_ms = 0;
	rule.retention_ms =
		chain->dead_letter_retention_ms > 0 ? chain->dead_letter_retention_ms : -1;
	rule.topic = chain->dead_letter_topic;
	if (rule.topic != NULL)
		add(list, n, rule);
	for (size_t i = 0; i < chain->n_routes; i++) {
		rule.topic = chain->routes[i].topic;
		add(list, n, rule);
	}
}

struct topic_pattern wish_pattern(const struct stagger_chain *chain, const char *group)
{
	return (struct topic_pattern){
		.pattern = chain->retry_template,
		.words = {.topic = chain->topic, .group = group, .chain = chain->name},
	};
}

const char *wish_severity_name(enum wish_severity severity)
{
	switch (severity) {
	case WISH_NOTE:
		return "note";
	case WISH_WARNING:
		return "warning";
	case WISH_REFUSED:
		return "error";
	}
	return "";
}

const char *wish_role_name(enum wish_role role)
{
	switch (role) {
	case WISH_MAIN:
		return "main";
	case WISH_STAGE:
		return "stage";
	case WISH_DEAD:
		return "dead letters";
	}
	return "";
}

struct wish_topic wish_of(const struct wish_rule *rule, const struct wish_topic *main_topic)
{
	struct wish_topic wish = {
		.partitions = main_topic->partitions,
		.replication =
			rule->replication > 0 ? rule->replication : main_topic->replication,
		.known = true,
		.min_insync_replicas = rule->min_insync_replicas,
		.retention_ms = rule->retention_ms,
		.retention_bytes = -1,
	};

	if (wish.min_insync_replicas == 0 && main_topic->known)
		wish.min_insync_replicas = main_topic->min_insync_replicas;
	if (wish.replication > 0 && wish.min_insync_replicas > wish.replication)
		wish.min_insync_replicas = wish.replication; // else nothing could be written
	if (main_topic->known && main_topic->max_message > 0) {
		wish.max_message = add_saturated(main_topic->max_message, WISH_ENVELOPE_BYTES);
		if (wish.max_message > MAX_MESSAGE_LIMIT)
			wish.max_message = MAX_MESSAGE_LIMIT;
	}
	return wish;
}

static void found(struct wish_findings *to, enum wish_difference what,
		  enum wish_severity severity)
{
	to->list[to->n++] = (struct wish_finding){what, severity};
	if (severity > to->worst)
		to->worst = severity;
}

static bool is_shorter(int64_t retention_ms, int64_t than_ms)
{
	return retention_ms >= 0 && (than_ms < 0 || retention_ms < than_ms);
}

static void compare_retention(struct wish_findings *to, const struct wish_rule *rule,
			      const struct wish_topic *topic)
{
	bool stage = rule->role == WISH_STAGE;

	if (topic->retention_bytes >= 0)
		found(to, WISH_RETENTION_BYTES, stage ? WISH_WARNING : WISH_NOTE);
	if (!is_shorter(topic->retention_ms, rule->retention_ms))
		return;
	// Half of the margin is an outage that one notices; Kafka's 7 d are a little less than
	// the default, and no reason for a warning.
	int64_t half_ms = (rule->retention_ms - rule->longest_wait_ms) / 2;
	if (stage && topic->retention_ms < rule->longest_wait_ms)
		found(to, WISH_RETENTION, WISH_REFUSED);
	else if (stage && topic->retention_ms - rule->longest_wait_ms < half_ms)
		found(to, WISH_RETENTION, WISH_WARNING);
	else
		found(to, WISH_RETENTION, WISH_NOTE);
}

static void compare_durability(struct wish_findings *to, const struct wish_topic *wish,
			       const struct wish_topic *topic)
{
	int32_t least = topic->min_insync_replicas;

	if (topic->replication > 0 && topic->replication < wish->replication)
		found(to, WISH_REPLICATION, topic->replication == 1 ? WISH_WARNING : WISH_NOTE);
	if (!topic->known || least == 0)
		return;
	if ((least == 1 && topic->replication >= 3) ||
	    (topic->replication > 0 && least > topic->replication))
		found(to, WISH_MIN_INSYNC, WISH_WARNING);
	else if (least < wish->min_insync_replicas && topic->replication > least)
		found(to, WISH_MIN_INSYNC, WISH_NOTE);
}

struct wish_findings wish_compare(const struct wish_rule *rule, const struct wish_topic *topic,
				  const struct wish_topic *main_topic)
{
	struct wish_findings findings = {0};

	if (topic->partitions <= 0) {
		found(&findings, WISH_MISSING, WISH_REFUSED);
		return findings;
	}
	if (rule->role == WISH_MAIN) {
		if (rule->republish && topic->known && topic->compacted)
			found(&findings, WISH_COMPACTED, WISH_REFUSED);
		return findings;
	}
	struct wish_topic wish = wish_of(rule, main_topic);
	if (topic->known && topic->compacted)
		found(&findings, WISH_COMPACTED, WISH_REFUSED);
	if (topic->known)
		compare_retention(&findings, rule, topic);
	compare_durability(&findings, &wish, topic);
	if (rule->role == WISH_STAGE && wish.partitions > 0 && topic->partitions != wish.partitions)
		found(&findings, WISH_PARTITIONS, WISH_WARNING);
	if (topic->known && topic->max_message > 0 && topic->max_message < wish.max_message)
		found(&findings, WISH_MAX_MESSAGE,
		      topic->max_message < main_topic->max_message ? WISH_WARNING : WISH_NOTE);
	return findings;
}
