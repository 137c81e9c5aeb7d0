/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings in words: what is wrong, why that matters, and the command that mends it. */
#include "core/wish.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "core/topics.h"

struct writer {
	char *text;
	size_t size, used;
};

static const char *kept(int64_t ms, char text[DURATION_TEXT])
{
	if (ms < 0)
		return "for ever";
	text[0] = '\0';
	return duration_format(ms, text);
}

const char *wish_difference_name(enum wish_difference what)
{
	switch (what) {
	case WISH_MISSING:
		return "missing";
	case WISH_COMPACTED:
		return "compacted";
	case WISH_RETENTION:
		return "retention";
	case WISH_RETENTION_BYTES:
		return "retention_bytes";
	case WISH_MIN_INSYNC:
		return "min_insync_replicas";
	case WISH_REPLICATION:
		return "replication";
	case WISH_PARTITIONS:
		return "partitions";
	case WISH_MAX_MESSAGE:
		return "max_message_bytes";
	}
	return "";
}

static void say_missing(struct writer *w, const struct wish_case *of)
{
	char wait[DURATION_TEXT];

	text_add(w->text, w->size, &w->used, "is missing: ");
	if (of->rule->role == WISH_MAIN) {
		text_add(w->text, w->size, &w->used,
			 "make it with as many partitions as you need");
		return;
	}
	text_add(w->text, w->size, &w->used, "it should be kept %s%s and have ",
		 of->rule->retention_ms < 0 ? "" : "for ", kept(of->rule->retention_ms, wait));
	if (of->main_topic->partitions > 0)
		text_add(w->text, w->size, &w->used, "%d partition%s",
			 (int)of->main_topic->partitions,
			 of->main_topic->partitions == 1 ? "" : "s");
	else
		text_add(w->text, w->size, &w->used, "as many partitions as '%s'",
			 of->rule->main_topic);
}

static const char *why_not_compacted(enum wish_role role)
{
	switch (role) {
	case WISH_MAIN:
		return "an older message that is produced back to it would take the place of newer "
		       "ones of its key; let the stages handle what is due (mode: handle)";
	case WISH_STAGE:
		return "newer messages of a key would delete those that wait";
	case WISH_DEAD:
		return "newer dead letters of a key would delete older ones, and it takes none "
		       "without a key";
	}
	return "";
}

static void say_retention(struct writer *w, const struct wish_case *of)
{
	char is[DURATION_TEXT];
	char should[DURATION_TEXT];

	text_add(w->text, w->size, &w->used, "is kept for %s",
		 kept(of->found->retention_ms, is));
	if (of->rule->role == WISH_DEAD)
		text_add(w->text, w->size, &w->used,
			 " and dead letters are deleted after that; it should be %s",
			 kept(of->rule->retention_ms, should));
	else if (of->found->retention_ms < of->rule->longest_wait_ms)
		text_add(w->text, w->size, &w->used,
			 " and messages may wait for %s: they would be deleted while they wait",
			 kept(of->rule->longest_wait_ms, should));
	else
		text_add(w->text, w->size, &w->used,
			 "; it should be %s, so that what waits outlives an outage",
			 kept(of->rule->retention_ms, should));
}

static void say_min_insync(struct writer *w, const struct wish_topic *found)
{
	int least = (int)found->min_insync_replicas;
	int replicas = (int)found->replication;

	if (replicas > 0 && least > replicas)
		text_add(w->text, w->size, &w->used,
			 "has min.insync.replicas %d and %d replica%s: nothing can be written to "
			 "it",
			 least, replicas, replicas == 1 ? "" : "s");
	else
		text_add(w->text, w->size, &w->used,
			 "has min.insync.replicas %d of %d replicas: a copy may be lost with %s",
			 least, replicas, least == 1 ? "one broker" : "fewer brokers than main's");
}

