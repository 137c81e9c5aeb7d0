/* SPDX-License-Identifier: Apache-2.0
 *
 * The ahead set as text: exact texts, what does not fit, and texts that nobody should have written.
 * Then offsets and texts together, driven by seeds, against a naive set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"
#include "core/ahead.h"

#define RUNS_MAX 4

static size_t count_runs(const struct offsets_run *runs)
{
	size_t n = 0;

	while (n < RUNS_MAX && runs[n].n > 0)
		n++;
	return n;
}

struct text_row {
	const char *text;
	int64_t next;
	struct offsets_run runs[RUNS_MAX]; /* ended by n 0 */
};

static const struct text_row texts[] = {
	{"sg1:0:1,1", 0, {{1, 1}}},
	{"sg1:0:5,3,2,z", 100, {{105, 3}, {110, 35}}},
	{"sg1:0:1,10", 0, {{1, 36}}},
	{"sg1:0:1,1y2p0ij32e8e6", 0, {{1, INT64_MAX - 1}}},
	{"sg1:0:1,1,1,1,1,1,1,1", 7, {{8, 1}, {10, 1}, {12, 1}, {14, 1}}},
};

static void ahead__texts_are_written_and_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct text_row *row = &texts[i];
		size_t n_runs = count_runs(row->runs);
		struct offsets_run *runs;
		char text[AHEAD_MAX];
		struct offsets o;
		size_t n;

		assert_int_equal(offsets_start(&o, row->next, row->runs, n_runs, NULL), STAGGER_OK);
		struct ahead_text written = ahead_write(text, &o);
		assert_int_equal(written.size, strlen(row->text));
		assert_memory_equal(text, row->text, written.size);
		assert_int_equal(written.dropped, 0);
		assert_true(ahead_read(&runs, &n, bytes_text(row->text), row->next));
		assert_int_equal(n, n_runs);
		assert_memory_equal(runs, row->runs, n * sizeof(*runs));
		free(runs);
		offsets_clear(&o);
	}
}

static void ahead__nothing_ahead_is_no_text(void **state)
{
	(void)state;
	struct offsets o;
	char text[AHEAD_MAX];

	assert_int_equal(offsets_start(&o, 5, NULL, 0, NULL), STAGGER_OK);
	assert_int_equal(ahead_write(text, &o).size, 0);
	for (int64_t i = 5; i < 99; i += 3) /* with gaps */
		assert_int_equal(offsets_see(&o, i), OFFSETS_NEW);
	assert_int_equal(ahead_write(text, &o).size, 0);
	offsets_clear(&o);
}

static void ahead__reads_a_head_without_runs_and_any_number_of_restarts(void **state)
{
	(void)state;
	struct offsets_run *runs;
	size_t n;

	assert_true(ahead_read(&runs, &n, bytes_text("sg1:0:"), 9));
	assert_null(runs);
	assert_int_equal(n, 0);
	assert_true(ahead_read(&runs, &n, bytes_text("sg1:1z:2,1"), 9));
	assert_int_equal(n, 1);
	assert_int_equal(runs[0].from, 11);
	free(runs);
}

static void ahead__refuses_what_nobody_should_have_written(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t next;
	} rows[] = {
		{NULL, 0},
		{"", 0},
		{"sg1", 0},
		{"sg1:", 0},
		{"sg1:0", 0},
		{"sg1:0,1,1", 0},
		{"sg1::1,1", 0},
		{"sg2:0:1,1", 0},
		{"SG1:0:1,1", 0},
		{"{\"app\":1}", 0},
		{"sg1:0:1", 0},                   /* half a pair */
		{"sg1:0:1,", 0},
		{"sg1:0:,1", 0},
		{"sg1:0:1,1,", 0},
		{"sg1:0:1,1,2", 0},
		{"sg1:0:1,1;2,2", 0},
		{"sg1:0:1,1 ", 0},
		{"sg1:0:-1,1", 0},
		{"sg1:0:1,-1", 0},
		{"sg1:0:+1,1", 0},
		{"sg1:0:A,1", 0},                 /* upper case */
		{"sg1:0:0,1", 0},                 /* next_offset itself would be finished */
		{"sg1:0:1,1,0,1", 0},
		{"sg1:0:1,0", 0},
		{"sg1:0:1y2p0ij32e8e8,1", 0},     /* INT64_MAX + 1 */
		{"sg1:0:zzzzzzzzzzzzzzzzzzz,1", 0},
		{"sg1:0:1,zzzzzzzzzzzzzzzzzzz", 0},
		{"sg1:zzzzzzzzzzzzzzzzzzz:1,1", 0},
		{"sg1:0:1y2p0ij32e8e7,1", 0},     /* the run would end beyond INT64_MAX */
		{"sg1:0:1y2p0ij32e8e7,1", 1},     /* it would begin there */
		{"sg1:0:1,1y2p0ij32e8e7", 0},
		{"sg1:0:1,1", -1},
		{"sg1:0:1,1", INT64_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offsets_run some;
		struct offsets_run *runs = &some;
		size_t n = 9;

		assert_false(ahead_read(&runs, &n, bytes_text(rows[i].text), rows[i].next));
		assert_null(runs);
		assert_int_equal(n, 0);
	}
	struct offsets_run *runs;
	size_t n;
	assert_false(ahead_read(&runs, &n, (struct stagger_bytes){"sg1:0:1,1\0", 10}, 0));
}

