/* SPDX-License-Identifier: Apache-2.0
 *
 * Settle: a verdict becomes the next step of its message. The decision is core/route.c's; this file
 * gathers its facts and carries it out. */
#include "engine/state.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/log.h"
#include "core/schedule.h"

static void count_lateness(struct engine *e, const struct record *r)
{
	const struct port_call *call = &r->call;
	int64_t minus_due_us = mul_saturated(r->item.due_ms, -1000);
	int64_t late_us = add_saturated(call->started_us, minus_due_us);
	histogram_add(&e->lateness, late_us);
	if (r->stage == CHAIN_MAIN)
		return; /* came back: its stage waited for it, perhaps by another host's clock */
	int64_t bound_boot_us = mul_saturated(r->item.bound_boot_ms, 1000);
	if (late_us < 0 && call->started_boot_us < bound_boot_us) {
		e->count.early++;
		log_error(e->o.log, "early: topic '%s' partition %d offset %lld by %lld us",
			  call->message.read_topic, call->message.read_partition,
			  (long long)call->message.read_offset, (long long)-late_us);
	}
}

static bool fails(enum stagger_verdict verdict)
{
	return verdict != STAGGER_DONE && verdict != STAGGER_HALT;
}

/* Without a verdict the class is ours, all else what the handler may have filled. */
static struct failure *no_verdict(struct failure *filled)
{
	const char *text = "the handler returned no verdict";
	if (filled == NULL)
		return failure_of(CLASS_NO_VERDICT, NULL, text, NULL, 0, NULL);
	if (filled->error_message[0] != '\0')
		text = filled->error_message;
	struct failure *failure = failure_of(CLASS_NO_VERDICT, filled->error_code, text,
					     filled->error_detail, filled->retry_after_ms, filled);
	failure_free(&filled);
	return failure;
}

/* What the handler left becomes the record's last failure; in-place retries keep the first, too. */
static bool take_failure(struct record *r, enum stagger_verdict verdict)
{
	struct failure *failure = r->call.failure;
	r->call.failure = NULL;
	if (verdict != STAGGER_RETRY && verdict != STAGGER_DEAD_LETTER)
		failure = no_verdict(failure);
	else if (failure == NULL)
		failure = failure_of("", NULL, "", NULL, 0, NULL);
	if (failure == NULL)
		return false;
	if (r->first_failure == NULL) {
		r->first_failure = r->failure;
		r->failure = NULL;
	}
	failure_free(&r->failure);
	r->failure = failure;
	r->call.message.error_class = failure->error_class; /* for the next call in place */
	r->call.message.error_code = failure->error_code;
	r->call.message.error_message = failure->error_message;
	return attributes_change(r, failure);
}

static void halt(struct engine *e, struct record *r, const char *why)
{
	const struct stagger_message *m = &r->call.message;
	char text[1024];
	snprintf(text, sizeof(text),
		 "%s: chain '%s' stage '%s', message %s/%d/%lld (read from %s/%d/%lld), error '%s'",
		 why, m->chain, m->stage, m->topic, m->partition, (long long)m->offset,
		 m->read_topic, m->read_partition, (long long)m->read_offset,
		 r->failure != NULL ? r->failure->error_class : "");
	log_error(e->o.log, "halted: %s", text);
	if (e->result == STAGGER_OK) {
		e->result = STAGGER_HALTED;
		snprintf(e->error.text, sizeof(e->error.text), "%s", text);
	}
	record_free(e, r); /* unfinished: it comes again */
	farewell_begin(e, true);
}

static void wait_in_place(struct engine *e, struct record *r, int64_t wait_ms)
{
	e->count.retried_in_place++;
	if (e->farewell != FAREWELL_NONE) {
		record_free(e, r); /* not waited for */
		return;
	}
	r->item.node.key = add_saturated(e->now.boot_ms, wait_ms);
	r->item.node.tie = r->call.message.read_offset;
	if (!heap_push(&e->backoffs, &r->item.node)) {
		engine_no_memory(e);
		return;
	}
	record_set(r, RECORD_BACKOFF);
	strand_hold(r->strand);
}