static void say_partitions(struct writer *w, const struct wish_case *of)
{
	text_add(w->text, w->size, &w->used,
		 "has %d partitions and '%s' %d: their messages may be handled by different "
		 "members",
		 (int)of->found->partitions, of->rule->main_topic, (int)of->main_topic->partitions);
}

static void say_max_message(struct writer *w, const struct wish_case *of)
{
	text_add(w->text, w->size, &w->used,
		 "has max.message.bytes %" PRId64 " and '%s' %" PRId64 ": %s",
		 of->found->max_message, of->rule->main_topic, of->main_topic->max_message,
		 of->rule->role == WISH_STAGE
			 ? "a message that does not fit with its envelope goes to the dead letters"
			 : "a dead letter that does not fit with its envelope loses its payload");
}

const char *wish_say(char *text, size_t size, const struct wish_case *of,
		     enum wish_difference what)
{
	struct writer w = {text, size, 0};
	struct wish_topic wish = wish_of(of->rule, of->main_topic);

	text[0] = '\0';
	switch (what) {
	case WISH_MISSING:
		say_missing(&w, of);
		break;
	case WISH_COMPACTED:
		text_add(text, size, &w.used, "is compacted: %s",
			 why_not_compacted(of->rule->role));
		break;
	case WISH_RETENTION:
		say_retention(&w, of);
		break;
	case WISH_RETENTION_BYTES:
		text_add(text, size, &w.used,
			 "has retention.bytes %" PRId64 ": a burst would delete messages %s",
			 of->found->retention_bytes,
			 of->rule->role == WISH_STAGE ? "that wait" : "before their time");
		break;
	case WISH_MIN_INSYNC:
		say_min_insync(&w, of->found);
		break;
	case WISH_REPLICATION:
		text_add(text, size, &w.used,
			 "has replication factor %d; it should be %d: a copy may be lost with %s",
			 (int)of->found->replication, (int)wish.replication,
			 of->found->replication == 1 ? "one broker" : "fewer brokers");
		break;
	case WISH_PARTITIONS:
		say_partitions(&w, of);
		break;
	case WISH_MAX_MESSAGE:
		say_max_message(&w, of);
		break;
	}
	return text;
}

/* The settings that the findings want changed, "a=1,b=2". */
static void settings(struct writer *w, const struct wish_topic *wish,
		     const struct wish_findings *findings, enum wish_severity least)
{
	for (size_t i = 0; i < findings->n; i++) {
		const char *comma = w->used > 0 ? "," : "";
		if (findings->list[i].severity < least)
			continue;
		switch (findings->list[i].what) {
		case WISH_COMPACTED:
			text_add(w->text, w->size, &w->used, "%scleanup.policy=delete", comma);
			break;
		case WISH_RETENTION:
			text_add(w->text, w->size, &w->used, "%sretention.ms=%" PRId64, comma,
				 wish->retention_ms);
			break;
		case WISH_RETENTION_BYTES:
			text_add(w->text, w->size, &w->used, "%sretention.bytes=-1", comma);
			break;
		case WISH_MIN_INSYNC:
			text_add(w->text, w->size, &w->used, "%smin.insync.replicas=%d", comma,
				 (int)wish->min_insync_replicas);
			break;
		case WISH_MAX_MESSAGE:
			text_add(w->text, w->size, &w->used, "%smax.message.bytes=%" PRId64, comma,
				 wish->max_message);
			break;
		case WISH_MISSING:
		case WISH_REPLICATION:
		case WISH_PARTITIONS:
			break;
		}
	}
}

static bool has(const struct wish_findings *findings, enum wish_difference what,
		enum wish_severity least)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->list[i].what == what && findings->list[i].severity >= least)
			return true;
	return false;
}

/* What min.insync.replicas should become where it is warned of. */
static int32_t safe_min_insync(const struct wish_topic *found, const struct wish_topic *wish)
{
	int32_t least = wish->min_insync_replicas > 2 ? wish->min_insync_replicas : 2;

	return found->replication > 0 && least > found->replication ? found->replication : least;
}

