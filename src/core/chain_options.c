/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a chain declared in C: ranges and defaults as tables, so that a new option is a
 * line and no range is checked in two ways. */
#define _GNU_SOURCE
#include "core/chain_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"
#include "core/topics.h"

#define MAX_CALLS        100
#define MAX_REPLICAS     7
#define MAX_CONTENT_TYPE 127
#define MINUTE_MS        INT64_C(60000)
#define HOUR_MS          INT64_C(3600000)
#define TEN_YEARS_MS     (CHAIN_LONGEST_DELAY_MS * 10)

#define RETRY_TEMPLATE       "{topic}.{group}.retry.{delay}"
#define DEAD_LETTER_TEMPLATE "{topic}.{group}.dlt"

#define FROM(field) offsetof(struct stagger_chain_options, field)
#define TO(field)   offsetof(struct stagger_chain, field)

static const struct {
	const char *name;
	size_t from, to;
	int64_t min, max, otherwise;
	bool may_be_off;
} durations[] = {
	{"in_place_delay_ms", FROM(in_place_delay_ms), TO(in_place_delay_ms), 1, 300000, 200,
	 false},
	{"in_place_max_delay_ms", FROM(in_place_max_delay_ms), TO(in_place_max_delay_ms), 1, 300000,
	 300000, false},
	{"jitter_max_ms", FROM(jitter_max_ms), TO(jitter_max_ms), 1, HOUR_MS, 30000, true},
	{"deadline_ms", FROM(deadline_ms), TO(deadline_ms), 1, TEN_YEARS_MS, 0, true},
	{"expire_ms", FROM(expire_ms), TO(expire_ms), 1, TEN_YEARS_MS, 0, true},
	{"longest_wait_ms", FROM(longest_wait_ms), TO(longest_wait_ms), MINUTE_MS,
	 CHAIN_LONGEST_DELAY_MS, 0, false},
	{"handler_timeout_ms", FROM(handler_timeout_ms), TO(handler_timeout_ms), 1, 24 * HOUR_MS,
	 300000, true},
	{"dead_letter_retention_ms", FROM(dead_letter_retention_ms), TO(dead_letter_retention_ms),
	 1, TEN_YEARS_MS, 0, true},
	{"retention_margin_ms", FROM(retention_margin_ms), TO(retention_margin_ms), 1,
	 CHAIN_LONGEST_DELAY_MS, 7 * 24 * HOUR_MS, true},
};

static const struct {
	const char *name;
	size_t from, to;
	double min, max, otherwise;
} shares[] = {
	{"in_place_multiplier", FROM(in_place_multiplier), TO(in_place_multiplier), 1, 10, 2},
	{"in_place_jitter", FROM(in_place_jitter), TO(in_place_jitter), 0, 1, 0},
	{"jitter", FROM(jitter), TO(jitter), 0, 0.5, 0},
};

static enum stagger_status take_durations(struct stagger_chain *chain,
					  const struct stagger_chain_options *o,
					  struct stagger_error *err)
{
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		int64_t value;

		memcpy(&value, (const char *)o + durations[i].from, sizeof(value));
		if (value == 0)
			value = durations[i].otherwise;
		else if (value == STAGGER_OFF && durations[i].may_be_off)
			value = 0;
		else if (value < durations[i].min || value > durations[i].max)
			return fail(err, STAGGER_INVALID,
				    "chain '%s': %s %lld is not within %lld..%lld", chain->name,
				    durations[i].name, (long long)value,
				    (long long)durations[i].min, (long long)durations[i].max);
		memcpy((char *)chain + durations[i].to, &value, sizeof(value));
	}
	return STAGGER_OK;
}

static enum stagger_status take_shares(struct stagger_chain *chain,
				       const struct stagger_chain_options *o,
				       struct stagger_error *err)
{
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		double value;

		memcpy(&value, (const char *)o + shares[i].from, sizeof(value));
		if (value == 0)
			value = shares[i].otherwise;
		if (!(value >= shares[i].min && value <= shares[i].max)) /* catches NaN, too */
			return fail(err, STAGGER_INVALID, "chain '%s': %s %g is not within %g..%g",
				    chain->name, shares[i].name, value, shares[i].min,
				    shares[i].max);
		memcpy((char *)chain + shares[i].to, &value, sizeof(value));
	}
	return STAGGER_OK;
}

static const struct {
	const char *name;
	size_t from, to;
	int32_t most, otherwise;
} counts[] = {
	{"in_place_attempts", FROM(in_place_attempts), TO(in_place_attempts), MAX_CALLS, 1},
	{"replication", FROM(replication), TO(replication), MAX_REPLICAS, 0},
	{"min_insync_replicas", FROM(min_insync_replicas), TO(min_insync_replicas), MAX_REPLICAS,
	 0},
};

static enum stagger_status take_counts(struct stagger_chain *chain,
				       const struct stagger_chain_options *o,
				       struct stagger_error *err)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int32_t value;

		memcpy(&value, (const char *)o + counts[i].from, sizeof(value));
		if (value == 0)
			value = counts[i].otherwise;
		else if (value < 1 || value > counts[i].most)
			return fail(err, STAGGER_INVALID, "chain '%s': %s %d is not within 1..%d",
				    chain->name, counts[i].name, (int)value, (int)counts[i].most);
		memcpy((char *)chain + counts[i].to, &value, sizeof(value));
	}
	if (chain->replication != 0 && chain->min_insync_replicas > chain->replication)
		return fail(err, STAGGER_INVALID,
			    "chain '%s': min_insync_replicas %d is more than replication %d",
			    chain->name, (int)chain->min_insync_replicas, (int)chain->replication);
	return STAGGER_OK;
}

