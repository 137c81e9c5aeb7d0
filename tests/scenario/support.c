/* SPDX-License-Identifier: Apache-2.0
 *
 * The rig: consumers, chain and world made from a setup, and the handler that obeys. */
#define _GNU_SOURCE
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing/fake.h"

#define MUST(call)                                                                                 \
	do {                                                                                       \
		struct stagger_error err_ = { .text = "" };                                        \
		struct stagger_error *err = &err_;                                                 \
		if ((call) != STAGGER_OK)                                                          \
			fail_msg("%s: %s", #call, err_.text);                                      \
	} while (0)

/* -- the handler ------------------------------------------------------------------------- */
struct script {
	char id[32], letters[64], error_class[64], code[32];
	int64_t after_ms;
};

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
}

static void copy_bytes(char *to, size_t size, struct stagger_bytes from)
{
	snprintf(to, size, "%.*s", (int)from.size, from.data != NULL ? (const char *)from.data : "");
}

static struct script script_of(struct stagger_bytes value)
{
	char text[256];
	struct script s = { .letters = "D", .error_class = "Bad" };
	copy_bytes(text, sizeof(text), value);
	char *rest = text;
	copy(s.id, sizeof(s.id), strsep(&rest, ":"));
	if (rest != NULL)
		copy(s.letters, sizeof(s.letters), strsep(&rest, ":"));
	if (rest != NULL) {
		char *name = strsep(&rest, ":");
		copy(s.error_class, sizeof(s.error_class), strsep(&name, "/"));
		copy(s.code, sizeof(s.code), name);
	}
	if (rest != NULL)
		s.after_ms = strtoll(rest, NULL, 10);
	return s;
}

static struct call *remember(struct rig_member *member, const struct stagger_message *m,
			     const struct script *s)
{
	struct rig *rig = member->rig;
	if (rig->n_calls >= RIG_CALLS)
		fail_msg("more than %d calls", RIG_CALLS);
	struct call *c = &rig->calls[rig->n_calls++];
	*c = (struct call){
		.member = member->number,
		.attempt = m->attempt,
		.visit = m->visit,
		.replays = m->replays,
		.partition = m->partition,
		.read_partition = m->read_partition,
		.offset = m->offset,
		.read_offset = m->read_offset,
		.timestamp_ms = m->timestamp_ms,
		.wall_ms = world_wall_ms(rig->w),
		.boot_ms = world_boot_ms(rig->w),
		.due_ms = m->due_ms,
		.first_failed_ms = m->first_failed_ms,
		.first_seen_ms = m->first_seen_ms,
		.first_seen_boot_ms = m->first_seen_boot_ms,
	};
	copy(c->id, sizeof(c->id), s->id);
	copy_bytes(c->key, sizeof(c->key), m->key);
	copy(c->stage, sizeof(c->stage), m->stage);
	copy(c->read_topic, sizeof(c->read_topic), m->read_topic);
	copy(c->error_class, sizeof(c->error_class), m->error_class);
	copy(c->error_code, sizeof(c->error_code), m->error_code);
	copy(c->error_message, sizeof(c->error_message), m->error_message);
	size_t n = strlen(s->letters);
	size_t at = (size_t)m->attempt - 1 < n ? (size_t)m->attempt - 1 : n - 1;
	c->letter = s->letters[at];
	return c;
}

static enum stagger_verdict defer(struct rig *rig, const struct stagger_message *m)
{
	if (rig->n_tickets >= RIG_TICKETS)
		fail_msg("more than %d tickets", RIG_TICKETS);
	rig->deferred[rig->n_tickets] = stagger_defer(m, &rig->tickets[rig->n_tickets]);
	assert_non_null(rig->deferred[rig->n_tickets]);
	rig->n_tickets++;
	return STAGGER_DEFER;
}

