/* SPDX-License-Identifier: Apache-2.0
 *
 * What travels with a message besides its value: the attributes that handlers leave for the next
 * attempt, and the headers, key and times of the original record. */
#define _GNU_SOURCE
#include "support_b.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define PLAN_CALLS 8

/* -- handlers that leave attributes ------------------------------------------------------ */
struct change {
	const char *name, *value;
};
/* What the n-th call leaves, and what each was shown: "a=1 b=2;" a call. */
struct plan {
	struct change changes[PLAN_CALLS][4];
	char shown[1024];
};

static void show(char *text, size_t size, const struct stagger_message *m)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	size_t used = strlen(text);
	const char *between = "";
	for (size_t i = 0; i < 4; i++) {
		const char *value = stagger_message_attribute(m, names[i]);
		if (value == NULL)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s=%s", between, names[i],
					 value);
		between = " ";
	}
	snprintf(text + used, size - used, ";");
}

static void follows_its_plan(struct rig *rig, const struct stagger_message *m,
			     struct stagger_failure *why)
{
	struct plan *plan = rig->user;
	show(plan->shown, sizeof(plan->shown), m);
	assert_true(m->attempt <= PLAN_CALLS);
	const struct change *changes = plan->changes[m->attempt - 1];
	for (size_t i = 0; i < 4 && changes[i].name != NULL; i++)
		assert_true(stagger_failure_attribute(why, changes[i].name, changes[i].value));
}

static struct rig *rig_with(const struct setup *setup, struct plan *plan)
{
	struct rig *rig = rig_new(setup);
	rig->in_handler = follows_its_plan;
	rig->user = plan;
	return rig;
}

static struct setup in_place(int32_t attempts)
{
	struct setup setup = SETUP_INIT;
	setup.chain.in_place_attempts = attempts;
	setup.chain.in_place_on = in_every_stage;
	return setup;
}

static void expect_pairs(const struct stagger_envelope *e, const char *text)
{
	char have[256] = "";
	size_t used = 0;
	for (size_t i = 0; i < e->n_attributes; i++)
		used += (size_t)snprintf(have + used, sizeof(have) - used, "%s=%s;",
					 e->attributes[i].name, e->attributes[i].value);
	assert_string_equal(have, text);
}

/* -- attributes -------------------------------------------------------------------------- */
static void attributes_are_seen_by_the_next_call_in_place(void **state)
{
	(void)state;
	struct plan plan = { .changes = {
		{ { "a", "1" }, { "b", "2" } },
		{ { "a", "9" }, { "b", NULL }, { "c", "" } }, /* replaced, removed, empty */
		{ { NULL, NULL } },                           /* leaves all as it is */
		{ { "d", "4" } },
	} };
	struct setup setup = in_place(4);
	struct rig *rig = rig_with(&setup, &plan);
	rig_send(rig, "k", "a:RRRRD");
	rig_advance(rig, HOUR);
	assert_string_equal(plan.shown, ";a=1 b=2;a=9 c=;a=9 c=;a=9 c= d=4;");
	expect_pairs(rig_envelope(rig, RETRY_1M, 0), "a=9;c=;d=4;");
	rig_free(rig);
}

static void attributes_travel_through_the_stages_into_the_dlt(void **state)
{
	(void)state;
	struct plan plan = { .changes = {
		{ { "a", "1" }, { "b", "2" } },
		{ { "c", "3" } },
		{ { "a", NULL }, { "b", "8" } }, /* of the envelope: removed, replaced */
		{ { "d", NULL } },               /* was never there */
	} };
	struct rig *rig = rig_with(NULL, &plan);
	rig_send(rig, "k", "a:R");
	rig_advance(rig, HOUR);
	assert_string_equal(plan.shown, ";a=1 b=2;a=1 b=2 c=3;b=8 c=3;");
	expect_pairs(rig_envelope(rig, RETRY_5M, 0), "a=1;b=2;c=3;");
	expect_pairs(rig_dead(rig, "attempts_exhausted"), "b=8;c=3;");
	rig_free(rig);
}

