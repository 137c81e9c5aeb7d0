/* SPDX-License-Identifier: Apache-2.0
 *
 * The chains' topics at first contact: looked for, made where that is wanted, judged by core/wish.
 * All that keeps the consumer from starting becomes one error. On the asker's thread. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "kafka/internal.h"

#define ASK_ONE_MS 1000
#define MISSING_LASTS_US 2000000 /* a topic made a moment ago is not known everywhere */
#define MADE_LASTS_US 10000000   /* what we made ourselves is known by then */
#define MAX_NAMED 32             /* missing topics asked for by name */
#define LINE 1536

static struct tool asking(const struct kafka *k)
{
	return (struct tool){.rk = k->admin,
			     .group_rk = k->consumer,
			     .log = k->log,
			     .logs = k->logs,
			     .controller = k->controller};
}

/* -- what the options named --------------------------------------------------------------- */

static char *copy(const char *text, bool *all)
{
	char *made = text != NULL ? strdup(text) : NULL;

	*all = *all && (text == NULL || made != NULL);
	return made;
}

enum stagger_status topics_copy(struct kafka *k, const struct kafka_options *o,
				struct stagger_error *err)
{
	bool all = true;

	k->group = copy(o->group, &all);
	k->file = copy(o->file, &all);
	k->create_topics = o->create_topics;
	k->allow_stranded = o->allow_stranded;
	k->rules = calloc(o->n_topics + 1, sizeof(*k->rules));
	k->topics = calloc(o->n_topics + 1, sizeof(*k->topics));
	k->patterns = calloc(o->n_patterns + 1, sizeof(*k->patterns));
	if (k->rules == NULL || k->topics == NULL || k->patterns == NULL)
		return fail_memory(err);
	for (; k->n_topics < o->n_topics; k->n_topics++) {
		struct wish_rule *rule = &k->rules[k->n_topics];
		*rule = o->topics[k->n_topics];
		rule->topic = copy(rule->topic, &all);
		rule->main_topic = copy(rule->main_topic, &all);
		k->topics[k->n_topics].name = rule->topic;
	}
	for (; k->n_patterns < o->n_patterns; k->n_patterns++) {
		const struct topic_pattern *from = &o->patterns[k->n_patterns];
		k->patterns[k->n_patterns] = (struct topic_pattern){
			.pattern = copy(from->pattern, &all),
			.words = {.topic = copy(from->words.topic, &all),
				  .group = copy(from->words.group, &all),
				  .chain = copy(from->words.chain, &all)},
		};
	}
	return all ? STAGGER_OK : fail_memory(err);
}

static void drop(const char *text)
{
	char *ours;

	memcpy(&ours, &text, sizeof(ours)); // the type it shares with borrowed texts is const
	free(ours);
}

void topics_free(struct kafka *k)
{
	for (size_t i = 0; i < k->n_topics; i++) {
		drop(k->rules[i].topic);
		drop(k->rules[i].main_topic);
	}
	for (size_t i = 0; i < k->n_patterns; i++) {
		drop(k->patterns[i].pattern);
		drop(k->patterns[i].words.topic);
		drop(k->patterns[i].words.group);
		drop(k->patterns[i].words.chain);
	}
	free(k->rules);
	free(k->topics);
	free(k->patterns);
	free(k->file);
}

const struct wish_topic *topics_find(const struct kafka *k, const char *name)
{
	for (size_t i = 0; i < k->n_topics; i++)
		if (strcmp(k->topics[i].name, name) == 0)
			return &k->topics[i].is;
	return NULL;
}

/* -- the report --------------------------------------------------------------------------- */

enum fault { FAULT_MISSING = 1, FAULT_UNFIT = 2, FAULT_STRANDED = 4 };
struct report { /* all that keeps a consumer from starting, one text */
	char text[3800];
	size_t used, n_left_out;
	unsigned kinds;
};

static void report_add(struct report *report, enum fault kind, const char *line)
{
	report->kinds |= (unsigned)kind;
	if (report->used + strlen(line) + 3 > sizeof(report->text))
		report->n_left_out++;
	else
		text_add(report->text, sizeof(report->text), &report->used, "; %s", line);
}

/* The whole as one error: what it is about, each topic, what makes the missing ones. */
static enum topics_answer fail_report(const struct kafka *k, const struct report *report,
				      struct stagger_error *err)
{
	static const struct {
		enum fault kind;
		const char *what;
	} about[] = {
		{FAULT_MISSING, "topics of the chain are missing"},
		{FAULT_UNFIT, "topics of the chain are not fit"},
		{FAULT_STRANDED, "messages are stranded"},
	};
	size_t used = 0;
	bool missing = (report->kinds & FAULT_MISSING) != 0;

