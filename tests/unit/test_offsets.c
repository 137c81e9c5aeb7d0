/* SPDX-License-Identifier: Apache-2.0
 *
 * The finished offsets of one lane, as small stories. test_ahead.c drives them by seeds against a
 * naive set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/offsets.h"

#define RUNS_MAX 8

/* -- stories ----------------------------------------------------------------------------- */
enum act {
	END,
	NEW,      /* see: is new */
	KNOWN,    /* see: was finished before */
	DONE,     /* finish: good */
	REFUSED,  /* finish: not an unfinished tracked one */
	NEXT      /* next_offset is */
};
struct step {
	enum act act;
	int64_t offset;
};
struct story {
	const char *name;
	int64_t next;
	struct offsets_run before[RUNS_MAX]; /* ended by n 0 */
	struct step steps[24];
	struct offsets_run ahead[RUNS_MAX];  /* what offsets_walk() says in the end */
	size_t n_ahead, n_tracked;           /* and the counts */
};

static const struct story stories[] = {
	{.name = "nothing seen", .next = 7, .steps = {{NEXT, 7}, {REFUSED, 7}, {KNOWN, 6}}},
	{.name = "dense, in order",
	 .steps = {{NEW, 0}, {NEW, 1}, {DONE, 0}, {NEXT, 1}, {DONE, 1}, {NEXT, 2}}},
	{.name = "dense, out of order",
	 .steps = {{NEW, 0}, {NEW, 1}, {NEW, 2}, {NEW, 3}, {DONE, 2}, {DONE, 1}, {NEXT, 0}},
	 .ahead = {{1, 2}}, .n_ahead = 2, .n_tracked = 4},
	{.name = "the prefix goes at once",
	 .steps = {{NEW, 0}, {NEW, 1}, {NEW, 2}, {DONE, 1}, {DONE, 0}, {NEXT, 2}},
	 .n_tracked = 1},
	{.name = "seen twice, finished twice",
	 .steps = {{NEW, 4}, {KNOWN, 4}, {DONE, 4}, {REFUSED, 4}, {KNOWN, 4}, {NEXT, 5}}},
	{.name = "finished ahead, finished again",
	 .steps = {{NEW, 0}, {NEW, 1}, {DONE, 1}, {REFUSED, 1}},
	 .ahead = {{1, 1}}, .n_ahead = 1, .n_tracked = 2},
	{.name = "a gap is finished when the record behind it arrives",
	 .next = 10, .steps = {{NEXT, 10}, {NEW, 15}, {NEXT, 15}}, .n_tracked = 1},
	{.name = "gaps join runs, but are none alone",
	 .steps = {{NEW, 0}, {NEW, 5}, {NEW, 9}, {NEW, 12}, {DONE, 9}, {NEXT, 0}},
	 .ahead = {{6, 6}}, .n_ahead = 1, .n_tracked = 4},
	{.name = "what is not tracked cannot be finished",
	 .steps = {{NEW, 3}, {NEW, 6}, {NEW, 9}, {REFUSED, 4}, {REFUSED, 7}, {REFUSED, 10},
		   {REFUSED, 0}, {REFUSED, INT64_MIN}, {REFUSED, INT64_MAX}, {DONE, 6}, {NEXT, 3}},
	 .ahead = {{4, 5}}, .n_ahead = 1, .n_tracked = 3},
	{.name = "sparse, each found",
	 .steps = {{NEW, 1}, {NEW, 2}, {NEW, 40}, {NEW, 41}, {NEW, 90}, {DONE, 90}, {DONE, 40},
		   {DONE, 2}, {DONE, 41}, {NEXT, 1}, {DONE, 1}, {NEXT, 91}}},
	{.name = "a run at next moves next at the start",
	 .next = 10, .before = {{10, 3}, {13, 2}}, .steps = {{NEXT, 15}, {KNOWN, 14}, {NEW, 15}},
	 .n_tracked = 1},
	{.name = "runs below next are ignored",
	 .next = 10, .before = {{2, 3}, {6, 4}, {12, 2}}, .steps = {{NEXT, 10}},
	 .ahead = {{12, 2}}},
	{.name = "a run across next counts from next on",
	 .next = 10, .before = {{8, 4}}, .steps = {{NEXT, 12}, {KNOWN, 11}}},
	{.name = "what was finished before is skipped, seen or not",
	 .next = 10, .before = {{12, 2}, {20, 1}},
	 .steps = {{NEW, 10}, {NEW, 11}, {KNOWN, 12}, {DONE, 10}, {NEXT, 11}, {DONE, 11},
		   {NEXT, 14}, {NEW, 14}, {NEW, 16}, {NEXT, 14}},
	 .ahead = {{20, 1}}, .n_tracked = 2},
	{.name = "a skipped record makes the gap before it finished",
	 .next = 10, .before = {{20, 3}}, .steps = {{KNOWN, 20}, {NEXT, 23}}},
	{.name = "a run that was read in part is whole, and joined with what is done around it",
	 .next = 1, .before = {{4, 4}},
	 .steps = {{NEW, 1}, {NEW, 2}, {DONE, 2}, {KNOWN, 5}, {NEXT, 1}},
	 .ahead = {{2, 6}}, .n_ahead = 1, .n_tracked = 2},
	{.name = "runs before, between and behind",
	 .next = 1, .before = {{3, 1}, {6, 1}, {8, 2}, {10, 1}, {15, 5}},
	 .steps = {{NEW, 1}, {KNOWN, 3}, {NEW, 5}, {NEW, 7}, {NEXT, 1}},
	 .ahead = {{2, 3}, {6, 1}, {8, 3}, {15, 5}}, .n_tracked = 3},
	{.name = "the greatest offset does not overflow",
	 .next = INT64_MAX - 1, .steps = {{NEW, INT64_MAX - 1}, {DONE, INT64_MAX - 1},
					  {NEXT, INT64_MAX}}},
};

