/* SPDX-License-Identifier: Apache-2.0
 *
 * The lanes of a fake source: reads the broker's logs by position. ready() tells only what became
 * non-empty, and nothing of what is paused, as librdkafka's queues do. Handles of an old assignment
 * are kept so that their use can be told. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "testing/broker.h"
#include "testing/group.h"

static void breach(const struct fake_source *s, const char *what, const struct fake_log *log)
{
	fake_violation(s->world, s->member->number, "%s: '%s' partition %d", what,
		       log->topic->name, log->partition);
}

/* -- lanes ------------------------------------------------------------------------------- */
static void lane_make_ready(struct fake_lane *lane)
{
	lane->drained = false;
	if (!list_empty(&lane->by_ready))
		return;
	list_push_back(&lane->source->ready, &lane->by_ready);
	lane->source->member->news = true;
}

static void lane_reset(struct fake_lane *lane)
{
	struct fake_event *e = fake_event_new(lane->source, PORT_RESET, 1);
	if (e == NULL)
		return;
	lane->reset = true;
	fake_event_set(e, 0, &(struct port_partition){ .topic = lane->log->topic->name,
						       .partition = lane->log->partition,
						       .committed = -1,
						       .log_start = -1,
						       .log_end = -1,
						       .lane = lane->lane });
	fake_event_push(lane->source, e);
}

void fake_lane_look(struct fake_lane *lane)
{
	const struct fake_log *log = lane->log;
	if (lane->paused || lane->reset || lane->source->world->silent || log->fetch_us != 0)
		return;
	if (lane->position < log->start || lane->position > log->end)
		lane_reset(lane);
	else if (lane->drained && fake_log_from(log, lane->position) < log->n_records)
		lane_make_ready(lane);
}

static void lane_retire(struct fake_lane *lane)
{
	lane->stale = true;
	list_remove(&lane->by_log);
	list_remove(&lane->by_ready);
	list_push_back(&lane->source->stale, &lane->link);
}

void fake_lanes_retire(struct fake_source *s)
{
	for (size_t i = 0; i < s->n_lanes; i++)
		lane_retire(s->lanes[i]);
	free(s->lanes);
	s->lanes = NULL;
	s->n_lanes = 0;
}

struct fake_lane *fake_lane_of(const struct fake_source *s, const struct fake_log *log)
{
	for (struct list *l = log->readers.next; l != &log->readers; l = l->next) {
		struct fake_lane *lane = container_of(l, struct fake_lane, by_log);
		if (lane->source == s)
			return lane;
	}
	return NULL;
}

struct fake_lane *fake_lane_held(const struct fake_source *s, void *handle, const char *call)
{
	struct fake_lane *lane = handle;
	if (!lane->stale)
		return lane;
	breach(s, call, lane->log);
	return NULL;
}

static void check_start(const struct fake_source *s, const struct port_start *p,
			const struct fake_log *log)
{
	const struct fake_claim *claim = s->seat == NULL ? NULL : fake_claim_find(s->group, log);
	if (p->offset < 0)
		breach(s, "assign at an offset that is no number", log);
	if (s->seat != NULL && (claim == NULL || claim->owner != s->seat))
		breach(s, "assign of a partition that is not ours", log);
}

struct fake_lane *fake_lane_new(struct fake_source *s, const struct port_start *p)
{
	struct fake_log *log = fake_log_find(s->world, p->topic, p->partition);
	if (log == NULL) {
		fake_violation(s->world, s->member->number, "assign of unknown '%s' partition %d",
			       p->topic, p->partition);
		return NULL;
	}
	check_start(s, p, log);
	struct fake_lane *lane = calloc(1, sizeof(*lane));
	if (lane == NULL)
		return NULL;
	*lane = (struct fake_lane){ .source = s, .log = log, .lane = p->lane };
	lane->position = p->offset;
	lane->paused = p->paused;
	list_init(&lane->link);
	list_init(&lane->by_log);
	list_init(&lane->by_ready);
	return lane;
}

