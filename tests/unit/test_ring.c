/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring against a plain array, wrapped and growing. */
#include "base/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

#define ITEMS 300

static int items[ITEMS];

static void ring__is_empty_at_first(void **state)
{
	(void)state;
	struct ring ring = {0};
	assert_null(ring_pop(&ring));
	ring_filter(&ring, NULL, NULL);
	ring_clear(&ring);
	assert_int_equal(ring.n, 0);
}

static void ring__is_a_queue_with_a_front_door(void **state)
{
	(void)state;
	struct ring ring = {0};
	assert_true(ring_push_front(&ring, &items[1]));
	assert_true(ring_push(&ring, &items[2]));
	assert_true(ring_push_front(&ring, &items[0]));
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(ring_at(&ring, i), &items[i]);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_equal(ring_pop(&ring), &items[i]);
	assert_null(ring_pop(&ring));
	ring_clear(&ring);
	assert_null(ring.slots);
}

static void ring__survives_random_work(void **state)
{
	(void)state;
	void *model[ITEMS];
	size_t n = 0;
	struct random random = {2};
	struct ring ring = {0};

	for (int step = 0; step < 20000; step++) {
		uint64_t dice = random_next(&random) % (step % 4000 < 2000 ? 3 : 6);
		void *item = &items[random_next(&random) % ITEMS];
		if (dice == 0 && n < ITEMS) {
			assert_true(ring_push(&ring, item));
			model[n++] = item;
		} else if (dice == 1 && n < ITEMS) {
			assert_true(ring_push_front(&ring, item));
			memmove(model + 1, model, n * sizeof(model[0]));
			model[0] = item;
			n++;
		} else if (n > 0) {
			assert_ptr_equal(ring_pop(&ring), model[0]);
			memmove(model, model + 1, --n * sizeof(model[0]));
		}
		assert_int_equal(ring.n, n);
		for (size_t i = 0; i < n; i += 7)
			assert_ptr_equal(ring_at(&ring, i), model[i]);
	}
	ring_clear(&ring);
}

static void ring__keeps_its_order_when_it_grows_wrapped(void **state)
{
	(void)state;
	struct ring ring = {0};
	for (size_t i = 0; i < 8; i++)
		assert_true(ring_push(&ring, &items[i]));
	for (size_t i = 0; i < 5; i++)
		assert_ptr_equal(ring_pop(&ring), &items[i]);
	for (size_t i = 8; i < 20; i++)
		assert_true(ring_push(&ring, &items[i]));
	for (size_t i = 5; i < 20; i++)
		assert_ptr_equal(ring_pop(&ring), &items[i]);
	ring_clear(&ring);
}

static bool keep_odd(void *item, void *user)
{
	++*(int *)user;
	return ((int *)item - items) % 2 == 1;
}

static void ring_filter__keeps_order_across_the_wrap(void **state)
{
	(void)state;
	struct ring ring = {0};
	int calls = 0;
	for (size_t i = 0; i < 8; i++)
		assert_true(ring_push(&ring, &items[i]));
	for (size_t i = 0; i < 4; i++)
		(void)ring_pop(&ring);
	for (size_t i = 8; i < 12; i++)
		assert_true(ring_push(&ring, &items[i]));
	ring_filter(&ring, keep_odd, &calls);
	assert_int_equal(calls, 8);
	assert_int_equal(ring.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_ptr_equal(ring_at(&ring, i), &items[5 + 2 * i]);
	ring_clear(&ring);
}

static void ring_push__refuses_at_the_limit(void **state)
{
	(void)state;
	struct ring full = {.n = RING_MAX, .room = RING_MAX};
	assert_false(ring_push(&full, &items[0]));
	assert_false(ring_push_front(&full, &items[0]));
	assert_true(full.n == RING_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring__is_empty_at_first),
		cmocka_unit_test(ring__is_a_queue_with_a_front_door),
		cmocka_unit_test(ring__survives_random_work),
		cmocka_unit_test(ring__keeps_its_order_when_it_grows_wrapped),
		cmocka_unit_test(ring_filter__keeps_order_across_the_wrap),
		cmocka_unit_test(ring_push__refuses_at_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