/* In a stage the next call in place sees the envelope's attributes with the changes of this visit. */
static void attributes_of_the_envelope_are_changed_in_place(void **state)
{
	(void)state;
	struct plan plan = { .changes = {
		{ { NULL, NULL } },
		{ { "a", "1" }, { "b", "2" } },
		{ { "a", NULL }, { "c", "3" } },
		{ { "b", "5" }, { "c", NULL } },
	} };
	struct setup setup = in_place(2);
	struct rig *rig = rig_with(&setup, &plan);
	rig_send(rig, "k", "a:RRRRD");
	rig_advance(rig, HOUR);
	assert_string_equal(plan.shown, ";;a=1 b=2;b=2 c=3;b=5;");
	expect_pairs(rig_envelope(rig, RETRY_5M, 0), "b=5;");
	rig_free(rig);
}

static void attributes_of_a_done_message_end_with_it(void **state)
{
	(void)state;
	struct plan plan = { .changes = { { { "a", "1" } } } };
	struct rig *rig = rig_with(NULL, &plan);
	rig_send(rig, "k", "a:D");
	rig_send(rig, "k", "b:D");
	rig_advance(rig, HOUR);
	assert_string_equal(plan.shown, ";;");
	assert_int_equal(rig_stats(rig)->done, 2);
	rig_free(rig);
}

/* -- headers ----------------------------------------------------------------------------- */
static const struct stagger_header sent[] = {
	{ "trace", { "one", 3 } },
	{ "trace", { "two", 3 } }, /* a duplicate: the last one counts */
	{ "null", { NULL, 0 } },
	{ "empty", { "", 0 } },
	{ "", { "unnamed", 7 } },
};
#define N_SENT (sizeof(sent) / sizeof(sent[0]))

static void expect_bytes(struct stagger_bytes have, struct stagger_bytes want)
{
	assert_int_equal(have.data == NULL, want.data == NULL);
	assert_int_equal(have.size, want.size);
	if (want.size > 0)
		assert_memory_equal(have.data, want.data, want.size);
}

static void expect_headers(const struct stagger_header *headers, size_t n)
{
	assert_int_equal(n, N_SENT);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(headers[i].name, sent[i].name);
		expect_bytes(headers[i].value, sent[i].value);
	}
}

static void looks_at_headers(struct rig *rig, const struct stagger_message *m,
			     struct stagger_failure *why)
{
	(void)why;
	expect_headers(m->headers, m->n_headers);
	const struct stagger_header *trace = stagger_message_header(m, "trace");
	assert_non_null(trace);
	expect_bytes(trace->value, sent[1].value);
	assert_non_null(stagger_message_header(m, ""));
	assert_null(stagger_message_header(m, "stagger.chain"));
	++*(int *)rig->user;
}

static void send_with_headers(struct rig *rig, const char *value)
{
	struct stagger_error err;
	struct world_record record = { .timestamp_ms = world_wall_ms(rig->w),
				       .value = bytes_text(value),
				       .headers = sent,
				       .n_headers = N_SENT };
	assert_int_equal(world_produce(rig->w, MAIN, 0, &record, &err), STAGGER_OK);
}

static void headers_are_the_same_at_every_stage(void **state)
{
	(void)state;
	int looks = 0;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = looks_at_headers;
	rig->user = &looks;
	send_with_headers(rig, "a:R");
	rig_advance(rig, HOUR);
	assert_int_equal(looks, 4);
	const struct stagger_envelope *dead = rig_dead(rig, "attempts_exhausted");
	expect_headers(dead->headers, dead->n_headers);
	assert_null(dead->key.data);
	rig_free(rig);
}

/* -- deferred copies --------------------------------------------------------------------- */
static void leaves_a(struct rig *rig, const struct stagger_message *m, struct stagger_failure *why)
{
	(void)rig;
	if (m->attempt == 1)
		assert_true(stagger_failure_attribute(why, "a", "1"));
}

