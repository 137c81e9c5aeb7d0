/* SPDX-License-Identifier: Apache-2.0
 *
 * Commits: explicit lists of owned lanes from the loop thread, one in flight; next_offset and, as
 * metadata, what is finished beyond it. offsets.c says what may be committed; this is the only
 * place that does it. */
#include "engine/state.h"

#include <stdlib.h>

#include "base/crash.h"
#include "base/log.h"
#include "core/ahead.h"

struct commit { /* one that is being gathered; made on first use, for the engine's life */
	struct port_commit list[ENGINE_COMMIT_LANES];
	size_t n, bytes;
	char texts[ENGINE_COMMIT_BYTES];
};

static bool lane_changed(const struct lane *lane)
{
	return lane->must_commit || offsets_next(&lane->offsets) != lane->committed ||
	       lane->finished != lane->sent_finished || lane->retry_commit || lane->bare;
}

/* An ahead set alone is written again at most once a second, unless max_uncommitted presses. */
static bool lane_wants(const struct engine *e, const struct lane *lane, bool last)
{
	if (lane->must_commit || lane->retry_commit || last ||
	    offsets_next(&lane->offsets) != lane->committed)
		return true;
	return (budget_presses(&e->budget) && !lane->bare) ||
	       e->now.boot_ms - lane->ahead_sent_boot_ms >= ENGINE_AHEAD_AGAIN_MS;
}

static void gather_lane(struct engine *e, struct commit *c, struct lane *lane)
{
	struct port_commit *entry = &c->list[c->n++];
	struct ahead_text text = { .size = 0, .dropped = 0 };
	char *at = c->texts + c->bytes;
	if (lane->no_metadata)
		text.dropped = offsets_ahead_from(&lane->offsets, offsets_next(&lane->offsets));
	else
		text = ahead_write(at, &lane->offsets);
	c->bytes += text.size;
	*entry = (struct port_commit){
		.topic = lane->topic,
		.partition = lane->partition,
		.next_offset = offsets_next(&lane->offsets),
		.metadata = { text.size > 0 ? at : NULL, text.size },
		.lane = lane,
	};
	e->count.ahead_dropped += text.dropped;
	lane->bare = lane->no_metadata && text.dropped > 0;
	lane->no_metadata = false;
	lane->sending = true;
	lane->sent_next = entry->next_offset;
	lane->sent_finished = lane->finished;
	lane->sent_dropped = text.dropped;
	lane->ahead_sent_boot_ms = e->now.boot_ms;
	lane->must_commit = false;
	lane->retry_commit = false;
}

static void gather(struct engine *e, struct commit *c, bool last)
{
	for (struct list *at = e->dirty.next; at != &e->dirty;) {
		struct lane *lane = container_of(at, struct lane, dirty_link);
		at = at->next;
		if (c->n == ENGINE_COMMIT_LANES || c->bytes + AHEAD_MAX > ENGINE_COMMIT_BYTES)
			return; /* the rest goes with the next, in turn */
		if (!lane_changed(lane)) {
			list_remove(&lane->dirty_link);
		} else if (lane_wants(e, lane, last)) {
			list_remove(&lane->dirty_link);
			gather_lane(e, c, lane);
		}
	}
}

bool commit_needed(const struct engine *e)
{
	return (!e->commit_out || MUTANT(commits_reordered)) && !list_empty(&e->dirty);
}

void commit_run(struct engine *e, bool last)
{
	if (!commit_needed(e))
		return;
	if (e->commit == NULL)
		e->commit = malloc(sizeof(*e->commit));
	struct commit *c = e->commit;
	if (c == NULL)
		return; /* at the next tick */
	c->n = 0;
	c->bytes = 0;
	gather(e, c, last);
	if (c->n > 0) {
		e->commit_out = true;
		CRASH_POINT(before_commit);
		e->o.source.commit(e->o.source.self, c->list, c->n);
	}
}

static void covered(struct engine *e, struct lane *lane)
{
	int64_t now_covered = lane->sent_finished - lane->sent_dropped;
	if (now_covered < 0)
		now_covered = 0;
	e->budget.uncommitted -= now_covered - lane->covered;
	lane->covered = now_covered;
	lane->committed = lane->sent_next;
	lane->commit_failures = 0;
	lane->refused = false;
	e->count.commits++;
	event_lane(e, STAGGER_COMMITTED, lane, lane->sent_next, NULL);
}

static void failed(struct engine *e, struct lane *lane, enum port_fault fault)
{
	lane->sent_finished = -1;
	lane->retry_commit = true;
	lane_dirty(e, lane);
	if (fault == PORT_METADATA_TOO_LARGE) {
		e->count.commit_metadata_dropped++;
		lane->no_metadata = true;
		e->commit_now = true;
		return;
	}
	e->commit_failed = true;
	lane->refused = true;
	if (fault == PORT_REBALANCE) { /* the rebalance decides */
		e->commit_refused = e->revoking && e->farewell == FAREWELL_COMMITTING;
		return;
	}
	e->count.commit_failures++;
	if (++lane->commit_failures % 3 == 2) { /* twice: once without metadata */
		lane->no_metadata = true;
		e->count.commit_metadata_dropped++;
	}
	log_warn(e->o.log, "commit failed: topic '%s' partition %d offset %lld", lane->topic,
		 lane->partition, (long long)lane->sent_next);
}

void commit_done(struct engine *e, const struct port_event *event)
{
	e->commit_out = false;
	e->progress = true;
	for (size_t i = 0; i < event->n; i++) {
		struct lane *lane = event->partitions[i].lane;
		if (!lane->sending)
			continue;
		lane->sending = false;
		if (event->partitions[i].fault == PORT_FINE)
			covered(e, lane);
		else
			failed(e, lane, event->partitions[i].fault);
		if (lane_changed(lane))
			lane_dirty(e, lane);
	}
	lanes_bury(e);
}
