/* SPDX-License-Identifier: Apache-2.0
 *
 * The findings of a check. A consumer's start decides by the same core/wish, so that what is
 * refused here is refused there. */
#include "ops/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/chain.h"
#include "kafka/admin.h"

#define OTHERS 3 /* findings that are neither a topic's nor a stranded one's */

const char *ops_about_name(enum ops_about about)
{
	switch (about) {
	case OPS_ABOUT_TOPIC:
		return "topic";
	case OPS_ABOUT_STRANDED:
		return "stranded";
	case OPS_ABOUT_GROUP:
		return "group";
	}
	return "";
}

/* The next finding of a list that has room for it. */
static struct ops_finding *add(struct ops_check *check, enum ops_about about,
			       enum wish_severity severity)
{
	struct ops_finding *finding = &check->list[check->n++];

	*finding = (struct ops_finding){.about = about, .severity = severity};
	return finding;
}

/* -- topics ------------------------------------------------------------------------------ */

/* A topic that create_topics makes at the start is no reason not to start. */
static enum wish_severity severity_of(const struct ops_topic *topic, size_t i,
				      const struct ops_question *q)
{
	bool made = q->create_topics && topic->rule.role != WISH_MAIN &&
		    topic->main_topic.partitions > 0;

	return topic->findings.list[i].what == WISH_MISSING && made
		       ? WISH_NOTE
		       : topic->findings.list[i].severity;
}

static void add_topic(struct ops_check *check, const struct ops_topic *topic,
		      const struct ops_question *q)
{
	const struct wish_case one = {&topic->rule, &topic->found, &topic->main_topic};

	if (topic->state == OPS_FAILED) {
		struct ops_finding *finding = add(check, OPS_ABOUT_TOPIC, WISH_REFUSED);
		finding->topic = topic->rule.topic;
		snprintf(finding->text, sizeof(finding->text), "%s", topic->text);
	}
	for (size_t i = 0; i < topic->findings.n; i++) {
		const struct wish_findings alone = {.list = {topic->findings.list[i]}, .n = 1};
		struct ops_finding *finding =
			add(check, OPS_ABOUT_TOPIC, severity_of(topic, i, q));
		finding->topic = topic->rule.topic;
		finding->difference = wish_difference_name(topic->findings.list[i].what);
		wish_say(finding->text, sizeof(finding->text), &one, topic->findings.list[i].what);
		wish_mend(finding->mend, sizeof(finding->mend), &one, &alone, WISH_NOTE, &q->help);
	}
}

static void tell_unread(struct ops_check *check)
{
	size_t n = 0;

	for (size_t i = 0; i < check->topics.n; i++)
		n += check->topics.list[i].found.partitions > 0 &&
		     !check->topics.list[i].found.known;
	if (n == 0)
		return;
	struct ops_finding *finding = add(check, OPS_ABOUT_TOPIC, WISH_NOTE);
	snprintf(finding->text, sizeof(finding->text),
		 "the settings of %zu topics cannot be read, so that retention and compaction were "
		 "not checked: an ACL that allows DESCRIBE_CONFIGS is missing, or it is the "
		 "embedded broker",
		 n);
}

/* -- the group --------------------------------------------------------------------------- */

static enum stagger_status ask_group(struct ops_check *check, struct tool *tool,
				     const struct ops_question *q, struct stagger_error *err)
{
	struct admin_lag *lags = calloc(check->topics.n + 1, sizeof(*lags));
	size_t n = 0;

	if (lags == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < check->topics.n; i++) {
		const struct ops_topic *topic = &check->topics.list[i];
		if (topic->rule.role != WISH_DEAD && topic->found.partitions > 0)
			lags[n++] = (struct admin_lag){.topic = topic->rule.topic,
						       .partitions = topic->found.partitions};
	}
	enum stagger_status status = admin_lags(tool, q->group, lags, n, err);
	free(lags);
	if (status == STAGGER_OK || status == STAGGER_NO_MEMORY)
		return status;
	struct ops_finding *finding = add(
		check, OPS_ABOUT_GROUP, status == STAGGER_DENIED ? WISH_REFUSED : WISH_WARNING);
	snprintf(finding->text, sizeof(finding->text), "%.*s", OPS_TEXT - 1, err->text);
	return STAGGER_OK;
}

