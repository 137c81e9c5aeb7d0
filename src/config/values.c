/* SPDX-License-Identifier: Apache-2.0
 *
 * One value of each type. The key says the type, not the quotes: "8" is a number where one is
 * wanted, and 8 a text where a text is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "config/bind.h"
#include "config/numbers.h"
#include "core/topics.h"

#define MAX_WORDS 16

static const char *kind_text(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return "has no value";
	case NODE_SCALAR:
		return "is one value";
	case NODE_MAP:
		return "is a map";
	case NODE_LIST:
		return "is a list";
	}
	return "";
}

static bool hidden(const struct node *node)
{
	return node->expanded || node->secret;
}

/* ", nor off", ", nor inline" */
static const char *or_word(const struct config_key *key, char text[KEYS_RANGE])
{
	const char *word = key->off ? "off" : NULL;

	if (key->type == KEY_INTEGER && key->words != NULL)
		word = key->words[0].name;
	text[0] = '\0';
	if (word != NULL)
		snprintf(text, KEYS_RANGE, ", nor %s", word);
	return text;
}

static bool refuse(struct bind *b, const struct config_key *key, struct node *node)
{
	char word[KEYS_RANGE];
	const char *wanted = key_type_text(key->type);

	node->refused = true;
	if (hidden(node))
		report_add(b->report, node->place,
			   "%s: the value that `${...}` stands for is not %s%s", key->path, wanted,
			   or_word(key, word));
	else
		report_add(b->report, node->place, "%s: '%s' is not %s%s", key->path, node->text,
			   wanted, or_word(key, word));
	return false;
}

static bool refuse_range(struct bind *b, const struct config_key *key, struct node *node)
{
	char range[KEYS_RANGE];
	char word[KEYS_RANGE];

	node->refused = true;
	report_add(b->report, node->place, "%s: %s is not within %s%s", key->path,
		   hidden(node) ? "the value that `${...}` stands for" : node->text,
		   key_range(key, range), or_word(key, word));
	return false;
}

void bind_refuse(struct bind *b, const struct node *node, const char *path,
		 const struct stagger_error *err)
{
	size_t at = err->column > 0 ? err->column - 1 : 0;
	size_t size = err->column > 0 ? 1 : node->place.size;

	if (err->status == STAGGER_NO_MEMORY)
		b->arena->failed = true;
	else if (hidden(node) && strlen(node->text) > TEXT_MAX_WORD)
		report_add(b->report, node->place, "%s: the value is refused (it is not shown)",
			   path);
	else
		report_add(b->report, node_part(node, at, size), "%s: %s", path, err->text);
}

const char *value_text(struct bind *b, const char *path, struct node *node)
{
	if (node->refused)
		return NULL;
	if (node->kind == NODE_SCALAR)
		return node->text;
	node->refused = true;
	report_add(b->report, node->place, "%s %s%s", path, kind_text(node),
		   node->kind == NODE_NULL ? ": write it, or \"\" for an empty text"
					   : ", it takes one value");
	return NULL;
}

bool value_is(struct bind *b, const char *path, struct node *node, enum node_kind kind, int64_t max)
{
	size_t n = kind == NODE_MAP ? node->n_pairs : node->n_items;
	bool empty_map = kind == NODE_MAP && node->kind == NODE_NULL;

	if (node->refused)
		return false;
	if (node->kind != kind && !empty_map)
		report_add(b->report, node->place, "%s %s, it takes %s", path, kind_text(node),
			   key_type_text(kind == NODE_MAP ? KEY_MAP : KEY_LIST));
	else if ((int64_t)n > max)
		report_add(b->report, node->place, "%s has %zu elements, at most %lld", path, n,
			   (long long)max);
	else
		return true;
	node->refused = true;
	return false;
}

static bool read_duration(struct bind *b, const struct config_key *key, struct node *node,
			  int64_t *out)
{
	struct stagger_error err = { 0 };
	int64_t ms = 0;

	if (strcmp(node->text, "0") != 0 && duration_parse(&ms, node->text, &err) != STAGGER_OK) {
		if (hidden(node))
			return refuse(b, key, node);
		node->refused = true;
		bind_refuse(b, node, key->path, &err);
		return false;
	}
	if (ms == 0 && key->off)
		ms = STAGGER_OFF;
	else if (ms < key->min || ms > key->max)
		return refuse_range(b, key, node);
	*out = ms;
	return true;
}

static bool read_integer(struct bind *b, const struct config_key *key, struct node *node,
			 int64_t *out)
{
	const char *at = node->text;
	bool valid;

	if (key->type == KEY_SIZE) {
		valid = number_size(at, out);
	} else {
		valid = number_digits(&at, out) && *at == '\0';
	}
	if (!valid)
		return refuse(b, key, node);
	return (*out >= key->min && *out <= key->max) || refuse_range(b, key, node);
}

