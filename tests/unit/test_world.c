/* SPDX-License-Identifier: Apache-2.0
 *
 * The fake world's lives and time, and the face that users see, with a tiny engine of our own. */
#define _GNU_SOURCE
#include "tiny_engine.h"

/* -- lives ------------------------------------------------------------------------------- */
static void world__delivers_what_was_produced_and_keeps_what_was_committed(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_send(&b, 1, "x");
	bench_join(&b, 0);
	bench_send(&b, 2, "y");
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) ");
	assert_string_equal(b.c[0].seen, "xy");
	assert_int_equal(bench_committed(&b, 0), 0);
	assert_int_equal(bench_committed(&b, 1), 1);
	assert_int_equal(world_committed(b.w, "other", "a", 1, NULL), -1);
	struct stagger_bytes metadata = { .data = NULL };
	assert_int_equal(world_committed(b.w, "g", "a", 2, &metadata), 1);
	assert_true(bytes_is(metadata, "m"));
	assert_int_equal(world_calls(b.w, 0).in_flight_commits_max, 1);
	bench_close(&b);
	assert_true(b.freed[0]);
}

static void world__gives_uncommitted_records_again_after_a_kill(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].no_commit = true;
	b.c[0].keep_pins = true;
	bench_join(&b, 0);
	bench_send(&b, 0, "x");
	world_settle(b.w);
	world_kill(b.w, 0);
	assert_false(world_ended(b.w, 0, NULL, NULL));
	assert_int_equal(world_calls(b.w, 0).paused_now, 0);
	b.c[0].keep_pins = false;
	assert_int_equal(world_restart(b.w, 0, &error), STAGGER_OK);
	assert_int_equal(world_restart(b.w, 0, &error), STAGGER_STATE);
	assert_int_equal(world_restart(b.w, 7, &error), STAGGER_INVALID);
	world_settle(b.w);
	assert_string_equal(b.c[0].seen, "xx");
	bench_close(&b);
}

static void kill_and_restart(void *user, const struct port_record *r)
{
	struct bench *b = user;
	struct stagger_error error;
	if (*(const char *)r->value.data != 'k' || b->c[0].n_seen > 2)
		return;
	world_settle(b->w);                /* inside a callback: nothing */
	stagger_world_advance(b->w, 1000); /* the same */
	world_kill(b->w, 0);
	assert_int_equal(world_restart(b->w, 0, &error), STAGGER_OK);
}

static void world__lets_nothing_of_a_turn_survive_in_which_it_was_killed(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].forward = "b";
	b.c[0].handle = kill_and_restart;
	b.c[0].user = &b;
	bench_join(&b, 0);
	bench_send(&b, 0, "a");
	bench_send(&b, 0, "k");
	int64_t before_ms = world_boot_ms(b.w);
	world_settle(b.w);
	assert_int_equal(world_boot_ms(b.w), before_ms);
	assert_string_equal(b.c[0].seen, "akak");
	assert_int_equal(world_size(b.w, "b", 0), 2);
	assert_int_equal(bench_committed(&b, 0), 2);
	bench_close(&b);
}

static void world__stops_a_member_and_tells_how_it_ended(void **state)
{
	(void)state;
	struct bench b;
	enum stagger_status status = STAGGER_HALTED;
	struct stagger_error error;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	bench_join(&b, 0);
	world_stop(b.w, 0);
	assert_true(world_ended(b.w, 0, &status, &error));
	assert_int_equal(status, STAGGER_OK);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) left(0) ");
	assert_ptr_equal(world_member(b.w, 0), &b.c[0]);
	assert_null(world_member(b.w, 1));
	assert_int_equal(world_restart(b.w, 0, &error), STAGGER_OK);
	world_settle(b.w);
	assert_false(world_ended(b.w, 0, NULL, NULL));
	world_fail_source(b.w, 0, STAGGER_DENIED, 30, "no ACL");
	world_settle(b.w);
	assert_true(world_ended(b.w, 0, &status, &error));
	assert_int_equal(status, STAGGER_DENIED);
	assert_string_equal(error.text, "no ACL");
	bench_close(&b);
}

static void world__names_records_that_an_ended_engine_did_not_release(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].keep_pins = true;
	bench_join(&b, 0);
	bench_send(&b, 0, "x");
	world_settle(b.w);
	world_stop(b.w, 0);
	assert_string_equal(world_violation(b.w), "member 0: 1 records were not released");
	assert_int_equal(world_violations(b.w), 1);
	world_free(&b.w);
}

static void world__leaves_a_consumer_to_its_caller_when_it_cannot_join(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	struct stagger_consumer *c = &b.c[0];
	int32_t member = -1;
	c->unfit = true;
	assert_int_equal(world_join(b.w, &c, &member, &error), STAGGER_INVALID);
	c->unfit = false;
	c->attach_fails = true;
	assert_int_equal(world_join(b.w, &c, &member, &error), STAGGER_FATAL);
	assert_ptr_equal(c, &b.c[0]);
	assert_int_equal(member, -1);
	bench_close(&b);
	assert_false(b.freed[0]);
}

