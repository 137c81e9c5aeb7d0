/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka's properties: which are stagger's own, what is ours unless the user says otherwise,
 * and the configuration of a client from all of them. What is owned is set last and wins. */
#include "kafka/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ALL (ROLE_CONSUMER | ROLE_ADMIN | ROLE_PRODUCER)
#define EMBEDDED_MAX_SESSION_MS 6000 /* its rebalances take a session: keep it short */
#define MAX_POLL_MS "86400000"       /* the loop polls whatever handlers do; librdkafka's maximum */
#define TEXT 512
#define FETCH_MAX (1 << 20) /* librdkafka's default of fetch.message.max.bytes */

/* Owned: what to use instead. */
static const struct {
	const char *name, *instead;
} OWNED[] = {
	{"group.id", "use the option 'group'"},
	{"group.instance.id", "use the option 'instance'"},
	{"session.timeout.ms", "use the option 'session_timeout'"},
	{"enable.auto.commit", "stagger commits by itself, see 'commit_interval'"},
	{"auto.commit.enable", "stagger commits by itself, see 'commit_interval'"},
	{"auto.commit.interval.ms", "use the option 'commit_interval'"},
	{"enable.auto.offset.store", "stagger commits by itself"},
	{"auto.offset.reset", "use the chain's 'start_at'"},
	{"partition.assignment.strategy", "stagger uses 'range'"},
	{"enable.idempotence", "stagger needs enable.idempotence=true"},
	{"acks", "stagger needs acks=all"},
	{"request.required.acks", "stagger needs acks=all"},
	{"transactional.id", "stagger's producer has no transactions"},
	{"enable.partition.eof", "stagger needs enable.partition.eof=false"},
	{"group.protocol", "stagger needs the classic protocol"},
	{"message.timeout.ms", "a hop is tried for ever"},
	{"delivery.timeout.ms", "a hop is tried for ever"},
	{"queued.max.messages.kbytes",
	 "use the options 'prefetch_bytes' and 'expected_partitions'"},
	{"metadata.broker.list", "use bootstrap.servers"},
	{"opaque", "it belongs to stagger"},
};

struct key {
	const char *name, *value, *embedded; /* embedded NULL: the same */
	unsigned roles;
	bool offered; /* not every librdkafka knows it */
};
/* Ours unless the user sets them. */
static const struct key DEFAULTS[] = {
	// Not for questions: a wrong security.protocol shows as a closed connection.
	{"log.connection.close", "false", NULL, ROLE_CONSUMER | ROLE_PRODUCER, false},
	{"socket.nagle.disable", "true", NULL, ALL, false},
	{"topic.metadata.propagation.max.ms", "5000", NULL, ALL, false},
	{"enable.metrics.push", "false", NULL, ALL, true},
	{"heartbeat.interval.ms", "1000", "300", ROLE_CONSUMER, false},
	// Short: one fetch is in flight per broker, and an idle one of the stages holds back main.
	{"fetch.wait.max.ms", "50", "10", ROLE_CONSUMER, false},
	{"fetch.queue.backoff.ms", "5", NULL, ROLE_CONSUMER, true},
	{"max.poll.interval.ms", MAX_POLL_MS, NULL, ROLE_CONSUMER, false},
	{"linger.ms", "5", NULL, ROLE_PRODUCER, false},
	// As many as max_in_flight may be; bytes are bounded by queue.buffering.max.kbytes.
	{"queue.buffering.max.messages", "1048576", NULL, ROLE_PRODUCER, false},
};
static const struct key FORCED[] = {
	{"enable.auto.commit", "false", NULL, ROLE_CONSUMER, false},
	{"enable.auto.offset.store", "false", NULL, ROLE_CONSUMER, false},
	{"enable.partition.eof", "false", NULL, ROLE_CONSUMER, false},
	{"auto.offset.reset", "error", NULL, ROLE_CONSUMER, false},
	{"partition.assignment.strategy", "range", NULL, ROLE_CONSUMER, false},
	{"enable.idempotence", "true", NULL, ROLE_PRODUCER, false},
	{"acks", "all", NULL, ROLE_PRODUCER, false},
	{"message.timeout.ms", "0", NULL, ROLE_PRODUCER, false},
};

/* The name without its prefix, and the roles it is for. */
static const char *plain(const char *name, unsigned *roles)
{
	*roles = ALL;
	if (strncmp(name, "consumer.", 9) == 0) {
		*roles = ROLE_CONSUMER | ROLE_ADMIN;
		return name + 9;
	}
	if (strncmp(name, "producer.", 9) == 0) {
		*roles = ROLE_PRODUCER;
		return name + 9;
	}
	return name;
}

static bool is_embedded(const char *name)
{
	return strncmp(name, "embedded.", 9) == 0;
}