void settle_backoffs(struct engine *e)
{
	struct heap_node *top;
	while ((top = heap_top(&e->backoffs)) != NULL && top->key <= e->now.boot_ms) {
		struct record *r = record_of_node(top);
		record_leave(e, r);
		if (!strand_put_again(r))
			engine_no_memory(e);
		e->progress = true;
	}
}

static void carry_out(struct engine *e, struct record *r, const struct route *route)
{
	e->count.due_clamped += route->clamped;
	switch (route->place) {
	case PLACE_FINISHED:
		e->count.done += MUTANT(done_counted_twice) && r->calls > 1 ? 2 : 1;
		record_finish(e, r);
		return;
	case PLACE_HALT:
		halt(e, r, route->disposition == NULL
				   ? "a handler said HALT"
				   : "dead_letter.stop is set and a message would be "
				     "dead-lettered");
		return;
	case PLACE_WAIT:
		wait_in_place(e, r, route->wait_ms);
		return;
	case PLACE_STAGE:
		e->count.retried++;
		hop_begin(e, r, route);
		return;
	case PLACE_DEAD_LETTER:
		hop_begin(e, r, route);
		return;
	}
}

void settle_verdict(struct engine *e, struct record *r, enum stagger_verdict verdict)
{
	if (r->lane == NULL) { /* an exile: kept until its partition is somebody's again */
		if (r->abandoned) {
			e->count.late_completion++;
			record_free(e, r);
		} else {
			r->verdict = verdict;
			record_set(r, RECORD_SETTLED);
			record_count_out(e, r); /* else its offset might never be read again */
		}
		return;
	}
	if (fails(verdict) && !take_failure(r, verdict)) {
		engine_no_memory(e);
		return;
	}
	if (fails(verdict) && r->first_failed_ms == 0)
		r->first_failed_ms = e->now.wall_ms;
	const struct failure *failure = fails(verdict) ? r->failure : NULL;
	struct route_facts facts = {
		.verdict = verdict,
		.error_class = failure != NULL ? failure->error_class : "",
		.error_code = failure != NULL ? failure->error_code : NULL,
		.retry_after_ms = failure != NULL ? failure->retry_after_ms : 0,
		.stage = r->from,
		.read_stage = r->stage,
		.visit = r->call.message.visit,
		.call = r->calls,
		.first_failed_ms = r->first_failed_ms,
		.now_ms = e->now.wall_ms,
	};
	if (r->from == CHAIN_DLT)
		facts.stage_delay_ms = schedule_least_delay_ms(
			r->chain->chain, r->envelope->due_ms, r->envelope->last_failed_ms);
	if (failure != NULL) {
		facts.jitter = random_signed(&e->random);
		facts.backoff_jitter = random_signed(&e->random);
	}
	struct route route = route_next(r->chain->chain, &facts);
	carry_out(e, r, &route);
}

void settle_call(struct engine *e, struct record *r)
{
	enum stagger_verdict verdict = r->call.verdict;
	e->count.handled++;
	r->calls++;
	r->took_us += r->call.took_us;
	if (r->envelope != NULL && r->calls == 1)
		count_lateness(e, r);
	if (verdict == STAGGER_DEFER && r->call.ticket) {
		if (!ticket_settled(e, r, &verdict)) {
			if (r->abandoned) {
				record_free(e, r); /* nobody waits for it: its settle is STALE */
				return;
			}
			record_set(r, RECORD_DEFERRED);
			e->n_deferred += r->lane != NULL;
			strand_hold(r->strand);
			return;
		}
	} else if (r->call.ticket) {
		ticket_close(e, r); /* the handler's own verdict counts */
	}
	if (verdict == STAGGER_DEFER)
		/* without a ticket nobody could ever settle it */
		verdict = (enum stagger_verdict)0;
	settle_verdict(e, r, verdict);
}

void settle_dead(struct engine *e, struct record *r, const char *disposition)
{
	if (r->chain->chain->stop_instead_of_dead_letter) {
		halt(e, r, "dead_letter.stop is set and a message would be dead-lettered");
		return;
	}
	struct route route = { .place = PLACE_DEAD_LETTER, .disposition = disposition };
	hop_begin(e, r, &route);
}
