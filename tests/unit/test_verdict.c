/* SPDX-License-Identifier: Apache-2.0
 *
 * The one-line failures and stagger_defer(): what they return and what they leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/failure.h"
#include "core/port.h"

static struct failure *packed(const struct stagger_failure *why)
{
	struct failure *failure = failure_pack(why);
	assert_non_null(failure);
	return failure;
}

static void verdict__fails_in_one_line(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct stagger_failure *why = failure_scratch_new();
		assert_non_null(why);
		enum stagger_verdict verdict = 0, expected = STAGGER_RETRY;
		int64_t after_ms = 0;
		switch (i) {
		case 0:
			verdict = stagger_retry(why, "BankBusy", "try %d of %s", 2, "three");
			break;
		case 1:
			verdict = stagger_retry_after(why, 1500, "BankBusy", "try %d of %s", 2,
						      "three");
			after_ms = 1500;
			break;
		default:
			verdict = stagger_dead_letter(why, "BankBusy", "try %d of %s", 2, "three");
			expected = STAGGER_DEAD_LETTER;
		}
		assert_int_equal(verdict, expected);
		struct failure *failure = packed(why);
		assert_string_equal(failure->error_class, "BankBusy");
		assert_string_equal(failure->error_message, "try 2 of three");
		assert_int_equal(failure->retry_after_ms, after_ms);
		failure_free(&failure);
		failure_scratch_free(&why);
	}
}

static void verdict__takes_a_floor_below_one_for_none(void **state)
{
	(void)state;
	static const struct {
		int64_t delay_ms, floor_ms;
	} cases[] = {{INT64_MIN, 0}, {-1, 0}, {0, 0}, {1, 1}, {INT64_MAX, INT64_MAX}};
	struct stagger_failure *why = failure_scratch_new();
	assert_non_null(why);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stagger_retry_after(why, cases[i].delay_ms, "Busy", "%s", "later");
		struct failure *failure = packed(why);
		assert_int_equal(failure->retry_after_ms, cases[i].floor_ms);
		failure_free(&failure);
	}
	failure_scratch_free(&why);
}

static void verdict__carries_code_detail_and_attributes(void **state)
{
	(void)state;
	struct stagger_failure *why = failure_scratch_new();
	assert_non_null(why);
	stagger_failure_code(why, "503");
	stagger_failure_detail(why, "at charge()\nat main()", 11);
	assert_true(stagger_failure_attribute(why, "step", "charged"));
	stagger_retry(why, "BankBusy", "no answer");
	struct failure *failure = packed(why);
	assert_string_equal(failure->error_code, "503");
	assert_string_equal(failure->error_detail, "at charge()");
	assert_int_equal(failure->n_attributes, 1);
	assert_string_equal(failure->attributes[0].name, "step");
	assert_string_equal(failure->attributes[0].value, "charged");
	failure_free(&failure);

	stagger_failure_code(why, NULL);
	stagger_failure_detail(why, NULL, 0);
	failure = packed(why);
	assert_null(failure->error_code);
	assert_null(failure->error_detail);
	failure_free(&failure);
	failure_scratch_free(&why);
}

static void verdict__refuses_more_attributes_than_an_envelope_takes(void **state)
{
	(void)state;
	static char large[FAILURE_MAX_ATTRIBUTE_BYTES + 1];
	memset(large, 'a', sizeof(large) - 1);
	struct stagger_failure *why = failure_scratch_new();
	assert_non_null(why);
	assert_false(stagger_failure_attribute(why, "name", large));
	assert_true(stagger_failure_attribute(why, "name", "small"));
	failure_scratch_free(&why);
}

/* An engine that gives out one ticket and one copy. */
struct tickets {
	struct stagger_message *asked;
	struct port_call copy;
	bool full;
};

static const struct stagger_message *take_ticket(void *tickets, struct stagger_message *message,
						 struct stagger_ticket *ticket)
{
	struct tickets *t = tickets;
	t->asked = message;
	if (t->full)
		return NULL;
	*ticket = (struct stagger_ticket){.slot = 4, .check = 99};
	t->copy.message = *message;
	return &t->copy.message;
}

static void verdict__defers_the_running_call(void **state)
{
	(void)state;
	struct tickets tickets = {0};
	struct port_context context = {.defer = take_ticket, .tickets = &tickets};
	struct port_call call = {.message.offset = 12, .context = &context};
	struct stagger_ticket ticket = {0};
	const struct stagger_message *copy = stagger_defer(&call.message, &ticket);
	assert_ptr_equal(copy, &tickets.copy.message);
	assert_int_equal(copy->offset, 12);
	assert_ptr_equal(tickets.asked, &call.message);
	assert_int_equal(ticket.slot, 4);
	assert_int_equal(ticket.check, 99);
	assert_null(stagger_defer(copy, &ticket)); /* a copy is not inside its handler */

	tickets.full = true;
	ticket = (struct stagger_ticket){0};
	assert_null(stagger_defer(&call.message, &ticket));
	assert_int_equal(ticket.check, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict__fails_in_one_line),
		cmocka_unit_test(verdict__takes_a_floor_below_one_for_none),
		cmocka_unit_test(verdict__carries_code_detail_and_attributes),
		cmocka_unit_test(verdict__refuses_more_attributes_than_an_envelope_takes),
		cmocka_unit_test(verdict__defers_the_running_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