bool kafka_secret(const char *name)
{
	static const char *const parts[] = {
		"password", "secret", "key.pem", "jaas", "sasl.oauthbearer.config", "basic.auth",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}

const char *keys_given(const struct kafka_options *o, enum role role, const char *name)
{
	const char *all = NULL;
	const char *own = NULL;

	for (size_t i = 0; i < o->n_properties; i++) {
		unsigned roles;
		const char *bare = plain(o->properties[i].name, &roles);
		if ((roles & role) == 0 || strcmp(bare, name) != 0)
			continue;
		if (roles == ALL)
			all = o->properties[i].value;
		else
			own = o->properties[i].value;
	}
	return own != NULL ? own : all;
}

enum stagger_status keys_servers(const struct kafka_options *o, const char **servers,
				 struct stagger_error *err)
{
	const char *given = keys_given(o, ROLE_ADMIN, "bootstrap.servers");
	if (given == NULL)
		return fail(err, STAGGER_INVALID, "kafka: bootstrap.servers is not set");
	for (size_t i = 0; strcmp(given, EMBEDDED_SERVERS) != 0 && i < o->n_properties; i++)
		if (is_embedded(o->properties[i].name))
			return fail(err, STAGGER_INVALID,
				    "kafka: '%s' is only for bootstrap.servers=embedded",
				    o->properties[i].name);
	*servers = given;
	return STAGGER_OK;
}

static enum stagger_status check_embedded(const char *name, const char *value,
					  struct stagger_error *err)
{
	bool partitions = strcmp(name, "embedded.partitions") == 0;
	char *end;
	long number = strtol(value, &end, 10);

	if (!partitions && strcmp(name, "embedded.port") != 0)
		return fail(err, STAGGER_INVALID,
			    "kafka: unknown property '%s': there are embedded.partitions and "
			    "embedded.port",
			    name);
	if (end == value || *end != '\0' || number < (partitions ? 1 : 0) ||
	    number > (partitions ? 128 : 65535))
		return fail(err, STAGGER_INVALID, "kafka: %s is '%s', not a number of %s", name,
			    value, partitions ? "1..128" : "0..65535");
	return STAGGER_OK;
}

static enum stagger_status fail_unknown(const char *name, const char *text,
					struct stagger_error *err)
{
	char *nearest = nearest_property(name);

	fail(err, STAGGER_INVALID, "kafka: '%s': %s%s%s%s", name, text,
	     nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
	     nearest != NULL ? "'?)" : "");
	free(nearest);
	return STAGGER_INVALID;
}

/* Sets one of the user's properties; a secret is never shown. */
static enum stagger_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
			       struct stagger_error *err)
{
	char text[TEXT];

	rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, text, sizeof(text));
	if (result == RD_KAFKA_CONF_OK)
		return STAGGER_OK;
	if (result == RD_KAFKA_CONF_UNKNOWN)
		return fail_unknown(name, text, err);
	if (kafka_secret(name))
		return fail(err, STAGGER_INVALID, "kafka: the value of '%s' is refused", name);
	return fail(err, STAGGER_INVALID, "kafka: '%s': %s", name, text);
}

enum stagger_status kafka_check_property(const char *name, const char *value,
					 struct stagger_error *err)
{
	unsigned roles;
	const char *bare = plain(name, &roles);
	size_t size = strlen(bare);

	if (is_embedded(bare))
		return check_embedded(bare, value, err);
	for (size_t i = 0; i < sizeof(OWNED) / sizeof(OWNED[0]); i++)
		if (strcmp(OWNED[i].name, bare) == 0)
			return fail(err, STAGGER_INVALID, "kafka: '%s' is stagger's own: %s", name,
				    OWNED[i].instead);
	if (size > 3 && strcmp(bare + size - 3, "_cb") == 0)
		return fail(err, STAGGER_INVALID, "kafka: '%s' is stagger's own: a callback", name);
	if (strcmp(bare, "bootstrap.servers") == 0 && roles != ALL)
		return fail(err, STAGGER_INVALID,
			    "kafka: '%s': all clients use one cluster, write bootstrap.servers",
			    name);
	if (strcmp(bare, "bootstrap.servers") == 0 && value[0] == '\0')
		return fail(err, STAGGER_INVALID, "kafka: bootstrap.servers is empty");

	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	enum stagger_status status = set(conf, bare, value, err);
	rd_kafka_conf_destroy(conf);
	return status;
}

static enum stagger_status set_table(rd_kafka_conf_t *conf, const struct key *table, size_t n,
				     enum role role, bool embedded, struct stagger_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct key *key = &table[i];
		const char *value = embedded && key->embedded != NULL ? key->embedded : key->value;
		if ((key->roles & role) == 0)
			continue;
		if (key->offered) {
			gates_offer(conf, key->name, value);
			continue;
		}
		enum stagger_status status = set(conf, key->name, value, err);
		if (status != STAGGER_OK)
			return status;
	}
	return STAGGER_OK;
}

/* First what is for all, then what is for this role: it wins wherever it stands. */
static enum stagger_status set_users(rd_kafka_conf_t *conf, const struct kafka_options *o,
				     enum role role, struct stagger_error *err)
{
	for (int own = 0; own <= 1; own++) {
		for (size_t i = 0; i < o->n_properties; i++) {
			unsigned roles;
			const char *name = plain(o->properties[i].name, &roles);
			if ((roles & role) == 0 || (roles != ALL) != own || is_embedded(name))
				continue;
			enum stagger_status status =
				kafka_check_property(o->properties[i].name,
						     o->properties[i].value, err);
			if (status == STAGGER_OK)
				status = set(conf, name, o->properties[i].value, err);
			if (status != STAGGER_OK)
				return status;
		}
	}
	return STAGGER_OK;
}