/* -- time -------------------------------------------------------------------------------- */
static void world__wakes_a_member_exactly_when_it_asked(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1, .wall_start_ms = 5000 });
	b.c[0].tick_us = 400000;
	bench_join(&b, 0);
	int64_t start_us = world_boot_ms(b.w) * 1000;
	b.c[0].n_turns = 0;
	stagger_world_advance(b.w, 1000);
	assert_int_equal(world_wall_ms(b.w), 6000);
	const int64_t expected_us[] = { 0, 400000, 800000, 1000000 };
	size_t n = 0;
	for (size_t i = 0; i < b.c[0].n_turns; i++) {
		int64_t at_us = b.c[0].woken_us[i] - start_us;
		n += n < 4 && at_us == expected_us[n];
		assert_int_equal(at_us, expected_us[n - 1]);
	}
	assert_int_equal(n, 4);
	bench_close(&b);
}

static void world__moves_the_wall_clock_alone_when_it_steps(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	assert_int_equal(world_wall_ms(b.w), INT64_C(1767225600000));
	int64_t boot_ms = world_boot_ms(b.w);
	world_step_wall(b.w, -250);
	assert_int_equal(world_wall_ms(b.w), INT64_C(1767225599750));
	assert_int_equal(world_boot_ms(b.w), boot_ms);
	stagger_world_advance(b.w, -5);
	assert_int_equal(world_boot_ms(b.w), boot_ms);
	bench_close(&b);
}

static void fill_inbox(void *user, const struct port_record *r)
{
	struct stagger_consumer *c = user;
	(void)r;
	c->inbox = true;
}

static void world__gives_a_turn_to_what_a_turn_or_the_caller_left(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].handle = fill_inbox;
	b.c[0].user = &b.c[0];
	b.c[0].no_commit = true;
	bench_join(&b, 0);
	bench_send(&b, 0, "x");
	world_settle(b.w);
	assert_int_equal(b.c[0].n_inbox, 1);
	b.c[0].inbox = true;
	world_settle(b.w);
	assert_int_equal(b.c[0].n_inbox, 2);
	bench_close(&b);
}

static bool three_seen(void *user)
{
	const struct bench *b = user;
	return b->c[0].n_seen >= 3 || world_boot_ms(b->w) >= 3600000 + 90;
}

static void world__advances_until_what_was_waited_for(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].tick_us = 30000;
	bench_join(&b, 0);
	assert_false(world_advance_until(b.w, three_seen, &b, 50));
	assert_int_equal(world_boot_ms(b.w), 3600050);
	assert_true(world_advance_until(b.w, three_seen, &b, 1000));
	assert_true(world_boot_ms(b.w) < 3600130);
	bench_close(&b);
}

static void world__gives_up_on_an_instant_that_does_not_end(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	b.c[0].spins = true;
	bench_join(&b, 0);
	assert_true(world_livelocked(b.w));
	int64_t boot_ms = world_boot_ms(b.w);
	stagger_world_advance(b.w, 10);
	assert_int_equal(world_boot_ms(b.w), boot_ms);
	world_free(&b.w);
}

static void world__holds_everything_back_while_the_broker_is_silent(void **state)
{
	(void)state;
	struct bench b;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	world_silence(b.w, true);
	bench_join(&b, 0);
	assert_string_equal(b.c[0].story, "");
	world_silence(b.w, false);
	world_settle(b.w);
	assert_string_equal(b.c[0].story, "ready(0) assign(4) ");
	b.c[0].forward = "b";
	world_silence(b.w, true);
	bench_send(&b, 0, "x");
	stagger_world_advance(b.w, 60000);
	assert_int_equal(b.c[0].n_seen, 0);
	world_silence(b.w, false);
	world_settle(b.w);
	assert_string_equal(b.c[0].seen, "x");
	assert_int_equal(world_size(b.w, "b", 0), 1);
	assert_int_equal(bench_committed(&b, 0), 1);
	bench_close(&b);
}

/* -- watching ---------------------------------------------------------------------------- */
struct watched {
	int n_committed, n_produced;
	int32_t last_member;
	int64_t last_next;
	char last_topic[8];
};

static void on_committed(void *user, int32_t member, const struct port_commit *commit)
{
	struct watched *seen = user;
	seen->n_committed++;
	seen->last_member = member;
	seen->last_next = commit->next_offset;
}

static void on_produced(void *user, int32_t member, const char *topic, int32_t partition,
			const struct world_record *r)
{
	struct watched *seen = user;
	assert_int_equal(partition, 3);
	assert_int_equal(r->offset, 0);
	seen->n_produced++;
	seen->last_member = member;
	snprintf(seen->last_topic, sizeof(seen->last_topic), "%s", topic);
}

