/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as they are written in a chain file, secrets left out. */
#define _GNU_SOURCE
#include <string.h>

#include "base/bytes.h"
#include "base/duration.h"
#include "base/json.h"
#include "config/show_parts.h"

/* -- texts ------------------------------------------------------------------------------- */
static bool is_plain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "._/+-*";
	/* nothing here, and what readers of older YAML take for true and false */
	static const char *const words[] = { "null", "Null", "NULL", "true", "false", "yes",
					     "no",   "on",   "off",  "y",    "n" };
	size_t size = strspn(text, all);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return false;
	return size > 0 && text[size] == '\0' && strchr(letters, text[0]) != NULL;
}

void show_text(struct show *s, const char *text)
{
	const char *shown = secrets_scrub(&s->config->inside->secrets, &s->arena, text);
	struct stagger_bytes rest = bytes_text(shown);
	char one[JSON_ESCAPED];

	if (is_plain(shown)) {
		fputs(shown, s->out);
		return;
	}
	fputc('"', s->out);
	while (rest.size > 0) {
		if (rest.size > 1 && memcmp(rest.data, "${", 2) == 0)
			fputc('$', s->out); // it is no variable
		size_t size = json_escape(one, &rest);
		fwrite(one, 1, size, s->out);
	}
	fputc('"', s->out);
}

void show_indent(struct show *s, int more)
{
	fprintf(s->out, "%*s", 2 * (s->indent + more), "");
}

/* Opens the maps of a path that are not open yet: "retry", "retry.in_place". Returns the last
 * word's depth. */
static int open_maps(struct show *s, const char *path)
{
	int depth = 0;
	size_t from = 0;

	for (const char *dot; (dot = strchr(path + from, '.')) != NULL; depth++) {
		size_t size = (size_t)(dot - path);
		bool is_open = strncmp(s->path, path, size) == 0 &&
			       (s->path[size] == '.' || s->path[size] == '\0');
		if (!is_open) {
			show_indent(s, depth);
			fprintf(s->out, "%.*s:\n", (int)(size - from), path + from);
		}
		from = size + 1;
	}
	snprintf(s->path, sizeof(s->path), "%.*s", from > 0 ? (int)from - 1 : 0, path);
	return depth;
}

void show_name(struct show *s, const char *path)
{
	int depth = open_maps(s, path);
	const char *dot = strrchr(path, '.');

	show_indent(s, depth);
	fprintf(s->out, "%s:", dot != NULL ? dot + 1 : path);
}

/* -- one value --------------------------------------------------------------------------- */
static int64_t integer_at(const struct config_key *key, const char *at)
{
	int64_t wide;
	int32_t narrow;
	bool flag;

	if (key->width == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	if (key->width == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&flag, at, sizeof(flag));
	return flag;
}

static void put_integer(struct show *s, const struct config_key *key, int64_t value)
{
	char text[KEYS_RANGE];
	const struct key_word *word = key->words;

	while (word != NULL && word->name != NULL && word->value != value)
		word++;
	if (word != NULL && word->name != NULL)
		fputs(word->name, s->out);
	else if (key->off && value == STAGGER_OFF)
		fputs("off", s->out);
	else if (key->type == KEY_DURATION)
		fputs(duration_format(value, text), s->out);
	else if (key->type == KEY_SIZE)
		fputs(key_size_format(value, text), s->out);
	else if (key->type == KEY_BOOL)
		fputs(value != 0 ? "true" : "false", s->out);
	else
		fprintf(s->out, "%lld", (long long)value);
}

/* Shares and multipliers have few digits; printf would ask the locale for its point. */
static void put_decimal(struct show *s, double value)
{
	long long parts = (long long)(value * 1e6 + 0.5);
	int digits = 6;

	fprintf(s->out, "%lld", parts / 1000000);
	parts %= 1000000;
	for (; digits > 0 && parts % 10 == 0; digits--)
		parts /= 10;
	if (digits > 0)
		fprintf(s->out, ".%0*lld", digits, parts);
}

static void put_texts(struct show *s, const char *const *texts)
{
	fputc('[', s->out);
	for (size_t i = 0; texts[i] != NULL; i++) {
		fputs(i > 0 ? ", " : "", s->out);
		show_text(s, texts[i]);
	}
	fputc(']', s->out);
}

void show_value(struct show *s, const struct config_key *key, const char *at)
{
	double decimal;
	const char *text;
	const char *const *texts;

	switch (key->type) {
	case KEY_DURATION:
	case KEY_SIZE:
	case KEY_INTEGER:
	case KEY_BOOL:
	case KEY_WORD:
		put_integer(s, key, integer_at(key, at));
		break;
	case KEY_SHARE:
	case KEY_NUMBER:
		memcpy(&decimal, at, sizeof(decimal));
		put_decimal(s, key->type == KEY_SHARE ? decimal * 100 : decimal);
		fputs(key->type == KEY_SHARE ? "%" : "", s->out);
		break;
	case KEY_TEXT:
	case KEY_TOPIC:
		memcpy(&text, at, sizeof(text));
		show_text(s, text);
		break;
	case KEY_LIST:
	case KEY_MAP:
		memcpy(&texts, at, sizeof(texts));
		put_texts(s, texts);
		break;
	}
}
