/* SPDX-License-Identifier: Apache-2.0
 *
 * Intake: what the source fetched becomes a record. Main's go to their strand at once; a stage's
 * are read out of their envelope and wait in the lane's room until they are due. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "codec/envelope_codec.h"
#include "core/schedule.h"

static size_t raw_bytes(const struct port_record *raw)
{
	size_t bytes = raw->key.size + raw->value.size;
	for (size_t i = 0; i < raw->n_headers; i++)
		bytes += strlen(raw->headers[i].name) + raw->headers[i].value.size;
	return bytes;
}

static void raw_release(struct engine *e, struct port_record *raw)
{
	e->o.source.release(e->o.source.self, raw->pin);
	free(raw->headers);
}

/* The record as it was read, with the message of a main record; pinned. */
static struct record *record_of_raw(struct engine *e, struct lane *lane, struct port_record *raw)
{
	struct record *r = record_new(e);
	if (r == NULL)
		return NULL;
	r->lane = lane;
	r->chain = lane->chain;
	r->stage = lane->stage;
	r->from = lane->stage;
	r->pin = raw->pin;
	r->headers = raw->headers;
	r->bytes = raw_bytes(raw);
	r->read_timestamp_ms = raw->timestamp_ms;
	r->read_timestamp_type = raw->log_append_time;
	r->tick = e->tick;
	list_push_back(&e->pinned, &r->pinned);
	r->call.group = e->o.group;
	r->call.message = (struct stagger_message){
		.chain = lane->chain->chain->name,
		.stage = lane->chain->chain->stages[lane->stage].name,
		.topic = lane->topic,
		.partition = lane->partition,
		.offset = raw->offset,
		.timestamp_ms = raw->timestamp_ms,
		.key = raw->key,
		.value = raw->value,
		.headers = raw->headers,
		.n_headers = raw->n_headers,
		.read_topic = lane->topic,
		.read_partition = lane->partition,
		.read_offset = raw->offset,
		.visit = 1,
		.first_seen_ms = e->now.wall_ms,
		.first_seen_boot_ms = e->now.boot_ms,
	};
	return r;
}

static void main_record(struct engine *e, struct record *r)
{
	if (!republish_take(e, r))
		return;
	r->strand = column_strand(r->lane->column, r->call.message.key);
	record_count_in(e, r);
	if (r->strand == NULL || !strand_put(r))
		engine_no_memory(e);
}

bool intake_is_ours(const struct engine *e, const struct envelope *envelope)
{
	if (bytes_is(envelope->group, e->o.group) || MUTANT(foreign_handled))
		return true;
	for (size_t i = 0; e->o.formerly != NULL && e->o.formerly[i] != NULL; i++)
		if (bytes_is(envelope->group, e->o.formerly[i]))
			return true;
	return false;
}

/* Another group's, which is none of our business: finished, not handled. */
void intake_foreign(struct engine *e, struct record *r)
{
	e->count.foreign++;
	record_finish(e, r);
}

static void broken(struct engine *e, struct record *r, const char *disposition)
{
	r->broken = true;
	record_count_in(e, r);
	settle_dead(e, r, disposition);
}

/* The earliest due of what follows in the log: from this record's failure; from its own timestamp
 * when it was parked again (its due lies beyond a fresh one's and it was produced much later). */
static int64_t horizon(const struct record *r, int64_t delay_ms)
{
	int64_t failed_ms = r->envelope->last_failed_ms;
	int64_t produced_ms = r->read_timestamp_ms;
	if (produced_ms >= 0 && failed_ms > produced_ms)
		failed_ms = produced_ms;
	if (produced_ms >= 0 && produced_ms > add_saturated(failed_ms, 1000) &&
	    r->item.due_ms > add_saturated(produced_ms, delay_ms))
		failed_ms = produced_ms;
	return schedule_earliest_ms(r->chain->chain, r->stage, failed_ms);
}

static void count_late(struct engine *e, struct lane *lane, const struct record *r)
{
	if (lane->room.horizon_ms >= e->now.wall_ms)
		lane->bound_since_ms = 0; /* caught up: nothing that follows was due before now */
	if (lane->bound_since_ms == 0 || r->item.due_ms >= e->now.wall_ms)
		return;
	e->count.head_of_line++;
	event_record(e, STAGGER_LATE, r, "a bound held the lane back");
}

