/* SPDX-License-Identifier: Apache-2.0
 *
 * Dead letters by their marks: every mark, the order, and the bound on groups. */
#include "dead/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct count *c, const char *error_class, int64_t when_ms)
{
	const struct stagger_envelope e = {
		.disposition = "expired",
		.chain = "orders",
		.original_topic = "o",
		.last = {.error_class = error_class},
	};
	const struct dead_letter letter = {.record = {.timestamp_ms = when_ms}, .envelope = &e};

	assert_true(count_add(c, &letter));
}

static void add_stranger(struct count *c)
{
	assert_true(count_add(c, &(struct dead_letter){.record = {.timestamp_ms = -1}}));
}

static void count__puts_the_most_frequent_first(void **state)
{
	struct count c;

	(void)state;
	count_init(&c, COUNT_CLASS);
	add(&c, "Busy", 3000);
	add(&c, "Schema", 2000);
	add(&c, "Busy", 1000);
	add(&c, "Auth", -1);
	add_stranger(&c);
	add(&c, "Busy", 2000);
	count_sort(&c);
	assert_int_equal(c.n, 4);
	assert_int_equal(c.total, 6);
	assert_string_equal(c.groups[0].name, "Busy");
	assert_int_equal(c.groups[0].n, 3);
	assert_int_equal(c.groups[0].first_ms, 1000);
	assert_int_equal(c.groups[0].last_ms, 3000);
	assert_string_equal(c.groups[1].name, COUNT_NO_ENVELOPE); /* as many: by name */
	assert_int_equal(c.groups[1].first_ms, -1);
	assert_int_equal(c.groups[1].last_ms, -1);
	assert_string_equal(c.groups[2].name, "Auth");
	assert_string_equal(c.groups[3].name, "Schema");
	count_clear(&c);
	assert_int_equal(c.n, 0);
	count_sort(&c);
	count_clear(&c);
}

static void count__keeps_hours_in_their_order(void **state)
{
	struct count c;

	(void)state;
	count_init(&c, COUNT_HOUR);
	add(&c, "x", 7200000);
	add(&c, "x", 3599999);
	add(&c, "x", 7200001);
	add(&c, "x", 0);
	add_stranger(&c);
	count_sort(&c);
	assert_int_equal(c.n, 3);
	assert_string_equal(c.groups[0].name, "(no time)");
	assert_string_equal(c.groups[1].name, "1970-01-01T00Z");
	assert_int_equal(c.groups[1].n, 2);
	assert_string_equal(c.groups[2].name, "1970-01-01T02Z");
	count_clear(&c);
}

static void count__knows_every_mark(void **state)
{
	static const struct {
		enum count_by by;
		const char *name;
	} cases[] = {
		{COUNT_CLASS, "Busy"},   {COUNT_TOPIC, "o"},
		{COUNT_STAGE, "main"},   {COUNT_HOUR, "1970-01-01T00Z"},
		{COUNT_CHAIN, "orders"}, {COUNT_DISPOSITION, "expired"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct count c;
		count_init(&c, cases[i].by);
		add(&c, "Busy", 1);
		assert_int_equal(c.n, 1);
		assert_string_equal(c.groups[0].name, cases[i].name);
		count_clear(&c);
	}
}

static void count__bounds_its_groups(void **state)
{
	struct count c;
	char name[16];

	(void)state;
	count_init(&c, COUNT_CLASS);
	for (int n = 0; n < 2; n++) {
		for (int i = 0; i < COUNT_MAX_GROUPS + 500; i++) {
			snprintf(name, sizeof(name), "Class%d", i);
			add(&c, name, 1);
		}
	}
	count_sort(&c);
	assert_int_equal(c.n, COUNT_MAX_GROUPS + 1);
	assert_int_equal(c.total, 2 * (COUNT_MAX_GROUPS + 500));
	assert_string_equal(c.groups[0].name, COUNT_OTHERS);
	assert_int_equal(c.groups[0].n, 1000);
	for (size_t i = 1; i < c.n; i++)
		assert_int_equal(c.groups[i].n, 2);
	count_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count__puts_the_most_frequent_first),
		cmocka_unit_test(count__keeps_hours_in_their_order),
		cmocka_unit_test(count__knows_every_mark),
		cmocka_unit_test(count__bounds_its_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
