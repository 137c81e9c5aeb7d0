/* SPDX-License-Identifier: Apache-2.0
 *
 * Delivery reports: a durable copy finishes the old offset; an error makes its lane failing, and
 * the hop is produced again, one at a time. Nothing is ever skipped. */
#include "engine/state.h"

#include <stdio.h>
#include <string.h>

#include "base/crash.h"
#include "base/log.h"

static const char *fault_text(enum port_fault fault)
{
	switch (fault) {
	case PORT_FINE:
		return "fine";
	case PORT_RETRIABLE:
		return "delivery failed";
	case PORT_TOO_LARGE:
		return "message too large";
	case PORT_NO_TOPIC:
		return "topic or partition unknown";
	case PORT_DENIED:
		return "not authorized";
	case PORT_REBALANCE:
	case PORT_METADATA_TOO_LARGE:
		return "not of a hop";
	case PORT_REFUSED:
		return "refused by the broker";
	case PORT_FATAL:
		return "the producer is dead";
	}
	return "unknown fault";
}

static void lane_fails(struct engine *e, struct lane *lane, const char *why)
{
	if (!lane->failing) {
		lane->failing = true;
		lane->retry_wait_ms = ENGINE_RETRY_MIN_MS;
		lane_shut(lane, GATE_FAILING);
		log_warn(e->o.log, "stalled: topic '%s' partition %d: %s", lane->topic,
			 lane->partition, why);
		event_lane(e, STAGGER_STALLED, lane, lane->position, why);
	} else {
		lane->retry_wait_ms *= 2;
		if (lane->retry_wait_ms > ENGINE_RETRY_MAX_MS)
			lane->retry_wait_ms = ENGINE_RETRY_MAX_MS;
	}
	lane->retry_boot_ms = e->now.boot_ms + lane->retry_wait_ms;
}

static void lane_works(struct engine *e, struct lane *lane)
{
	if (!lane->failing || lane->n_errored > 0)
		return;
	lane->failing = false;
	lane_open(e, lane, GATE_FAILING);
	log_info(e->o.log, "recovered: topic '%s' partition %d", lane->topic, lane->partition);
	event_lane(e, STAGGER_RECOVERED, lane, lane->position, NULL);
}

/* Back to its place: hops of a lane leave in the order they were decided, so that dues ascend. */
static void park_again(struct engine *e, struct record *r)
{
	struct list *parked = &r->lane->parked;
	record_leave(e, r);
	struct list *at = parked;
	while (at->next != parked && record_of_link(at->next)->hop->number < r->hop->number)
		at = at->next;
	record_set(r, RECORD_PARKED);
	list_insert_after(at, &r->link);
	r->lane->n_parked++;
	r->lane->n_errored += r->hop->errored;
	e->n_parked++;
	e->pump = true;
}

static void stall(struct engine *e, struct record *r, enum port_fault fault)
{
	struct lane *lane = r->lane;
	char why[256];
	snprintf(why, sizeof(why), "hop to '%s': %s", r->hop->topic_name, fault_text(fault));
	record_leave(e, r);
	r->hop->errored = true;
	park_again(e, r);
	lane_fails(e, lane, why);
}

static void too_large(struct engine *e, struct record *r, bool alone)
{
	struct hop *hop = r->hop;
	struct lane *lane = r->lane;
	park_again(e, r);
	if (MUTANT(too_large_dropped)) {
		record_finish(e, r);
		lane_works(e, lane);
	} else if (!alone) { /* a whole batch is refused for one: prove it first */
		hop->solo_wanted = true;
	} else if (hop->republish) {
		republish_refused(e, r);
		lane_works(e, lane);
	} else if (!hop_shrink(e, r)) {
		stall(e, r, PORT_TOO_LARGE);
	}
}

void hop_fault(struct engine *e, struct record *r, enum port_fault fault)
{
	struct hop *hop = r->hop;
	bool in_producer = r->state == RECORD_HOPPING;
	bool alone = !in_producer || hop->solo_wanted;
	if (fault == PORT_FATAL) {
		e->sink_dead = true;
		hop->repeated = in_producer;
		park_again(e, r);
		return;
	}
	if (fault == PORT_TOO_LARGE) {
		e->count.hop_failures += in_producer;
		too_large(e, r, alone);
		return;
	}
	e->count.hop_failures++;
	if (hop->routed && (fault == PORT_NO_TOPIC || fault == PORT_DENIED)) {
		park_again(e, r);
		hop_fall_back(e, r);
		return;
	}
	stall(e, r, fault);
}