static enum stagger_verdict obey(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	struct rig_member *member = user;
	struct rig *rig = member->rig;
	struct script s = script_of(m->value);
	char letter = remember(member, m, &s)->letter;
	if (s.code[0] != '\0')
		stagger_failure_code(why, s.code);
	if (rig->in_handler != NULL)
		rig->in_handler(rig, m, why);
	switch (letter) {
	case 'D':
		return STAGGER_DONE;
	case 'R':
		return stagger_retry(why, s.error_class, "attempt %d", m->attempt);
	case 'P':
		return stagger_retry_after(why, s.after_ms, s.error_class, "attempt %d", m->attempt);
	case 'X':
		return stagger_dead_letter(why, s.error_class, "attempt %d", m->attempt);
	case 'A':
		return defer(rig, m);
	case 'B':
		(void)defer(rig, m);
		assert_int_equal(rig_settle(rig, rig->n_tickets - 1, STAGGER_DONE), STAGGER_OK);
		return STAGGER_DEFER;
	case 'T':
		(void)defer(rig, m);
		return STAGGER_DONE;
	case 'E':
		return STAGGER_DEFER;
	case 'H':
		return STAGGER_HALT;
	case '0':
		return (enum stagger_verdict)0;
	default:
		return (enum stagger_verdict)99;
	}
}

/* -- events and log ---------------------------------------------------------------------- */
static void on_event(const struct stagger_event *event, void *user)
{
	struct rig_member *member = user;
	struct rig *rig = member->rig;
	if (rig->n_events >= RIG_EVENTS)
		fail_msg("more than %d events", RIG_EVENTS);
	struct seen *s = &rig->events[rig->n_events++];
	*s = (struct seen){
		.kind = event->kind,
		.member = member->number,
		.partition = event->partition,
		.offset = event->offset,
		.wall_ms = world_wall_ms(rig->w),
		.due_ms = event->due_ms,
		.failed_ms = event->failed_ms,
		.retry_after_ms = event->retry_after_ms,
	};
	copy(s->topic, sizeof(s->topic), event->topic);
	copy(s->to_topic, sizeof(s->to_topic), event->to_topic);
	copy(s->reason, sizeof(s->reason), event->reason);
	copy(s->error_class, sizeof(s->error_class), event->error_class);
	if (event->message != NULL) {
		struct script script = script_of(event->message->value);
		copy(s->id, sizeof(s->id), script.id);
		s->attempt = event->message->attempt;
	}
	if (rig->in_event != NULL)
		rig->in_event(rig, event);
}

static void on_log(enum stagger_level level, const char *line, void *user)
{
	(void)level;
	struct rig *rig = ((struct rig_member *)user)->rig;
	size_t n = strlen(line);
	char *grown = realloc(rig->log, rig->n_log + n + 2);
	assert_non_null(grown);
	memcpy(grown + rig->n_log, line, n);
	rig->n_log += n;
	grown[rig->n_log++] = '\n';
	grown[rig->n_log] = '\0';
	rig->log = grown;
}

/* -- making ------------------------------------------------------------------------------ */
static struct stagger_chain *chain_of(const struct setup *setup)
{
	struct stagger_chain *chain = NULL;
	MUST(stagger_chain_new(&chain, MAIN, &setup->chain, err));
	for (size_t i = 0; i < 8 && setup->stages[i].delay_ms != 0; i++) {
		struct stagger_stage_options o = STAGGER_STAGE_OPTIONS_INIT;
		o.delay_ms = setup->stages[i].delay_ms;
		o.attempts = setup->stages[i].visits;
		o.retired = setup->places[i].retired;
		o.name = setup->places[i].name;
		o.topic = setup->places[i].topic;
		MUST(stagger_chain_stage_with(chain, &o, err));
	}
	for (size_t i = 0; i < 4 && setup->never[i] != NULL; i++)
		MUST(stagger_chain_never(chain, setup->never[i], err));
	for (size_t i = 0; i < 4 && setup->only[i] != NULL; i++)
		MUST(stagger_chain_only(chain, setup->only[i], err));
	for (size_t i = 0; i < 4 && setup->routes[i].pattern != NULL; i++)
		MUST(stagger_chain_route(chain, setup->routes[i].pattern, setup->routes[i].topic,
					 err));
	return chain;
}

