/* SPDX-License-Identifier: Apache-2.0
 *
 * The heap against a plain search. */
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"

#define NODES 200

static void check(const struct heap *heap)
{
	for (size_t i = 0; i < heap->n; i++) {
		const struct heap_node *node = heap->nodes[i];
		assert_int_equal(node->place, i);
		const struct heap_node *parent = heap->nodes[i == 0 ? 0 : (i - 1) / 2];
		assert_true(parent->key < node->key ||
			    (parent->key == node->key && parent->tie <= node->tie));
	}
}

static void heap__is_empty_at_first(void **state)
{
	(void)state;
	struct heap heap = {0};
	struct heap_node node = HEAP_NODE_INIT;

	assert_null(heap_top(&heap));
	assert_null(heap_pop(&heap));
	heap_remove(&heap, &node);
	heap_rebuild(&heap);
	heap_clear(&heap);
	assert_int_equal(heap.room, 0);
}

static void heap__orders_by_key_then_tie(void **state)
{
	(void)state;
	static const int64_t rows[][2] = {{5, 1}, {3, 9}, {5, 0}, {-7, 2}, {3, 8}, {INT64_MAX, 0}};
	static const int64_t sorted[][2] = {{-7, 2}, {3, 8}, {3, 9},
					    {5, 0},  {5, 1}, {INT64_MAX, 0}};
	struct heap_node nodes[6];
	struct heap heap = {0};

	for (size_t i = 0; i < 6; i++) {
		nodes[i] = (struct heap_node){rows[i][0], rows[i][1], HEAP_OUT};
		assert_true(heap_push(&heap, &nodes[i]));
	}
	for (size_t i = 0; i < 6; i++) {
		struct heap_node *top = heap_top(&heap);
		assert_ptr_equal(heap_pop(&heap), top);
		assert_true(top->key == sorted[i][0] && top->tie == sorted[i][1]);
		assert_true(top->place == HEAP_OUT);
	}
	assert_null(heap_pop(&heap));
	heap_clear(&heap);
}

static void heap__survives_random_work(void **state)
{
	(void)state;
	struct heap_node nodes[NODES];
	struct random random = {1};
	struct heap heap = {0};
	size_t inside = 0;

	for (size_t i = 0; i < NODES; i++)
		nodes[i] = (struct heap_node)HEAP_NODE_INIT;
	for (int step = 0; step < 5000; step++) {
		struct heap_node *node = &nodes[random_next(&random) % NODES];
		if (node->place == HEAP_OUT) {
			node->key = (int64_t)(random_next(&random) % 50);
			node->tie = (int64_t)(random_next(&random) % 3);
			assert_true(heap_push(&heap, node));
			inside++;
		} else if (random_next(&random) % 2 == 0) {
			heap_remove(&heap, node);
			assert_true(node->place == HEAP_OUT);
			inside--;
		} else {
			node->key = (int64_t)(random_next(&random) % 50);
			heap_moved(&heap, node);
		}
		assert_int_equal(heap.n, inside);
		check(&heap);
	}
	assert_true(inside > NODES / 4);
	for (size_t i = 0; i < NODES; i++)
		nodes[i].key = -nodes[i].key;
	heap_rebuild(&heap);
	check(&heap);
	heap_clear(&heap);
}

static void heap_remove__twice_does_nothing(void **state)
{
	(void)state;
	struct heap_node a = {1, 0, HEAP_OUT};
	struct heap_node b = {2, 0, HEAP_OUT};
	struct heap heap = {0};

	assert_true(heap_push(&heap, &a));
	assert_true(heap_push(&heap, &b));
	heap_remove(&heap, &a);
	heap_remove(&heap, &a);
	assert_int_equal(heap.n, 1);
	assert_ptr_equal(heap_top(&heap), &b);
	heap_clear(&heap);
}

static void heap_push__refuses_at_the_limit(void **state)
{
	(void)state;
	struct heap_node node = HEAP_NODE_INIT;
	struct heap full = {.n = HEAP_MAX, .room = HEAP_MAX};

	assert_false(heap_push(&full, &node));
	assert_true(node.place == HEAP_OUT);
	assert_true(full.n == HEAP_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap__is_empty_at_first),
		cmocka_unit_test(heap__orders_by_key_then_tie),
		cmocka_unit_test(heap__survives_random_work),
		cmocka_unit_test(heap_remove__twice_does_nothing),
		cmocka_unit_test(heap_push__refuses_at_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