static enum stagger_status take_numbers(struct stagger_chain *chain,
					const struct stagger_chain_options *o,
					struct stagger_error *err)
{
	enum stagger_status status = take_durations(chain, o, err);

	if (status == STAGGER_OK)
		status = take_shares(chain, o, err);
	if (status == STAGGER_OK)
		status = take_counts(chain, o, err);
	if (status != STAGGER_OK)
		return status;
	if (o->workers != STAGGER_INLINE && (o->workers < 0 || o->workers > 1024))
		return fail(err, STAGGER_INVALID, "chain '%s': workers %d is not within 1..1024",
			    chain->name, (int)o->workers);
	if ((unsigned)o->order > STAGGER_ORDER_NONE)
		return fail(err, STAGGER_INVALID, "chain '%s': order %d is unknown", chain->name,
			    (int)o->order);
	if ((unsigned)o->in_place_backoff > STAGGER_BACKOFF_EXPONENTIAL)
		return fail(err, STAGGER_INVALID, "chain '%s': in_place_backoff %d is unknown",
			    chain->name, (int)o->in_place_backoff);
	if ((unsigned)o->dead_letter_headers > STAGGER_HEADERS_NONE)
		return fail(err, STAGGER_INVALID, "chain '%s': dead_letter_headers %d is unknown",
			    chain->name, (int)o->dead_letter_headers);
	chain->workers = o->workers != 0 ? o->workers : 1;
	chain->order = o->order;
	chain->in_place_backoff = o->in_place_backoff != STAGGER_BACKOFF_DEFAULT
					  ? o->in_place_backoff
					  : STAGGER_BACKOFF_EXPONENTIAL;
	chain->dead_letter_headers = o->dead_letter_headers != STAGGER_HEADERS_DEFAULT
					     ? o->dead_letter_headers
					     : STAGGER_HEADERS_KAFKA;
	chain->start_latest = o->start_latest;
	chain->stop_instead_of_dead_letter = o->stop_instead_of_dead_letter;
	chain->republish = o->republish;
	chain->shared_topics = o->shared_topics;
	return STAGGER_OK;
}

static enum stagger_status check_content_type(const struct stagger_chain *chain, const char *field,
					      const char *text, struct stagger_error *err)
{
	if (text != NULL && strlen(text) > MAX_CONTENT_TYPE)
		return fail(err, STAGGER_INVALID, "chain '%s': %s is longer than %d bytes",
			    chain->name, field, MAX_CONTENT_TYPE);
	if (text != NULL && !utf8_valid(bytes_text(text)))
		return fail(err, STAGGER_INVALID, "chain '%s': %s is not UTF-8", chain->name,
			    field);
	return STAGGER_OK;
}

/* Whether the stages are there is for chain_seal(). */
static enum stagger_status take_in_place_on(struct stagger_chain *chain, const char *const *names,
					    struct stagger_error *err)
{
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	if (n == 0)
		return STAGGER_OK;
	if (n > CHAIN_MAX_STAGES + 1)
		return fail(err, STAGGER_INVALID, "chain '%s': in_place_on: more than %d names",
			    chain->name, CHAIN_MAX_STAGES + 1);
	chain->in_place_on = calloc(n + 1, sizeof(char *));
	if (chain->in_place_on == NULL)
		return fail_memory(err);
	for (size_t i = 0; i < n; i++)
		if (!chain_copy(&chain->in_place_on[i], names[i]))
			return fail_memory(err);
	return STAGGER_OK;
}

static enum stagger_status take_texts(struct stagger_chain *chain,
				      const struct stagger_chain_options *o,
				      struct stagger_error *err)
{
	const char *retry = o->retry_topic != NULL ? o->retry_topic : RETRY_TEMPLATE;
	const char *dead =
		o->dead_letter_topic != NULL ? o->dead_letter_topic : DEAD_LETTER_TEMPLATE;

	if (!chain_copy(&chain->topic, o->topic != NULL ? o->topic : chain->name) ||
	    !chain_copy(&chain->retry_template, retry) ||
	    !chain_copy(&chain->dead_letter_template, dead) ||
	    !chain_copy(&chain->value_content_type, o->value_content_type) ||
	    !chain_copy(&chain->key_content_type, o->key_content_type))
		return fail_memory(err);
	if (!topic_valid(chain->topic))
		return fail(err, STAGGER_INVALID,
			    "chain '%s': '%s' is no topic name: [A-Za-z0-9._-]{1,%d}", chain->name,
			    chain->topic, TOPIC_MAX);
	enum stagger_status status = chain_check_topic(chain, retry, true, err);
	if (status == STAGGER_OK)
		status = chain_check_topic(chain, dead, false, err);
	if (status == STAGGER_OK)
		status =
			check_content_type(chain, "value_content_type", o->value_content_type, err);
	if (status == STAGGER_OK)
		status = check_content_type(chain, "key_content_type", o->key_content_type, err);
	return status;
}

enum stagger_status chain_take_options(struct stagger_chain *chain,
				       const struct stagger_chain_options *o,
				       struct stagger_error *err)
{
	enum stagger_status status = take_numbers(chain, o, err);

	if (status == STAGGER_OK)
		status = take_texts(chain, o, err);
	return status == STAGGER_OK ? take_in_place_on(chain, o->in_place_on, err) : status;
}
