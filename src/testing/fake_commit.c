/* SPDX-License-Identifier: Apache-2.0
 *
 * Commits: what a group holds in a log, and requests on their way to the coordinator. A request is
 * judged when it arrives, by the generation it was sent in and by ownership, also when its sender
 * has unassigned since: only its answer is dropped then, as with a real broker. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "testing/broker.h"
#include "testing/group.h"

struct fake_request { /* one commit() */
	struct list link;         // fake_source.commits
	int64_t due_us, generation;
	bool answer;
	struct fake_event *event; /* the list, and the answer to be */
};

/* -- claims ------------------------------------------------------------------------------ */
struct fake_claim *fake_claim_find(const struct fake_group *group, const struct fake_log *log)
{
	for (struct list *l = log->claims.next; l != &log->claims; l = l->next) {
		struct fake_claim *claim = container_of(l, struct fake_claim, by_log);
		if (claim->group == group)
			return claim;
	}
	return NULL;
}

struct fake_claim *fake_claim_need(const struct fake_group *group, struct fake_log *log)
{
	struct fake_claim *claim = fake_claim_find(group, log);
	if (claim != NULL)
		return claim;
	claim = calloc(1, sizeof(*claim));
	if (claim == NULL)
		return NULL;
	claim->group = group;
	claim->next_offset = -1;
	list_push_back(&log->claims, &claim->by_log);
	return claim;
}

static void claim_forget_metadata(struct fake_claim *claim)
{
	free((void *)(uintptr_t)claim->metadata.data);
	claim->metadata = (struct stagger_bytes){ .data = NULL };
}

void fake_claims_free(struct fake_log *log)
{
	for (struct list *l = list_first(&log->claims); l != NULL; l = list_first(&log->claims)) {
		struct fake_claim *claim = container_of(l, struct fake_claim, by_log);
		list_remove(l);
		claim_forget_metadata(claim);
		free(claim);
	}
}

static bool claim_commit(struct fake_claim *claim, const struct port_partition *p)
{
	char *copy = NULL;
	if (p->metadata.data != NULL) {
		copy = bytes_dup(p->metadata);
		if (copy == NULL)
			return false;
	}
	claim_forget_metadata(claim);
	claim->next_offset = p->committed;
	claim->metadata = (struct stagger_bytes){ .data = copy, .size = p->metadata.size };
	return true;
}

int64_t world_committed(const struct stagger_world *w, const char *group, const char *topic,
			int32_t partition, struct stagger_bytes *metadata)
{
	const struct fake_log *log = fake_log_find(w, topic, partition);
	const struct fake_claim *found = NULL;
	for (struct list *l = log == NULL ? NULL : log->claims.next; l != NULL && l != &log->claims;
	     l = l->next) {
		const struct fake_claim *claim = container_of(l, struct fake_claim, by_log);
		if (strcmp(claim->group->name, group) == 0)
			found = claim;
	}
	if (metadata != NULL)
		*metadata = found == NULL ? (struct stagger_bytes){ .data = NULL }
					  : found->metadata;
	return found == NULL ? -1 : found->next_offset;
}

void world_fail_commit(struct stagger_world *w, enum port_fault fault, int64_t n)
{
	w->commit_fault = (struct fake_fault){ .fault = fault, .n = n };
}

/* -- requests ---------------------------------------------------------------------------- */
void fake_commit(struct fake_source *s, const struct port_commit *list, size_t n)
{
	struct world_calls *calls = &s->member->calls;
	calls->commits++;
	if (s->n_in_flight > 0)
		fake_violation(s->world, s->member->number, "commit while another is in flight");
	struct fake_request *request = calloc(1, sizeof(*request));
	struct fake_event *event = request == NULL ? NULL : fake_event_new(s, PORT_COMMITTED, n);
	for (size_t i = 0; event != NULL && i < n; i++)
		fake_event_set(event, i,
			       &(struct port_partition){ .topic = list[i].topic,
							 .partition = list[i].partition,
							 .committed = list[i].next_offset,
							 .metadata = list[i].metadata,
							 .log_start = -1,
							 .log_end = -1,
							 .lane = list[i].lane });
	if (event == NULL || !fake_event_whole(event)) {
		fake_violation(s->world, s->member->number, "out of memory for a commit");
		fake_event_free(event);
		free(request);
		return;
	}
	request->event = event;
	request->answer = true;
	request->generation = s->seat == NULL ? -1 : s->group->generation;
	request->due_us = fake_delayed_us(s->world, s->world->options.commit_delay_ms);
	struct list *after = s->commits.prev;
	while (after != &s->commits &&
	       container_of(after, struct fake_request, link)->due_us > request->due_us)
		after = after->prev;
	list_insert_after(after, &request->link);
	s->n_in_flight++;
	if (calls->in_flight_commits_max < (int64_t)s->n_in_flight)
		calls->in_flight_commits_max = (int64_t)s->n_in_flight;
}