static size_t count_runs(const struct offsets_run *runs)
{
	size_t n = 0;

	while (n < RUNS_MAX && runs[n].n > 0)
		n++;
	return n;
}

static void play(struct offsets *o, const struct step *step)
{
	switch (step->act) {
	case NEW:
		assert_int_equal(offsets_see(o, step->offset), OFFSETS_NEW);
		assert_true(offsets_unfinished(o, step->offset));
		break;
	case KNOWN:
		assert_int_equal(offsets_see(o, step->offset), OFFSETS_FINISHED);
		break;
	case DONE:
		assert_true(offsets_finish(o, step->offset));
		assert_false(offsets_unfinished(o, step->offset));
		break;
	case REFUSED:
		assert_false(offsets_finish(o, step->offset));
		break;
	case NEXT:
		assert_int_equal(offsets_next(o), step->offset);
		break;
	case END:
		fail();
	}
}

static void offsets__stories_go_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];
		struct offsets_walk at = {0};
		struct offsets_run run;
		struct offsets o;
		size_t n = 0;

		print_message("           %s\n", s->name);
		assert_int_equal(offsets_start(&o, s->next, s->before, count_runs(s->before), NULL),
				 STAGGER_OK);
		for (const struct step *step = s->steps; step->act != END; step++)
			play(&o, step);
		while (offsets_walk(&o, &at, &run)) {
			assert_int_equal(run.from, s->ahead[n].from);
			assert_int_equal(run.n, s->ahead[n].n);
			n++;
		}
		assert_false(offsets_walk(&o, &at, &run));
		assert_int_equal(n, count_runs(s->ahead));
		assert_int_equal(offsets_ahead(&o), s->n_ahead);
		assert_int_equal(offsets_tracked(&o), s->n_tracked);
		offsets_clear(&o);
		assert_null(o.ring);
		assert_null(o.before);
	}
}

