/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks behind the world's face where a scenario needs what no broker would let it do. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "engine/engine.h"
#include "testing/broker.h"
#include "testing/group.h"

#define MUST(call)                                                                                 \
	do {                                                                                       \
		struct stagger_error err_ = { .text = "" };                                        \
		struct stagger_error *err = &err_;                                                 \
		if ((call) != STAGGER_OK)                                                          \
			fail_msg("%s: %s", #call, err_.text);                                      \
	} while (0)

/* -- commits ----------------------------------------------------------------------------- */
static void remember(void *user, int32_t member, const struct port_commit *commit)
{
	struct commits *commits = user;
	if (commits->n >= ACCEPTED_MAX)
		fail_msg("more than %d commits", ACCEPTED_MAX);
	struct accepted *a = &commits->list[commits->n++];
	*a = (struct accepted){
		.member = member,
		.partition = commit->partition,
		.next_offset = commit->next_offset,
		.boot_ms = world_boot_ms(commits->rig->w),
		.size = commit->metadata.size,
	};
	snprintf(a->topic, sizeof(a->topic), "%s", commit->topic);
	if (commit->metadata.data != NULL)
		snprintf(a->metadata, sizeof(a->metadata), "%.*s", (int)commit->metadata.size,
			 (const char *)commit->metadata.data);
}

struct commits *commits_watch(struct rig *rig)
{
	struct commits *commits = calloc(1, sizeof(*commits));
	assert_non_null(commits);
	commits->rig = rig;
	world_observe(rig->w, &(struct world_watch){ .user = commits, .committed = remember });
	return commits;
}

const char *commit_metadata(const struct rig *rig, const char *topic, int32_t partition)
{
	static char text[8192];
	struct stagger_bytes metadata = { .data = NULL };
	(void)world_committed(rig->w, GROUP, topic, partition, &metadata);
	assert_true(metadata.size < sizeof(text));
	if (metadata.size > 0)
		memcpy(text, metadata.data, metadata.size);
	text[metadata.size] = '\0';
	return text;
}

void commit_seed(struct rig *rig, const char *topic, int32_t partition, int64_t next_offset,
		 const char *metadata)
{
	struct fake_group *group = fake_group_need(rig->w, GROUP);
	assert_non_null(fake_topic_need(rig->w, topic));
	struct fake_claim *claim =
		fake_claim_need(group, fake_log_find(rig->w, topic, partition));
	assert_non_null(claim);
	claim->next_offset = next_offset;
	if (metadata == NULL)
		return;
	claim->metadata.data = bytes_dup(bytes_text(metadata));
	claim->metadata.size = strlen(metadata);
	assert_non_null(claim->metadata.data);
}

void expect_commits_ascend(const struct commits *commits)
{
	for (size_t i = 0; i < commits->n; i++) {
		const struct accepted *a = &commits->list[i];
		for (size_t k = 0; k < i; k++) {
			const struct accepted *b = &commits->list[k];
			if (a->member == b->member && a->partition == b->partition &&
			    strcmp(a->topic, b->topic) == 0 && a->next_offset < b->next_offset)
				fail_msg("%s/%d went from %lld to %lld", a->topic, a->partition,
					 (long long)b->next_offset, (long long)a->next_offset);
		}
	}
}

/* -- members ----------------------------------------------------------------------------- */
void member_kill_and_restart(struct rig *rig, int32_t member)
{
	world_kill(rig->w, member);
	MUST(world_restart(rig->w, member, err));
	world_settle(rig->w);
}

void member_begin_stop(struct rig *rig, int32_t member)
{
	engine_stop(rig->w->members[member]->engine);
}

enum stagger_status member_settle(struct rig *rig, int32_t member, size_t ticket,
				  enum stagger_verdict verdict)
{
	struct stagger_error err;
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	outcome.verdict = verdict;
	outcome.error_class = "Settled";
	assert_true(ticket < rig->n_tickets);
	return stagger_settle(world_member(rig->w, member), rig->tickets[ticket], &outcome, &err);
}

static void no_log(enum stagger_level level, const char *line, void *user)
{
	(void)level;
	(void)line;
	(void)user;
}

int32_t member_with(struct rig *rig, stagger_handler handler, void *user)
{
	struct stagger_consumer *consumer = NULL;
	struct stagger_chain *chain = NULL;
	struct stagger_consumer_options o = rig->setup.consumer;
	int32_t number = -1;
	o.group = GROUP;
	o.log = no_log;
	MUST(stagger_consumer_open(&consumer, NULL, &o, err));
	MUST(stagger_chain_new(&chain, MAIN, &rig->setup.chain, err));
	for (size_t i = 0; i < 8 && rig->setup.stages[i].delay_ms != 0; i++)
		MUST(stagger_chain_stage(chain, rig->setup.stages[i].delay_ms,
					 rig->setup.stages[i].visits, NULL, err));
	MUST(stagger_consumer_add(consumer, &chain, err));
	MUST(stagger_consumer_on(consumer, NULL, handler, user, err));
	MUST(world_join(rig->w, &consumer, &number, err));
	world_settle(rig->w);
	return number;
}

const struct stagger_stats *member_stats(const struct rig *rig, int32_t member)
{
	const struct stagger_stats *stats = NULL;
	MUST(stagger_consumer_stats(world_member(rig->w, member), &stats, err));
	return stats;
}

void time_passes(struct rig *rig, int64_t ms)
{
	fake_clock_move(&rig->w->clock, ms * 1000);
}

/* -- records ----------------------------------------------------------------------------- */
void put_bytes(struct rig *rig, const char *topic, int32_t partition, struct stagger_bytes value)
{
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w), .value = value };
	MUST(world_produce(rig->w, topic, partition, &record, err));
}

struct stagger_envelope *retry_envelope(struct rig *rig, const char *value, int64_t due_ms)
{
	struct stagger_envelope *e = NULL;
	int64_t now_ms = world_wall_ms(rig->w);
	MUST(stagger_envelope_new(&e, err));
	e->stage = "retry.1m";
	e->due_ms = now_ms + due_ms;
	e->attempts = 1;
	e->disposition = "retry";
	e->group = GROUP;
	e->chain = MAIN;
	e->original_topic = MAIN;
	e->original_offset = 1234;
	e->original_timestamp_ms = now_ms;
	e->first_failed_ms = now_ms;
	e->last_failed_ms = now_ms;
	e->last = (struct stagger_fault){ .error_class = "Bad", .error_message = "before" };
	e->value = bytes_text(value);
	return e;
}

void put_envelope(struct rig *rig, const char *topic, int32_t partition,
		  struct stagger_envelope *take_envelope)
{
	void *bytes = NULL;
	size_t size = 0;
	MUST(stagger_envelope_write(take_envelope, 0, &bytes, &size, err));
	put_bytes(rig, topic, partition, (struct stagger_bytes){ bytes, size });
	free(bytes);
	const struct stagger_envelope *done = take_envelope;
	stagger_envelope_free(&done);
}
