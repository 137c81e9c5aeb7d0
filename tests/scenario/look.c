/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scenario asks the rig: calls, events, envelopes, counters. Asking for what is not there
 * fails the test where it stands, with what there was. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t rig_now(const struct rig *rig)
{
	int64_t start_ms = rig->setup.world.wall_start_ms;
	return world_wall_ms(rig->w) - (start_ms != 0 ? start_ms : START_MS);
}

const char *rig_story(struct rig *rig, size_t from)
{
	size_t size = (rig->n_calls + 1) * 96;
	char *text = realloc(rig->text, size);
	assert_non_null(text);
	rig->text = text;
	text[0] = '\0';
	size_t used = 0;
	for (size_t i = from; i < rig->n_calls; i++) {
		const struct call *c = &rig->calls[i];
		used += (size_t)snprintf(text + used, size - used, "%s%s/%s/%d",
					 i > from ? " " : "", c->id, c->stage, c->attempt);
	}
	return text;
}

const struct call *rig_call(const struct rig *rig, size_t i)
{
	if (i >= rig->n_calls)
		fail_msg("no call %zu, there were %zu", i, rig->n_calls);
	return &rig->calls[i];
}

size_t rig_calls_of(const struct rig *rig, const char *id)
{
	size_t n = 0;
	for (size_t i = 0; i < rig->n_calls; i++)
		n += strcmp(rig->calls[i].id, id) == 0;
	return n;
}

const struct call *rig_call_of(const struct rig *rig, const char *id, size_t i)
{
	size_t n = 0;
	for (size_t at = 0; at < rig->n_calls; at++)
		if (strcmp(rig->calls[at].id, id) == 0 && n++ == i)
			return &rig->calls[at];
	fail_msg("no call %zu of '%s', there were %zu", i, id, n);
	return NULL;
}

size_t rig_events(const struct rig *rig, enum stagger_event_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < rig->n_events; i++)
		n += rig->events[i].kind == kind;
	return n;
}

const struct seen *rig_event(const struct rig *rig, enum stagger_event_kind kind, size_t i)
{
	size_t n = 0;
	for (size_t at = 0; at < rig->n_events; at++)
		if (rig->events[at].kind == kind && n++ == i)
			return &rig->events[at];
	fail_msg("no event %zu of kind %d, there were %zu", i, (int)kind, n);
	return NULL;
}

bool rig_logged(const struct rig *rig, const char *text)
{
	return rig->log != NULL && strstr(rig->log, text) != NULL;
}

const struct stagger_envelope *rig_envelope(struct rig *rig, const char *topic, size_t i)
{
	const struct stagger_envelope *envelope = stagger_world_envelope(rig->w, topic, i);
	if (envelope == NULL)
		fail_msg("'%s' has no envelope %zu, it holds %zu records", topic, i,
			 rig_count(rig, topic));
	return envelope;
}

size_t rig_count(const struct rig *rig, const char *topic)
{
	return stagger_world_count(rig->w, topic);
}

const struct stagger_envelope *rig_dead(struct rig *rig, const char *disposition)
{
	assert_int_equal(rig_count(rig, DLT), 1);
	const struct stagger_envelope *letter = rig_envelope(rig, DLT, 0);
	assert_string_equal(letter->disposition, disposition);
	return letter;
}

const struct stagger_stats *rig_stats_of(struct rig *rig, int32_t m)
{
	struct stagger_error err = { .text = "" };
	assert_in_range(m, 0, RIG_MEMBERS - 1);
	stagger_stats_free(&rig->stats[m]);
	if (stagger_consumer_stats(world_member(rig->w, m), &rig->stats[m], &err) != STAGGER_OK)
		fail_msg("stats: %s", err.text);
	return rig->stats[m];
}

const struct stagger_stats *rig_stats(struct rig *rig)
{
	return rig_stats_of(rig, 0);
}

const struct stagger_lane_stats *rig_lane(struct rig *rig, const char *topic, int32_t partition)
{
	const struct stagger_stats *stats = rig_stats(rig);
	for (size_t i = 0; i < stats->n_lanes; i++)
		if (strcmp(stats->lanes[i]->topic, topic) == 0 &&
		    stats->lanes[i]->partition == partition)
			return stats->lanes[i];
	fail_msg("no lane '%s' %d", topic, partition);
	return NULL;
}

int64_t rig_committed(const struct rig *rig, const char *topic, int32_t partition)
{
	return world_committed(rig->w, GROUP, topic, partition, NULL);
}

enum stagger_status rig_ended(const struct rig *rig, int32_t m, struct stagger_error *err)
{
	enum stagger_status status = STAGGER_OK;
	struct stagger_error ignored;
	if (!world_ended(rig->w, m, &status, err != NULL ? err : &ignored))
		fail_msg("member %d has not ended", m);
	return status;
}