static void offsets__nothing_is_allocated_before_first_use(void **state)
{
	(void)state;
	struct offsets o;

	assert_int_equal(offsets_start(&o, 5, NULL, 0, NULL), STAGGER_OK);
	assert_null(o.ring);
	assert_null(o.before);
	offsets_clear(&o);
}

static void offsets__a_ring_that_grew_large_is_given_back_when_empty(void **state)
{
	(void)state;
	const int64_t n = 100000;
	struct offsets o;

	assert_int_equal(offsets_start(&o, 0, NULL, 0, NULL), STAGGER_OK);
	for (int64_t i = 0; i < n; i++)
		assert_int_equal(offsets_see(&o, i), OFFSETS_NEW);
	for (int64_t i = n - 1; i > 0; i--)
		assert_true(offsets_finish(&o, i));
	assert_int_equal(offsets_next(&o), 0);
	assert_int_equal(offsets_ahead(&o), n - 1);
	assert_true(offsets_finish(&o, 0));
	assert_int_equal(offsets_next(&o), n);
	assert_null(o.ring);
	assert_int_equal(offsets_see(&o, n), OFFSETS_NEW);
	assert_true(offsets_finish(&o, n));
	assert_non_null(o.ring); /* a small one stays */
	offsets_clear(&o);
}

static void offsets__counts_what_is_ahead_from_an_offset_on(void **state)
{
	(void)state;
	static const struct offsets_run before[] = {{10, 5}, {20, 2}};
	static const struct {
		int64_t from, count;
	} rows[] = {{0, 9}, {2, 9}, {3, 8}, {5, 7}, {12, 5}, {15, 2}, {21, 1}, {22, 0}, {99, 0}};
	struct offsets o;

	assert_int_equal(offsets_start(&o, 1, before, 2, NULL), STAGGER_OK);
	for (int64_t i = 1; i < 5; i++)
		assert_int_equal(offsets_see(&o, i), OFFSETS_NEW);
	assert_true(offsets_finish(&o, 2));
	assert_true(offsets_finish(&o, 4));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(offsets_ahead_from(&o, rows[i].from), rows[i].count);
	offsets_clear(&o);
}

/* -- where to begin ---------------------------------------------------------------------- */
static void offsets__begin_where_the_table_says(void **state)
{
	(void)state;
	static const struct {
		int64_t committed, log_start, log_end;
		bool latest;
		struct offsets_begin begin;
	} rows[] = {
		{-1, 5, 9, false, {.offset = 5, .commit = true}},
		{-1, 5, 9, true, {.offset = 9, .commit = true}},
		{7, 5, 9, false, {.offset = 7, .keep_ahead = true}},
		{7, 5, 9, true, {.offset = 7, .keep_ahead = true}},
		{5, 5, 9, false, {.offset = 5, .keep_ahead = true}},
		{9, 5, 9, false, {.offset = 9, .keep_ahead = true}},
		{2, 5, 9, true, {.offset = 5, .lost = 3, .keep_ahead = true, .commit = true}},
		{10, 5, 9, true, {.offset = 5, .reset = true, .commit = true}},
		{1, 0, 0, false, {.offset = 0, .reset = true, .commit = true}},
		{0, 0, 0, false, {.offset = 0, .keep_ahead = true}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offsets_begin b = offsets_begin(rows[i].committed, rows[i].log_start,
						       rows[i].log_end, rows[i].latest);

		assert_int_equal(b.offset, rows[i].begin.offset);
		assert_int_equal(b.lost, rows[i].begin.lost);
		assert_int_equal(b.reset, rows[i].begin.reset);
		assert_int_equal(b.keep_ahead, rows[i].begin.keep_ahead);
		assert_int_equal(b.commit, rows[i].begin.commit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets__stories_go_as_told),
		cmocka_unit_test(offsets__nothing_is_allocated_before_first_use),
		cmocka_unit_test(offsets__a_ring_that_grew_large_is_given_back_when_empty),
		cmocka_unit_test(offsets__counts_what_is_ahead_from_an_offset_on),
		cmocka_unit_test(offsets__begin_where_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
