/* SPDX-License-Identifier: Apache-2.0
 *
 * Hops: a failed record's copy is decided and handed to the sink. The record stays until the
 * report: shrinking and producing again start from it, never from the envelope's bytes. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "base/log.h"
#include "core/topics.h"

/* -- deciding ---------------------------------------------------------------------------- */

/* The sink's number of the topic the hop goes to. */
static void choose_topic(struct record *r)
{
	struct chain_state *state = r->chain;
	const struct stagger_chain *chain = state->chain;
	struct hop *hop = r->hop;
	hop->routed = false;
	if (hop->place == PLACE_STAGE) {
		hop->topic = state->topics[hop->stage];
		hop->topic_name = chain->stages[hop->stage].topic;
		return;
	}
	hop->topic = state->dead_letter_topic;
	hop->topic_name = chain->dead_letter_topic;
	const char *error_class = r->failure != NULL ? r->failure->error_class
						     : r->call.message.error_class;
	const char *code = r->failure != NULL ? r->failure->error_code : r->call.message.error_code;
	const char *routed = chain_dead_letter_route(chain, error_class != NULL ? error_class : "",
						     code);
	for (size_t i = 0; routed != NULL && i < chain->n_routes; i++) {
		if (chain->routes[i].topic != routed)
			continue;
		hop->topic = state->routes[i];
		hop->topic_name = routed;
		hop->routed = true;
		return;
	}
}

static void park(struct engine *e, struct record *r)
{
	record_set(r, RECORD_PARKED);
	list_push_back(&r->lane->parked, &r->link);
	r->lane->n_parked++;
	e->n_parked++;
	record_hand(e, r);
}

/* Of those that are over, the youngest: it is still in the processor's caches. */
static struct hop *hop_new(struct engine *e)
{
	struct hop *hop = e->free_hops;
	if (hop == NULL)
		hop = malloc(sizeof(*hop));
	else
		e->free_hops = hop->next_free;
	if (hop != NULL)
		*hop = (struct hop){ .number = ++e->hops_decided };
	return hop;
}

void hop_free(struct engine *e, struct record *r)
{
	if (r->hop == NULL)
		return;
	r->hop->next_free = e->free_hops;
	e->free_hops = r->hop;
	r->hop = NULL;
}

void hops_clear(struct engine *e)
{
	while (e->free_hops != NULL) {
		struct hop *hop = e->free_hops;
		e->free_hops = hop->next_free;
		free(hop);
	}
	free(e->written);
}

void hop_begin(struct engine *e, struct record *r, const struct route *route)
{
	struct hop *hop = hop_new(e);
	if (hop == NULL) {
		engine_no_memory(e);
		return;
	}
	hop->place = route->place;
	hop->stage = route->stage;
	hop->visit = route->visit;
	hop->due_ms = route->due_ms;
	hop->disposition = route->disposition;
	hop->failed_ms = e->now.wall_ms;
	hop->retry_after_ms = r->failure != NULL ? r->failure->retry_after_ms : 0;
	r->hop = hop;
	choose_topic(r);
	park(e, r);
	hop_pump(e, r->lane);
}

/* A copy with the same due, attempts and history. */
static bool hop_same(struct engine *e, struct record *r, int32_t stage)
{
	struct hop *hop = hop_new(e);
	if (hop == NULL)
		return false;
	hop->place = PLACE_STAGE;
	hop->repark = stage == r->stage;
	hop->republish = stage == CHAIN_MAIN;
	hop->stage = stage;
	hop->visit = r->call.message.visit;
	hop->due_ms = r->item.due_ms;
	hop->disposition = DISPOSITION_RETRY;
	hop->failed_ms = r->envelope->last_failed_ms;
	r->hop = hop;
	choose_topic(r);
	return true;
}

void hop_repark(struct engine *e, struct record *r)
{
	if (!hop_same(e, r, r->stage))
		return; /* it waits where it is */
	record_leave(e, r);
	record_count_in(e, r);
	park(e, r);
	hop_pump(e, r->lane);
}

void hop_to_main(struct engine *e, struct record *r)
{
	if (!hop_same(e, r, CHAIN_MAIN)) {
		engine_no_memory(e);
		return;
	}
	park(e, r);
	hop_pump(e, r->lane);
}

void hop_again(struct engine *e, struct record *r)
{
	park(e, r);
	hop_pump(e, r->lane);
}

/* -- handing over ------------------------------------------------------------------------ */

static struct target *target_get(struct engine *e, int32_t topic, int32_t partition)
{
	if (topic >= e->n_targets) {
		size_t n = (size_t)topic + 1;
		struct targets *targets = realloc(e->targets, n * sizeof(*targets));
		if (targets == NULL)
			return NULL;
		for (size_t i = (size_t)e->n_targets; i < n; i++)
			targets[i] = (struct targets){ .n = 0 };
		e->targets = targets;
		e->n_targets = (int32_t)n;
	}
	struct targets *of = &e->targets[topic];
	if (partition >= of->n) {
		size_t n = (size_t)partition + 1;
		struct target **by = realloc(of->by_partition, n * sizeof(struct target *));
		if (by == NULL)
			return NULL;
		for (size_t i = (size_t)of->n; i < n; i++)
			by[i] = NULL;
		of->by_partition = by;
		of->n = (int32_t)n;
	}
	if (of->by_partition[partition] == NULL)
		of->by_partition[partition] = calloc(1, sizeof(struct target));
	return of->by_partition[partition];
}