static void stage_due(struct engine *e, struct record *r)
{
	const struct stagger_chain *chain = r->chain->chain;
	const struct envelope *envelope = r->envelope;
	const struct chain_stage *stage = &chain->stages[r->stage];
	int64_t due_ms = envelope->due_ms;
	if (due_ms == ENVELOPE_NO_TIME)
		due_ms = add_saturated(envelope->last_failed_ms, stage->delay_ms);
	struct schedule_due due = schedule_clamp(due_ms, r->read_timestamp_ms, e->now.wall_ms,
						 chain->longest_wait_ms);
	e->count.due_clamped += due.clamped;
	r->item.due_ms = due.due_ms;
	r->item.node.tie = r->call.message.read_offset;
	r->item.bytes = r->bytes;
	r->item.bound_boot_ms =
		schedule_bound_boot_ms(due.due_ms, e->now.wall_ms, e->now.boot_ms);
	r->call.message.due_ms = due.due_ms;
	bool same = bytes_is(envelope->stage, stage->name);
	r->call.message.visit = same && envelope->visit > 0 ? envelope->visit : 1;
}

static void stage_record(struct engine *e, struct record *r)
{
	struct lane *lane = r->lane;
	struct stagger_error why;
	if (!record_own(e, r)) {
		engine_no_memory(e);
		return;
	}
	enum stagger_status status = envelope_read(&r->envelope, r->call.message.value, &why);
	if (status == STAGGER_NO_MEMORY) {
		engine_no_memory(e);
		return;
	}
	if (status != STAGGER_OK) {
		log_warn(e->o.log, "undecodable: topic '%s' partition %d offset %lld: %s",
			 lane->topic, lane->partition, (long long)r->call.message.read_offset,
			 why.text);
		broken(e, r, DISPOSITION_UNDECODABLE);
		return;
	}
	bool own = intake_is_ours(e, r->envelope);
	if (!own && r->chain->chain->shared_topics) { /* its own group reads it, too */
		intake_foreign(e, r);
		return;
	}
	stage_due(e, r);
	if (!message_fill(r)) {
		engine_no_memory(e);
		return;
	}
	if (!own) {
		broken(e, r, DISPOSITION_FOREIGN);
		return;
	}
	lane->room.horizon_ms = horizon(r, r->chain->chain->stages[r->stage].delay_ms);
	r->strand = column_strand(lane->column, r->call.message.key);
	if (r->strand == NULL || !waiting_put(&lane->room, &r->item, e->clocks_keyed_ms)) {
		engine_no_memory(e);
		return;
	}
	record_set(r, RECORD_WAITING);
	e->budget.waiting_bytes += (int64_t)r->bytes;
	count_late(e, lane, r);
}

static void take(struct engine *e, struct lane *lane, struct port_record *raw)
{
	if (raw->offset != lane->position)
		lane_dirty(e, lane); /* a gap is finished now */
	lane->position = raw->offset + 1;
	struct record *exile = exile_meet(e, lane, raw->offset);
	switch (offsets_see(&lane->offsets, raw->offset)) {
	case OFFSETS_FINISHED:
		e->count.skipped_ahead++;
		lane_dirty(e, lane);
		raw_release(e, raw);
		if (exile != NULL)
			exile_abandon(e, exile);
		return;
	case OFFSETS_NO_MEMORY:
		raw_release(e, raw);
		engine_no_memory(e);
		return;
	case OFFSETS_NEW:
		break;
	}
	if (exile != NULL) {
		raw_release(e, raw);
		exile_return(e, lane, exile);
		return;
	}
	struct record *r = record_of_raw(e, lane, raw);
	if (r == NULL) {
		raw_release(e, raw);
		engine_no_memory(e);
	} else if (lane->stage == CHAIN_MAIN) {
		main_record(e, r);
	} else {
		stage_record(e, r);
	}
}

/* -- gates ------------------------------------------------------------------------------- */

static bool room_full(const struct engine *e, const struct lane *lane)
{
	return lane->room.heap.n > 0 && (lane->room.heap.n >= (size_t)e->o.max_waiting ||
					 !budget_may_wait(&e->budget, 1));
}

/* Whether a lane may be read on: after each record of a stage, when its room changed, and each
 * second (what other lanes let go of makes room here, too). */
void intake_gates(struct engine *e, struct lane *lane)
{
	if (offsets_tracked(&lane->offsets) >= (size_t)e->o.max_ahead) {
		lane_shut(lane, GATE_AHEAD);
		lane_bound(e, lane);
	}
	if (lane->stage == CHAIN_MAIN)
		return;
	if (!waiting_wants_more(&lane->room, SIZE_MAX)) {
		lane_shut(lane, GATE_NOT_DUE);
		lane_open(e, lane, GATE_ROOM);
		hold_consider(e, lane);
	} else if (room_full(e, lane)) {
		lane_shut(lane, GATE_ROOM);
		lane_bound(e, lane);
		repark_run(e, lane);
		if ((lane->gate & GATE_ROOM) != 0)
			hold_consider(e, lane);
	} else {
		lane_open(e, lane, GATE_NOT_DUE | GATE_ROOM);
	}
}

/* -- rounds ------------------------------------------------------------------------------ */