static bool is_set_to(const rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char text[TEXT];
	size_t size = sizeof(text);

	return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK &&
	       strcmp(text, value) == 0;
}

/* Without anybody who gets tokens librdkafka waits for one for ever, and says nothing. */
static enum stagger_status check_tokens(const rd_kafka_conf_t *conf, struct stagger_error *err)
{
	bool default_method = is_set_to(conf, "sasl.oauthbearer.method", "default");

	if (!is_set_to(conf, "sasl.mechanisms", "OAUTHBEARER") || !default_method ||
	    is_set_to(conf, "enable.sasl.oauthbearer.unsecure.jwt", "true"))
		return STAGGER_OK;
	return fail(err, STAGGER_INVALID,
		    "kafka: 'sasl.mechanisms' is OAUTHBEARER, and nothing gets tokens: set "
		    "sasl.oauthbearer.method=oidc (a librdkafka built with OIDC; Debian's is not), "
		    "or use another mechanism");
}

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
	return value < min ? min : value > max ? max : value;
}

static enum stagger_status set_number(rd_kafka_conf_t *conf, const char *name, int64_t value,
				      struct stagger_error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return set(conf, name, text, err);
}

/* Ours unless the user set it, under its name or librdkafka's other one. */
static enum stagger_status set_default(rd_kafka_conf_t *conf, const struct kafka_options *o,
				       const char *const names[2], int64_t value,
				       struct stagger_error *err)
{
	for (int i = 0; i < 2; i++)
		if (names[i] != NULL && keys_given(o, ROLE_CONSUMER, names[i]) != NULL)
			return STAGGER_OK;
	return set_number(conf, names[0], value, err);
}

/* What each partition's queue may hold: the process's share, in bytes and in messages of 512 B. One
 * that is not full is fetched for, so a fetch must not bring much more than the share. */
static enum stagger_status set_prefetch(rd_kafka_conf_t *conf, const struct kafka_options *o,
					struct stagger_error *err)
{
	int64_t partitions = o->expected_partitions > 0 ? o->expected_partitions : 1;
	int64_t limit_kb = clamp(o->prefetch_bytes / partitions / 1024, 64, 2097151);
	enum stagger_status status = set_number(conf, "queued.max.messages.kbytes", limit_kb, err);

	if (status == STAGGER_OK)
		status = set_default(conf, o, (const char *const[]){"queued.min.messages", NULL},
				     clamp(limit_kb * 1024 / 512, 1000, 100000), err);
	if (status == STAGGER_OK)
		status = set_default(conf, o,
				     (const char *const[]){"fetch.message.max.bytes",
							   "max.partition.fetch.bytes"},
				     clamp(limit_kb * 1024, 1, FETCH_MAX), err);
	return status;
}

static enum stagger_status set_group(rd_kafka_conf_t *conf, const struct kafka_options *o,
				     bool embedded, struct stagger_error *err)
{
	int64_t session_ms = o->session_timeout_ms;
	if (embedded && session_ms > EMBEDDED_MAX_SESSION_MS)
		session_ms = EMBEDDED_MAX_SESSION_MS;

	enum stagger_status status = set(conf, "group.id", o->group, err);
	if (status == STAGGER_OK && o->instance != NULL)
		status = set(conf, "group.instance.id", o->instance, err);
	if (status == STAGGER_OK)
		status = set_number(conf, "session.timeout.ms", session_ms, err);
	if (status == STAGGER_OK)
		status = set_prefetch(conf, o, err);
	return status;
}

enum stagger_status keys_conf(rd_kafka_conf_t **out, const struct kafka_options *o, enum role role,
			      const char *servers, struct stagger_error *err)
{
	const char *given = keys_given(o, role, "bootstrap.servers");
	bool embedded = given != NULL && strcmp(given, EMBEDDED_SERVERS) == 0;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	enum stagger_status status = set_table(conf, DEFAULTS, sizeof(DEFAULTS) / sizeof(*DEFAULTS),
					       role, embedded, err);
	if (status == STAGGER_OK)
		status = set_users(conf, o, role, err);
	if (status == STAGGER_OK)
		status = check_tokens(conf, err);
	if (status == STAGGER_OK)
		status = set_table(conf, FORCED, sizeof(FORCED) / sizeof(*FORCED), role, embedded,
				   err);
	if (status == STAGGER_OK && role == ROLE_CONSUMER)
		status = set_group(conf, o, embedded, err);
	if (status == STAGGER_OK)
		status = set(conf, "bootstrap.servers", servers, err);
	if (status != STAGGER_OK) {
		rd_kafka_conf_destroy(conf);
		return status;
	}
	*out = conf;
	return STAGGER_OK;
}
