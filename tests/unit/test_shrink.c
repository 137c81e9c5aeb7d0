/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes first when a hop is too large, and that a payload never goes on the way to a stage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "core/shrink.h"

#define STEPS 6

/* d: error detail, f: first detail, h: history to cut, k: key, v: value, m: a header. */
static struct envelope envelope_with(const char *parts, struct envelope_attempt *history)
{
	static const struct envelope_header header = {{"h", 1}, {"1", 1}};
	struct envelope e = {.has_first = true, .history = history, .n_history = 2};

	e.last.error_class = bytes_text("Last");
	e.first.error_class = bytes_text("First");
	for (; *parts; parts++) {
		if (*parts == 'd')
			e.last.error_detail = bytes_text("at a");
		if (*parts == 'f')
			e.first.error_detail = bytes_text("at b");
		if (*parts == 'h')
			e.n_history = 5;
		if (*parts == 'k')
			e.key = bytes_text("k");
		if (*parts == 'v')
			e.value = bytes_text("v");
		if (*parts == 'm') {
			e.headers = &header;
			e.n_headers = 1;
		}
	}
	return e;
}

static const struct {
	const char *parts;
	bool dead_letter;
	enum shrink steps[STEPS]; /* ended by IMPOSSIBLE */
} rows[] = {
	{"dfhkvm", true,
	 {SHRINK_DETAIL, SHRINK_FIRST_DETAIL, SHRINK_HISTORY, SHRINK_PAYLOAD, SHRINK_IMPOSSIBLE}},
	{"dfhkvm", false,
	 {SHRINK_DETAIL, SHRINK_FIRST_DETAIL, SHRINK_HISTORY, SHRINK_IMPOSSIBLE}},
	{"dh", true, {SHRINK_DETAIL, SHRINK_HISTORY, SHRINK_IMPOSSIBLE}},
	{"f", false, {SHRINK_FIRST_DETAIL, SHRINK_IMPOSSIBLE}},
	{"k", true, {SHRINK_PAYLOAD, SHRINK_IMPOSSIBLE}},
	{"v", true, {SHRINK_PAYLOAD, SHRINK_IMPOSSIBLE}},
	{"m", true, {SHRINK_PAYLOAD, SHRINK_IMPOSSIBLE}},
	{"kvm", false, {SHRINK_IMPOSSIBLE}},
	{"", true, {SHRINK_IMPOSSIBLE}},
};

/* The same steps, whether the envelope is made anew for each or shrunk further. */
static void shrink__goes_in_fixed_steps_and_passes_idle_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct envelope_attempt history[5] = {0};
		struct envelope whole = envelope_with(rows[i].parts, history);
		struct envelope shrunk = whole;
		struct envelope_room room = {0};
		enum shrink step = SHRINK_NONE;

		for (size_t k = 0; step != SHRINK_IMPOSSIBLE; k++) {
			enum shrink next = shrink_next(&whole, step, rows[i].dead_letter);

			assert_int_equal(next, rows[i].steps[k]);
			assert_int_equal(shrink_next(&shrunk, step, rows[i].dead_letter), next);
			step = next;
			shrink_apply(&shrunk, &room, step);
		}
		assert_int_equal(shrink_next(&whole, step, rows[i].dead_letter), SHRINK_IMPOSSIBLE);
		assert_int_equal(shrunk.value.size, rows[i].dead_letter ? 0 : whole.value.size);
	}
}

static void shrink__a_first_error_that_is_null_has_no_detail(void **state)
{
	(void)state;
	struct envelope e = envelope_with("f", NULL);

	e.has_first = false;
	assert_int_equal(shrink_next(&e, SHRINK_NONE, true), SHRINK_IMPOSSIBLE);
}

static void shrink__drops_all_up_to_the_step(void **state)
{
	(void)state;
	for (enum shrink step = SHRINK_NONE; step <= SHRINK_PAYLOAD; step++) {
		struct envelope_room room = {0};
		struct envelope e = envelope_with("dfhkvm", room.history);

		for (size_t i = 0; i < e.n_history; i++)
			room.history[i].offset = (int64_t)i;
		e.history_dropped = 4;
		shrink_apply(&e, &room, step);
		assert_int_equal(e.last.error_detail.data == NULL, step >= SHRINK_DETAIL);
		assert_int_equal(e.first.error_detail.data == NULL, step >= SHRINK_FIRST_DETAIL);
		assert_true(bytes_is(e.last.error_class, "Last"));
		assert_true(bytes_is(e.first.error_class, "First"));
		assert_int_equal(e.n_history, step >= SHRINK_HISTORY ? 2 : 5);
		assert_int_equal(e.history_dropped, step >= SHRINK_HISTORY ? 7 : 4);
		assert_int_equal(e.history[0].offset, 0);
		assert_int_equal(e.history[e.n_history - 1].offset, 4);
		assert_int_equal(e.payload_omitted, step == SHRINK_PAYLOAD);
		assert_int_equal(e.key.data == NULL, step == SHRINK_PAYLOAD);
		assert_int_equal(e.value.data == NULL, step == SHRINK_PAYLOAD);
		assert_int_equal(e.n_headers, step == SHRINK_PAYLOAD ? 0 : 1);
	}
}

static void shrink__history_read_from_elsewhere_is_rearranged_in_the_room(void **state)
{
	(void)state;
	struct envelope_attempt history[5] = {0};
	struct envelope e = envelope_with("h", history);
	struct envelope_room room = {0};

	history[4].offset = 4;
	history[1].offset = 1;
	e.history_dropped = INT32_MAX - 1;
	shrink_apply(&e, &room, SHRINK_HISTORY);
	assert_ptr_equal(e.history, room.history);
	assert_int_equal(e.history[1].offset, 4);
	assert_int_equal(history[1].offset, 1); /* not ours to write to */
	assert_int_equal(e.history_dropped, INT32_MAX);
}

static void shrink__when_nothing_is_left_nothing_goes(void **state)
{
	(void)state;
	struct envelope_attempt history[5] = {0};
	struct envelope e = envelope_with("dfhkvm", history);
	struct envelope_room room = {0};

	shrink_apply(&e, &room, SHRINK_IMPOSSIBLE);
	assert_true(bytes_is(e.value, "v"));
	assert_false(e.payload_omitted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shrink__goes_in_fixed_steps_and_passes_idle_ones),
		cmocka_unit_test(shrink__a_first_error_that_is_null_has_no_detail),
		cmocka_unit_test(shrink__drops_all_up_to_the_step),
		cmocka_unit_test(shrink__history_read_from_elsewhere_is_rearranged_in_the_room),
		cmocka_unit_test(shrink__when_nothing_is_left_nothing_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
