/* SPDX-License-Identifier: Apache-2.0
 *
 * Which dead letters are meant. */
#include "dead/filter.h"

#include <string.h>

#include "base/bytes.h"
#include "core/chain.h"

int64_t dead_letter_when_ms(const struct dead_letter *letter)
{
	if (letter->record.timestamp_ms >= 0)
		return letter->record.timestamp_ms;
	return letter->envelope != NULL ? letter->envelope->last_failed_ms : -1;
}

const char *dead_letter_stage(const struct dead_letter *letter)
{
	const struct stagger_envelope *e = letter->envelope;

	if (e == NULL)
		return NULL;
	return e->n_history > 0 ? e->history[e->n_history - 1]->stage : "main";
}

static bool is(const char *wanted, const char *found)
{
	return wanted == NULL || (found != NULL && strcmp(wanted, found) == 0);
}

static bool in_time(const struct dead_filter *filter, const struct dead_letter *letter)
{
	int64_t when_ms = dead_letter_when_ms(letter);

	if (when_ms < 0)
		return filter->since_ms == INT64_MIN && filter->until_ms == INT64_MAX;
	return when_ms >= filter->since_ms && when_ms < filter->until_ms;
}

/* The key outside is the original one: it is there for what is no envelope, too. */
static bool has_key(const char *wanted, const struct dead_letter *letter)
{
	const struct stagger_envelope *e = letter->envelope;

	return wanted == NULL || bytes_is(e != NULL ? e->key : letter->record.key, wanted);
}

static bool envelope_fits(const struct dead_filter *filter, const struct stagger_envelope *e)
{
	if (e == NULL) /* a record of the chain's topic; whose it is nobody can say */
		return filter->code == NULL && filter->disposition == NULL &&
		       filter->topic == NULL && !filter->by_class;
	return is(filter->chain, e->chain) && is(filter->code, e->last.error_code) &&
	       is(filter->disposition, e->disposition) && is(filter->topic, e->original_topic) &&
	       (!filter->by_class ||
		match_fits(&filter->match, e->last.error_class, e->last.error_code));
}

bool dead_filter_fits(const struct dead_filter *filter, const struct dead_letter *letter)
{
	return in_time(filter, letter) && has_key(filter->key, letter) &&
	       envelope_fits(filter, letter->envelope);
}