/* Every second record is done: runs of one, of which about a thousand fit. */
static void ahead__what_does_not_fit_is_left_out_the_newest_first(void **state)
{
	(void)state;
	const int64_t last = 6000;
	static const struct offsets_run before = {5000, 10};
	struct offsets_run *runs;
	char text[AHEAD_MAX];
	struct offsets o;
	size_t n;

	assert_int_equal(offsets_start(&o, 0, &before, 1, NULL), STAGGER_OK);
	for (int64_t i = 0; i < last; i++)
		offsets_see(&o, i);
	for (int64_t i = 1; i < last; i += 2)
		offsets_finish(&o, i);
	struct ahead_text written = ahead_write(text, &o);
	assert_in_range(written.size, AHEAD_MAX - 4, AHEAD_MAX);
	assert_true(ahead_read(&runs, &n, (struct stagger_bytes){text, written.size}, 0));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(runs[i].from, 2 * (int64_t)i + 1);
		assert_int_equal(runs[i].n, 1);
	}
	/* 2995 tracked ones and the 10 that were finished before */
	assert_int_equal(written.dropped, 3005 - (int64_t)n);
	free(runs);
	offsets_clear(&o);
}

static void ahead__gaps_left_out_are_not_counted(void **state)
{
	(void)state;
	char text[AHEAD_MAX];
	struct offsets o;
	int64_t n = 3000;

	assert_int_equal(offsets_start(&o, 0, NULL, 0, NULL), STAGGER_OK);
	for (int64_t i = 0; i < n; i++) {
		offsets_see(&o, 100 * i);
		if (i % 2 == 1)
			offsets_finish(&o, 100 * i);
	}
	struct ahead_text written = ahead_write(text, &o);
	struct offsets_run *runs;
	size_t n_runs;
	assert_true(ahead_read(&runs, &n_runs, (struct stagger_bytes){text, written.size}, 0));
	assert_int_equal(written.dropped, n / 2 - (int64_t)n_runs);
	free(runs);
	offsets_clear(&o);
}

/* -- the naive set: one mark for each offset, all looked at each time -------------------- */
#define LOG_SIZE 160

enum mark { UNREAD, TRACKED, FINISHED };

struct naive {
	bool exists[LOG_SIZE];      /* in the log; the others are gaps */
	enum mark marks[LOG_SIZE];
	bool before[LOG_SIZE];      /* said by the ahead set */
	int64_t start, read;        /* this assignment's start; the log below read was read */
};

static bool naive_finished(const struct naive *m, int64_t x)
{
	if (x < m->start || m->before[x])
		return true;
	return x < m->read && m->marks[x] != TRACKED;
}

static int64_t naive_next(const struct naive *m)
{
	int64_t x = m->start;

	while (x < LOG_SIZE && naive_finished(m, x))
		x++;
	return x;
}

/* The next run at or beyond x that holds a record; false at the end. */
static bool naive_run(const struct naive *m, int64_t x, struct offsets_run *run)
{
	while (x < LOG_SIZE) {
		bool records = false;
		int64_t from = x;

		for (; x < LOG_SIZE && naive_finished(m, x); x++)
			records = records || m->before[x] || m->marks[x] == FINISHED;
		if (records) {
			*run = (struct offsets_run){.from = from, .n = x - from};
			return true;
		}
		x++;
	}
	return false;
}