	(void)fail_code(err, STAGGER_TOPICS,
			missing ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
				: RD_KAFKA_RESP_ERR_NO_ERROR,
			"kafka: ");
	used = strlen(err->text);
	const char *comma = "";
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		if ((report->kinds & (unsigned)about[i].kind) == 0)
			continue;
		text_add(err->text, sizeof(err->text), &used, "%s%s", comma, about[i].what);
		comma = ", ";
	}
	text_add(err->text, sizeof(err->text), &used, "%s", report->text);
	if (report->n_left_out > 0)
		text_add(err->text, sizeof(err->text), &used, "; and %zu more", report->n_left_out);
	if (missing && k->file != NULL)
		text_add(err->text, sizeof(err->text), &used,
			 "; all but a main topic are made by: stagger topics create %s", k->file);
	return TOPICS_BAD;
}

/* -- looked for --------------------------------------------------------------------------- */

/* Asks by name for those that the list of all did not show; FINE: *n are missing. */
static enum topics_answer ask_missing(struct kafka *k, struct stagger_error *err, size_t *n)
{
	const struct tool tool = asking(k);

	*n = 0;
	for (size_t i = 0; i < k->n_topics; i++) {
		struct admin_topic *topic = &k->topics[i];
		if (topic->is.partitions > 0)
			continue;
		rd_kafka_resp_err_t code = *n < MAX_NAMED
						   ? admin_ask_one(&tool, topic, ASK_ONE_MS)
						   : RD_KAFKA_RESP_ERR_NO_ERROR;
		if (topic->is.partitions > 0)
			continue;
		if (error_trouble(code, "") == TROUBLE_NETWORK)
			return TOPICS_SILENT;
		if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
			(void)contact_denied(topic->name, code, err);
			return TOPICS_BAD;
		}
		(*n)++;
	}
	return TOPICS_FINE;
}

/* -- made --------------------------------------------------------------------------------- */

static void tell_made(struct kafka *k, const struct admin_topic *made)
{
	char kept[DURATION_TEXT];

	if (made->existed) // another member was quicker
		return;
	log_info(k->log, "kafka: topic '%s' was made: %d partitions, kept %s%s", made->name,
		 (int)made->is.partitions, made->is.retention_ms < 0 ? "" : "for ",
		 made->is.retention_ms < 0 ? "for ever"
					   : duration_format(made->is.retention_ms, kept));
}

static enum topics_answer judge_made(struct kafka *k, struct ask *ask,
				     const struct admin_topic *list, size_t n)
{
	struct stagger_error *err = &ask->error;

	for (size_t i = 0; i < n; i++) {
		if (list[i].status == STAGGER_OK) {
			tell_made(k, &list[i]);
			continue;
		}
		bool denied = list[i].status == STAGGER_DENIED;
		(void)fail_code(err, denied ? STAGGER_DENIED : STAGGER_TOPICS, list[i].kafka_code,
				"kafka: topic '%s' is missing and cannot be made: %s%s",
				list[i].name, list[i].text,
				denied ? "; an ACL that allows CREATE on the topic is missing, or "
					 "leave create_topics out and have it made by somebody else"
				       : "");
		return TOPICS_BAD;
	}
	ask->made_us = clock_boot_us();
	return TOPICS_AGAIN; // until the metadata show them
}

/* Makes what is missing, but main topics: those are their producers'. FINE: there was nothing. */
static enum topics_answer make_missing(struct kafka *k, struct ask *ask)
{
	struct tool tool = asking(k);
	size_t n = 0;
	enum topics_answer answer = TOPICS_FINE;
	struct admin_topic *list = calloc(k->n_topics, sizeof(*list));

	if (list == NULL) {
		(void)fail_memory(&ask->error);
		return TOPICS_BAD;
	}
	for (size_t i = 0; i < k->n_topics; i++) {
		const struct wish_topic *of = topics_find(k, k->rules[i].main_topic);
		if (k->topics[i].is.partitions > 0 || k->rules[i].role == WISH_MAIN ||
		    of == NULL || of->partitions <= 0)
			continue;
		list[n++] = (struct admin_topic){.name = k->topics[i].name,
						 .is = wish_of(&k->rules[i], of)};
	}
	if (n > 0) {
		enum stagger_status status = admin_create(&tool, list, n, false, &ask->error);
		if (status == STAGGER_OK)
			answer = judge_made(k, ask, list, n);
		else
			answer = status == STAGGER_UNREACHABLE ? TOPICS_SILENT : TOPICS_BAD;
	}
	free(list);
	return answer;
}

