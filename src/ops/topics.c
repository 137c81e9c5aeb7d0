/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs, and what is made, is core/wish's decision; here it is carried out for tools. */
#include "ops/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/chain.h"
#include "kafka/admin.h"

const char *ops_state_name(enum ops_state state)
{
	switch (state) {
	case OPS_FITS:
		return "exists";
	case OPS_DIFFERS:
		return "differs";
	case OPS_MISSING:
		return "missing";
	case OPS_MADE:
		return "made";
	case OPS_WOULD_MAKE:
		return "would be made";
	case OPS_FAILED:
		return "failed";
	}
	return "";
}

static enum stagger_status list_topics(struct ops_topics *out, const struct ops_chains *chains,
				       struct stagger_error *err)
{
	size_t room = chains->n * WISH_MAX_TOPICS;
	size_t n = 0;
	struct wish_rule *rules = calloc(room + 1, sizeof(*rules));
	const char **of = calloc(room + 1, sizeof(*of));
	enum stagger_status status = STAGGER_OK;

	for (size_t c = 0; rules != NULL && of != NULL && c < chains->n; c++) {
		size_t before = n;
		wish_add(rules, &n, chains->list[c]);
		while (before < n)
			of[before++] = chains->list[c]->name;
	}
	struct ops_topic *list = calloc(n + 1, sizeof(*list));
	if (rules == NULL || of == NULL || list == NULL) {
		free(list);
		status = fail_memory(err);
	} else {
		for (size_t i = 0; i < n; i++)
			list[i] = (struct ops_topic){.chain = of[i], .rule = rules[i]};
		*out = (struct ops_topics){list, n};
	}
	free(rules);
	free(of);
	return status;
}

static struct wish_topic main_of(const struct ops_topics *topics, const struct wish_rule *rule)
{
	for (size_t i = 0; i < topics->n; i++)
		if (strcmp(topics->list[i].rule.topic, rule->main_topic) == 0)
			return topics->list[i].found;
	return (struct wish_topic){0};
}

/* What the broker said of one topic. */
static void refuse(struct ops_topic *topic, const struct admin_topic *said, const char *right)
{
	bool denied = said->status == STAGGER_DENIED;

	topic->state = OPS_FAILED;
	topic->status = said->status;
	snprintf(topic->text, sizeof(topic->text), "%s%s%s%s", said->text,
		 denied ? "; an ACL that allows " : "", denied ? right : "",
		 denied ? " on the topic is missing" : "");
}

static void judge(const struct ops_topics *topics, struct ops_topic *topic)
{
	topic->main_topic = main_of(topics, &topic->rule);
	topic->wish = wish_of(&topic->rule, &topic->main_topic);
	if (topic->state == OPS_FAILED)
		return;
	topic->findings = wish_compare(&topic->rule, &topic->found, &topic->main_topic);
	if (topic->found.partitions > 0) {
		topic->state = topic->findings.n > 0 ? OPS_DIFFERS : OPS_FITS;
		return;
	}
	topic->state = OPS_MISSING;
	if (topic->rule.role == WISH_MAIN)
		snprintf(topic->text, sizeof(topic->text),
			 "a main topic is its producers': it is not made here");
	else if (topic->main_topic.partitions <= 0)
		snprintf(topic->text, sizeof(topic->text),
			 "it should be like its main topic '%.*s', which is missing", TOPIC_MAX,
			 topic->rule.main_topic);
}

enum stagger_status ops_topics_look(struct ops_topics *out, struct tool *tool,
				    const struct ops_chains *chains, struct stagger_error *err)
{
	struct ops_topics topics = {0};
	enum stagger_status status = list_topics(&topics, chains, err);
	if (status != STAGGER_OK)
		return status;
	struct admin_topic *asked = calloc(topics.n + 1, sizeof(*asked));
	if (asked == NULL) {
		ops_topics_clear(&topics);
		return fail_memory(err);
	}
	for (size_t i = 0; i < topics.n; i++)
		asked[i].name = topics.list[i].rule.topic;
	status = admin_describe(tool, asked, topics.n, err);
	for (size_t i = 0; i < topics.n && status == STAGGER_OK; i++) {
		topics.list[i].found = asked[i].is;
		if (asked[i].status != STAGGER_OK)
			refuse(&topics.list[i], &asked[i], "DESCRIBE");
	}
	free(asked);
	if (status != STAGGER_OK) {
		ops_topics_clear(&topics);
		return status;
	}
	for (size_t i = 0; i < topics.n; i++)
		judge(&topics, &topics.list[i]);
	*out = topics;
	return STAGGER_OK;
}

static bool is_wanted(const struct ops_topic *topic)
{
	return topic->state == OPS_MISSING && topic->rule.role != WISH_MAIN &&
	       topic->main_topic.partitions > 0;
}

static void take_result(struct ops_topic *topic, const struct admin_topic *said, bool dry_run)
{
	if (said->status != STAGGER_OK) {
		refuse(topic, said, "CREATE");
		return;
	}
	topic->findings = (struct wish_findings){0};
	topic->state = said->existed ? OPS_FITS : dry_run ? OPS_WOULD_MAKE : OPS_MADE;
}

enum stagger_status ops_topics_create(struct ops_topics *out, struct tool *tool,
				      const struct ops_chains *chains, bool dry_run,
				      struct stagger_error *err)
{
	struct ops_topics topics = {0};
	enum stagger_status status = ops_topics_look(&topics, tool, chains, err);
	if (status != STAGGER_OK)
		return status;
	size_t n = 0;
	struct admin_topic *make = calloc(topics.n + 1, sizeof(*make));
	if (make == NULL) {
		ops_topics_clear(&topics);
		return fail_memory(err);
	}
	for (size_t i = 0; i < topics.n; i++)
		if (is_wanted(&topics.list[i]))
			make[n++] = (struct admin_topic){.name = topics.list[i].rule.topic,
							 .is = topics.list[i].wish};
	status = admin_create(tool, make, n, dry_run, err);
	n = 0;
	for (size_t i = 0; i < topics.n && status == STAGGER_OK; i++)
		if (is_wanted(&topics.list[i]))
			take_result(&topics.list[i], &make[n++], dry_run);
	free(make);
	if (status == STAGGER_OK)
		*out = topics;
	else
		ops_topics_clear(&topics);
	return status;
}

void ops_topics_clear(struct ops_topics *topics)
{
	free(topics->list);
	*topics = (struct ops_topics){0};
}

enum ops_outcome ops_topics_outcome(const struct ops_topics *topics)
{
	size_t n_good = 0;

	for (size_t i = 0; i < topics->n; i++) {
		const struct ops_topic *topic = &topics->list[i];
		n_good += topic->state != OPS_MISSING && topic->state != OPS_FAILED &&
			  topic->findings.worst != WISH_REFUSED;
	}
	return n_good == topics->n ? OPS_DONE : n_good > 0 ? OPS_PARTLY : OPS_NOTHING;
}