static void count_dead(struct engine *e, const char *disposition)
{
	struct counters *c = &e->count;
	c->dead_lettered++;
	const struct {
		const char *disposition;
		int64_t *count;
	} all[] = {
		{ DISPOSITION_EXPIRED, &c->expired },
		{ DISPOSITION_EXHAUSTED, &c->attempts_exhausted },
		{ DISPOSITION_NOT_RETRIABLE, &c->not_retriable },
		{ DISPOSITION_UNDECODABLE, &c->undecodable },
		{ DISPOSITION_FOREIGN, &c->foreign },
		{ DISPOSITION_TOO_LARGE, &c->too_large },
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(disposition, all[i].disposition) == 0)
			(*all[i].count)++;
}

void hop_durable(struct engine *e, struct record *r)
{
	const struct hop *hop = r->hop;
	struct lane *lane = r->lane;
	CRASH_POINT(after_delivery);
	e->count.hops++;
	if (hop->repark) {
		e->count.reparked++;
		event_record(e, STAGGER_REPARKED, r, NULL);
	} else if (hop->place == PLACE_DEAD_LETTER) {
		count_dead(e, hop->disposition);
		event_record(e, STAGGER_DEAD_LETTERED, r, hop->disposition);
	} else {
		e->count.republished += hop->republish;
		event_record(e, STAGGER_HOPPED, r, hop->disposition);
	}
	record_leave(e, r);
	record_finish(e, r);
	lane_works(e, lane);
}

/* An exile's report: kept for the lane that reads its offset again. */
static void exile_report(struct engine *e, struct record *r, enum port_fault fault)
{
	r->hopped = fault == PORT_FINE;
	r->hop->repeated = fault == PORT_FATAL;
	record_set(r, RECORD_SETTLED);
	record_count_out(e, r); /* else its offset might never be read again */
}

static void take(struct engine *e, const struct port_report *report)
{
	struct record *r = report->opaque;
	if (report->fault == PORT_FATAL)
		e->sink_dead = true;
	if (r->lane != NULL) {
		if (report->fault == PORT_FINE ||
		    (MUTANT(failed_report_counts) && report->fault == PORT_REFUSED) ||
		    (MUTANT(dead_producer_forgets) && report->fault == PORT_FATAL))
			hop_durable(e, r);
		else
			hop_fault(e, r, report->fault);
		return;
	}
	struct list *at = r->link.prev; /* its place in the exile list */
	record_leave(e, r);
	list_insert_after(at, &r->link);
	if (r->abandoned)
		record_free(e, r);
	else
		exile_report(e, r, report->fault);
}

/* They were handed over thousands of others ago: what they are made of comes from far away. */
static void fetch_ahead(const struct port_report *reports, size_t i, size_t n)
{
	if (i + 6 < n)
		record_fetch(reports[i + 6].opaque);
	if (i + 3 >= n)
		return;
	const struct record *r = reports[i + 3].opaque;
	__builtin_prefetch(r->hop);
	__builtin_prefetch(r->failure);
	__builtin_prefetch(r->pin);
}

static void rebuild(struct engine *e)
{
	struct stagger_error why;
	enum stagger_status status = e->o.sink.rebuild(e->o.sink.self, &why);
	if (status != STAGGER_OK) {
		log_error(e->o.log, "producer not rebuilt: %s", why.text);
		return; /* again at the next tick */
	}
	log_warn(e->o.log, "%s", "producer rebuilt after a fatal error");
	e->sink_dead = false;
	e->pump = true;
}

void reports_take(struct engine *e)
{
	struct port_report reports[ENGINE_REPORTS_MAX];
	size_t n = e->o.sink.reports(e->o.sink.self, reports, ENGINE_REPORTS_MAX);
	for (size_t i = 0; i < n; i++) {
		fetch_ahead(reports, i, n);
		take(e, &reports[i]);
	}
	if (n > 0) {
		e->sink_full = false;
		e->pump = true;
		e->progress = true;
	}
	if (e->sink_dead && e->n_in_sink == 0)
		rebuild(e);
}

void hops_silent(struct engine *e)
{
	for (size_t i = 0; i < e->n_lanes && e->n_hopping > 0; i++) {
		struct lane *lane = e->lanes[i];
		struct list *first = list_first(&lane->hopping);
		if (first == NULL || lane->failing)
			continue;
		const struct record *r = record_of_link(first);
		if (e->now.boot_ms - r->hop->produced_boot_ms >= ENGINE_SILENT_MS)
			lane_fails(e, lane, "no delivery report for 2 s");
	}
}
