/* SPDX-License-Identifier: Apache-2.0
 *
 * One lane's waiting room: order, the two clocks, the stop rule, bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/waiting.h"

#define WALL 1000000 /* at the start; the boot clock is at 0 */

static struct waiting_item item(int64_t due_ms, int64_t offset)
{
	return (struct waiting_item){.node = {.tie = offset, .place = HEAP_OUT},
				     .due_ms = due_ms,
				     .bound_boot_ms = due_ms - WALL + 1000,
				     .bytes = 10};
}

static void waiting__gives_by_due_then_offset(void **state)
{
	(void)state;
	struct waiting_item items[] = {item(WALL + 30, 1), item(WALL + 10, 4), item(WALL + 10, 2),
				       item(WALL + 20, 3)};
	static const int64_t order[] = {2, 4, 3, 1};
	struct waiting w = {.horizon_ms = INT64_MIN};

	assert_null(waiting_head(&w));
	assert_null(waiting_take_due(&w, INT64_MAX, INT64_MAX));
	for (size_t i = 0; i < 4; i++)
		assert_true(waiting_put(&w, &items[i], WALL));
	assert_int_equal(w.bytes, 40);
	for (size_t i = 0; i < 4; i++) {
		struct waiting_item *head = waiting_head(&w);

		assert_ptr_equal(waiting_take_due(&w, WALL + 30, 30), head);
		assert_int_equal(head->node.tie, order[i]);
		assert_int_equal(head->node.place, HEAP_OUT);
	}
	assert_int_equal(w.bytes, 0);
	waiting_clear(&w);
}

static void waiting__a_message_goes_when_either_clock_says_so(void **state)
{
	(void)state;
	static const struct {
		int64_t wall_ms, boot_ms;
		bool taken;
	} rows[] = {
		{WALL + 499, 499, false},
		{WALL + 500, 500, true},
		{WALL + 500, 0, true},
		{WALL - 3600000, 1499, false}, /* the wall clock was put back */
		{WALL - 3600000, 1500, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct waiting_item one = item(WALL + 500, 0);
		struct waiting w = {.horizon_ms = INT64_MIN};

		assert_true(waiting_put(&w, &one, WALL));
		assert_int_equal(waiting_take_due(&w, rows[i].wall_ms, rows[i].boot_ms) == &one,
				 rows[i].taken);
		waiting_clear(&w);
	}
}

static void waiting__a_step_orders_by_whichever_clock_comes_first(void **state)
{
	(void)state;
	const int64_t step = 3600000;
	struct waiting_item early = item(WALL + 500, 1);
	struct waiting_item late = item(WALL + 600, 2);
	struct waiting w = {.horizon_ms = INT64_MIN};

	late.bound_boot_ms = 700; /* first seen while the wall clock was ahead */
	assert_true(waiting_put(&w, &early, WALL));
	assert_true(waiting_put(&w, &late, WALL));
	assert_ptr_equal(waiting_head(&w), &early);
	assert_int_equal(early.node.key, WALL + 500);
	waiting_step(&w, WALL - step);
	assert_ptr_equal(waiting_head(&w), &late);
	assert_int_equal(late.node.key, WALL - step + 700);
	waiting_step(&w, WALL + step);
	assert_ptr_equal(waiting_head(&w), &early);
	waiting_clear(&w);
}

static void waiting__extreme_times_saturate(void **state)
{
	(void)state;
	struct waiting_item never = item(INT64_MAX, 1);
	struct waiting w = {.horizon_ms = INT64_MIN};

	never.bound_boot_ms = INT64_MAX;
	assert_true(waiting_put(&w, &never, INT64_MAX));
	assert_int_equal(never.node.key, INT64_MAX);
	assert_null(waiting_take_due(&w, INT64_MAX - 1, INT64_MAX - 1));
	waiting_clear(&w);
}

static void waiting__an_item_is_taken_out_once(void **state)
{
	(void)state;
	struct waiting_item items[] = {item(WALL + 1, 1), item(WALL + 2, 2), item(WALL + 3, 3)};
	struct waiting w = {.horizon_ms = INT64_MIN};

	for (size_t i = 0; i < 3; i++)
		assert_true(waiting_put(&w, &items[i], WALL));
	waiting_remove(&w, &items[1]);
	waiting_remove(&w, &items[1]);
	assert_int_equal(w.bytes, 20);
	waiting_remove(&w, &items[0]);
	assert_ptr_equal(waiting_head(&w), &items[2]);
	waiting_clear(&w);
	assert_int_equal(w.bytes, 0);
	assert_null(waiting_head(&w));
}

static void waiting__reads_on_until_no_record_can_be_due_before_the_head(void **state)
{
	(void)state;
	static const struct {
		size_t n, max_items;
		int64_t horizon_ms;
		bool more;
	} rows[] = {
		{0, 1, INT64_MIN, true},
		{0, 1, INT64_MAX, true},       /* an empty room always takes one */
		{2, 8, INT64_MIN, true},       /* nothing known of what comes */
		{2, 8, WALL + 99, true},
		{2, 8, WALL + 100, false},     /* a constant delay: the head alone */
		{2, 8, INT64_MAX, false},
		{2, 2, WALL + 99, false},      /* full */
		{2, 3, WALL + 99, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct waiting_item items[] = {item(WALL + 100, 1), item(WALL + 200, 2)};
		struct waiting w = {.horizon_ms = rows[i].horizon_ms};

		for (size_t k = 0; k < rows[i].n; k++)
			assert_true(waiting_put(&w, &items[k], WALL));
		assert_int_equal(waiting_wants_more(&w, rows[i].max_items), rows[i].more);
		waiting_clear(&w);
		assert_int_equal(w.horizon_ms, INT64_MIN);
	}
}

static void waiting__bytes_follow_the_items(void **state)
{
	(void)state;
	enum { N = 100 };
	struct waiting_item items[N];
	struct waiting w = {.horizon_ms = INT64_MIN};
	size_t bytes = 0;

	for (size_t i = 0; i < N; i++) {
		items[i] = item(WALL + (int64_t)(i * 37 % N), (int64_t)i);
		items[i].bytes = i;
		assert_true(waiting_put(&w, &items[i], WALL));
		bytes += i;
		assert_int_equal(w.bytes, bytes);
	}
	for (size_t i = 0; i < N; i += 3) {
		waiting_remove(&w, &items[i]);
		bytes -= i;
	}
	assert_int_equal(w.bytes, bytes);
	for (struct waiting_item *taken; (taken = waiting_take_due(&w, WALL + N, 0));)
		bytes -= taken->bytes;
	assert_int_equal(bytes, 0);
	assert_int_equal(w.bytes, 0);
	waiting_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting__gives_by_due_then_offset),
		cmocka_unit_test(waiting__a_message_goes_when_either_clock_says_so),
		cmocka_unit_test(waiting__a_step_orders_by_whichever_clock_comes_first),
		cmocka_unit_test(waiting__extreme_times_saturate),
		cmocka_unit_test(waiting__an_item_is_taken_out_once),
		cmocka_unit_test(waiting__reads_on_until_no_record_can_be_due_before_the_head),
		cmocka_unit_test(waiting__bytes_follow_the_items),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
