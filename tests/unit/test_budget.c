/* SPDX-License-Identifier: Apache-2.0
 *
 * The shares of the process: who may take how much, when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/budget.h"

#define PLENTY INT64_C(1000000)
#define MAX(messages_, bytes_, uncommitted_)                                                       \
	.max_messages = (messages_), .max_bytes = (bytes_), .max_uncommitted = (uncommitted_)

static const struct budget_row {
	const char *name;
	struct budget b;
	int64_t main, stages;
} rows[] = {
	{"empty", {MAX(100, 1000, PLENTY)}, 75, 100},
	{"a share is rounded down", {MAX(6, 1000, PLENTY)}, 4, 6},
	{"a share of two", {MAX(2, 1000, PLENTY)}, 1, 2},
	{"main has at least one", {MAX(1, 1, PLENTY)}, 1, 1},
	{"the one is taken", {MAX(1, 1000, PLENTY), .messages = 1}, 0, 0},
	{"main's share is used",
	 {MAX(100, 1000, PLENTY), .messages = 75, .main_messages = 75}, 0, 25},
	{"main's share in part",
	 {MAX(100, 1000, PLENTY), .messages = 80, .main_messages = 60}, 15, 20},
	{"stages used it up",
	 {MAX(100, 1000, PLENTY), .messages = 90, .main_messages = 10}, 10, 10},
	{"all messages", {MAX(100, 1000, PLENTY), .messages = 100, .main_messages = 5}, 0, 0},
	{"more than all", {MAX(100, 1000, PLENTY), .messages = 110, .main_messages = 90}, 0, 0},
	{"main's bytes", {MAX(100, 1000, PLENTY), .bytes = 750, .main_bytes = 750}, 0, 100},
	{"one byte is left", {MAX(100, 1000, PLENTY), .bytes = 999, .main_bytes = 749}, 75, 100},
	{"all bytes", {MAX(100, 1000, PLENTY), .bytes = 1000, .main_bytes = 10}, 0, 0},
	{"nearly uncommitted", {MAX(100, 1000, 50), .uncommitted = 48}, 2, 2},
	{"uncommitted", {MAX(100, 1000, 50), .uncommitted = 50}, 0, 0},
	{"uncommitted by far", {MAX(100, 1000, 50), .uncommitted = 51}, 0, 0},
};

static void budget__leaves_a_quarter_to_the_stages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("           %s\n", rows[i].name);
		assert_int_equal(budget_room(&rows[i].b, true), rows[i].main);
		assert_int_equal(budget_room(&rows[i].b, false), rows[i].stages);
	}
}

static void budget__what_is_taken_is_given_back(void **state)
{
	(void)state;
	struct budget b = {.max_messages = 4, .max_bytes = 100, .max_uncommitted = PLENTY};

	budget_take(&b, true, 30);
	budget_take(&b, false, 20);
	assert_int_equal(b.messages, 2);
	assert_int_equal(b.bytes, 50);
	assert_int_equal(b.main_messages, 1);
	assert_int_equal(b.main_bytes, 30);
	assert_int_equal(budget_room(&b, true), 2);
	assert_int_equal(budget_room(&b, false), 2);
	budget_give(&b, false, 20);
	assert_int_equal(b.main_messages, 1);
	budget_give(&b, true, 30);
	assert_int_equal(b.messages, 0);
	assert_int_equal(b.bytes, 0);
	assert_int_equal(b.main_messages, 0);
	assert_int_equal(b.main_bytes, 0);
}

static void budget__one_message_passes_however_large(void **state)
{
	(void)state;
	struct budget b = {.max_messages = 4, .max_bytes = 100, .max_uncommitted = PLENTY};

	assert_true(budget_room(&b, true) > 0);
	budget_take(&b, true, 5000);
	assert_int_equal(budget_room(&b, true), 0);
	assert_int_equal(budget_room(&b, false), 0);
	budget_give(&b, true, 5000);
	assert_true(budget_room(&b, false) > 0);
}

static void budget__waiting_bytes_are_bounded_but_one_may_always_wait(void **state)
{
	(void)state;
	static const struct {
		int64_t waiting;
		size_t bytes;
		bool may;
	} waits[] = {{0, 1, true},    {0, 500, true},      {60, 40, true},  {60, 41, false},
		     {100, 1, false}, {100, 0, false},     {120, 1, false}, {1, SIZE_MAX, false},
		     {0, SIZE_MAX, true}};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct budget b = {.max_waiting_bytes = 100, .waiting_bytes = waits[i].waiting};

		assert_int_equal(budget_may_wait(&b, waits[i].bytes), waits[i].may);
	}
}

static void budget__presses_when_half_is_uncommitted(void **state)
{
	(void)state;
	static const struct {
		int64_t max, uncommitted;
		bool presses;
	} presses[] = {{64, 0, false}, {64, 31, false}, {64, 32, true}, {64, 70, true},
		       {65, 32, false}, {65, 33, true}};

	for (size_t i = 0; i < sizeof(presses) / sizeof(presses[0]); i++) {
		struct budget b = {.max_uncommitted = presses[i].max,
				   .uncommitted = presses[i].uncommitted};

		assert_int_equal(budget_presses(&b), presses[i].presses);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(budget__leaves_a_quarter_to_the_stages),
		cmocka_unit_test(budget__what_is_taken_is_given_back),
		cmocka_unit_test(budget__one_message_passes_however_large),
		cmocka_unit_test(budget__waiting_bytes_are_bounded_but_one_may_always_wait),
		cmocka_unit_test(budget__presses_when_half_is_uncommitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