static void mend_missing(struct writer *w, const struct wish_case *of,
			 const struct wish_help *help)
{
	struct wish_topic wish = wish_of(of->rule, of->main_topic);

	if (help->file != NULL && of->rule->role != WISH_MAIN) {
		text_add(w->text, w->size, &w->used, "stagger topics create %s", help->file);
		return;
	}
	if (of->rule->role == WISH_MAIN)
		wish = (struct wish_topic){0};
	topic_create_line(w->text, w->size, help->servers, of->rule->topic,
			  &(struct topic_make){
				  .partitions = wish.partitions > 0 ? wish.partitions : 1,
				  .replication = wish.replication,
				  .min_insync_replicas = wish.min_insync_replicas,
				  .retention_ms = wish.retention_ms,
				  .max_message = wish.max_message,
			  });
}

const char *wish_mend(char *text, size_t size, const struct wish_case *of,
		      const struct wish_findings *findings, enum wish_severity least,
		      const struct wish_help *help)
{
	struct writer w = {text, size, 0};
	struct wish_topic wish = wish_of(of->rule, of->main_topic);
	char changed[256] = "";

	text[0] = '\0';
	if (has(findings, WISH_MISSING, least)) {
		mend_missing(&w, of, help);
		return text;
	}
	if (of->rule->role == WISH_MAIN)
		return text; // main is its owner's
	wish.min_insync_replicas = safe_min_insync(of->found, &wish);
	settings(&(struct writer){changed, sizeof(changed), 0}, &wish, findings, least);
	const char *quote = strchr(help->servers, ' ') != NULL ? "'" : "";
	if (changed[0] != '\0')
		text_add(text, size, &w.used,
			 "kafka-configs.sh --bootstrap-server %s%s%s --alter --entity-type topics "
			 "--entity-name %s --add-config %s",
			 quote, help->servers, quote, of->rule->topic, changed);
	if (has(findings, WISH_PARTITIONS, least) && of->found->partitions < wish.partitions)
		text_add(text, size, &w.used,
			 "%skafka-topics.sh --bootstrap-server %s%s%s --alter --topic %s "
			 "--partitions %d",
			 w.used > 0 ? " && " : "", quote, help->servers, quote, of->rule->topic,
			 (int)wish.partitions);
	return text;
}

const char *wish_line(char *text, size_t size, const struct wish_case *of,
		      const struct wish_findings *findings, enum wish_severity least,
		      const struct wish_help *help)
{
	struct writer w = {text, size, 0};
	char part[1024];
	const char *before = " ";

	text[0] = '\0';
	text_add(text, size, &w.used, "'%s'", of->rule->topic);
	for (size_t i = 0; i < findings->n; i++) {
		if (findings->list[i].severity < least)
			continue;
		text_add(text, size, &w.used, "%s%s", before,
			 wish_say(part, sizeof(part), of, findings->list[i].what));
		before = "; ";
	}
	// A file's missing topics are made all at once: that is said once, behind all lines.
	if (help->file != NULL && of->rule->role != WISH_MAIN && has(findings, WISH_MISSING, least))
		return text;
	if (wish_mend(part, sizeof(part), of, findings, least, help)[0] != '\0')
		text_add(text, size, &w.used, "%s: %s",
			 of->main_topic->partitions > 0 ? "" : ", for one", part);
	return text;
}

const char *wish_stranded(char *text, size_t size, const char *topic, int64_t unread,
			  const char *group, bool allowed)
{
	size_t used = 0;

	text_add(text, size, &used,
		 "'%s' holds %" PRId64 " unread message%s of group '%s' and no stage reads it",
		 topic, unread, unread == 1 ? "" : "s", group);
	if (!allowed)
		text_add(text, size, &used,
			 ": declare its stage with `retired: true` until it is empty, or set "
			 "`allow_stranded: true` to leave them there");
	return text;
}