static void enter_producer(struct engine *e, struct record *r, struct target *target)
{
	struct hop *hop = r->hop;
	record_leave(e, r);
	record_set(r, RECORD_HOPPING);
	list_push_back(&r->lane->hopping, &r->link);
	r->lane->n_hopping++;
	e->n_hopping++;
	e->n_in_sink++;
	e->count.hop_repeated += hop->repeated;
	hop->repeated = false;
	hop->errored = false;
	hop->produced_boot_ms = e->now.boot_ms;
	hop->target = target;
	target->in_flight++;
	target->solo = hop->solo_wanted;
	if (MUTANT(commit_before_report) &&
	    offsets_finish(&r->lane->offsets, r->call.message.read_offset))
		lane_dirty(e, r->lane);
	CRASH_POINT(after_produce);
}

void hop_leave_producer(struct engine *e, struct record *r)
{
	list_remove(&r->link);
	if (r->lane != NULL) {
		r->lane->n_hopping--;
		e->n_hopping--;
	}
	e->n_in_sink--;
	r->hop->target->in_flight--;
	r->hop->target->solo = false;
	r->hop->target = NULL;
}

/* *waits: nothing was done, the sink is full or somebody is alone on the target. */
static enum port_fault hand_over(struct engine *e, struct record *r, bool *waits)
{
	struct hop *hop = r->hop;
	int32_t count = e->o.sink.partitions(e->o.sink.self, hop->topic);
	*waits = true;
	if (count <= 0)
		return PORT_NO_TOPIC;
	int32_t partition = topic_partition(r->call.message.read_partition, count);
	struct target *target = target_get(e, hop->topic, partition);
	if (target == NULL || target->solo || (hop->solo_wanted && target->in_flight > 0))
		return PORT_FINE;
	struct envelope envelope;
	struct envelope_room room; /* 4 KiB: not worth clearing */
	room.headers = NULL;
	if (!hop_compose(r, &envelope, &room))
		return PORT_FINE;
	if (hop->shrink != SHRINK_NONE)
		shrink_apply(&envelope, &room, hop->shrink);
	bool full = false;
	enum port_fault fault = hop->republish
					? republish_produce(e, r, &envelope, partition, &full)
					: hop_produce(e, r, &envelope, partition, &full);
	envelope_room_clear(&room);
	if (full) {
		e->sink_full = true;
		return PORT_FINE;
	}
	*waits = false;
	if (fault == PORT_FINE)
		enter_producer(e, r, target);
	return fault;
}

bool hop_shrink(struct engine *e, struct record *r)
{
	struct hop *hop = r->hop;
	struct envelope envelope;
	struct envelope_room room; /* 4 KiB: not worth clearing */
	room.headers = NULL;
	if (!hop_compose(r, &envelope, &room))
		return false;
	hop->shrink = shrink_next(&envelope, hop->shrink, hop->place == PLACE_DEAD_LETTER);
	envelope_room_clear(&room);
	if (hop->shrink != SHRINK_IMPOSSIBLE) {
		e->count.shrunk++;
		return true;
	}
	hop->shrink = SHRINK_NONE;
	if (hop->place == PLACE_DEAD_LETTER) { /* not even without payload: keep trying, say so */
		hop->shrink = SHRINK_PAYLOAD;
		return false;
	}
	if (r->chain->chain->stop_instead_of_dead_letter) {
		settle_dead(e, r, DISPOSITION_TOO_LARGE);
		return true;
	}
	hop->place = PLACE_DEAD_LETTER;
	hop->repark = false;
	hop->disposition = DISPOSITION_TOO_LARGE;
	choose_topic(r);
	return true;
}

void hop_fall_back(struct engine *e, struct record *r)
{
	log_warn(e->o.log, "route refused: topic '%s', dead letter goes to '%s'",
		 r->hop->topic_name, r->chain->chain->dead_letter_topic);
	e->count.route_fallback++;
	r->hop->routed = false;
	r->hop->topic = r->chain->dead_letter_topic;
	r->hop->topic_name = r->chain->chain->dead_letter_topic;
}

void hop_pump(struct engine *e, struct lane *lane)
{
	struct list *first;
	while (!e->sink_full && !e->sink_dead && (first = list_first(&lane->parked)) != NULL) {
		struct record *r = record_of_link(first);
		if (lane->failing && (lane->n_hopping > 0 || e->now.boot_ms < lane->retry_boot_ms))
			return;
		bool waits = false;
		enum port_fault fault = hand_over(e, r, &waits);
		if (fault != PORT_FINE)
			hop_fault(e, r, fault);
		else if (waits)
			return;
		e->progress = true;
	}
}

void hops_pump(struct engine *e)
{
	for (size_t i = 0; i < e->n_lanes && e->n_parked > 0; i++)
		hop_pump(e, e->lanes[i]);
}
