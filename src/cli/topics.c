/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of chains, printed. */
#include "cli/topics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "cli/columns.h"

#define LINE 2048
#define CELL 32

/* -- as a table -------------------------------------------------------------------------- */

static struct stagger_bytes number(char text[CELL], int64_t n)
{
	if (n <= 0)
		return (struct stagger_bytes){NULL, 0};
	snprintf(text, CELL, "%" PRId64, n);
	return bytes_text(text);
}

static struct stagger_bytes kept(char text[CELL], const struct wish_topic *topic)
{
	_Static_assert(CELL >= DURATION_TEXT, "a duration fits");
	if (!topic->known)
		return (struct stagger_bytes){NULL, 0};
	return bytes_text(topic->retention_ms < 0 ? "for ever"
						  : duration_format(topic->retention_ms, text));
}

static bool add_row(struct columns *columns, const struct ops_topic *topic)
{
	bool made = topic->state == OPS_MADE || topic->state == OPS_WOULD_MAKE;
	const struct wish_topic *is = made ? &topic->wish : &topic->found;
	char partitions[CELL];
	char replicas[CELL];
	char retention[CELL];
	char largest[CELL];
	const struct stagger_bytes cells[] = {
		bytes_text(topic->rule.topic),
		bytes_text(topic->chain),
		bytes_text(wish_role_name(topic->rule.role)),
		bytes_text(ops_state_name(topic->state)),
		number(partitions, is->partitions),
		number(replicas, is->replication),
		kept(retention, is),
		number(largest, is->max_message),
	};

	return columns_row(columns, cells);
}

bool topics_table(struct output *out, const struct ops_topics *topics)
{
	static const struct column specs[] = {
		{"topic", false, 0},      {"chain", false, 0},    {"for", false, 0},
		{"state", false, 0},      {"partitions", true, 0}, {"replicas", true, 0},
		{"kept", false, 0},       {"largest", true, 0},
	};
	struct columns *columns = columns_new(out, specs, sizeof(specs) / sizeof(specs[0]));
	bool good = columns != NULL;

	for (size_t i = 0; i < topics->n && good; i++)
		good = add_row(columns, &topics->list[i]);
	columns_end(&columns);
	return good;
}

/* -- as JSON ----------------------------------------------------------------------------- */

static void put_text(struct json *j, const char *name, const char *text)
{
	json_put_text(j, name, text[0] != '\0' ? text : NULL);
}

/* 0 is what is not known. */
static void put_number(struct json *j, const char *name, int64_t n)
{
	json_put_number_unless(j, name, n, 0);
}

static void put_topic(struct json *j, const char *name, const struct wish_topic *topic)
{
	json_name(j, name);
	if (topic->partitions <= 0) {
		json_null(j);
		return;
	}
	json_open(j, '{');
	put_number(j, "partitions", topic->partitions);
	put_number(j, "replication", topic->replication);
	if (topic->known) {
		put_text(j, "cleanup_policy", topic->compacted ? "compact" : "delete");
		put_number(j, "min_insync_replicas", topic->min_insync_replicas);
		put_number(j, "retention_ms", topic->retention_ms);
		put_number(j, "retention_bytes", topic->retention_bytes);
		put_number(j, "max_message_bytes", topic->max_message);
	}
	json_close(j, '}');
}

static void put_findings(struct json *j, const struct wish_case *one,
			 const struct wish_findings *findings)
{
	char text[LINE];

	json_name(j, "differences");
	json_open(j, '[');
	for (size_t i = 0; i < findings->n; i++) {
		json_open(j, '{');
		put_text(j, "what", wish_difference_name(findings->list[i].what));
		put_text(j, "severity", wish_severity_name(findings->list[i].severity));
		put_text(j, "text",
			 wish_say(text, sizeof(text), one, findings->list[i].what));
		json_close(j, '}');
	}
	json_close(j, ']');
}

void topics_json(struct json *j, const struct ops_topics *topics, const struct wish_help *help)
{
	char text[LINE];

	json_name(j, "topics");
	json_open(j, '[');
	for (size_t i = 0; i < topics->n; i++) {
		const struct ops_topic *topic = &topics->list[i];
		const struct wish_case one = {&topic->rule, &topic->found, &topic->main_topic};
		json_open(j, '{');
		put_text(j, "topic", topic->rule.topic);
		put_text(j, "chain", topic->chain);
		put_text(j, "role", wish_role_name(topic->rule.role));
		put_text(j, "state", ops_state_name(topic->state));
		put_topic(j, "is", &topic->found);
		if (topic->rule.role != WISH_MAIN)
			put_topic(j, "should_be", &topic->wish);
		put_findings(j, &one, &topic->findings);
		put_text(j, "mend",
			 wish_mend(text, sizeof(text), &one, &topic->findings, WISH_NOTE, help));
		put_text(j, "why", topic->text);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* -- in words ---------------------------------------------------------------------------- */

void topics_say(const struct ops_topics *topics, const struct wish_help *help)
{
	char line[LINE];

	for (size_t i = 0; i < topics->n; i++) {
		const struct ops_topic *topic = &topics->list[i];
		const struct wish_case one = {&topic->rule, &topic->found, &topic->main_topic};
		if (topic->state == OPS_FAILED)
			message("error: topic '%s': %s", topic->rule.topic, topic->text);
		else if (topic->findings.n > 0)
			message("%s: topic %s", wish_severity_name(topic->findings.worst),
				wish_line(line, sizeof(line), &one, &topic->findings, WISH_NOTE,
					  help));
	}
}
