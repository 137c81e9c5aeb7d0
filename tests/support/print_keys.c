/* SPDX-License-Identifier: Apache-2.0
 *
 * print_keys [words]: the table of keys as JSON, for docs/generate.py; or every word of a chain
 * file, one a line, for a fuzzer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/keys.h"

static const char *const scopes[] = {"top", "chain", "stage"};
static const char *const types[] = {"duration", "share", "size",  "integer", "number", "bool",
				    "word",     "text",  "topic", "list",    "map"};

static void field(struct json *j, const char *name, const char *text)
{
	json_name(j, name);
	json_text(j, text);
}

static void print_row(struct json *j, const struct config_key *key)
{
	char range[KEYS_RANGE];

	json_open(j, '{');
	field(j, "scope", scopes[key->scope]);
	field(j, "path", key->path);
	field(j, "type", types[key->type]);
	field(j, "option", key->option);
	field(j, "range", key_range(key, range));
	json_name(j, "off");
	json_bool(j, key->off);
	json_name(j, "required");
	json_bool(j, key->required);
	json_name(j, "words");
	json_open(j, '[');
	for (const struct key_word *w = key->words; w != NULL && w->name != NULL; w++)
		if (w->refused == NULL)
			json_text(j, w->name);
	json_close(j, ']');
	field(j, "default", key->otherwise);
	field(j, "note", key->note);
	field(j, "meaning", key->meaning);
	field(j, "refused", key->refused);
	json_close(j, '}');
}

static int print_table(void)
{
	struct json j = {0};

	json_open(&j, '[');
	for (size_t i = 0; i < config_n_keys; i++)
		print_row(&j, &config_keys[i]);
	json_close(&j, ']');
	char *text = json_finish(&j);
	if (text == NULL)
		return 1;
	puts(text);
	free(text);
	return 0;
}

static int print_words(void)
{
	static const char *const more[] = {"${STAGGER_FUZZ_SECRET}", "${STAGGER_FUZZ_DELAY}", "${",
					   "$${", "{topic}", "{group}", "{delay}", "{n}", "{host}",
					   "bootstrap.servers", "embedded", "password", "&a ", "*a"};

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		puts(more[i]);
	for (size_t i = 0; i < config_n_keys; i++) {
		const char *last = strrchr(config_keys[i].path, '.');
		puts(last != NULL ? last + 1 : config_keys[i].path);
		for (const struct key_word *w = config_keys[i].words; w != NULL && w->name; w++)
			puts(w->name);
	}
	return 0;
}

int main(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[1], "words") == 0 ? print_words() : print_table();
}
