/* SPDX-License-Identifier: Apache-2.0
 *
 * The source port: ties group, fetch, hold, commit and the asker's answers together. No logic. */
#include "kafka/internal.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"

static enum stagger_status start(void *self, struct stagger_error *err)
{
	struct ask *ask = asker_ask(ASK_START);

	if (ask == NULL)
		return fail_memory(err);
	asker_put(self, ask);
	return STAGGER_OK;
}

static bool started(struct kafka *k, struct ask *answer, struct port_event *out)
{
	struct stagger_error err;

	if (answer->error.status != STAGGER_OK) {
		client_fail(k, &answer->error);
		return false;
	}
	k->contact = true;
	sink_adopt(k, answer->producer);
	answer->producer = NULL;
	if (k->member.state != GROUP_OUT) // leaving already
		return false;
	if (group_join(k, &err) != STAGGER_OK) {
		client_fail(k, &err);
		return false;
	}
	*out = (struct port_event){.kind = PORT_READY};
	return true;
}

/* True: *out is an event. The answer lives as long as it. */
static bool answered(struct kafka *k, struct ask *answer, struct port_event *out)
{
	k->told_ask = answer;
	switch (answer->kind) {
	case ASK_START:
		return started(k, answer, out);
	case ASK_ASSIGN:
		*out = (struct port_event){
			.kind = PORT_ASSIGN, .partitions = answer->list, .n = answer->n};
		return true;
	case ASK_BOUNDS:
		return fetch_bounds(k, answer, out);
	case ASK_COUNT:
		sink_count(k, answer->target, answer->count);
		return false;
	case ASK_LEAVE:
		group_close(k);
		return false;
	case ASK_REFILL:
	case ASK_RETIRE:
		return false;
	}
	return false;
}

static void forget_told(struct kafka *k)
{
	free(k->told);
	k->told = NULL;
	ask_free(k->told_ask);
	k->told_ask = NULL;
	commit_free(k->told_commit);
	k->told_commit = NULL;
}

static bool next_answer(struct kafka *k, struct port_event *out)
{
	struct ask *answer;

	while (!k->failing && (answer = asker_answer(k)) != NULL) {
		if (answered(k, answer, out))
			return true;
		forget_told(k);
	}
	return false;
}

/* Errors of the client for questions: before contact they are the reason why there is none. */
static void look_at_admin(struct kafka *k)
{
	rd_kafka_event_t *event;

	while ((event = bell_poll(&k->admin_bell)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			client_error(k, k->admin, event);
		rd_kafka_event_destroy(event);
	}
}

static bool next_event(void *self, struct port_event *out)
{
	struct kafka *k = self;

	forget_told(k);
	if (k->failed)
		return false;
	look_at_admin(k);
	if (group_event(k, out) || next_answer(k, out) || fetch_event(k, out) ||
	    commit_event(k, out))
		return true;
	if (!k->failing)
		return false;
	k->failed = true;
	*out = (struct port_event){
		.kind = PORT_FAILED,
		.status = k->failure.status,
		.kafka_code = k->failure.kafka_code,
		.text = k->failure.text,
	};
	return true;
}

static enum stagger_status assign(void *self, struct port_start *list, size_t n,
				  struct stagger_error *err)
{
	return fetch_assign(self, list, n, err);
}

static void unassign(void *self)
{
	group_unassign(self);
}

static size_t ready(void *self, void **lanes, size_t max)
{
	refill_ask(self);
	return fetch_ready(self, lanes, max);
}

static size_t fetch(void *self, void *handle, struct port_record *out, size_t max)
{
	return fetch_take(self, handle, out, max);
}

static void release(void *self, void *pin)
{
	(void)self;
	rd_kafka_message_destroy(pin);
}

static void hold(void *self, void *const *handles, size_t n, bool pause)
{
	struct part **parts = calloc(n + 1, sizeof(*parts));

	if (parts == NULL) { // one by one is slower, not wrong
		for (size_t i = 0; i < n; i++)
			hold_parts(self, &(struct part *){handles[i]}, 1, pause);
		return;
	}
	for (size_t i = 0; i < n; i++)
		parts[i] = handles[i];
	hold_parts(self, parts, n, pause);
	free(parts);
}

static int64_t resume_lead_ms(void *self)
{
	return hold_lead_ms(self);
}

static void commit(void *self, const struct port_commit *list, size_t n)
{
	commit_put(self, list, n);
}

static void ask_bounds(void *self, void *const *handles, size_t n)
{
	fetch_ask_bounds(self, handles, n);
}

static void leave(void *self, bool remove)
{
	group_leave(self, remove);
}

struct port_source kafka_source(struct kafka *k)
{
	return (struct port_source){
		.self = k,
		.start = start,
		.next_event = next_event,
		.assign = assign,
		.unassign = unassign,
		.ready = ready,
		.fetch = fetch,
		.release = release,
		.hold = hold,
		.resume_lead_ms = resume_lead_ms,
		.commit = commit,
		.ask_bounds = ask_bounds,
		.leave = leave,
	};
}

struct port_sink kafka_sink(struct kafka *k)
{
	return sink_port(k);
}