static void compare(const struct naive *m, const struct offsets *o)
{
	struct offsets_walk at = {0};
	struct offsets_run run, expected;
	int64_t x = naive_next(m);
	size_t tracked = 0, ahead = 0;

	assert_int_equal(offsets_next(o), x);
	for (int64_t i = x; i < LOG_SIZE; i++) {
		tracked += m->marks[i] != UNREAD;
		ahead += m->marks[i] == FINISHED;
		assert_int_equal(offsets_unfinished(o, i), m->marks[i] == TRACKED);
	}
	assert_int_equal(offsets_tracked(o), tracked);
	assert_int_equal(offsets_ahead(o), ahead);
	while (naive_run(m, x, &expected)) {
		assert_true(offsets_walk(o, &at, &run));
		assert_int_equal(run.from, expected.from);
		assert_int_equal(run.n, expected.n);
		x = run.from + run.n;
	}
	assert_false(offsets_walk(o, &at, &run));
}

static void read_one(struct naive *m, struct offsets *o)
{
	int64_t x = m->read > naive_next(m) ? m->read : naive_next(m);

	while (x < LOG_SIZE && !m->exists[x])
		x++;
	if (x == LOG_SIZE)
		return;

	bool known = m->before[x];

	assert_int_equal(offsets_see(o, x), known ? OFFSETS_FINISHED : OFFSETS_NEW);
	if (!known)
		m->marks[x] = TRACKED;
	m->read = x + 1;
}

/* The text goes to the broker and comes back to a tracker that knows nothing else. */
static void assign_again(struct naive *m, struct offsets *o)
{
	char text[AHEAD_MAX];
	struct ahead_text written = ahead_write(text, o);
	int64_t next = offsets_next(o);
	struct offsets_run *runs = NULL;
	size_t n = 0;

	assert_int_equal(written.dropped, 0);
	assert_int_equal(ahead_read(&runs, &n, (struct stagger_bytes){text, written.size}, next),
			 written.size > 0);
	offsets_clear(o);
	assert_int_equal(offsets_start(o, next, runs, n, NULL), STAGGER_OK);
	memset(m->before, 0, sizeof(m->before));
	memset(m->marks, 0, sizeof(m->marks));
	m->start = next;
	m->read = next;
	for (size_t i = 0; i < n; i++)
		for (int64_t x = runs[i].from; x < runs[i].from + runs[i].n; x++)
			m->before[x] = true;
	free(runs);
}

static void ahead__and_offsets_agree_with_a_naive_set(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct random r = {.state = seed};
		struct naive m = {0};
		struct offsets o;
		uint64_t density = 1 + seed % 4;

		for (size_t i = 0; i < LOG_SIZE; i++)
			m.exists[i] = random_next(&r) % 4 < density;
		assert_int_equal(offsets_start(&o, 0, NULL, 0, NULL), STAGGER_OK);
		for (int turn = 0; turn < 300; turn++) {
			uint64_t dice = random_next(&r) % 100;
			int64_t x = (int64_t)(random_next(&r) % LOG_SIZE);

			if (dice < 40) {
				read_one(&m, &o);
			} else if (dice < 97) {
				bool good = m.marks[x] == TRACKED;

				assert_int_equal(offsets_finish(&o, x), good);
				if (good)
					m.marks[x] = FINISHED;
			} else {
				struct naive was = m;

				assign_again(&m, &o);
				/* Records finished before are finished still, and no others. */
				for (int64_t i = 0; i < LOG_SIZE; i++)
					if (was.exists[i] && i < was.read)
						assert_int_equal(naive_finished(&was, i),
								 naive_finished(&m, i));
			}
			compare(&m, &o);
		}
		offsets_clear(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ahead__texts_are_written_and_read),
		cmocka_unit_test(ahead__nothing_ahead_is_no_text),
		cmocka_unit_test(ahead__reads_a_head_without_runs_and_any_number_of_restarts),
		cmocka_unit_test(ahead__refuses_what_nobody_should_have_written),
		cmocka_unit_test(ahead__what_does_not_fit_is_left_out_the_newest_first),
		cmocka_unit_test(ahead__gaps_left_out_are_not_counted),
		cmocka_unit_test(ahead__and_offsets_agree_with_a_naive_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
