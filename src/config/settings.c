/* SPDX-License-Identifier: Apache-2.0
 *
 * What a file says of the process: the group, its limits, and librdkafka's properties, which are
 * asked of librdkafka one by one. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "config/bind.h"
#include "kafka/kafka.h"

#define MAX_NAME 256

static bool is_servers(const char *name)
{
	return strcmp(name, "bootstrap.servers") == 0;
}

static const struct config_property *property_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_properties; i++)
		if (strcmp(c->properties[i].name, name) == 0)
			return &c->properties[i];
	return NULL;
}

static void property_add(struct bind *b, const char *name, const struct node *value)
{
	struct config *c = b->config;
	struct config_property *list =
		arena_more(b->arena, c->properties, c->n_properties, sizeof(*list));
	struct config_property p = {
		.name = arena_text(b->arena, (struct stagger_bytes){ name, strlen(name) }),
		.value = arena_text(b->arena,
				    (struct stagger_bytes){ value->text, strlen(value->text) }),
		.secret = value->secret || value->expanded,
	};

	if (list == NULL || p.name == NULL || p.value == NULL)
		return;
	c->properties = list;
	list[c->n_properties++] = p;
}

static void take_property(struct bind *b, const char *prefix, const struct pair *pair)
{
	char name[MAX_NAME];
	char path[MAX_NAME + sizeof("kafka.")];
	size_t used = 0;
	size_t used_path = 0;
	struct stagger_error err = { 0 };

	if (!text_add(name, sizeof(name), &used, "%s%s", prefix, pair->key->text)) {
		report_add(b->report, pair->key->place, "this is no property of librdkafka");
		return;
	}
	text_add(path, sizeof(path), &used_path, "kafka.%s", name);
	if (value_text(b, path, pair->value) == NULL)
		return;
	if (property_find(b->config, name) != NULL) {
		report_add(b->report, pair->key->place, "'%s' was there before, as '%s'",
			   pair->key->text, name);
	} else if (b->config->n_properties == CONFIG_MAX_PROPERTIES) {
		report_add(b->report, pair->key->place, "more than %d properties",
			   CONFIG_MAX_PROPERTIES);
	} else if (kafka_check_property(name, pair->value->text, &err) != STAGGER_OK) {
		/* An unknown name may be a misspelt one of a secret. */
		if (strstr(err.text, "stagger's own") == NULL &&
		    strstr(err.text, "Invalid value") == NULL)
			report_mask(b->report, pair->value->place);
		bool shown = !pair->value->secret && !pair->value->expanded;
		if (shown || strlen(pair->value->text) <= TEXT_MAX_WORD)
			report_add(b->report, pair->key->place, "%s", err.text);
		else
			report_add(b->report, pair->key->place,
				   "kafka: the value of '%s' is refused", name);
	} else {
		property_add(b, name, pair->value);
	}
}

static void take_map(struct bind *b, const char *path, const char *prefix, struct node *map)
{
	if (!value_is(b, path, map, NODE_MAP, CONFIG_MAX_PROPERTIES))
		return;
	for (size_t i = 0; i < map->n_pairs; i++)
		take_property(b, prefix, &map->pairs[i]);
}

static void check_embedded(struct bind *b, const struct node *kafka)
{
	const struct config_property *servers = property_find(b->config, "bootstrap.servers");

	if (servers == NULL || strcmp(servers->value, "embedded") == 0)
		return;
	for (size_t i = 0; i < kafka->n_pairs; i++)
		if (strncmp(kafka->pairs[i].key->text, "embedded", strlen("embedded")) == 0)
			report_add(b->report, kafka->pairs[i].key->place,
				   "'%s' is for 'bootstrap.servers: embedded' only",
				   kafka->pairs[i].key->text);
}

