/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer's options: one table of the numbers with ranges and defaults, so that every key is
 * checked the same way. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "consumer/state.h"

#define MIB (INT64_C(1024) * 1024)
#define GIB (1024 * MIB)

struct number_option {
	const char *name;
	size_t at;
	bool is64, may_be_off; /* off: STAGGER_OFF stands for 0 */
	int64_t least, most, fallback;
};

#define AT(name) offsetof(struct stagger_consumer_options, name)
#define OPTION64(name, least, most, fallback)                                                      \
	{ #name, AT(name), true, false, least, most, fallback }
#define OPTION_OFF(name, least, most, fallback)                                                    \
	{ #name, AT(name), true, true, least, most, fallback }
#define OPTION32(name, least, most, fallback)                                                      \
	{ #name, AT(name), false, false, least, most, fallback }

static const struct number_option numbers[] = {
	OPTION64(session_timeout_ms, 4000, 1800000, 0), /* the default depends on instance */
	OPTION_OFF(start_timeout_ms, 1, 3600000, 0),
	OPTION_OFF(drain_timeout_ms, 1, 3600000, 30000),
	OPTION_OFF(revoke_timeout_ms, 1, 240000, 5000),
	OPTION64(commit_interval_ms, 10, 60000, 100),
	OPTION32(max_in_flight, 1, 1048576, 4096),
	OPTION64(max_in_flight_bytes, MIB, 64 * GIB, 64 * MIB),
	OPTION32(max_waiting, 1, 10000000, 16384),
	OPTION64(max_waiting_bytes, MIB, 64 * GIB, 64 * MIB),
	OPTION64(max_uncommitted, 64, 16777216, 65536),
	OPTION64(max_ahead, 64, 1048576, 1048576),
	OPTION64(pause_after_ms, 100, 3600000, 30000),
	OPTION64(prefetch_bytes, MIB, 64 * GIB, 256 * MIB),
	OPTION32(expected_partitions, 1, 1000000, 64),
	OPTION32(log_rate, 1, 1000000, 10),
};

static enum stagger_status number_take(struct stagger_consumer_options *o,
				       const struct number_option *n, struct stagger_error *err)
{
	char *at = (char *)o + n->at;
	int64_t value;
	int32_t value32 = 0;
	if (n->is64) {
		memcpy(&value, at, sizeof(value));
	} else {
		memcpy(&value32, at, sizeof(value32));
		value = value32;
	}
	if (value == 0)
		value = n->fallback;
	else if (value == STAGGER_OFF && n->may_be_off)
		value = 0;
	else if (value < n->least || value > n->most)
		return fail(err, STAGGER_INVALID, "%s %lld is not within %lld..%lld", n->name,
			    (long long)value, (long long)n->least, (long long)n->most);
	value32 = (int32_t)(n->is64 ? 0 : value);
	if (n->is64)
		memcpy(at, &value, sizeof(value));
	else
		memcpy(at, &value32, sizeof(value32));
	return STAGGER_OK;
}

/* "{host}" stands for this host's name. */
static char *expand_host(const char *text, const char *host)
{
	static const char word[] = "{host}";
	const char *found = strstr(text, word);
	if (found == NULL)
		return strdup(text);
	size_t size = strlen(text) + strlen(host) + 1;
	char *out = malloc(size);
	if (out == NULL)
		return NULL;
	size_t before = (size_t)(found - text);
	memcpy(out, text, before);
	strcpy(out + before, host);
	strcat(out, found + sizeof(word) - 1);
	return out;
}

static enum stagger_status formerly_take(struct stagger_consumer_options *o,
					 struct stagger_error *err)
{
	const char *const *in = o->formerly;
	o->formerly = NULL;
	if (in == NULL)
		return STAGGER_OK;
	size_t n = 0;
	while (in[n] != NULL)
		if (++n > 16)
			return fail(err, STAGGER_INVALID, "formerly: more than 16 names");
	char **names = calloc(n + 1, sizeof(char *));
	if (names == NULL)
		return fail_memory(err);
	o->formerly = (const char *const *)names;
	for (size_t i = 0; i < n; i++)
		if ((names[i] = strdup(in[i])) == NULL)
			return fail_memory(err);
	return STAGGER_OK;
}

static enum stagger_status texts_take(struct stagger_consumer_options *o, const char *host,
				      struct stagger_error *err)
{
	const char *group = o->group;
	const char *instance = o->instance;
	o->group = NULL;
	o->instance = NULL;
	enum stagger_status status = formerly_take(o, err);
	if (status != STAGGER_OK)
		return status;
	if (group == NULL || group[0] == '\0')
		return fail(err, STAGGER_INVALID, "group is not set: it names this application's "
						  "consumers, \"billing\" say");
	if (strlen(group) > 255)
		return fail(err, STAGGER_INVALID, "group is longer than 255 bytes");
	if (!utf8_valid(bytes_text(group)))
		return fail(err, STAGGER_INVALID, "group is not UTF-8");
	if ((o->group = strdup(group)) == NULL)
		return fail_memory(err);
	if (instance == NULL)
		return STAGGER_OK;
	if ((o->instance = expand_host(instance, host)) == NULL)
		return fail_memory(err);
	if (o->instance[0] == '\0' || strlen(o->instance) > 249)
		return fail(err, STAGGER_INVALID, "instance is not within 1..249 bytes");
	return STAGGER_OK;
}

bool options_copy(struct stagger_consumer_options *out, const struct stagger_consumer_options *in)
{
	struct stagger_consumer_options o = { .size = sizeof(o) };
	if (in != NULL && in->size < sizeof(in->size))
		return false;
	if (in != NULL)
		memcpy(&o, in, in->size < sizeof(o) ? in->size : sizeof(o));
	o.size = sizeof(o);
	*out = o;
	return true;
}

enum stagger_status options_take(struct stagger_consumer_options *out,
				 const struct stagger_consumer_options *in, const char *host,
				 struct stagger_error *err)
{
	struct stagger_consumer_options o;
	if (!options_copy(&o, in))
		return fail(err, STAGGER_INVALID, "options.size is not set, use "
						  "STAGGER_CONSUMER_OPTIONS_INIT");
	enum stagger_status status = texts_take(&o, host, err);
	for (size_t i = 0; status == STAGGER_OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		status = number_take(&o, &numbers[i], err);
	if (status != STAGGER_OK) {
		options_clear(&o);
		return status;
	}
	if (o.session_timeout_ms == 0)
		o.session_timeout_ms = o.instance != NULL ? 45000 : 10000;
	*out = o;
	return STAGGER_OK;
}

void options_clear(struct stagger_consumer_options *o)
{
	free((char *)(uintptr_t)o->group);
	free((char *)(uintptr_t)o->instance);
	for (size_t i = 0; o->formerly != NULL && o->formerly[i] != NULL; i++)
		free((char *)(uintptr_t)o->formerly[i]);
	free((void *)(uintptr_t)o->formerly);
	*o = (struct stagger_consumer_options){ .size = sizeof(*o) };
}
