/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything about topic names in one place, so that engine, checks and command agree. */
#define _GNU_SOURCE
#include "core/topics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

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
			      int32_t partitions, int64_t retention_ms)
{
	const char *quote = strchr(brokers, ' ') != NULL ? "'" : ""; /* "b1:9092, b2:9092" */
	char retention[64] = "";

	if (retention_ms != 0)
		snprintf(retention, sizeof(retention), " --config retention.ms=%lld",
			 (long long)retention_ms);
	snprintf(text, size,
		 "kafka-topics.sh --bootstrap-server %s%s%s --create --topic %s --partitions %d%s",
		 quote, brokers, quote, topic, (int)partitions, retention);
	return text;
}
