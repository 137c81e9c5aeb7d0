/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the dead letters of chains. */
#define _GNU_SOURCE
#include "dead/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kafka/reader.h"

struct dead_read {
	struct tool *tool;
	struct reader *reader;
	const struct dead_filter *filter;
	void (*trouble)(const struct stagger_error *err, void *user);
	void *user;
	char **topics; /* each once, in the order of the chains */
	size_t n_topics, n_troubles;
	struct dead_letter letter;
	struct stagger_error why; /* letter.why */
};

static bool add_topic(struct dead_read *r, const char *topic)
{
	for (size_t i = 0; i < r->n_topics; i++)
		if (strcmp(r->topics[i], topic) == 0)
			return true;
	char **topics = realloc(r->topics, (r->n_topics + 1) * sizeof(*topics));
	if (topics == NULL)
		return false;
	r->topics = topics;
	r->topics[r->n_topics] = strdup(topic);
	return r->topics[r->n_topics++] != NULL;
}

static bool add_topics(struct dead_read *r, const struct stagger_chain *chain)
{
	if (chain->dead_letter_topic != NULL && !add_topic(r, chain->dead_letter_topic))
		return false;
	for (size_t i = 0; i < chain->n_routes; i++)
		if (!add_topic(r, chain->routes[i].topic))
			return false;
	return true;
}

static bool is_about_one_topic(enum stagger_status status)
{
	return status == STAGGER_TOPICS || status == STAGGER_DENIED;
}

static void note_trouble(struct dead_read *r, const struct stagger_error *err)
{
	r->n_troubles++;
	if (r->trouble != NULL)
		r->trouble(err, r->user);
}

/* Those that cannot be read are told when there are others. */
static enum stagger_status open_topics(struct dead_read *r, struct stagger_error *err)
{
	struct stagger_error *bad = calloc(r->n_topics + 1, sizeof(*bad));
	enum stagger_status status = bad != NULL ? STAGGER_OK : fail_memory(err);
	size_t n_bad = 0;

	for (size_t i = 0; i < r->n_topics && status == STAGGER_OK; i++) {
		status = reader_topic(r->reader, r->topics[i], r->filter->since_ms, &bad[n_bad]);
		if (is_about_one_topic(status)) {
			n_bad++;
			status = STAGGER_OK;
		} else if (status != STAGGER_OK) {
			*err = bad[n_bad];
		}
	}
	if (status == STAGGER_OK && n_bad > 0 && n_bad == r->n_topics) {
		*err = bad[0];
		status = err->status;
	} else if (status == STAGGER_OK) {
		for (size_t i = 0; i < n_bad; i++)
			note_trouble(r, &bad[i]);
	}
	free(bad);
	return status;
}

enum stagger_status dead_read_new(struct dead_read **out, const struct dead_read_options *o,
				  struct stagger_error *err)
{
	struct tool_options tool = o->tool;
	struct dead_read *r = calloc(1, sizeof(*r));
	enum stagger_status status = r != NULL ? STAGGER_OK : fail_memory(err);

	if (r == NULL)
		return status;
	r->filter = o->filter;
	r->trouble = o->trouble;
	r->user = o->user;
	for (size_t i = 0; i < o->n_chains && status == STAGGER_OK; i++)
		if (!add_topics(r, o->chains[i]))
			status = fail_memory(err);
	if (status == STAGGER_OK && r->n_topics == 0)
		status = fail(err, STAGGER_INVALID,
			      "there is no dead-letter topic: the chains stop instead "
			      "(dead_letter.stop)");
	tool.own = reader_properties;
	tool.n_own = n_reader_properties;
	if (status == STAGGER_OK)
		status = tool_new(&r->tool, &tool, err);
	if (status == STAGGER_OK)
		status = reader_new(&r->reader, r->tool, tool.timeout_ms, err);
	if (status == STAGGER_OK)
		status = open_topics(r, err);
	if (status == STAGGER_OK)
		*out = r;
	else
		dead_read_free(&r);
	return status;
}

/* *letter from the record; its envelope is the letter's. */
static enum stagger_status open_letter(struct dead_read *r, const struct reader_record *record,
				       struct stagger_error *err)
{
	r->letter = (struct dead_letter){.record = *record};
	enum stagger_status status =
		stagger_envelope_read(&r->letter.envelope, record->value, &r->why);
	if (status == STAGGER_NO_MEMORY)
		return fail_memory(err);
	if (status != STAGGER_OK)
		r->letter.why = record->value.data == NULL ? "it has no value" : r->why.text;
	return STAGGER_OK;
}

enum stagger_status dead_read_next(struct dead_read *r, const struct dead_letter **out,
				   struct stagger_error *err)
{
	struct stagger_error of_topic;

	for (;;) {
		const struct reader_record *record;
		stagger_envelope_free(&r->letter.envelope);
		enum stagger_status status = reader_next(r->reader, &record, &of_topic);
		if (is_about_one_topic(status)) {
			note_trouble(r, &of_topic);
			continue;
		}
		if (status != STAGGER_OK) {
			*err = of_topic;
			return status;
		}
		if (record == NULL) {
			*out = NULL;
			return STAGGER_OK;
		}
		status = open_letter(r, record, err);
		if (status != STAGGER_OK)
			return status;
		if (dead_filter_fits(r->filter, &r->letter)) {
			*out = &r->letter;
			return STAGGER_OK;
		}
	}
}

size_t dead_read_n_troubles(const struct dead_read *r)
{
	return r->n_troubles;
}

void dead_read_free(struct dead_read **read)
{
	struct dead_read *r = *read;

	if (r == NULL)
		return;
	stagger_envelope_free(&r->letter.envelope);
	reader_free(&r->reader);
	tool_free(&r->tool);
	for (size_t i = 0; i < r->n_topics; i++)
		free(r->topics[i]);
	free(r->topics);
	free(r);
	*read = NULL;
}
