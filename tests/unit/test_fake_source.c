/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake source: gaps, retention, pauses, and that breaches of the contract are noticed. */
#define _GNU_SOURCE
#include "tiny_engine.h"

static void bench_reader(struct bench *b)
{
	bench_open(b, &(struct world_options){ .seed = 1 });
	bench_join(b, 0);
}

static void source__passes_gaps_and_says_where_the_log_begins_and_ends(void **state)
{
	(void)state;
	struct bench b;
	bench_reader(&b);
	bench_send(&b, 0, "x");
	world_gap(b.w, "a", 0, 10);
	bench_send(&b, 0, "y");
	world_settle(b.w);
	assert_string_equal(b.c[0].seen, "xy");
	assert_int_equal(world_log_start(b.w, "a", 0), 0);
	assert_int_equal(world_log_end(b.w, "a", 0), 12);
	assert_int_equal(bench_committed(&b, 0), 12);
	assert_int_equal(world_size(b.w, "a", 0), 2);
	assert_int_equal(world_record(b.w, "a", 0, 1)->offset, 11);
	assert_null(world_record(b.w, "a", 0, 2));
	assert_int_equal(world_log_end(b.w, "a", 9), 0);
	assert_int_equal(world_log_start(b.w, "nowhere", 0), 0);
	bench_close(&b);
}

static void source__resets_what_retention_or_a_new_topic_left_behind(void **state)
{
	(void)state;
	struct bench b;
	bench_reader(&b);
	b.c[0].no_fetch = true;
	bench_send(&b, 2, "x");
	bench_send(&b, 2, "y");
	bench_send(&b, 2, "z");
	world_settle(b.w);
	world_trim(b.w, "a", 2, 2);
	world_trim(b.w, "a", 2, 1);
	b.c[0].no_fetch = false;
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) reset(1) bounds(3) ");
	assert_string_equal(b.c[0].seen, "z");
	assert_int_equal(world_size(b.w, "a", 2), 3);
	world_recreate(b.w, "a");
	assert_int_equal(world_size(b.w, "a", 2), 0);
	bench_send(&b, 2, "n");
	world_settle(b.w);
	assert_string_equal(b.c[0].story,
			    "ready(0) assign(4) reset(1) bounds(3) reset(1) bounds(1) ");
	assert_string_equal(b.c[0].seen, "zn");
	world_trim(b.w, "a", 2, 99);
	assert_int_equal(world_log_start(b.w, "a", 2), 1);
	bench_close(&b);
}

static void source__gives_a_faithful_copy_of_a_record(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].no_fetch = true;
	bench_join(&b, 0);
	const struct stagger_header headers[] = {
		{ "h", { "1", 1 } }, { "h", { NULL, 0 } }, { "", { "", 0 } }
	};
	struct world_record sent = { .offset = 77, .timestamp_ms = -1, .key = { "", 0 },
				     .headers = headers, .n_headers = 3 };
	assert_int_equal(world_produce(b.w, "a", 0, &sent, &error), STAGGER_OK);
	struct port_source *source = &b.c[0].engine->ports.source;
	struct port_record r;
	void *handle = b.c[0].engine->lanes[0].handle;
	assert_int_equal(source->fetch(source->self, handle, &r, 1), 1);
	assert_int_equal(r.offset, 0);
	assert_int_equal(r.timestamp_ms, -1);
	assert_true(bytes_is(r.key, ""));
	assert_null(r.value.data);
	assert_int_equal(r.n_headers, 3);
	assert_string_equal(r.headers[1].name, "h");
	assert_true(bytes_is(r.headers[0].value, "1"));
	assert_null(r.headers[1].value.data);
	assert_non_null(r.headers[2].value.data);
	free(r.headers);
	source->release(source->self, r.pin);
	assert_int_equal(source->resume_lead_ms(source->self), 1100);
	assert_int_equal(world_produce(b.w, "a", 4, &sent, &error), STAGGER_INVALID);
	bench_close(&b);
}

