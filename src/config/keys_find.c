/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into the table of keys. */
#include "config/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "kafka/kafka.h"

const char *key_local_path(const struct config_key *key)
{
	return key->scope == KEY_STAGE ? key->path + strlen(KEYS_STAGE) : key->path;
}

size_t key_find(enum key_scope scope, const char *path)
{
	for (size_t i = 0; i < config_n_keys; i++)
		if (config_keys[i].scope == scope &&
		    strcmp(key_local_path(&config_keys[i]), path) == 0)
			return i;
	return config_n_keys;
}

/* What is left of a row's path below that of a map; NULL when it stands elsewhere. */
static const char *below(const struct config_key *key, enum key_scope scope, const char *path)
{
	const char *local = key_local_path(key);
	size_t size = strlen(path);

	if (key->scope != scope || strncmp(local, path, size) != 0)
		return NULL;
	if (size == 0)
		return local;
	return local[size] == '.' ? local + size + 1 : NULL;
}

bool key_is_map(enum key_scope scope, const char *path)
{
	for (size_t i = 0; i < config_n_keys; i++)
		if (below(&config_keys[i], scope, path) != NULL)
			return true;
	return false;
}

size_t key_children(enum key_scope scope, const char *path, char names[][KEYS_MAX_NAME], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < config_n_keys && n < max; i++) {
		const char *rest = below(&config_keys[i], scope, path);
		size_t size = rest != NULL ? strcspn(rest, ".") : 0;
		if (size == 0 || size >= KEYS_MAX_NAME)
			continue;
		memcpy(names[n], rest, size);
		names[n][size] = '\0';
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known = known || strcmp(names[k], names[n]) == 0;
		n += !known;
	}
	return n;
}

const char *key_type_text(enum key_type type)
{
	switch (type) {
	case KEY_DURATION:
		return "a duration such as 30s, 5m or 1h30m";
	case KEY_SHARE:
		return "a share such as 10%";
	case KEY_SIZE:
		return "a size such as 64MiB";
	case KEY_INTEGER:
		return "a whole number";
	case KEY_NUMBER:
		return "a number";
	case KEY_BOOL:
		return "true or false";
	case KEY_WORD:
		return "a word";
	case KEY_TEXT:
		return "a text";
	case KEY_TOPIC:
		return "a topic name or a template of one";
	case KEY_LIST:
		return "a list such as [a, b]";
	case KEY_MAP:
		return "a map such as {a: b}";
	}
	return "";
}

const char *key_size_format(int64_t bytes, char text[KEYS_RANGE])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	size_t unit = 0;

	for (; unit < 3 && bytes > 0 && bytes % 1024 == 0; unit++)
		bytes /= 1024;
	snprintf(text, KEYS_RANGE, "%" PRId64 "%s", bytes, units[unit]);
	return text;
}

const char *key_range(const struct config_key *key, char text[KEYS_RANGE])
{
	char from[KEYS_RANGE] = "";
	char to[KEYS_RANGE] = "";
	long long min = key->min;
	long long max = key->max;

	text[0] = '\0';
	switch (key->type) {
	case KEY_DURATION:
		snprintf(text, KEYS_RANGE, "%s..%s", duration_format(key->min, from),
			 duration_format(key->max, to));
		break;
	case KEY_SIZE:
		snprintf(text, KEYS_RANGE, "%s..%s", key_size_format(key->min, from),
			 key_size_format(key->max, to));
		break;
	case KEY_SHARE:
		snprintf(text, KEYS_RANGE, "%lld%%..%lld%%", min, max);
		break;
	case KEY_INTEGER:
	case KEY_NUMBER:
		snprintf(text, KEYS_RANGE, "%lld..%lld", min, max);
		break;
	case KEY_TEXT:
		snprintf(text, KEYS_RANGE, "%lld..%lld bytes", min, max);
		break;
	case KEY_LIST:
	case KEY_MAP:
		if (max > 0)
			snprintf(text, KEYS_RANGE, "at most %lld", max);
		break;
	case KEY_BOOL:
	case KEY_WORD:
	case KEY_TOPIC:
		break;
	}
	return text;
}

bool config_secret(const char *name)
{
	return kafka_secret(name) || strcmp(name, "token") == 0;
}