void fake_lanes_set(struct fake_source *s, struct fake_lane **take_lanes, size_t n)
{
	fake_lanes_retire(s);
	s->lanes = take_lanes;
	s->n_lanes = n;
	for (size_t i = 0; i < n; i++) {
		struct fake_lane *lane = take_lanes[i];
		list_push_back(&lane->log->readers, &lane->by_log);
		fake_lane_look(lane);
		if (!lane->paused)
			lane_make_ready(lane);
	}
}

/* -- reading ----------------------------------------------------------------------------- */
size_t fake_ready(void *self, void **lanes, size_t max)
{
	struct fake_source *s = self;
	size_t n = 0;
	while (n < max && !list_empty(&s->ready)) {
		struct fake_lane *lane = container_of(s->ready.next, struct fake_lane, by_ready);
		list_remove(&lane->by_ready);
		lanes[n++] = lane->lane;
	}
	return n;
}

static bool pin_record(struct fake_source *s, const struct world_record *r, struct port_record *out)
{
	void *pins = s->pins;
	if (!fake_grow(&pins, s->n_pins))
		return false;
	s->pins = pins;
	size_t size = fake_record_size(r);
	char *memory = malloc(size == 0 ? 1 : size);
	struct stagger_header *headers = NULL;
	if (r->n_headers > 0)
		headers = malloc(r->n_headers * sizeof(*headers));
	if (memory == NULL || (headers == NULL && r->n_headers > 0)) {
		free(memory);
		free(headers);
		return false;
	}
	struct world_record copy;
	fake_record_copy(&copy, headers, r, memory);
	s->pins[s->n_pins++] = memory;
	s->n_pinned++;
	*out = (struct port_record){ .offset = r->offset, .timestamp_ms = r->timestamp_ms,
				     .key = copy.key, .value = copy.value, .headers = headers,
				     .n_headers = r->n_headers,
				     .pin = (void *)(uintptr_t)s->n_pins };
	return true;
}

void fake_release(void *self, void *pin)
{
	struct fake_source *s = self;
	uintptr_t number = (uintptr_t)pin;
	if (number == 0 || number > s->n_pins || s->pins[number - 1] == NULL) {
		fake_violation(s->world, s->member->number,
			       "release of an unknown or released pin");
		return;
	}
	free(s->pins[number - 1]);
	s->pins[number - 1] = NULL;
	s->n_pinned--;
}

size_t fake_fetch(void *self, void *handle, struct port_record *out, size_t max)
{
	struct fake_source *s = self;
	s->member->calls.fetches++;
	struct fake_lane *lane = fake_lane_held(s, handle, "fetch with a stale handle");
	if (lane == NULL)
		return 0;
	if (lane->paused) {
		s->member->calls.paused_fetches++;
		breach(s, "fetch of a paused partition", lane->log);
		return 0;
	}
	lane->drained = max > 0;
	if (lane->reset || s->world->silent || lane->log->fetch_us != 0)
		return 0;
	size_t n = 0;
	const struct fake_log *log = lane->log;
	size_t from = fake_log_from(log, lane->position);
	for (size_t i = from; n < max && i < log->n_records; i++, n++) {
		if (!pin_record(s, &log->records[i]->seen, &out[n])) {
			fake_violation(s->world, s->member->number, "out of memory for a record");
			lane_make_ready(lane);
			return n;
		}
		lane->position = log->records[i]->seen.offset + 1;
	}
	lane->drained = n < max;
	if (lane->drained && lane->position < log->end)
		lane->position = log->end; /* a gap: a fetch passes it */
	return n;
}

void fake_hold(void *self, void *const *handles, size_t n, bool pause)
{
	struct fake_source *s = self;
	if (pause)
		s->member->calls.pauses++;
	else
		s->member->calls.resumes++;
	for (size_t i = 0; i < n; i++) {
		struct fake_lane *lane = fake_lane_held(s, handles[i], "hold with a stale handle");
		if (lane == NULL)
			continue;
		if (lane->paused == pause)
			breach(s,
			       pause ? "pause of a paused lane" : "resume of a lane that is read",
			       lane->log);
		lane->paused = pause;
		lane->drained = true;
		list_remove(&lane->by_ready);
		fake_lane_look(lane);
	}
}