static void source__tells_only_lanes_that_became_readable(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].no_fetch = true;
	bench_join(&b, 0);
	struct engine *e = b.c[0].engine;
	struct port_source *source = &e->ports.source;
	struct port_record r[2];
	void *lanes[8];
	assert_int_equal(source->ready(source->self, lanes, 8), 4);
	assert_int_equal(source->ready(source->self, lanes, 8), 0);
	bench_send(&b, 0, "x"); /* not fetched to the end yet: no news */
	assert_int_equal(source->ready(source->self, lanes, 8), 0);
	assert_int_equal(source->fetch(source->self, e->lanes[0].handle, r, 1), 1);
	free(r[0].headers);
	source->release(source->self, r[0].pin);
	bench_send(&b, 0, "v"); /* the same */
	assert_int_equal(source->ready(source->self, lanes, 8), 0);
	assert_int_equal(source->fetch(source->self, e->lanes[0].handle, r, 2), 1);
	free(r[0].headers);
	source->release(source->self, r[0].pin);
	bench_send(&b, 0, "y");
	bench_send(&b, 0, "z");
	assert_int_equal(source->ready(source->self, lanes, 8), 1);
	assert_ptr_equal(lanes[0], &e->lanes[0]);
	source->hold(source->self, &e->lanes[0].handle, 1, true);
	assert_int_equal(world_calls(b.w, 0).paused_now, 1);
	bench_send(&b, 0, "w");
	assert_int_equal(source->ready(source->self, lanes, 8), 0);
	source->hold(source->self, &e->lanes[0].handle, 1, false);
	assert_int_equal(source->ready(source->self, lanes, 8), 1);
	assert_int_equal(source->fetch(source->self, e->lanes[0].handle, r, 2), 2);
	assert_int_equal(r[0].offset, 2);
	source->release(source->self, r[0].pin);
	source->release(source->self, r[1].pin);
	assert_int_equal(world_calls(b.w, 0).pauses, 1);
	assert_int_equal(world_calls(b.w, 0).resumes, 1);
	bench_close(&b);
}

static void source__starts_a_lane_held_when_asked(void **state)
{
	(void)state;
	struct bench b;
	bench_reader(&b);
	struct engine *e = b.c[0].engine;
	struct port_source *source = &e->ports.source;
	e->lanes[1].paused = true;
	tiny_assign(e);
	bench_send(&b, 1, "x");
	world_settle(b.w);
	assert_int_equal(b.c[0].n_seen, 0);
	world_trim(b.w, "a", 1, 1); /* a paused lane does not notice */
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) ");
	e->lanes[1].paused = false;
	source->hold(source->self, &e->lanes[1].handle, 1, false);
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) reset(1) bounds(1) ");
	bench_close(&b);
}

static void source__forgets_answers_of_lanes_that_are_gone(void **state)
{
	(void)state;
	struct bench b;
	bench_reader(&b);
	struct engine *e = b.c[0].engine;
	struct port_source *source = &e->ports.source;
	world_gap(b.w, "a", 0, 1);
	void *handles[] = { e->lanes[0].handle, e->lanes[1].handle };
	source->ask_bounds(source->self, handles, 2);
	e->lanes[0].lane = &b; /* a new lane in its place */
	tiny_assign(e);
	e->lanes[0].lane = &e->lanes[0];
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) bounds(0) ");
	world_rebalance(b.w);
	b.c[0].slow_revoke = true;
	world_settle(b.w);
	b.c[0].deaf = true;
	source->ask_bounds(source->self, &e->lanes[1].handle, 1);
	tiny_commit(e);
	world_gap(b.w, "a", 0, 5);
	world_trim(b.w, "a", 0, 3);
	world_settle(b.w);
	tiny_unassign(e); /* three answers were on their way */
	b.c[0].deaf = false;
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) bounds(0) revoke(4) assign(4) ");
	assert_int_equal(b.c[0].n_answers, 0);
	bench_close(&b);
}