static struct stagger_consumer *consumer_of(struct rig *rig, struct rig_member *member)
{
	struct stagger_consumer *consumer = NULL;
	struct stagger_consumer_options o = rig->setup.consumer;
	o.group = GROUP;
	o.user = member;
	o.event = on_event;
	o.log = on_log;
	MUST(stagger_consumer_open(&consumer, NULL, &o, err));
	struct stagger_chain *chain = chain_of(&rig->setup);
	MUST(stagger_consumer_add(consumer, &chain, err));
	MUST(stagger_consumer_on(consumer, NULL, obey, member, err));
	return consumer;
}

int32_t rig_join(struct rig *rig)
{
	assert_true(rig->n_members < RIG_MEMBERS);
	struct rig_member *member = &rig->members[rig->n_members];
	*member = (struct rig_member){ .rig = rig, .number = rig->n_members };
	rig->n_members++;
	struct stagger_consumer *consumer = consumer_of(rig, member);
	int32_t number = -1;
	MUST(world_join(rig->w, &consumer, &number, err));
	assert_int_equal(number, member->number);
	world_settle(rig->w);
	return number;
}

struct rig *rig_new(const struct setup *setup)
{
	struct setup defaults = SETUP_INIT;
	struct rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	rig->setup = setup != NULL ? *setup : defaults;
	MUST(world_new(&rig->w, &rig->setup.world, err));
	int32_t n = rig->setup.members == 0 ? 1 : rig->setup.members;
	for (int32_t i = 0; i < n; i++)
		rig_join(rig);
	return rig;
}

void rig_free(struct rig *rig)
{
	if (world_violation(rig->w) != NULL)
		fail_msg("against the port: %s", world_violation(rig->w));
	assert_false(world_livelocked(rig->w));
	for (int32_t i = 0; i < rig->n_members; i++) {
		assert_int_equal(world_calls(rig->w, i).paused_fetches, 0);
		assert_true(world_calls(rig->w, i).in_flight_commits_max <= 1);
		stagger_stats_free(&rig->stats[i]);
	}
	assert_false(rig_logged(rig, "early: topic")); /* who has ended has no counters any more */
	world_free(&rig->w);
	free(rig->text);
	free(rig->log);
	free(rig);
}

/* -- doing ------------------------------------------------------------------------------- */
static struct stagger_bytes bytes_of(const char *text)
{
	return (struct stagger_bytes){ text, text != NULL ? strlen(text) : 0 };
}

void rig_send(struct rig *rig, const char *key, const char *value)
{
	MUST(stagger_world_send(rig->w, MAIN, bytes_of(key), bytes_of(value), err));
}

void rig_put(struct rig *rig, const char *topic, int32_t partition, const char *key,
	     const char *value, int64_t timestamp_ms)
{
	struct world_record record = {
		.timestamp_ms = timestamp_ms == 0 ? world_wall_ms(rig->w) : timestamp_ms,
		.key = bytes_of(key),
		.value = bytes_of(value),
	};
	MUST(world_produce(rig->w, topic, partition, &record, err));
}

void rig_advance(struct rig *rig, int64_t ms)
{
	stagger_world_advance(rig->w, ms);
}

struct rig *rig_after_an_hour(const struct setup *setup, const char *value)
{
	struct rig *rig = rig_new(setup);
	rig_send(rig, "k", value);
	rig_advance(rig, HOUR);
	return rig;
}

void rig_spend(struct rig *rig, int64_t us)
{
	fake_clock_move(&rig->w->clock, us);
}

void rig_crash(struct rig *rig)
{
	stagger_world_crash(rig->w);
	world_settle(rig->w);
}

enum stagger_status rig_settle_with(struct rig *rig, size_t ticket,
				    const struct stagger_outcome *outcome)
{
	struct stagger_error err;
	assert_true(ticket < rig->n_tickets);
	return stagger_settle(world_member(rig->w, 0), rig->tickets[ticket], outcome, &err);
}

enum stagger_status rig_settle(struct rig *rig, size_t ticket, enum stagger_verdict verdict)
{
	struct stagger_outcome outcome = STAGGER_OUTCOME_INIT;
	outcome.verdict = verdict;
	outcome.error_class = "Settled";
	outcome.error_message = "settled later";
	return rig_settle_with(rig, ticket, &outcome);
}
