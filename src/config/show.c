/* SPDX-License-Identifier: Apache-2.0
 *
 * A config as a chain file again, nothing left out: what a program reads is what it does. It can be
 * read back, but for its secrets. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/show_parts.h"
#include "core/chain.h"

#define HIDDEN "\"" SECRETS_MASK "\""

static bool is_zero(const char *at, size_t size)
{
	static const char zero[sizeof(int64_t)];

	return memcmp(at, zero, size) == 0;
}

static void show_row(struct show *s, const struct config_key *key, const void *options,
		     bool is_given, bool secret)
{
	const char *at = (const char *)options + key->at;

	is_given = is_given || !is_zero(at, key->width);
	if (key->width == 0 || key->refused != NULL || (!is_given && key->otherwise == NULL))
		return;
	show_name(s, key->path);
	fputc(' ', s->out);
	if (secret)
		fputs(HIDDEN, s->out);
	else if (is_given)
		show_value(s, key, at);
	else if (key->type == KEY_TOPIC)
		show_text(s, key->otherwise);
	else
		fputs(key->otherwise, s->out);
	fputs(is_given ? "\n" : "  # default\n", s->out);
}

static void show_pattern(struct show *s, const struct match *m)
{
	char text[MATCH_TEXT];

	show_text(s, match_format(m, text));
}

static void show_patterns(struct show *s, const char *path, const struct match *list, size_t n)
{
	show_name(s, path);
	fputs(" [", s->out);
	for (size_t i = 0; i < n; i++) {
		fputs(i > 0 ? ", " : "", s->out);
		show_pattern(s, &list[i]);
	}
	fputs("]\n", s->out);
}

static void show_routes(struct show *s, const struct stagger_chain *chain)
{
	show_name(s, "dead_letter.routes");
	fputs(chain->n_routes > 0 ? "\n" : " {}\n", s->out);
	for (size_t i = 0; i < chain->n_routes; i++) {
		show_indent(s, 2);
		show_pattern(s, &chain->routes[i].match);
		fputs(": ", s->out);
		show_text(s, chain->routes[i].topic);
		fputc('\n', s->out);
	}
}

/* With the names and topics they have. */
static void show_stages(struct show *s, const struct stagger_chain *chain, bool secret)
{
	char delay[DURATION_TEXT];
	char attempts[16];

	show_name(s, "retry.stages");
	fputs(chain->n_stages > 1 ? "\n" : " []\n", s->out);
	for (int32_t i = 1; i < chain->n_stages; i++) {
		const struct chain_stage *stage = &chain->stages[i];
		show_indent(s, 2);
		fprintf(s->out, "- {name: ");
		show_text(s, stage->name);
		duration_format(stage->delay_ms, delay);
		snprintf(attempts, sizeof(attempts), "%d", (int)stage->visits);
		fprintf(s->out, ", delay: %s, attempts: %s, topic: ", secret ? HIDDEN : delay,
			secret ? HIDDEN : attempts);
		show_text(s, stage->topic);
		fputs(stage->retired ? ", retired: true}\n" : "}\n", s->out);
	}
}

static void show_name_of(struct show *s, const char *path, const char *text)
{
	if (text == NULL)
		return;
	show_name(s, path);
	fputc(' ', s->out);
	show_text(s, text);
	fputc('\n', s->out);
}

static void show_wait(struct show *s, const char *path, const char *duration)
{
	show_name(s, path);
	fprintf(s->out, " %s\n", duration);
}

/* What a chain has resolved. False: the row is like any other. */
static bool show_resolved(struct show *s, const struct stagger_chain *chain,
			  const struct chain_marks *marks, const char *path)
{
	char text[DURATION_TEXT];
	bool secret = marks->secret[key_find(KEY_CHAIN, "retry.stages")];

	if (strcmp(path, "topic") == 0)
		show_name_of(s, path, chain->topic);
	else if (strcmp(path, "dead_letter.topic") == 0)
		show_name_of(s, path, chain->dead_letter_topic);
	else if (strcmp(path, "retry.longest_wait") == 0)
		show_wait(s, path,
			  secret || marks->secret[key_find(KEY_CHAIN, path)]
				  ? HIDDEN
				  : duration_format(chain->longest_wait_ms, text));
	else if (strcmp(path, "retry.stages") == 0)
		show_stages(s, chain, secret);
	else if (strcmp(path, "retry.never") == 0)
		show_patterns(s, path, chain->never, chain->n_never);
	else if (strcmp(path, "retry.only") == 0)
		show_patterns(s, path, chain->only, chain->n_only);
	else if (strcmp(path, "dead_letter.routes") == 0)
		show_routes(s, chain);
	else
		return false;
	return true;
}

static void show_chain(struct show *s, const struct stagger_chain *chain,
		       const struct chain_marks *marks)
{
	fprintf(s->out, "  %s:\n", chain->name);
	s->indent = 2;
	s->path[0] = '\0';
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		if (key->scope == KEY_CHAIN && !show_resolved(s, chain, marks, key->path))
			show_row(s, key, &marks->o, marks->given[i], marks->secret[i]);
	}
}

static void show_kafka(struct show *s)
{
	fputs("kafka:\n", s->out);
	for (size_t i = 0; i < s->config->n_properties; i++) {
		const struct config_property *p = &s->config->properties[i];
		fprintf(s->out, "  %s: ", p->name);
		if (p->secret)
			fputs(HIDDEN, s->out);
		else
			show_text(s, p->value);
		fputc('\n', s->out);
	}
}

static void show_all(struct show *s)
{
	const struct config *c = s->config;
	const struct config_inside *inside = c->inside;

	show_kafka(s);
	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		if (key->scope != KEY_TOP)
			continue;
		if (strcmp(key->path, "session_timeout") == 0 && !inside->given[i])
			fprintf(s->out, "session_timeout: %s  # default\n",
				c->consumer.instance != NULL ? "45s" : "10s");
		else
			show_row(s, key, &c->consumer, inside->given[i], inside->secret[i]);
	}
	fputs("chains:\n", s->out);
	for (size_t i = 0; i < c->n_chains; i++)
		if (c->chains[i] != NULL)
			show_chain(s, c->chains[i], inside->chains[i]);
}

char *config_show(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	struct show s = { .out = open_memstream(&text, &size), .config = config };

	if (s.out == NULL)
		return NULL;
	show_all(&s);
	bool failed = ferror(s.out) != 0 || s.arena.failed;
	if (fclose(s.out) != 0)
		failed = true;
	arena_clear(&s.arena);
	if (!failed)
		return text;
	free(text);
	return NULL;
}