/* -- breaches ---------------------------------------------------------------------------- */
static void breach_start(struct engine *e, struct port_source *s)
{
	struct stagger_error error;
	(void)e;
	assert_int_equal(s->start(s->self, &error), STAGGER_OK);
}
static void breach_unassign(struct engine *e, struct port_source *s)
{
	(void)e;
	s->unassign(s->self);
}
static void breach_assign(struct engine *e, struct port_source *s)
{
	struct stagger_error error;
	s->leave(s->self, false);
	assert_int_equal(s->assign(s->self, e->lanes, 1, &error), STAGGER_OK);
	e->leaving = true;
}
static void breach_offset(struct engine *e, struct port_source *s)
{
	(void)s;
	e->lanes[1].offset = -1;
	tiny_assign(e);
}
static void breach_foreign(struct engine *e, struct port_source *s)
{
	struct stagger_error error;
	struct port_start start = { .topic = "b", .partition = 0 };
	(void)e;
	assert_int_equal(s->assign(s->self, &start, 1, &error), STAGGER_OK);
}
static void breach_unknown(struct engine *e, struct port_source *s)
{
	struct stagger_error error;
	struct port_start start = { .topic = "nowhere", .partition = 0 };
	(void)e;
	assert_int_equal(s->assign(s->self, &start, 1, &error), STAGGER_NO_MEMORY);
}
static void breach_stale_fetch(struct engine *e, struct port_source *s)
{
	struct port_record r;
	void *handle = e->lanes[0].handle;
	tiny_assign(e);
	assert_int_equal(s->fetch(s->self, handle, &r, 1), 0);
}
static void breach_stale_hold(struct engine *e, struct port_source *s)
{
	void *handle = e->lanes[0].handle;
	tiny_assign(e);
	s->hold(s->self, &handle, 1, true);
}
static void breach_stale_bounds(struct engine *e, struct port_source *s)
{
	void *handle = e->lanes[0].handle;
	tiny_assign(e);
	s->ask_bounds(s->self, &handle, 1);
}
static void breach_paused_fetch(struct engine *e, struct port_source *s)
{
	struct port_record r;
	s->hold(s->self, &e->lanes[0].handle, 1, true);
	assert_int_equal(s->fetch(s->self, e->lanes[0].handle, &r, 1), 0);
}
static void breach_pause(struct engine *e, struct port_source *s)
{
	s->hold(s->self, &e->lanes[0].handle, 1, true);
	s->hold(s->self, &e->lanes[0].handle, 1, true);
}
static void breach_resume(struct engine *e, struct port_source *s)
{
	s->hold(s->self, &e->lanes[3].handle, 1, false);
}
static void breach_pin(struct engine *e, struct port_source *s)
{
	(void)e;
	s->release(s->self, (void *)(uintptr_t)1);
}
static void breach_commit(struct engine *e, struct port_source *s)
{
	struct port_commit one = { .topic = "b", .partition = 1, .next_offset = 1 };
	(void)e;
	s->commit(s->self, &one, 1);
}
static void breach_two_commits(struct engine *e, struct port_source *s)
{
	struct port_commit one = { .topic = "a", .partition = 1, .next_offset = 1 };
	(void)e;
	s->commit(s->self, &one, 1);
	s->commit(s->self, &one, 1);
}

static void source__notices_each_breach_of_the_contract(void **state)
{
	(void)state;
	const struct {
		void (*act)(struct engine *e, struct port_source *s);
		const char *text;
	} rows[] = {
		{ breach_start, "member 0: started twice" },
		{ breach_unassign, "member 0: unassign outside a REVOKE" },
		{ breach_assign, "member 0: assign outside an ASSIGN" },
		{ breach_offset,
		  "member 0: assign at an offset that is no number: 'a' partition 1" },
		{ breach_foreign,
		  "member 0: assign of a partition that is not ours: 'b' partition 0" },
		{ breach_unknown, "member 0: assign of unknown 'nowhere' partition 0" },
		{ breach_stale_fetch, "member 0: fetch with a stale handle: 'a' partition 0" },
		{ breach_stale_hold, "member 0: hold with a stale handle: 'a' partition 0" },
		{ breach_stale_bounds, "member 0: bounds with a stale handle: 'a' partition 0" },
		{ breach_paused_fetch, "member 0: fetch of a paused partition: 'a' partition 0" },
		{ breach_pause, "member 0: pause of a paused lane: 'a' partition 0" },
		{ breach_resume, "member 0: resume of a lane that is read: 'a' partition 3" },
		{ breach_pin, "member 0: release of an unknown or released pin" },
		{ breach_commit, "member 0: commit of 'b' partition 1, which is not assigned" },
		{ breach_two_commits, "member 0: commit while another is in flight" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bench b;
		bench_reader(&b);
		bench_send(&b, 0, "x"); /* its pin, 1, is released */
		world_settle(b.w);
		struct engine *e = b.c[0].engine;
		assert_null(world_violation(b.w));
		rows[i].act(e, &e->ports.source);
		assert_non_null(world_violation(b.w));
		assert_string_equal(world_violation(b.w), rows[i].text);
		assert_int_equal(world_violations(b.w), 1);
		assert_int_equal(world_calls(b.w, 0).paused_fetches,
				 rows[i].act == breach_paused_fetch);
		world_free(&b.w);
	}
}

static void source__notices_a_commit_after_a_loss(void **state)
{
	(void)state;
	struct bench b;
	bench_reader(&b);
	b.c[0].slow_revoke = true;
	world_lose(b.w, 0);
	world_settle(b.w);
	breach_two_commits(b.c[0].engine, &b.c[0].engine->ports.source);
	assert_string_equal(world_violation(b.w), "member 0: commit after a loss");
	world_free(&b.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source__passes_gaps_and_says_where_the_log_begins_and_ends),
		cmocka_unit_test(source__resets_what_retention_or_a_new_topic_left_behind),
		cmocka_unit_test(source__gives_a_faithful_copy_of_a_record),
		cmocka_unit_test(source__tells_only_lanes_that_became_readable),
		cmocka_unit_test(source__starts_a_lane_held_when_asked),
		cmocka_unit_test(source__forgets_answers_of_lanes_that_are_gone),
		cmocka_unit_test(source__notices_each_breach_of_the_contract),
		cmocka_unit_test(source__notices_a_commit_after_a_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