static enum port_fault judge(struct fake_source *s, const struct fake_request *request,
			     const struct port_partition *p)
{
	struct fake_log *log = fake_log_find(s->world, p->topic, p->partition);
	struct fake_claim *claim = log == NULL ? NULL : fake_claim_find(s->group, log);
	if (s->seat == NULL || request->generation != s->group->generation)
		return PORT_REBALANCE;
	if (claim == NULL || claim->owner != s->seat)
		return PORT_REBALANCE;
	if (p->metadata.size > FAKE_METADATA_MAX)
		return PORT_METADATA_TOO_LARGE;
	if (!claim_commit(claim, p))
		return PORT_RETRIABLE;
	const struct world_watch *watch = &s->world->watch;
	if (watch->committed != NULL)
		watch->committed(watch->user, s->member->number,
				 &(struct port_commit){ .topic = p->topic,
							.partition = p->partition,
							.next_offset = p->committed,
							.metadata = p->metadata,
							.lane = p->lane });
	return PORT_FINE;
}

static bool has_metadata(const struct fake_event *e)
{
	for (size_t i = 0; i < e->n; i++) {
		if (e->parts[i].metadata.data != NULL)
			return true;
	}
	return false;
}

/* An injected "metadata too large" waits for a commit that has some and spares the rest of it. */
static void judge_all(struct fake_source *s, struct fake_request *request)
{
	struct fake_event *e = request->event;
	struct fake_fault *injected = &s->world->commit_fault;
	bool about_metadata = injected->fault == PORT_METADATA_TOO_LARGE;
	enum port_fault fault = PORT_FINE;
	if (!about_metadata || has_metadata(e))
		fault = fake_fault_take(injected);
	const struct world_watch *watch = &s->world->watch;
	bool lost = s->seat == NULL && s->rejoin;
	if (watch->struck != NULL && (fault != PORT_FINE || lost))
		watch->struck(watch->user, s->member->number, true, lost ? PORT_REBALANCE : fault);
	for (size_t i = 0; i < e->n; i++) {
		struct port_partition *p = &e->parts[i];
		bool spared = about_metadata && p->metadata.data == NULL;
		p->fault = fault == PORT_FINE || spared ? judge(s, request, p) : fault;
	}
}

static void request_free(struct fake_request *request)
{
	fake_event_free(request->event);
	list_remove(&request->link);
	free(request);
}

bool fake_commits_step(struct fake_source *s)
{
	bool busy = false;
	while (fake_commits_next_us(s) <= s->world->clock.boot_us) {
		struct fake_request *request =
			container_of(s->commits.next, struct fake_request, link);
		list_remove(&request->link);
		judge_all(s, request);
		if (request->answer) {
			s->n_in_flight--;
			fake_event_push(s, request->event);
			request->event = NULL;
		}
		request_free(request);
		busy = true;
	}
	return busy;
}

int64_t fake_commits_next_us(const struct fake_source *s)
{
	struct list *first = list_first(&s->commits);
	if (first == NULL || s->failed)
		return INT64_MAX;
	return container_of(first, struct fake_request, link)->due_us;
}

void fake_commits_unanswered(struct fake_source *s)
{
	for (struct list *l = s->commits.next; l != &s->commits; l = l->next)
		container_of(l, struct fake_request, link)->answer = false;
	s->n_in_flight = 0;
}

void fake_commits_free(struct fake_source *s)
{
	while (!list_empty(&s->commits))
		request_free(container_of(s->commits.next, struct fake_request, link));
}