/* -- judged ------------------------------------------------------------------------------- */

static const struct wish_topic NO_TOPIC = {0};

static void judge(struct kafka *k, struct report *report, enum wish_severity least)
{
	char servers[256];
	char line[LINE];

	client_setting(k->admin, "bootstrap.servers", servers, sizeof(servers));
	const struct wish_help help = {.servers = servers, .file = k->file};
	for (size_t i = 0; i < k->n_topics; i++) {
		const struct wish_topic *of = topics_find(k, k->rules[i].main_topic);
		const struct wish_case one = {&k->rules[i], &k->topics[i].is,
					      of != NULL ? of : &NO_TOPIC};
		struct wish_findings findings = wish_compare(one.rule, one.found, one.main_topic);
		if (findings.n == 0 || findings.worst < least)
			continue;
		wish_line(line, sizeof(line), &one, &findings, least, &help);
		if (least != WISH_REFUSED)
			log_warn(k->log, "kafka: topic %s", line);
		else
			report_add(report,
				   findings.list[0].what == WISH_MISSING ? FAULT_MISSING
									 : FAULT_UNFIT,
				   line);
	}
}

/* Topics of the chains' naming that no stage reads: refused, or warned of where that is allowed. */
static void judge_stranded(struct kafka *k, const struct rd_kafka_metadata *all,
			   struct report *report)
{
	struct tool tool = asking(k);
	const struct admin_naming naming = {.patterns = k->patterns,
					    .n_patterns = k->n_patterns,
					    .rules = k->rules,
					    .n_rules = k->n_topics,
					    .group = k->group};
	struct admin_lag *list = NULL;
	struct stagger_error err;
	char line[LINE];
	size_t n = 0;

	if (stranded_find(&tool, all, &naming, &list, &n, &err) != STAGGER_OK) {
		log_warn(k->log, "kafka: whether messages are stranded cannot be asked: %s",
			 err.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		wish_stranded(line, sizeof(line), list[i].topic, list[i].unread, k->group,
			      k->allow_stranded);
		if (k->allow_stranded)
			log_warn(k->log, "kafka: topic %s", line);
		else
			report_add(report, FAULT_STRANDED, line);
	}
	free(list);
}

static bool read_settings(struct kafka *k, struct ask *ask)
{
	const struct tool tool = asking(k);
	size_t unread = 0;

	if (admin_settings(&tool, k->topics, k->n_topics, &ask->error) != STAGGER_OK)
		return false;
	for (size_t i = 0; i < k->n_topics; i++)
		unread += k->topics[i].is.partitions > 0 && !k->topics[i].is.known;
	if (unread > 0)
		log_debug(k->log, "kafka: settings of %zu topics cannot be read; defaults assumed",
			  unread);
	return true;
}

enum topics_answer topics_look(struct kafka *k, struct ask *ask,
			       const struct rd_kafka_metadata *all)
{
	int64_t now_us = clock_boot_us();
	size_t n_missing;

	k->controller = admin_controller(k->admin, all);
	admin_take(all, k->topics, k->n_topics);
	enum topics_answer answer = ask_missing(k, &ask->error, &n_missing);
	if (answer != TOPICS_FINE)
		return answer;
	bool made = ask->made_us != 0;
	int64_t since_us = made ? ask->made_us : ask->since_us;
	bool waits = n_missing > 0 && now_us - since_us < (made ? MADE_LASTS_US : MISSING_LASTS_US);
	bool makes = n_missing > 0 && k->create_topics && !made;
	if (waits && !makes)
		return TOPICS_AGAIN;
	if (!read_settings(k, ask))
		return TOPICS_BAD;
	answer = makes ? make_missing(k, ask) : TOPICS_FINE;
	if (answer != TOPICS_FINE)
		return answer;
	if (waits)
		return TOPICS_AGAIN; // main may be on its way, and what we make is like it
	struct report *report = calloc(1, sizeof(*report));
	if (report == NULL) {
		(void)fail_memory(&ask->error);
		return TOPICS_BAD;
	}
	judge(k, report, WISH_REFUSED);
	judge_stranded(k, all, report);
	ask->error.status = STAGGER_OK;
	if (report->kinds != 0)
		answer = fail_report(k, report, &ask->error);
	else
		judge(k, report, WISH_WARNING);
	free(report);
	return answer;
}