static void world__shows_an_observer_what_became_durable(void **state)
{
	(void)state;
	struct bench b;
	struct watched seen = { .last_member = 9 };
	bench_open(&b, &(struct world_options){ .seed = 1 });
	world_observe(b.w, &(struct world_watch){ .user = &seen, .produced = on_produced });
	bench_send(&b, 3, "x");
	assert_int_equal(seen.last_member, -1);
	b.c[0].forward = "copies";
	bench_join(&b, 0);
	assert_int_equal(seen.n_produced, 2);
	assert_int_equal(seen.last_member, 0);
	assert_string_equal(seen.last_topic, "copies");
	world_observe(b.w, &(struct world_watch){ .user = &seen, .committed = on_committed });
	bench_send(&b, 3, "y");
	world_settle(b.w);
	assert_int_equal(seen.n_committed, 4);
	assert_int_equal(seen.last_next, 2);
	world_observe(b.w, NULL);
	bench_send(&b, 3, "z");
	assert_int_equal(seen.n_produced, 2);
	bench_close(&b);
}

/* -- the public face --------------------------------------------------------------------- */
static void public__runs_one_consumer_and_reads_envelopes(void **state)
{
	(void)state;
	struct bench b;
	struct stagger_error error;
	bench_open(&b, &(struct world_options){ .seed = 1 });
	struct stagger_world *w = NULL;
	struct stagger_consumer *none = NULL;
	assert_int_equal(stagger_world_new(&w, &none, &error), STAGGER_INVALID);
	b.c[0].unfit = true;
	struct stagger_consumer *c = &b.c[0];
	assert_int_equal(stagger_world_new(&w, &c, &error), STAGGER_INVALID);
	b.c[0].unfit = false;
	b.c[0].forward = "dlt";
	b.c[0].no_commit = true;
	assert_int_equal(stagger_world_new(&w, &c, &error), STAGGER_OK);
	assert_null(c);
	assert_ptr_equal(stagger_world_consumer(w), &b.c[0]);
	struct stagger_bytes key = bytes_text("customer 7");
	struct stagger_bytes no_key = { .data = NULL };
	assert_int_equal(stagger_world_send(w, "a", no_key, bytes_text("plain"), &error),
			 STAGGER_OK);
	assert_int_equal(stagger_world_send(w, "a", key, bytes_text("E1"), &error), STAGGER_OK);
	assert_int_equal(world_size(w, "a", 0) + world_size(w, "a", (int32_t)(bytes_hash(key) % 4)),
			 bytes_hash(key) % 4 == 0 ? 4 : 2);
	assert_int_equal(b.c[0].n_seen, 0);
	stagger_world_advance(w, 0);
	assert_int_equal(b.c[0].n_seen, 2);
	assert_int_equal(stagger_world_count(w, "dlt"), 2);
	assert_int_equal(stagger_world_count(w, "unknown"), 0);
	size_t envelopes = 0;
	for (size_t i = 0; i < 3; i++) {
		const struct stagger_envelope *e = stagger_world_envelope(w, "dlt", i);
		assert_ptr_equal(e, stagger_world_envelope(w, "dlt", i));
		if (e != NULL) {
			assert_true(bytes_is(e->value, "E1"));
			envelopes++;
		}
	}
	assert_int_equal(envelopes, 1);
	assert_null(stagger_world_envelope(w, "unknown", 0));
	stagger_world_crash(w);
	stagger_world_advance(w, 0);
	assert_int_equal(b.c[0].n_seen, 4);
	assert_null(world_violation(w));
	stagger_world_free(&w);
	assert_null(w);
	stagger_world_free(&w);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(world__delivers_what_was_produced_and_keeps_what_was_committed),
		cmocka_unit_test(world__gives_uncommitted_records_again_after_a_kill),
		cmocka_unit_test(world__lets_nothing_of_a_turn_survive_in_which_it_was_killed),
		cmocka_unit_test(world__stops_a_member_and_tells_how_it_ended),
		cmocka_unit_test(world__names_records_that_an_ended_engine_did_not_release),
		cmocka_unit_test(world__leaves_a_consumer_to_its_caller_when_it_cannot_join),
		cmocka_unit_test(world__wakes_a_member_exactly_when_it_asked),
		cmocka_unit_test(world__moves_the_wall_clock_alone_when_it_steps),
		cmocka_unit_test(world__gives_a_turn_to_what_a_turn_or_the_caller_left),
		cmocka_unit_test(world__advances_until_what_was_waited_for),
		cmocka_unit_test(world__gives_up_on_an_instant_that_does_not_end),
		cmocka_unit_test(world__holds_everything_back_while_the_broker_is_silent),
		cmocka_unit_test(world__shows_an_observer_what_became_durable),
		cmocka_unit_test(public__runs_one_consumer_and_reads_envelopes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