static bool read_decimal(struct bind *b, const struct config_key *key, struct node *node,
			 double *out)
{
	const char *at = node->text;
	double value;
	bool valid =
		number_decimal(&at, &value) && strcmp(at, key->type == KEY_SHARE ? "%" : "") == 0;

	if (!valid)
		return refuse(b, key, node);
	if (value < (double)key->min || value > (double)key->max)
		return refuse_range(b, key, node);
	*out = key->type == KEY_SHARE ? value / 100 : value;
	return true;
}

/* YAML 1.2: yes, no, on and off are texts. */
static bool read_bool(struct bind *b, const struct config_key *key, struct node *node, int64_t *out)
{
	static const char *const names[] = { "false", "true", "False", "True", "FALSE", "TRUE" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(node->text, names[i]) == 0) {
			*out = (int64_t)(i % 2);
			return true;
		}
	}
	return refuse(b, key, node);
}

static const struct key_word *find_word(const struct config_key *key, const char *text)
{
	for (const struct key_word *w = key->words; w != NULL && w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w;
	return NULL;
}

static bool refuse_word(struct bind *b, const struct config_key *key, struct node *node)
{
	const char *names[MAX_WORDS];
	char all[256];
	size_t used = 0;
	size_t n = 0;

	for (; n < MAX_WORDS && key->words[n].name != NULL; n++) {
		names[n] = key->words[n].name;
		text_add(all, sizeof(all), &used, "%s%s", n > 0 ? ", " : "", names[n]);
	}
	const char *near = hidden(node) ? NULL : text_nearest(node->text, names, n);
	node->refused = true;
	report_add(b->report, node->place, "%s: %s%s%s is not one of %s%s%s%s", key->path,
		   hidden(node) ? "" : "'",
		   hidden(node) ? "the value that `${...}` stands for" : node->text,
		   hidden(node) ? "" : "'", all, near != NULL ? " (did you mean '" : "",
		   near != NULL ? near : "", near != NULL ? "'?)" : "");
	return false;
}

static bool read_text(struct bind *b, const struct config_key *key, struct node *node,
		      const char **out)
{
	size_t size = strlen(node->text);

	if (key->type == KEY_TEXT && ((int64_t)size < key->min || (int64_t)size > key->max)) {
		char range[KEYS_RANGE];
		node->refused = true;
		report_add(b->report, node->place, "%s: a text of %zu bytes is not within %s",
			   key->path, size, key_range(key, range));
		return false;
	}
	*out = node->text;
	return true;
}

bool value_topic(struct bind *b, const char *path, struct node *node,
		 const struct topic_words *words)
{
	struct stagger_error err = { 0 };
	char *name = NULL;

	if (value_text(b, path, node) == NULL)
		return false;
	if (topic_expand(&name, node->text, words, &err) == STAGGER_OK) {
		free(name);
		return true;
	}
	node->refused = true;
	bind_refuse(b, node, path, &err);
	return false;
}

static void store_integer(const struct config_key *key, void *options, int64_t value)
{
	char *at = (char *)options + key->at;
	int32_t narrow = (int32_t)value;
	bool flag = value != 0;

	if (key->width == sizeof(value))
		memcpy(at, &value, sizeof(value));
	else if (key->width == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else
		memcpy(at, &flag, sizeof(flag));
}

static bool read_any(struct bind *b, const struct config_key *key, struct node *node, void *options)
{
	char *at = (char *)options + key->at;
	int64_t integer = 0;
	double decimal = 0;
	const char *text = NULL;

	switch (key->type) {
	case KEY_DURATION:
		if (!read_duration(b, key, node, &integer))
			return false;
		break;
	case KEY_SIZE:
	case KEY_INTEGER:
		if (!read_integer(b, key, node, &integer))
			return false;
		break;
	case KEY_BOOL:
		if (!read_bool(b, key, node, &integer))
			return false;
		break;
	case KEY_WORD:
		return refuse_word(b, key, node);
	case KEY_SHARE:
	case KEY_NUMBER:
		if (!read_decimal(b, key, node, &decimal))
			return false;
		memcpy(at, &decimal, sizeof(decimal));
		return true;
	case KEY_TEXT:
	case KEY_TOPIC:
		if (!read_text(b, key, node, &text))
			return false;
		memcpy(at, &text, sizeof(text));
		return true;
	case KEY_LIST:
	case KEY_MAP:
		return true;
	}
	store_integer(key, options, integer);
	return true;
}

bool value_read(struct bind *b, const struct config_key *key, struct node *node, void *options)
{
	if (value_text(b, key->path, node) == NULL)
		return false;
	const struct key_word *word = find_word(key, node->text);
	if (key->off && strcmp(node->text, "off") == 0) {
		store_integer(key, options, STAGGER_OFF);
		return true;
	}
	if (word == NULL)
		return read_any(b, key, node, options);
	if (word->refused != NULL) {
		node->refused = true;
		report_add(b->report, node->place, "%s: '%s' is refused: %s", key->path, word->name,
			   word->refused);
		return false;
	}
	if (key->width > 0)
		store_integer(key, options, word->value);
	return true;
}