/* Hands the head of a lane's room to its strand, or back to main; false when it is not due. */
static bool give_due(struct engine *e, struct lane *lane)
{
	if (republish_waits(lane))
		return false;
	int64_t now_ms = e->now.wall_ms + (MUTANT(resume_early) ? 1000 : 0);
	struct waiting_item *item = waiting_take_due(&lane->room, now_ms, e->now.boot_ms);
	if (item == NULL)
		return false;
	struct record *r = record_of_item(item);
	e->budget.waiting_bytes -= (int64_t)r->bytes;
	record_set(r, RECORD_READ);
	if (r->item.bound_boot_ms > e->now.boot_ms) /* a clock that steps back does not undo it */
		r->item.bound_boot_ms = e->now.boot_ms;
	record_count_in(e, r);
	if (!republish_begin(e, r) && !strand_put(r))
		engine_no_memory(e);
	return true;
}

/* A record that was due when it was read goes on at once: a backlog of due records is read as fast
 * as the budget allows. */
static size_t fetch(struct engine *e, struct lane *lane, size_t most)
{
	struct port_record raw[ENGINE_FETCH_MAX];
	size_t n = e->o.source.fetch(e->o.source.self, lane->handle, raw, most);
	for (size_t i = 0; i < n; i++)
		take(e, lane, &raw[i]);
	while (lane->stage != CHAIN_MAIN && budget_room(&e->budget, false) > 0)
		if (!give_due(e, lane))
			break;
	intake_gates(e, lane);
	return n;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* With order: partition a lane's records go to one strand, which gives one slice at a time. More
 * than the workers take next would be read only to leave the processor's caches again: a lane stays
 * ready while as many strands can give a slice as may be out at once. */
static int64_t useful(const struct lane *lane)
{
	const struct chain_state *chain = lane->chain;
	const struct strand *s = lane->column->single;
	if (chain->chain->order != STAGGER_ORDER_PARTITION)
		return INT64_MAX;
	if (chain->n_with_main >= chain->n_slices)
		return 0;
	return PORT_SLICE_MAX - (s != NULL ? (int64_t)s->main.n : 0);
}

/* How many records of main may be taken at once; max_ahead itself is the gate's. */
static int64_t main_room(const struct engine *e, const struct lane *lane)
{
	int64_t room = smaller(budget_room(&e->budget, true), useful(lane));
	int64_t ahead = e->o.max_ahead - (int64_t)offsets_tracked(&lane->offsets);
	return ahead > 0 ? smaller(ahead, room) : room;
}

static void read_lane(struct engine *e, struct lane *lane)
{
	bool main_stage = lane->stage == CHAIN_MAIN;
	size_t taken = 0;
	while (lane->gate == 0 && taken < ENGINE_FETCH_MAX) {
		int64_t room = main_stage ? main_room(e, lane) : 1;
		if (room <= 0)
			break;
		size_t most = room < ENGINE_FETCH_MAX ? (size_t)room : ENGINE_FETCH_MAX;
		size_t n = fetch(e, lane, most);
		taken += n;
		if (n < most) {
			lane->listed = false;
			break;
		}
	}
	lane_timer(e, lane);
	e->progress |= taken > 0;
	if (lane->listed && lane->gate == 0)
		lane_list(e, lane);
}

void intake_run(struct engine *e)
{
	void *told[256];
	size_t n;
	do {
		n = e->o.source.ready(e->o.source.self, told, 256);
		for (size_t i = 0; i < n; i++)
			lane_list(e, told[i]);
	} while (n == 256);
	struct list round;
	struct list passed; /* first in the next round: those that had nothing of this one */
	struct list *first;
	list_init(&round);
	list_init(&passed);
	list_move(&round, &e->ready);
	while ((first = list_first(&round)) != NULL) {
		struct lane *lane = container_of(first, struct lane, ready_link);
		list_remove(first);
		bool main_stage = lane->stage == CHAIN_MAIN;
		if (lane->paused) { /* resumed at the end of this turn */
			list_push_back(&passed, &lane->ready_link);
			continue;
		}
		if (main_stage ? main_room(e, lane) > 0 : !room_full(e, lane))
			read_lane(e, lane);
		else
			list_push_back(&passed, &lane->ready_link);
	}
	list_move(&passed, &e->ready);
	list_move(&e->ready, &passed);
}

void intake_due(struct engine *e)
{
	struct heap_node *top;
	while ((top = heap_top(&e->dues)) != NULL && top->key <= e->now.wall_ms) {
		struct lane *lane = container_of(top, struct lane, due);
		if (budget_room(&e->budget, false) <= 0)
			return;
		if (!give_due(e, lane)) { /* the clocks drifted by less than a step, or it waits */
			int64_t again_ms = republish_waits(lane) ? e->o.commit_interval_ms : 1;
			lane->due.key = e->now.wall_ms + again_ms;
			heap_moved(&e->dues, &lane->due);
			continue;
		}
		lane_timer(e, lane);
		intake_gates(e, lane);
		e->progress = true;
	}
}