static enum stagger_status ask_stranded(struct ops_check *check, struct tool *tool,
					const struct ops_question *q, struct admin_naming *naming,
					struct stagger_error *err)
{
	size_t n = 0;
	enum stagger_status status = admin_stranded(tool, naming, &check->stranded, &n, err);

	if (status == STAGGER_NO_MEMORY)
		return status;
	if (status != STAGGER_OK) {
		struct ops_finding *finding = add(check, OPS_ABOUT_STRANDED, WISH_WARNING);
		snprintf(finding->text, sizeof(finding->text),
			 "whether messages are stranded cannot be asked: %.*s", OPS_TEXT / 2,
			 err->text);
		return STAGGER_OK;
	}
	enum wish_severity severity = q->allow_stranded ? WISH_WARNING : WISH_REFUSED;
	for (size_t i = 0; i < n && i < OPS_MAX_STRANDED; i++) {
		struct ops_finding *finding = add(check, OPS_ABOUT_STRANDED, severity);
		finding->topic = check->stranded[i].topic;
		wish_stranded(finding->text, sizeof(finding->text), finding->topic,
			      check->stranded[i].unread, q->group, q->allow_stranded);
	}
	if (n > OPS_MAX_STRANDED) {
		struct ops_finding *finding = add(check, OPS_ABOUT_STRANDED, severity);
		snprintf(finding->text, sizeof(finding->text), "and %zu more",
			 n - OPS_MAX_STRANDED);
	}
	return STAGGER_OK;
}

static enum stagger_status look_for_stranded(struct ops_check *check, struct tool *tool,
					     const struct ops_question *q,
					     struct stagger_error *err)
{
	struct topic_pattern *patterns = calloc(q->chains.n + 1, sizeof(*patterns));
	struct wish_rule *rules = calloc(check->topics.n + 1, sizeof(*rules));
	enum stagger_status status = STAGGER_OK;

	if (patterns == NULL || rules == NULL) {
		status = fail_memory(err);
	} else {
		for (size_t i = 0; i < q->chains.n; i++)
			patterns[i] = wish_pattern(q->chains.list[i], q->group);
		for (size_t i = 0; i < check->topics.n; i++)
			rules[i] = check->topics.list[i].rule;
		struct admin_naming naming = {.patterns = patterns,
					      .n_patterns = q->chains.n,
					      .rules = rules,
					      .n_rules = check->topics.n,
					      .group = q->group};
		status = ask_stranded(check, tool, q, &naming, err);
	}
	free(patterns);
	free(rules);
	return status;
}

/* -- all of it --------------------------------------------------------------------------- */

/* The worst first, else as they came: by position, because qsort() keeps no order. */
static void sort(struct ops_check *check, struct ops_finding *room)
{
	size_t used = 0;

	for (int severity = WISH_REFUSED; severity >= WISH_NOTE; severity--)
		for (size_t i = 0; i < check->n; i++)
			if (check->list[i].severity == (enum wish_severity)severity)
				room[used++] = check->list[i];
	memcpy(check->list, room, used * sizeof(*room));
}

enum stagger_status ops_check(struct ops_check *out, struct tool *tool,
			      const struct ops_question *question, struct stagger_error *err)
{
	struct ops_check check = {0};
	struct ops_finding *room = NULL;
	enum stagger_status status =
		ops_topics_look(&check.topics, tool, &question->chains, err);
	if (status != STAGGER_OK)
		return status;
	size_t most = check.topics.n * (WISH_DIFFERENCES + 1) + OPS_MAX_STRANDED + OTHERS;
	check.list = calloc(most, sizeof(*check.list));
	room = calloc(most, sizeof(*room));
	if (check.list == NULL || room == NULL)
		status = fail_memory(err);
	for (size_t i = 0; i < check.topics.n && status == STAGGER_OK; i++)
		add_topic(&check, &check.topics.list[i], question);
	if (status == STAGGER_OK) {
		tell_unread(&check);
		status = ask_group(&check, tool, question, err);
	}
	if (status == STAGGER_OK)
		status = look_for_stranded(&check, tool, question, err);
	if (status == STAGGER_OK) {
		sort(&check, room);
		*out = check;
	} else {
		ops_check_clear(&check);
	}
	free(room);
	return status;
}

void ops_check_clear(struct ops_check *check)
{
	ops_topics_clear(&check->topics);
	free(check->list);
	free(check->stranded);
	*check = (struct ops_check){0};
}
