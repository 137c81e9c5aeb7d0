/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything about topic names in one place, so that engine, checks and command agree. */
#define _GNU_SOURCE
#include "core/topics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/text.h"

struct expansion {
	const char *pattern;
	char name[TOPIC_MAX + 1];
	size_t size; /* may grow beyond TOPIC_MAX: only what fits is kept */
};

/* By hand: isalnum() would ask the locale. */
static bool in_alphabet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

bool topic_valid(const char *name)
{
	size_t size = 0;

	while (name[size] != '\0') {
		if (!in_alphabet(name[size]) || size == TOPIC_MAX)
			return false;
		size++;
	}
	return size > 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static enum stagger_status fail_at(const struct expansion *x, size_t at, const char *what,
				   struct stagger_error *err)
{
	enum stagger_status status =
		fail(err, STAGGER_INVALID, "topic '%s', column %zu: %s", x->pattern, at + 1, what);
	if (err != NULL)
		err->column = (uint32_t)(at + 1);
	return status;
}

static void add(struct expansion *x, char c)
{
	if (x->size < TOPIC_MAX)
		x->name[x->size] = c;
	x->size++;
}

/* Expands the word whose brace opens at at; *end is where its brace closes. */
static enum stagger_status add_word(struct expansion *x, size_t at, size_t *end,
				    const struct topic_words *words, struct stagger_error *err)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{"topic", words->topic}, {"group", words->group}, {"chain", words->chain},
		{"delay", words->delay}, {"n", words->n},
	};
	const char *word = x->pattern + at + 1;
	size_t size = strcspn(word, "{}");

	if (word[size] != '}')
		return fail_at(x, at, "'{' is not closed", err);
	*end = at + 1 + size;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strlen(table[i].name) != size || memcmp(table[i].name, word, size) != 0)
			continue;
		if (table[i].value == NULL)
			return fail_at(x, at, "that word means nothing here", err);
		for (const char *c = table[i].value; *c != '\0'; c++)
			add(x, in_alphabet(*c) ? *c : '-');
		return STAGGER_OK;
	}
	return fail_at(x, at, "unknown word (there are {topic} {group} {chain} {delay} {n})", err);
}

enum stagger_status topic_expand(char **out, const char *pattern, const struct topic_words *words,
				 struct stagger_error *err)
{
	struct expansion x = {.pattern = pattern};

	for (size_t at = 0; pattern[at] != '\0'; at++) {
		if (pattern[at] == '{') {
			enum stagger_status status = add_word(&x, at, &at, words, err);

			if (status != STAGGER_OK)
				return status;
		} else if (!in_alphabet(pattern[at])) {
			return fail_at(&x, at,
				       pattern[at] == '}' ? "'}' without '{'"
							  : "not a letter, digit, '.', '_' or '-'",
				       err);
		} else {
			add(&x, pattern[at]);
		}
	}
	if (x.size > TOPIC_MAX)
		return fail(err, STAGGER_INVALID, "topic '%s' becomes %zu characters, at most %d",
			    pattern, x.size, TOPIC_MAX);
	if (!topic_valid(x.name))
		return fail(err, STAGGER_INVALID, "topic '%s' becomes '%s', which Kafka refuses",
			    pattern, x.name);
	char *name = strdup(x.name);
	if (name == NULL)
		return fail_memory(err);
	*out = name;
	return STAGGER_OK;
}

int32_t topic_partition(int32_t partition, int32_t count)
{
	assert(count >= 1);
	return partition % count;
}

int64_t topic_retention_ms(int64_t longest_wait_ms, int64_t margin_ms)
{
	return add_saturated(longest_wait_ms, margin_ms);
}