static void expect_deferred(const struct rig *rig, size_t i, const char *code)
{
	char text[64] = "";
	const struct stagger_message *m = rig->deferred[i];
	show(text, sizeof(text), m);
	assert_string_equal(text, "a=1;");
	expect_headers(m->headers, m->n_headers);
	expect_bytes(stagger_message_header(m, "trace")->value, sent[1].value);
	assert_null(stagger_message_attribute(m, "b"));
	assert_string_equal(m->topic, MAIN);
	assert_string_equal(m->error_class, "Bad");
	assert_string_equal(m->error_code, code);
	assert_string_equal(m->error_message, "attempt 1");
	assert_null(m->key.data);
	assert_null(stagger_message_local(m));
}

static void defer_copy_has_all_that_the_message_had(void **state)
{
	(void)state;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = leaves_a;
	send_with_headers(rig, "a:RA:Bad/503");
	rig_advance(rig, MINUTE);
	assert_int_equal(rig->n_tickets, 1);
	world_lose(rig->w, 0); /* nor does it need its lane or the record */
	expect_deferred(rig, 0, "503");
	rig_advance(rig, SECOND);
	expect_deferred(rig, 0, "503");
	assert_int_equal(rig_settle(rig, 0, STAGGER_DEAD_LETTER), STAGGER_OK);
	rig_advance(rig, SECOND);
	const struct stagger_envelope *dead = rig_dead(rig, "not_retriable");
	expect_pairs(dead, "a=1;");
	expect_headers(dead->headers, dead->n_headers);
	rig_free(rig);
}

/* -- envelopes of others ----------------------------------------------------------------- */
static void looks_at_a_tombstone(struct rig *rig, const struct stagger_message *m,
				 struct stagger_failure *why)
{
	(void)why;
	assert_string_equal(m->topic, "another");
	assert_int_equal(m->timestamp_ms, -1);
	assert_null(m->value.data);
	assert_non_null(m->key.data);
	assert_int_equal(m->key.size, 0);
	assert_string_equal(m->error_class, "");
	assert_string_equal(m->error_message, "");
	assert_null(m->error_code);
	assert_string_equal(stagger_message_attribute(m, "a"), "");
	assert_string_equal(stagger_message_attribute(m, "b"), "2");
	++*(int *)rig->user;
}

static void original_is_shown_as_the_envelope_has_it(void **state)
{
	(void)state;
	static const struct stagger_pair pairs[] = { { "a", "" }, { "b", "2" } };
	int looks = 0;
	struct rig *rig = rig_new(NULL);
	rig->in_handler = looks_at_a_tombstone;
	rig->user = &looks;
	struct stagger_envelope *e = retry_envelope(rig, "", 0);
	e->original_topic = "another"; /* main was renamed */
	e->original_timestamp_ms = -1;
	e->value = (struct stagger_bytes){ NULL, 0 };
	e->key = (struct stagger_bytes){ "", 0 };
	e->last = (struct stagger_fault){ .error_class = "", .error_message = "" };
	e->attributes = pairs;
	e->n_attributes = 2;
	put_envelope(rig, RETRY_1M, 0, e);
	rig_advance(rig, SECOND);
	assert_int_equal(looks, 1);
	assert_int_equal(rig_stats(rig)->done, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_are_seen_by_the_next_call_in_place),
		cmocka_unit_test(attributes_travel_through_the_stages_into_the_dlt),
		cmocka_unit_test(attributes_of_the_envelope_are_changed_in_place),
		cmocka_unit_test(attributes_of_a_done_message_end_with_it),
		cmocka_unit_test(headers_are_the_same_at_every_stage),
		cmocka_unit_test(defer_copy_has_all_that_the_message_had),
		cmocka_unit_test(original_is_shown_as_the_envelope_has_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