static void kafka_read(struct bind *b, const struct node *key, struct node *kafka)
{
	static const struct {
		const char *name, *path, *prefix;
	} maps[] = {
		{ "consumer", "kafka.consumer", "consumer." },
		{ "producer", "kafka.producer", "producer." },
		{ "embedded", "kafka.embedded", "embedded." },
	};
	bool servers = false;

	if (kafka == NULL) {
		report_missing(b->report, (struct place){ 0, 0 },
			       "kafka:\n  bootstrap.servers: localhost:9092\n",
			       "'kafka' with 'bootstrap.servers' is missing, add");
		return;
	}
	if (!value_is(b, "kafka", kafka, NODE_MAP, CONFIG_MAX_PROPERTIES))
		return;
	for (size_t i = 0; i < kafka->n_pairs; i++) {
		const struct pair *pair = &kafka->pairs[i];
		size_t map = 0;
		servers = servers || is_servers(pair->key->text);
		while (map < 3 && strcmp(maps[map].name, pair->key->text) != 0)
			map++;
		if (map < 3)
			take_map(b, maps[map].path, maps[map].prefix, pair->value);
		else
			take_property(b, "", pair);
	}
	if (!servers)
		report_missing(b->report, key->place,
			       "kafka:\n  bootstrap.servers: localhost:9092\n",
			       "'bootstrap.servers' is missing in 'kafka', add");
	check_embedded(b, kafka);
}

static void group_read(struct bind *b, const struct given *given)
{
	if (b->group != NULL) {
		b->config->consumer.group = b->group;
		return;
	}
	b->group = b->config->consumer.group;
	if (bind_given(given, KEY_TOP, "group") == NULL)
		report_missing(b->report, (struct place){ 0, 0 }, "group: billing\n",
			       "'group' is missing, the name of this application's consumers; add");
}

/* `{host}` is the only word; the consumer puts the name in. */
static void check_instance(struct bind *b, struct node *node)
{
	const char *text = b->config->consumer.instance;

	for (const char *at = text; at != NULL && (at = strchr(at, '{')) != NULL; at++) {
		if (strncmp(at, "{host}", strlen("{host}")) == 0)
			continue;
		report_add(b->report, node_part(node, (size_t)(at - text), strcspn(at, "}") + 1),
			   "instance: unknown or unclosed word (there is {host})");
		return;
	}
}

static void formerly_read(struct bind *b, struct node *list)
{
	if (list == NULL || !value_is(b, "formerly", list, NODE_LIST, 16))
		return;
	const char **names = arena_take(b->arena, (list->n_items + 1) * sizeof(*names));
	for (size_t i = 0; names != NULL && i < list->n_items; i++) {
		names[i] = value_text(b, "formerly", list->items[i]);
		size_t size = names[i] != NULL ? strlen(names[i]) : 1;
		if (size < 1 || size > 255)
			report_add(b->report, list->items[i]->place,
				   "formerly: a group's name has 1..255 bytes");
	}
	b->config->consumer.formerly = names;
}

void settings_read(struct bind *b, const struct given *given)
{
	size_t kafka = key_find(KEY_TOP, "kafka");
	struct node *instance = bind_given(given, KEY_TOP, "instance");

	kafka_read(b, given->key[kafka], given->value[kafka]);
	bind_fields(b, KEY_TOP, given, &b->config->consumer);
	group_read(b, given);
	if (instance != NULL)
		check_instance(b, instance);
	formerly_read(b, bind_given(given, KEY_TOP, "formerly"));
	for (size_t i = 0; i < config_n_keys; i++) {
		b->config->inside->given[i] = given->value[i] != NULL;
		b->config->inside->secret[i] = node_secret(given->value[i]);
	}
}

void config_overlay(struct stagger_consumer_options *to,
		    const struct stagger_consumer_options *from)
{
	static const char zero[sizeof(int64_t)];

	for (size_t i = 0; i < config_n_keys; i++) {
		const struct config_key *key = &config_keys[i];
		const char *at = (const char *)from + key->at;
		if (key->scope == KEY_TOP && key->width > 0 && memcmp(at, zero, key->width) != 0)
			memcpy((char *)to + key->at, at, key->width);
	}
	if (from->user != NULL)
		to->user = from->user;
	if (from->log != NULL)
		to->log = from->log;
	if (from->event != NULL)
		to->event = from->event;
	if (from->worker_start != NULL)
		to->worker_start = from->worker_start;
	if (from->worker_stop != NULL)
		to->worker_stop = from->worker_stop;
}