const char *topic_create_line(char *text, size_t size, const char *brokers, const char *topic,
			      const struct topic_make *make)
{
	const char *quote = strchr(brokers, ' ') != NULL ? "'" : ""; /* "b1:9092, b2:9092" */
	size_t used = 0;

	text_add(text, size, &used,
		 "kafka-topics.sh --bootstrap-server %s%s%s --create --topic %s --partitions %d",
		 quote, brokers, quote, topic, (int)make->partitions);
	if (make->replication > 1)
		text_add(text, size, &used, " --replication-factor %d", (int)make->replication);
	if (make->retention_ms != 0)
		text_add(text, size, &used, " --config retention.ms=%" PRId64, make->retention_ms);
	if (make->min_insync_replicas > 1)
		text_add(text, size, &used, " --config min.insync.replicas=%d",
			 (int)make->min_insync_replicas);
	if (make->max_message > 0)
		text_add(text, size, &used, " --config max.message.bytes=%" PRId64,
			 make->max_message);
	return text;
}

/* -- matching ---------------------------------------------------------------------------- */

/* Which prefixes of the name the template so far could have become: after[i] is the one of i bytes,
 * none outside first..last. Sets instead of backtracking, whose time grows beyond all bounds with
 * "{n}{n}{n}..."; and a name that is not ours is out at the first step. */
struct prefixes {
	bool after[TOPIC_MAX + 1];
	size_t first, last; /* first > last: no prefix */
};

static void put(struct prefixes *set, size_t at)
{
	set->after[at] = true;
	set->first = at < set->first ? at : set->first;
	set->last = at > set->last ? at : set->last;
}

static bool is_delay(const char *at, size_t size)
{
	char text[DURATION_TEXT];
	int64_t ms;

	if (size >= sizeof(text))
		return false;
	memcpy(text, at, size);
	text[size] = '\0';
	return duration_parse(&ms, text, NULL) == STAGGER_OK;
}

static bool is_number(const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] < '0' || at[i] > '9')
			return false;
	return true;
}

static void step_free(struct prefixes *set, const char *name, size_t size,
		      bool (*fits)(const char *, size_t))
{
	struct prefixes next = {.first = TOPIC_MAX + 1};

	for (size_t from = set->first; from <= set->last && from < size; from++)
		for (size_t to = from + 1; set->after[from] && to <= size; to++)
			if (!next.after[to] && fits(name + from, to - from))
				put(&next, to);
	*set = next;
}

static void step_text(struct prefixes *set, const char *name, size_t size, const char *text,
		      size_t text_size)
{
	struct prefixes next = {.first = TOPIC_MAX + 1};

	for (size_t from = set->first; from <= set->last && from + text_size <= size; from++) {
		bool same = set->after[from];
		for (size_t i = 0; same && i < text_size; i++)
			same = name[from + i] == (in_alphabet(text[i]) ? text[i] : '-');
		if (same)
			put(&next, from + text_size);
	}
	*set = next;
}

/* The value of a word of size bytes; NULL: none. */
static const char *value_of(const struct topic_words *words, const char *word, size_t size)
{
	if (size == 5 && memcmp(word, "topic", size) == 0)
		return words->topic;
	if (size == 5 && memcmp(word, "group", size) == 0)
		return words->group;
	return size == 5 && memcmp(word, "chain", size) == 0 ? words->chain : NULL;
}

bool topic_matches(const struct topic_pattern *of, const char *name)
{
	struct prefixes set = {.after = {true}};
	size_t size = strlen(name);

	if (size > TOPIC_MAX)
		return false;
	for (const char *at = of->pattern; *at != '\0' && set.first <= set.last;) {
		size_t plain = strcspn(at, "{");
		if (plain > 0) {
			step_text(&set, name, size, at, plain);
			at += plain;
			continue;
		}
		size_t word = strcspn(at + 1, "}");
		const char *value = value_of(&of->words, at + 1, word);
		if (value != NULL)
			step_text(&set, name, size, value, strlen(value));
		else
			step_free(&set, name, size,
				  word == 5 && memcmp(at + 1, "delay", 5) == 0 ? is_delay
									       : is_number);
		at += word + (at[word + 1] == '}' ? 2 : 1);
	}
	return set.after[size];
}
