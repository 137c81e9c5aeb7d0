/* SPDX-License-Identifier: Apache-2.0
 *
 * Events to the application, on the loop thread; and the watch over stuck handlers. */
#include "engine/state.h"

#include "base/log.h"

/* Statistics from other threads need not wait for the application: the lock is let go. */
static void tell(struct engine *e, const struct stagger_event *event)
{
	if (e->o.event == NULL)
		return;
	pthread_mutex_unlock(&e->lock);
	e->o.event(event, e->o.user);
	pthread_mutex_lock(&e->lock);
}

void event_lane(struct engine *e, enum stagger_event_kind kind, const struct lane *lane,
		int64_t offset, const char *reason)
{
	if (e->o.event == NULL)
		return;
	const struct waiting_item *head = waiting_head(&lane->room);
	struct stagger_event event = {
		.kind = kind,
		.chain = lane->chain->chain->name,
		.topic = lane->topic,
		.partition = lane->partition,
		.offset = offset,
		.reason = reason,
		.due_ms = head != NULL ? head->due_ms : 0,
	};
	tell(e, &event);
}

void event_record(struct engine *e, enum stagger_event_kind kind, const struct record *r,
		  const char *reason)
{
	if (e->o.event == NULL)
		return;
	const struct hop *hop = r->hop;
	const struct stagger_message *m = &r->call.message;
	struct stagger_event event = {
		.kind = kind,
		.chain = m->chain,
		.topic = m->read_topic,
		.partition = m->read_partition,
		.offset = m->read_offset,
		.message = m,
		.to_topic = hop != NULL ? hop->topic_name : NULL,
		.error_class = r->failure != NULL ? r->failure->error_class : m->error_class,
		.reason = reason,
		.due_ms = hop != NULL ? hop->due_ms : m->due_ms,
		.failed_ms = hop != NULL ? hop->failed_ms : 0,
		.retry_after_ms = hop != NULL ? hop->retry_after_ms : 0,
	};
	tell(e, &event);
}

static void stuck_one(struct engine *e, struct chain_state *chain, int32_t i)
{
	const struct port_call *call;
	int64_t since_us;
	if (!chain->workers.running(chain->workers.self, i, &call, &since_us))
		return;
	int64_t timeout_us = chain->chain->handler_timeout_ms * 1000;
	if (call == NULL || timeout_us == 0 || e->now.boot_us - since_us < timeout_us) {
		chain->stuck[i] = NULL;
		return;
	}
	e->count.stuck++;
	if (chain->stuck[i] == call && chain->stuck_since_us[i] == since_us)
		return; /* told */
	chain->stuck[i] = call;
	chain->stuck_since_us[i] = since_us;
	const struct record *r = (const struct record *)(const void *)call;
	log_error(e->o.log, "stuck: chain '%s' topic '%s' partition %d offset %lld for %lld s",
		  call->message.chain, call->message.read_topic, call->message.read_partition,
		  (long long)call->message.read_offset,
		  (long long)((e->now.boot_us - since_us) / 1000000));
	struct stagger_event event = {
		.kind = STAGGER_STUCK,
		.chain = call->message.chain,
		.topic = call->message.read_topic,
		.partition = call->message.read_partition,
		.offset = call->message.read_offset,
		.message = &r->call.message,
		.due_ms = call->message.due_ms,
	};
	tell(e, &event);
}

void events_stuck(struct engine *e)
{
	e->count.stuck = 0;
	for (size_t c = 0; c < e->n_chains; c++)
		for (int32_t i = 0; i < e->chains[c].workers.n; i++)
			stuck_one(e, &e->chains[c], i);
}
